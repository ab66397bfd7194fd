//! Reading the outbox: the changes that the server has not acknowledged.

use crate::error::StoreError;
use crate::manifest::{self, Collection};
use domain::id::ActorId;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use sync_protocol::{Change, Clock, Dot, Op, Replica, Transaction, Values, Version};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    replica: u32,
    collection: i64,
    record: Uuid,
    register: i64,
    base: Option<String>,
    value: Option<String>,
    transaction_id: Uuid,
    actor: Uuid,
    at_ms: i64,
    boot_ms: i64,
    boot: Option<Uuid>,
}

/// The next transactions behind op number `after`, whole and in the order they were made: as many as it takes for
/// `limit` ops, or all that there are.
pub async fn list_outbox(
    connection: &mut SqliteConnection,
    after: i64,
    limit: u32,
) -> Result<Vec<Transaction>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT o.seq, o.replica, o.collection, o.record, o.register, o.base, o.value,
                t.id AS transaction_id, t.actor, t.at_ms, t.boot_ms, t.boot
         FROM outbox o
         JOIN transaction_log t ON t.no = (SELECT no FROM transaction_log WHERE last_seq >= o.seq ORDER BY last_seq LIMIT 1)
         WHERE o.seq > ?1 AND o.seq <= coalesce(
           (SELECT last_seq FROM transaction_log
            WHERE last_seq >= (SELECT seq FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET ?2)
            ORDER BY last_seq LIMIT 1),
           9223372036854775807)
         ORDER BY o.seq",
    )
    .bind(after)
    .bind(limit.saturating_sub(1))
    .fetch_all(connection)
    .await?;
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
    let values: Values = row.value.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    let (base, change) = match row.register {
        -1 => (None, delete(collection, row.base.as_deref().unwrap_or("{}"))?),
        0 => (row.base, Change::Insert { registers: split(collection, values) }),
        number => {
            let register = collection.registers.iter().find(|r| r.number == number).ok_or_else(stored)?;
            (row.base, Change::Set { register: register.name.to_owned(), values })
        }
    };
    Ok(Op {
        id: Dot { replica: Replica(row.replica), seq: u64::try_from(row.seq).map_err(|_| stored())? },
        collection: collection.name.to_owned(),
        record: row.record,
        kind: collection.kind,
        base: base.map(|text| text.parse().map_err(|_| stored())).transpose()?,
        guards: Vec::new(),
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
