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

/// The most that is counted of anything.
const COUNT_MAX: u32 = 9_999;

static OVERVIEW: LazyLock<String> = LazyLock::new(|| {
    let count = |of: &str| format!("(SELECT count(*) FROM (SELECT 1 FROM {of} LIMIT {COUNT_MAX}))");
    // Answers come in the order of the ops. Without anything unsent the log is not looked at.
    format!(
        "WITH first (seq) AS (SELECT min(seq) FROM outbox WHERE seq >
             (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)),
           unsent (at_ms) AS (
             SELECT at_ms FROM transaction_log WHERE last_seq >= (SELECT seq FROM first)
             ORDER BY last_seq LIMIT {COUNT_MAX})
         SELECT (SELECT count(*) FROM unsent), (SELECT min(at_ms) FROM unsent), {}, {}, {}",
        count("conflict WHERE kept = ''"),
        count("attention WHERE seen_at IS NULL"),
        count("parked_record"),
    )
});

/// How things stand. One statement.
///
/// # Errors
/// A damaged file.
pub async fn overview(connection: &mut SqliteConnection) -> Result<Overview, StoreError> {
    type Row = (i64, Option<i64>, i64, i64, i64);
    let (unsent, since, conflicts, attention, parked): Row =
        sqlx::query_as(AssertSqlSafe(OVERVIEW.as_str())).fetch_one(connection).await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Overview {
        unsent: count(unsent),
        unsent_since: since.map(time).transpose()?,
        conflicts: count(conflicts),
        attention: count(attention),
        parked: count(parked),
    })
}
