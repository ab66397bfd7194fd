//! What the server has not answered, record by record.

use super::server::time;
use crate::error::StoreError;
use crate::json::{hex, rows};
use crate::outbox::key;
use crate::versions::Versions;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{FromRow, SqliteConnection};
use std::collections::BTreeSet;
use sync_protocol::Key;
use uuid::Uuid;

/// A record with a change that the server has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The newest op of the save.
    pub no: i64,
    pub key: Key,
    /// When it was saved.
    pub at: DateTime<Utc>,
    pub is_new: bool,
    pub is_delete: bool,
}

#[derive(FromRow)]
struct Row {
    seq: i64,
    collection: i64,
    record: Uuid,
    register: i64,
    save: i64,
    at_ms: i64,
}

/// A page of them, the newest first, and where the next begins: of `limit` ops, of which those of one record and one save
/// count as one where they stand together.
///
/// # Errors
/// A damaged file.
pub async fn list_unsent(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<(Vec<Unsent>, Option<i64>), StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT o.seq, o.collection, o.record, o.register, t.no AS save, t.at_ms
         FROM outbox o
         JOIN transaction_log t ON t.no = (SELECT no FROM transaction_log WHERE last_seq >= o.seq ORDER BY last_seq LIMIT 1)
         WHERE o.seq < ?
           AND o.seq > (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)
         ORDER BY o.seq DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.seq);
    let mut unsent = Vec::<Unsent>::new();
    let mut last = None;
    for row in rows {
        let of = (row.save, row.collection, row.record);
        match unsent.last_mut().filter(|_| last == Some(of)) {
            Some(unsent) => unsent.is_new |= row.register == 0,
            None => unsent.push(Unsent {
                no: row.seq,
                key: key(row.collection, row.record)?,
                at: time(row.at_ms)?,
                is_new: row.register == 0,
                is_delete: row.register == -1,
            }),
        }
        last = Some(of);
    }
    Ok((unsent, next))
}

/// The records of `versions` that have a change which the server has not answered. One statement.
///
/// # Errors
/// A damaged file.
pub async fn unsent_of(
    connection: &mut SqliteConnection,
    versions: &Versions,
) -> Result<BTreeSet<Uuid>, StoreError> {
    let versions =
        versions.0.iter().flat_map(|(record, registers)| registers.values().map(move |v| (record, v.dot())));
    let written = versions.map(|(record, by)| vec![hex(*record), json!(by.replica.0), json!(by.seq)]);
    let unsent: Vec<Uuid> = sqlx::query_scalar(
        "SELECT DISTINCT unhex(w.value ->> 0) FROM json_each(?) w
         JOIN outbox o ON o.seq = w.value ->> 2 AND o.replica = w.value ->> 1
         WHERE o.seq > (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)",
    )
    .bind(rows(written)?)
    .fetch_all(connection)
    .await?;
    Ok(unsent.into_iter().collect())
}
