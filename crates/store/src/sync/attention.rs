//! What the server rejected: remembered for the server's sake, shown until somebody has seen to it.

use super::server::time;
use super::shadow::Shadow;
use crate::error::StoreError;
use crate::transaction::Write;
use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use std::collections::BTreeSet;
use sync_protocol::{Op, Remembered};

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub no: i64,
    pub filed_at: DateTime<Utc>,
    pub entry: Remembered,
}

impl Attention {
    /// The ops that were rejected.
    pub fn rejected(&self) -> impl Iterator<Item = &Op> {
        self.entry.transaction.ops.iter().filter(|op| self.entry.rejection.concerns(op))
    }
}

fn entry((no, filed_at, entry): (i64, i64, String)) -> Result<Attention, StoreError> {
    Ok(Attention { no, filed_at: time(filed_at)?, entry: serde_json::from_str(&entry)? })
}

/// All that there ever was, the oldest first.
pub(super) async fn remembered(connection: &mut SqliteConnection) -> Result<Vec<Attention>, StoreError> {
    let rows =
        sqlx::query_as("SELECT no, filed_at, entry FROM attention ORDER BY no").fetch_all(connection).await?;
    rows.into_iter().map(entry).collect()
}

/// A page of what nobody has seen to, the newest first.
///
/// # Errors
/// A damaged file.
pub async fn list_attention(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Attention>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT no, filed_at, entry FROM attention WHERE seen_at IS NULL AND no < ? ORDER BY no DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(entry).collect()
}

/// Somebody has seen to an entry, or has not after all. Tells whether there is one.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn set_seen(write: &mut Write, no: i64, seen: bool) -> Result<bool, StoreError> {
    let at = seen.then(|| write.context().at.timestamp_millis());
    let done = sqlx::query("UPDATE attention SET seen_at = ? WHERE no = ?")
        .bind(at)
        .bind(no)
        .execute(&mut **write)
        .await?;
    write.touch("attention");
    Ok(done.rows_affected() > 0)
}

/// Rejected by this server, and merged by an earlier one, as somebody else told: that needs no attention any more.
pub(super) async fn settle(write: &mut Write, shadow: &Shadow) -> Result<(), StoreError> {
    for attention in remembered(write).await? {
        let rejected: Vec<_> = attention.rejected().map(|op| (op.key(), op.id)).collect();
        let keys: BTreeSet<_> = rejected.iter().map(|(key, _)| key.clone()).collect();
        let states = shadow.of(write, &keys.into_iter().collect::<Vec<_>>()).await?;
        if rejected.iter().any(|(key, op)| states.get(key).is_some_and(|record| record.shows(*op))) {
            sqlx::query("DELETE FROM attention WHERE no = ?")
                .bind(attention.no)
                .execute(&mut **write)
                .await?;
            write.touch("attention");
        }
    }
    Ok(())
}
