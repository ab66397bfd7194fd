//! Pairing: what the device made while it was alone becomes what it has from a server, for the server to be told.

use super::numbers::Numbers;
use super::server::{self, Pairing};
use super::shadow::{CHUNK, Shadow};
use crate::batch::Batch;
use crate::capture::{Context, json_array};
use crate::error::StoreError;
use crate::manifest::{self, Collection};
use crate::meter::Usage;
use crate::open::Store;
use crate::outbox::split;
use crate::transaction::Write;
use domain::id::ActorId;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use sync_protocol::{Dot, Key, RecordState, RegisterState, Stamp, Values, Version};
use uuid::Uuid;

/// The device has a server from now on: changes go to the outbox. What is there already is what it uploads.
///
/// # Errors
/// It shares another clinic's data already; a full disk, a damaged file. The device is then as before.
pub async fn join(
    store: &Store,
    usage: &Usage,
    context: Context,
    pairing: &Pairing,
) -> Result<(), StoreError> {
    let mut write = store.apply(usage, context).await?;
    let own = server::own(&mut write).await?;
    if own.paired {
        // Let in again: what it has of the server stays.
        if own.clinic != pairing.clinic {
            return Err(StoreError::OtherClinic);
        }
        server::keep(&mut write, pairing).await?;
        return write.commit().await;
    }
    let writings = Writings::load(&mut write, store.owner()).await?;
    let mut shadow = Shadow::load(&mut write).await?;
    for collection in manifest::COLLECTIONS {
        copy_rows(&mut write, collection, &writings, &mut shadow).await?;
        copy_tombstones(&mut write, collection, &writings, &mut shadow).await?;
    }
    let mut batch = Batch::default();
    shadow.save_sums(&mut batch)?;
    batch.run(&mut write).await?;
    sqlx::query("UPDATE device SET paired = 1, clinic = ?").bind(pairing.clinic).execute(&mut *write).await?;
    // No change goes without the outbox once the rows were copied.
    write.become_paired();
    server::keep(&mut write, pairing).await?;
    write.commit().await
}

/// Who wrote what, when.
struct Writings {
    /// By their last op: the first one, the time, the person.
    transactions: BTreeMap<u64, (u64, i64, ActorId)>,
    numbers: Numbers,
    owner: ActorId,
}

impl Writings {
    async fn load(write: &mut Write, owner: ActorId) -> Result<Self, StoreError> {
        let rows: Vec<(i64, i64, i64, Uuid)> =
            sqlx::query_as("SELECT first_seq, last_seq, at_ms, actor FROM transaction_log")
                .fetch_all(&mut **write)
                .await?;
        let transaction = |(first, last, at_ms, actor): (i64, i64, i64, Uuid)| {
            Some((u64::try_from(last).ok()?, (u64::try_from(first).ok()?, at_ms, ActorId(actor))))
        };
        let transactions = rows.into_iter().filter_map(transaction).collect();
        Ok(Self { transactions, numbers: Numbers::load(write).await?, owner })
    }

    fn stamp(&self, by: Dot) -> Result<Stamp, StoreError> {
        let next = self.transactions.range(by.seq..).next().map(|(_, known)| known);
        let (_, at_ms, actor) =
            next.filter(|(first, ..)| *first <= by.seq).copied().unwrap_or((0, 0, self.owner));
        Ok(Stamp { at_ms, author: self.numbers.id(by.replica)?, actor })
    }

    fn state<V>(&self, version: &Version, value: V) -> Result<RegisterState<V>, StoreError> {
        Ok(RegisterState { version: version.clone(), stamp: self.stamp(version.dot())?, value })
    }

    fn record(
        &self,
        collection: &Collection,
        values: Values,
        versions: &BTreeMap<i64, Version>,
    ) -> Result<RecordState, StoreError> {
        let life = versions.get(&0).ok_or(StoreError::StoredValue { column: "record_version" })?;
        let mut registers = BTreeMap::new();
        for (register, (name, values)) in collection.registers.iter().zip(split(collection, values)) {
            let version = versions.get(&register.number).unwrap_or(life);
            registers.insert(name, self.state(version, values)?);
        }
        Ok(RecordState { kind: collection.kind, life: self.state(life, true)?, registers })
    }
}

const VERSIONS: &str =
    "(SELECT json_group_object(register, replica || ':' || seq || coalesce(';' || others, ''))
    FROM record_version WHERE record = t.id)";

/// Values and versions of a row.
type Row = (Uuid, Values, BTreeMap<i64, Version>);

async fn copy_rows(
    write: &mut Write,
    collection: &Collection,
    writings: &Writings,
    shadow: &mut Shadow,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT json_group_array(json(row)) FROM (
           SELECT json_array(lower(hex(t.id)), {}, json({VERSIONS})) AS row
           FROM {} t WHERE t.id > ? ORDER BY t.id LIMIT {CHUNK})",
        json_array("t", collection.columns()),
        collection.name,
    );
    let mut after = Vec::new();
    loop {
        let rows: Vec<Row> =
            crate::json::fetch(write, sqlx::query_scalar(AssertSqlSafe(sql.clone())).bind(after)).await?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = last.as_bytes().to_vec();
        let mut records = Vec::with_capacity(rows.len());
        for (record, values, versions) in rows {
            let key = Key { collection: collection.name.to_owned(), record };
            records.push((key, writings.record(collection, values, &versions)?));
        }
        let told = shadow.told(write, records).await?;
        let mut batch = Batch::default();
        shadow.keep(&mut batch, &told)?;
        batch.run(write).await?;
    }
}

/// What was deleted while the device was alone. Another device cannot have it, unless it was a copy of this one.
async fn copy_tombstones(
    write: &mut Write,
    collection: &Collection,
    writings: &Writings,
    shadow: &mut Shadow,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT v.record, v.replica || ':' || v.seq || coalesce(';' || v.others, '') FROM record_version v
         WHERE v.collection = ? AND v.register = 0 AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = v.record)",
        collection.name,
    );
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(collection.number).fetch_all(&mut **write).await?;
    let mut records = Vec::with_capacity(rows.len());
    for (record, version) in rows {
        let version: Version =
            version.parse().map_err(|_| StoreError::StoredValue { column: "record_version" })?;
        let life = writings.state(&version, false)?;
        let key = Key { collection: collection.name.to_owned(), record };
        records.push((key, RecordState { kind: collection.kind, life, registers: BTreeMap::new() }));
    }
    let told = shadow.told(write, records).await?;
    let mut batch = Batch::default();
    for chunk in told.chunks(CHUNK) {
        shadow.keep(&mut batch, chunk)?;
        batch.run(write).await?;
    }
    Ok(())
}
