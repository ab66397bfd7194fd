//! Applying ops: remote data goes in as it is, uncaptured.
//!
//! One record that cannot be applied never holds up the rest: it is parked, with its reason
//! (rule 8 of the sync design).

use crate::error::StoreError;
use crate::manifest::{self, Collection, Column, Type};
use crate::transaction::Write;
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqliteConnection};
use sync_protocol::{Change, Op, Values};

/// What became of some ops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub applied: u64,
    pub parked: u64,
}

/// Applies `ops` in their order, in the transaction `write`, which must have been begun by
/// [`crate::Store::apply`].
///
/// # Errors
/// Only such as concern the database as a whole: a full disk, a damaged file.
pub async fn apply_ops(write: &mut Write, ops: &[Op]) -> Result<Applied, StoreError> {
    let mut result = Applied::default();
    for op in ops {
        sqlx::raw_sql("SAVEPOINT record").execute(&mut **write).await?;
        match apply_op(write, op).await {
            Ok(()) => result.applied += 1,
            Err(error) if concerns_record(&error) => {
                sqlx::raw_sql("ROLLBACK TO record").execute(&mut **write).await?;
                park(write, op, &error).await?;
                result.parked += 1;
            }
            Err(error) => return Err(error),
        }
        sqlx::raw_sql("RELEASE record").execute(&mut **write).await?;
    }
    Ok(result)
}

pub(crate) fn concerns_record(error: &StoreError) -> bool {
    match error {
        StoreError::StoredValue { .. } | StoreError::Json(_) => true,
        StoreError::Database(error) => crate::error::concerns_values(error),
        _ => false,
    }
}

async fn apply_op(write: &mut Write, op: &Op) -> Result<(), StoreError> {
    let unknown = StoreError::StoredValue { column: "collection" };
    let collection = manifest::collection_named(&op.collection).ok_or(unknown)?;
    let id = op.record.as_bytes().to_vec();
    match &op.change {
        Change::Insert { registers } => {
            let (columns, values) = known_columns(collection, registers)?;
            upsert(write, collection, &columns, &id, &values).await?;
            forget_registers(write, &id).await?;
            write_version(write, collection, op, 0).await?;
        }
        Change::Set { register, values } => {
            let known =
                collection.register(register).ok_or(StoreError::StoredValue { column: "register" })?;
            check(known.columns, values)?;
            upsert(write, collection, known.columns, &id, values).await?;
            write_version(write, collection, op, known.number).await?;
        }
        Change::Delete { .. } => {
            let sql = format!("DELETE FROM {} WHERE id = ?", collection.name);
            sqlx::query(AssertSqlSafe(sql)).bind(&id).execute(&mut **write).await?;
            forget_registers(write, &id).await?;
            write_version(write, collection, op, 0).await?;
        }
    }
    write.mark(collection.number);
    Ok(())
}

/// The columns and values of a whole record. A register that this version does not know parks it.
fn known_columns(
    collection: &Collection,
    registers: &[(String, Values)],
) -> Result<(Vec<Column>, Values), StoreError> {
    let mut columns = Vec::new();
    let mut all = Vec::new();
    for (name, values) in registers {
        let register = collection.register(name).ok_or(StoreError::StoredValue { column: "register" })?;
        check(register.columns, values)?;
        columns.extend_from_slice(register.columns);
        all.extend_from_slice(values);
    }
    Ok((columns, all))
}

/// SQLite would turn a value of another type into one that fits, or an id into nothing.
fn check(columns: &[Column], values: &Values) -> Result<(), StoreError> {
    misfit(columns, values).map_or(Ok(()), |column| Err(StoreError::StoredValue { column }))
}

/// The first column that cannot hold its value.
pub(crate) fn misfit(columns: &[Column], values: &Values) -> Option<&'static str> {
    if values.len() != columns.len() {
        return Some("values");
    }
    let misfit = columns.iter().zip(values).find(|(column, value)| !fits(column.ty, value));
    misfit.map(|(column, _)| column.name)
}

/// The values of `columns` in `row`, a JSON list, behind its id.
pub(crate) fn values_sql(row: &str, columns: &[&Column]) -> Vec<String> {
    let value = |(at, column): (usize, &&Column)| match column.ty {
        Type::Uuid => format!("unhex({row} ->> {})", at + 1),
        Type::Text | Type::Integer => format!("{row} ->> {}", at + 1),
    };
    columns.iter().enumerate().map(value).collect()
}

/// Whether a column of this type can hold the value; whether it may be NULL is for the table to say.
fn fits(ty: Type, value: &Value) -> bool {
    match (ty, value) {
        (_, Value::Null) | (Type::Text, Value::String(_)) => true,
        (Type::Integer, number) => number.is_i64(),
        (Type::Uuid, Value::String(text)) => {
            text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
        }
        _ => false,
    }
}

async fn upsert(
    connection: &mut SqliteConnection,
    collection: &Collection,
    columns: &[Column],
    id: &[u8],
    values: &[Value],
) -> Result<(), StoreError> {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let places: Vec<_> =
        columns.iter().map(|column| if column.ty == Type::Uuid { "unhex(?)" } else { "?" }).collect();
    let updates: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO {} (id, {}) VALUES (?, {}) ON CONFLICT (id) DO UPDATE SET {}",
        collection.name,
        names.join(", "),
        places.join(", "),
        updates.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(id);
    for value in values {
        query = match value {
            Value::Number(number) => query.bind(number.as_i64()),
            text => query.bind(text.as_str()),
        };
    }
    query.execute(connection).await?;
    Ok(())
}

/// From here on every register has the version of the record.
async fn forget_registers(connection: &mut SqliteConnection, id: &[u8]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM record_version WHERE record = ? AND register <> 0")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_version(
    connection: &mut SqliteConnection,
    collection: &Collection,
    op: &Op,
    register: i64,
) -> Result<(), StoreError> {
    let version = op.version();
    sqlx::query(
        "INSERT INTO record_version (record, register, collection, replica, seq, others) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (record, register) DO UPDATE SET replica = excluded.replica, seq = excluded.seq, others = excluded.others",
    )
    .bind(op.record)
    .bind(register)
    .bind(collection.number)
    .bind(version.dot().replica.0)
    .bind(i64::try_from(version.dot().seq).map_err(|_| StoreError::StoredValue { column: "seq" })?)
    .bind(version.others_text())
    .execute(connection)
    .await?;
    Ok(())
}

async fn park(write: &mut Write, op: &Op, error: &StoreError) -> Result<(), StoreError> {
    let at = write.context().at.timestamp_millis();
    sqlx::query(
        "INSERT INTO parked_record (collection, record, op, reason, parked_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&op.collection)
    .bind(op.record)
    .bind(serde_json::to_string(op)?)
    .bind(error.to_string())
    .bind(at)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// How many ops are parked.
pub async fn parked_count(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM (SELECT 1 FROM parked_record LIMIT 1001)")
        .fetch_one(connection)
        .await?)
}
