//! What sync did, and what it brought: kept for a while, for people to read.

use super::server::time;
use super::shadow::Told;
use crate::batch::Batch;
use crate::error::StoreError;
use crate::transaction::Write;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use sync_protocol::{Key, RecordState};
use uuid::Uuid;

/// Entries that are kept of either.
const KEPT: i64 = 1_000;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub no: i64,
    pub at: DateTime<Utc>,
    pub event: String,
    pub count: u64,
    pub detail: String,
}

/// What another device changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub no: i64,
    pub at: DateTime<Utc>,
    pub key: Key,
    /// Its name, if it is known.
    pub device: Option<String>,
    pub deleted: bool,
}

/// Adds an entry to the log.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn log(write: &mut Write, event: &str, count: u64, detail: &str) -> Result<(), StoreError> {
    let at = write.context().at.timestamp_millis();
    sqlx::query("INSERT INTO sync_log (at, event, count, detail) VALUES (?, ?, ?, ?)")
        .bind(at)
        .bind(event)
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .bind(detail)
        .execute(&mut **write)
        .await?;
    sqlx::query("DELETE FROM sync_log WHERE no <= (SELECT max(no) FROM sync_log) - ?")
        .bind(KEPT)
        .execute(&mut **write)
        .await?;
    write.touch("sync_log");
    Ok(())
}

/// A page of the log, the newest first.
///
/// # Errors
/// A damaged file.
pub async fn list_log(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<LogEntry>, StoreError> {
    let rows: Vec<(i64, i64, String, i64, String)> = sqlx::query_as(
        "SELECT no, at, event, count, detail FROM sync_log WHERE no < ? ORDER BY no DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let entry = |(no, at, event, count, detail)| {
        Ok(LogEntry { no, at: time(at)?, event, count: u64::try_from(count).unwrap_or(0), detail })
    };
    rows.into_iter().map(entry).collect()
}

/// Notes which of these records, as the server told them, another device wrote last.
pub(super) fn note_arrivals(
    write: &mut Write,
    batch: &mut Batch,
    records: &[Told],
    own: Uuid,
) -> Result<(), StoreError> {
    let newest = records.iter().rev().filter_map(|told| arrived(&told.key, &told.record, own));
    let newest: Vec<Vec<Value>> = newest.take(usize::try_from(KEPT).unwrap_or(0)).collect();
    if newest.is_empty() {
        return Ok(());
    }
    write.touch("arrival");
    batch
        .add(
            "INSERT INTO arrival (at, collection, record, device, deleted)
             SELECT ?, value ->> 0, unhex(value ->> 1), unhex(value ->> 2), value ->> 3
             FROM json_each(?) ORDER BY key DESC",
        )
        .bind(write.context().at.timestamp_millis())
        .bind(crate::json::rows(newest)?);
    batch.add("DELETE FROM arrival WHERE no <= (SELECT max(no) FROM arrival) - ?").bind(KEPT);
    Ok(())
}

/// What another device wrote last. What the server itself files is no doing of another desk's.
fn arrived(key: &Key, record: &RecordState, own: Uuid) -> Option<Vec<Value>> {
    let device = record.latest().author.device;
    (key.collection != sync_engine::CONFLICTS && device != own).then(|| {
        vec![
            json!(key.collection),
            crate::json::hex(key.record),
            crate::json::hex(device),
            json!(i64::from(!record.life.value)),
        ]
    })
}

/// A page of what arrived, the newest first.
///
/// # Errors
/// A damaged file.
pub async fn list_arrivals(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Arrival>, StoreError> {
    let rows: Vec<(i64, i64, String, Uuid, bool, Option<String>)> = sqlx::query_as(
        "SELECT a.no, a.at, a.collection, a.record, a.deleted, d.name
         FROM arrival a LEFT JOIN clinic_device d ON d.id = a.device
         WHERE a.no < ? ORDER BY a.no DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let arrival = |(no, at, collection, record, deleted, device)| {
        Ok(Arrival { no, at: time(at)?, key: Key { collection, record }, device, deleted })
    };
    rows.into_iter().map(arrival).collect()
}
