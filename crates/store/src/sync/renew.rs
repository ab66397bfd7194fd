//! A new incarnation for a database that turned out to be a copy (rule 12 of the sync design).

use super::journal::log;
use crate::capture::Context;
use crate::error::StoreError;
use crate::json::rows;
use crate::meter::Usage;
use crate::open::Store;
use crate::transaction::Write;
use serde_json::Value;
use sqlx::{FromRow, SqliteConnection};
use std::collections::BTreeMap;
use sync_protocol::{Dot, Guard, Replica, Version};
use uuid::Uuid;

/// Which device writes here, in which incarnation, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub device: Uuid,
    pub incarnation: Uuid,
    /// The newest op.
    pub seq: u64,
}

/// Who writes here.
///
/// # Errors
/// A damaged file.
pub async fn standing(connection: &mut SqliteConnection) -> Result<Standing, StoreError> {
    let (device, incarnation, seq): (Uuid, Uuid, i64) = sqlx::query_as(
        "SELECT device, incarnation, (SELECT coalesce(max(last_seq), 0) FROM transaction_log) FROM device",
    )
    .fetch_one(connection)
    .await?;
    let seq = u64::try_from(seq).map_err(|_| StoreError::StoredValue { column: "last_seq" })?;
    Ok(Standing { device, incarnation, seq })
}

/// This database is a copy, or was put back from a backup: from here on it writes as somebody else. What it wrote so far
/// keeps its names. One that no server knows yet is also another device, `device`.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn go_on_as_another(
    store: &Store,
    usage: &Usage,
    context: Context,
    device: Uuid,
) -> Result<(), StoreError> {
    let mut write = store.apply(usage, context).await?;
    sqlx::query("UPDATE device SET device = ? WHERE NOT paired").bind(device).execute(&mut *write).await?;
    let number = become_another(&mut write).await?;
    write.become_replica(number);
    log(&mut write, "renewed", 0, "").await?;
    write.commit().await
}

#[derive(FromRow)]
struct Pending {
    seq: i64,
    replica: u32,
    register: i64,
    base: Option<String>,
}

/// Takes a new incarnation, also for what the outbox has from `from` on and the server did not answer. Tells its number.
pub(super) async fn renew(write: &mut Write, from: Dot) -> Result<u32, StoreError> {
    let number = become_another(write).await?;
    log(write, "renewed", 0, "").await?;
    let pending: Vec<Pending> = sqlx::query_as(
        // Answers come in the order of the ops.
        "SELECT seq, replica, register, base FROM outbox WHERE seq >
           (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)",
    )
    .fetch_all(&mut **write)
    .await?;
    let renamed = |dot: Dot| {
        let is_ours = dot.replica == from.replica && dot.seq >= from.seq;
        if is_ours { Dot { replica: Replica(number), ..dot } } else { dot }
    };
    let mut changed = Vec::with_capacity(pending.len());
    for row in pending {
        let seq = u64::try_from(row.seq).map_err(|_| StoreError::StoredValue { column: "seq" })?;
        let id = renamed(Dot { replica: Replica(row.replica), seq });
        let base = row.base.map(|base| rename(&base, row.register, &renamed)).transpose()?;
        changed.push(vec![Value::from(row.seq), Value::from(id.replica.0), Value::from(base)]);
    }
    sqlx::query(
        "UPDATE outbox SET replica = c.value ->> 1, base = c.value ->> 2
         FROM json_each(?) c WHERE outbox.seq = c.value ->> 0",
    )
    .bind(rows(changed)?)
    .execute(&mut **write)
    .await?;
    rename_guards(write, &renamed).await?;
    Ok(number)
}

/// What is pending may demand what is pending itself.
async fn rename_guards(write: &mut Write, renamed: &impl Fn(Dot) -> Dot) -> Result<(), StoreError> {
    let pending: Vec<(i64, String)> = sqlx::query_as(
        "SELECT no, guards FROM transaction_log WHERE guards IS NOT NULL AND last_seq >
           (SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)",
    )
    .fetch_all(&mut **write)
    .await?;
    let mut changed = Vec::with_capacity(pending.len());
    for (no, guards) in pending {
        let mut guards: Vec<Guard> = serde_json::from_str(&guards)?;
        guards.iter_mut().for_each(|guard| guard.at = renamed(guard.at));
        changed.push(vec![Value::from(no), Value::from(serde_json::to_string(&guards)?)]);
    }
    sqlx::query(
        "UPDATE transaction_log SET guards = c.value ->> 1
         FROM json_each(?) c WHERE transaction_log.no = c.value ->> 0",
    )
    .bind(rows(changed)?)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Draws an incarnation; tells its number.
pub(super) async fn become_another(write: &mut Write) -> Result<u32, StoreError> {
    // As random as any id, and of no other use.
    let incarnation = write.context().transaction;
    sqlx::query("UPDATE device SET incarnation = ?").bind(incarnation).execute(&mut **write).await?;
    Ok(sqlx::query_scalar(
        "INSERT INTO replica (device, incarnation) SELECT device, incarnation FROM device RETURNING no",
    )
    .fetch_one(&mut **write)
    .await?)
}

/// The base of a delete has a version for each register.
fn rename(base: &str, register: i64, renamed: &impl Fn(Dot) -> Dot) -> Result<String, StoreError> {
    if register == -1 {
        let versions: BTreeMap<i64, Version> = serde_json::from_str(base)?;
        let versions: BTreeMap<_, _> =
            versions.into_iter().map(|(number, version)| (number, version.renamed(renamed))).collect();
        return Ok(serde_json::to_string(&versions)?);
    }
    let version: Version = base.parse().map_err(|_| StoreError::StoredValue { column: "base" })?;
    Ok(version.renamed(renamed).to_string())
}
