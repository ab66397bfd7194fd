//! What this version cannot show.

use super::server::time;
use crate::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use sync_protocol::Key;
use uuid::Uuid;

/// A record that is kept and not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub no: i64,
    pub key: Key,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// A page of them, the newest first.
///
/// # Errors
/// A damaged file.
pub async fn list_parked(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Parked>, StoreError> {
    let rows: Vec<(i64, String, Uuid, String, i64)> = sqlx::query_as(
        "SELECT no, collection, record, reason, parked_at FROM parked_record WHERE no < ? ORDER BY no DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let parked = |(no, collection, record, reason, at)| {
        Ok(Parked { no, key: Key { collection, record }, reason, at: time(at)? })
    };
    rows.into_iter().map(parked).collect()
}
