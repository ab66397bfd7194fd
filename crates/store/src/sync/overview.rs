//! How things stand: what is unsent, what waits for a person.

use super::server::time;
use crate::error::StoreError;
use crate::manifest::COLLECTIONS;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::sync::LazyLock;

/// What a desk's sync line is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Saves that the server has not acknowledged.
    pub unsent: u64,
    pub unsent_since: Option<DateTime<Utc>>,
    pub conflicts: u64,
    pub attention: u64,
    pub parked: u64,
}

/// Records that are looked through for ones whose patient is missing, from the newest on.
const WAITING_MAX: u32 = 1_000;

static WAITING: LazyLock<String> = LazyLock::new(|| {
    let children = COLLECTIONS.iter().filter(|c| c.columns().any(|column| column.name == "patient_id"));
    let waiting: Vec<_> = children
        .map(|child| {
            format!(
                "(SELECT count(*) FROM (SELECT patient_id FROM {} ORDER BY rowid DESC LIMIT {WAITING_MAX}) c
                  WHERE NOT EXISTS (SELECT 1 FROM patient p WHERE p.id = c.patient_id))",
                child.name
            )
        })
        .collect();
    format!("SELECT {}", waiting.join(" + "))
});

/// Records whose patient has not arrived, as far as the newest of each collection tell. Looks at thousands of rows.
///
/// # Errors
/// A damaged file.
pub async fn waiting(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let n: i64 = sqlx::query_scalar(AssertSqlSafe(WAITING.as_str())).fetch_one(connection).await?;
    Ok(u64::try_from(n).unwrap_or(0))
}

// Answers come in the order of the ops.
const OVERVIEW: &str =
        "WITH answered (seq) AS (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL),
           unsent (n, at_ms) AS (
             SELECT count(*), min(at_ms) FROM transaction_log
             WHERE last_seq > (SELECT seq FROM answered)
               AND last_seq >= (SELECT min(seq) FROM outbox WHERE seq > (SELECT seq FROM answered)))
         SELECT n, at_ms,
           (SELECT count(*) FROM conflict WHERE kept = ''),
           (SELECT count(*) FROM attention WHERE seen_at IS NULL),
           (SELECT count(*) FROM parked_record)
         FROM unsent";

/// How things stand. One statement.
///
/// # Errors
/// A damaged file.
pub async fn overview(connection: &mut SqliteConnection) -> Result<Overview, StoreError> {
    type Row = (i64, Option<i64>, i64, i64, i64);
    let (unsent, since, conflicts, attention, parked): Row =
        sqlx::query_as(OVERVIEW).fetch_one(connection).await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Overview {
        unsent: count(unsent),
        unsent_since: since.map(time).transpose()?,
        conflicts: count(conflicts),
        attention: count(attention),
        parked: count(parked),
    })
}
