//! Reading the outbox: the changes that the server has not acknowledged.

use crate::error::StoreError;
use crate::json::{hex, rows};
use crate::manifest::{self, Collection};
use domain::id::ActorId;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use sync_protocol::{
    Change, Clock, Dot, Guard, Key, Kind, Op, PARCEL_BYTES, Replica, Transaction, Values, Version,
};
use uuid::Uuid;

/// Ops that are read at once where all are wanted.
const SLICE: u32 = 5_000;

#[derive(Deserialize)]
struct Row {
    seq: i64,
    replica: u32,
    collection: i64,
    record: Uuid,
    register: i64,
    base: Option<String>,
    value: Option<Values>,
    transaction_id: Uuid,
    actor: Uuid,
    at_ms: i64,
    boot_ms: i64,
    boot: Option<Uuid>,
    guards: Option<Vec<Guard>>,
}

/// One list of what [`transactions`] reads of ops `o` and the saves `t` that they are of.
const OPS: &str = "json_group_array(json_array(o.seq, o.replica, o.collection, hex(o.record), o.register, o.base, json(o.value),
                  hex(t.id), hex(t.actor), t.at_ms, t.boot_ms, nullif(hex(t.boot), ''), json(t.guards))) AS outbox";
/// Ops with the saves that they are of.
const SAVES: &str = "outbox o
         JOIN transaction_log t ON t.no = (SELECT no FROM transaction_log WHERE last_seq >= o.seq ORDER BY last_seq LIMIT 1)";

/// Selects what [`transactions`] reads: whole transactions behind op number `after`, as many as it takes for one more op
/// than `limit`, or for more than [`PARCEL_BYTES`]. Both are SQL.
pub(crate) fn outbox_sql(after: &str, limit: &str) -> String {
    format!(
        "SELECT {OPS} FROM {SAVES}
         WHERE o.seq > {after} AND o.seq <= coalesce(
           (SELECT last_seq FROM transaction_log
            WHERE last_seq >= (
              SELECT min(seq) FROM (
                SELECT seq, row_number() OVER places AS place, sum(size) OVER places AS bytes
                FROM (SELECT seq, octet_length(value) AS size FROM outbox WHERE seq > {after} ORDER BY seq LIMIT {limit} + 1)
                WINDOW places AS (ORDER BY seq))
              WHERE place > {limit} OR bytes > {PARCEL_BYTES})
            ORDER BY last_seq LIMIT 1),
           9223372036854775807)"
    )
}

/// The next transactions behind op number `after`, whole and in the order they were made: as many as it takes for
/// `limit` ops or for [`PARCEL_BYTES`], or all that there are.
pub async fn list_outbox(
    connection: &mut SqliteConnection,
    after: i64,
    limit: u32,
) -> Result<Vec<Transaction>, StoreError> {
    let ops: String = sqlx::query_scalar(AssertSqlSafe(outbox_sql("?1", "?2")))
        .bind(after)
        .bind(limit.saturating_sub(1))
        .fetch_one(connection)
        .await?;
    transactions(&ops)
}

/// All transactions of the outbox, a slice at a time.
pub async fn list_whole_outbox(connection: &mut SqliteConnection) -> Result<Vec<Transaction>, StoreError> {
    let mut whole = Vec::<Transaction>::new();
    loop {
        let last = whole.last().and_then(|last| last.ops.last()).map_or(0, |op| op.id.seq);
        let slice = list_outbox(connection, i64::try_from(last).unwrap_or(i64::MAX), SLICE).await?;
        if slice.is_empty() {
            return Ok(whole);
        }
        whole.extend(slice);
    }
}

/// The records that have ops in the outbox.
pub(crate) async fn list_records(connection: &mut SqliteConnection) -> Result<BTreeSet<Key>, StoreError> {
    let records: Vec<(i64, Uuid)> =
        sqlx::query_as("SELECT DISTINCT collection, record FROM outbox").fetch_all(connection).await?;
    records.into_iter().map(|(collection, record)| key(collection, record)).collect()
}

/// The record that an op is about.
pub(crate) fn key(collection: i64, record: Uuid) -> Result<Key, StoreError> {
    let collection = manifest::collection(collection).ok_or(StoreError::StoredValue { column: "outbox" })?;
    Ok(Key { collection: collection.name.to_owned(), record })
}

/// The ops on these records that were not rejected, in the order they were made. Passes over the outbox, which has no index
/// by record: each save would pay for that, and most often there are few ops.
pub(crate) async fn list_ops_on(
    connection: &mut SqliteConnection,
    keys: impl Iterator<Item = &Key>,
) -> Result<Vec<Op>, StoreError> {
    let keys = keys.filter_map(|key| {
        let collection = manifest::collection_named(&key.collection)?;
        Some(vec![collection.number.into(), hex(key.record)])
    });
    let sql = format!(
        "SELECT {OPS} FROM {SAVES}
         WHERE NOT o.rejected
           AND (o.collection, o.record) IN (SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?))"
    );
    let ops: String = sqlx::query_scalar(AssertSqlSafe(sql)).bind(rows(keys)?).fetch_one(connection).await?;
    Ok(transactions(&ops)?.into_iter().flat_map(|transaction| transaction.ops).collect())
}

/// The transactions of a list of [`OPS`].
pub(crate) fn transactions(ops: &str) -> Result<Vec<Transaction>, StoreError> {
    let mut rows: Vec<Row> = serde_json::from_str(ops)?;
    // They come in the order of the key, though nothing says that they have to.
    rows.sort_by_key(|row| row.seq);
    let mut transactions = Vec::<Transaction>::new();
    for row in rows {
        let (id, actor) = (row.transaction_id, ActorId(row.actor));
        let clock = Clock { wall_ms: row.at_ms, boot_ms: row.boot_ms, boot: row.boot };
        let op = op(row)?;
        match transactions.last_mut().filter(|last| last.id == id) {
            Some(last) => last.ops.push(op),
            None => transactions.push(Transaction { id, actor, clock, ops: vec![op] }),
        }
    }
    Ok(transactions)
}

fn op(row: Row) -> Result<Op, StoreError> {
    let stored = || StoreError::StoredValue { column: "outbox" };
    let collection = manifest::collection(row.collection).ok_or_else(stored)?;
    let values = row.value.unwrap_or_default();
    let (base, change) = match row.register {
        -1 => (None, delete(collection, row.base.as_deref().unwrap_or("{}"))?),
        0 => (row.base, Change::Insert { registers: split(collection, values) }),
        number => {
            let register = collection.registers.iter().find(|r| r.number == number).ok_or_else(stored)?;
            (row.base, Change::Set { register: register.name.to_owned(), values })
        }
    };
    // A fact demands nothing: it is never rejected.
    let guards = row.guards.filter(|_| collection.kind == Kind::Mutable).unwrap_or_default();
    Ok(Op {
        id: Dot { replica: Replica(row.replica), seq: u64::try_from(row.seq).map_err(|_| stored())? },
        collection: collection.name.to_owned(),
        record: row.record,
        kind: collection.kind,
        base: base.map(|text| text.parse().map_err(|_| stored())).transpose()?,
        guards,
        change,
    })
}

/// The values of a whole record, register by register. An older version of the app captured fewer of them than there
/// are registers now.
pub(crate) fn split(collection: &Collection, values: Values) -> Vec<(String, Values)> {
    let mut values = values.into_iter();
    let registers = collection.registers.iter();
    let registers = registers.map(|r| (r, values.by_ref().take(r.columns.len()).collect::<Values>()));
    let whole = registers.take_while(|(register, values)| values.len() == register.columns.len());
    whole.map(|(register, values)| (register.name.to_owned(), values)).collect()
}

fn delete(collection: &Collection, base: &str) -> Result<Change, StoreError> {
    let versions: BTreeMap<i64, Version> = serde_json::from_str(base)?;
    let name = |number: i64| {
        let register = collection.registers.iter().find(|r| r.number == number);
        register.map_or_else(String::new, |r| r.name.to_owned())
    };
    Ok(Change::Delete {
        base: versions.into_iter().map(|(number, version)| (name(number), version)).collect(),
    })
}
