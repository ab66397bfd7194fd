//! Judging conflicts: which of two versions stays.

use super::server::time;
use crate::capture::json_array;
use crate::error::StoreError;
use crate::json::{hex, hex_list, rows};
use crate::manifest::{self, Collection, Register};
use crate::transaction::Write;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::BTreeMap;
use sync_protocol::{Key, ReplicaId, Values};
use uuid::Uuid;

/// One of two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// None: the record was deleted.
    pub values: Option<Values>,
    pub author: ReplicaId,
    pub seq: u64,
    pub at: DateTime<Utc>,
}

/// What two desks wrote without knowing of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenConflict {
    /// Where it is in the list.
    pub no: i64,
    pub id: Uuid,
    pub key: Key,
    /// Empty for the record itself.
    pub register: String,
    pub winner: Side,
    pub loser: Side,
    /// The register was written again since.
    pub changed_since: bool,
}

/// Which version stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Winner,
    Loser,
}

impl Keep {
    fn word(self) -> &'static str {
        match self {
            Self::Winner => "winner",
            Self::Loser => "loser",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Winner, Self::Loser].into_iter().find(|keep| keep.word() == word)
    }
}

/// What became of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Done,
    /// There is no such conflict.
    Unknown,
    /// The record is gone, so there is nothing to put the version into.
    Gone,
}

/// A side as the record of the conflict has it.
#[derive(Deserialize)]
struct Told {
    seq: u64,
    author: String,
    at_ms: i64,
    values: Option<Values>,
}

fn side(text: &str) -> Result<Side, StoreError> {
    let told: Told = serde_json::from_str(text)?;
    let unreadable = || StoreError::StoredValue { column: "conflict" };
    let (device, incarnation) = told.author.split_once('.').ok_or_else(unreadable)?;
    let parse = |text: &str| text.parse::<Uuid>().map_err(|_| unreadable());
    let author = ReplicaId { device: parse(device)?, incarnation: parse(incarnation)? };
    Ok(Side { values: told.values, author, seq: told.seq, at: time(told.at_ms)? })
}

type Row = (i64, Uuid, String, Uuid, String, String, String);

const COLUMNS: &str = "rowid, id, collection, record, register, winner, loser";

fn open(row: Row) -> Result<OpenConflict, StoreError> {
    let (no, id, collection, record, register, winner, loser) = row;
    let key = Key { collection, record };
    Ok(OpenConflict {
        no,
        id,
        key,
        register,
        winner: side(&winner)?,
        loser: side(&loser)?,
        changed_since: false,
    })
}

/// A page of what nobody has judged, the newest first. Two statements.
///
/// # Errors
/// A damaged file.
pub async fn list_conflicts(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<OpenConflict>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM conflict WHERE kept = '' AND rowid < ? ORDER BY rowid DESC LIMIT ?");
    let found: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let mut conflicts = found.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let records: Vec<_> = conflicts.iter().map(|conflict| conflict.key.record).collect();
    let versions: Vec<(Uuid, i64, i64, Uuid, Uuid)> = sqlx::query_as(
        "SELECT v.record, v.register, v.seq, r.device, r.incarnation FROM json_each(?) w
         CROSS JOIN record_version v ON v.record = unhex(w.value) CROSS JOIN replica r ON r.no = v.replica",
    )
    .bind(hex_list(&records)?)
    .fetch_all(connection)
    .await?;
    let versions: BTreeMap<_, _> = versions
        .into_iter()
        .map(|(record, register, seq, device, incarnation)| {
            ((record, register), (u64::try_from(seq).unwrap_or(0), ReplicaId { device, incarnation }))
        })
        .collect();
    for conflict in &mut conflicts {
        let number =
            register_of(&conflict.key, &conflict.register).map_or(0, |(_, register)| register.number);
        let record = conflict.key.record;
        let present = versions.get(&(record, number)).or_else(|| versions.get(&(record, 0)));
        // Of the record itself only its life is a version, and the edit that revived it is behind that.
        conflict.changed_since = number != 0
            && present.is_some_and(|present| *present != (conflict.winner.seq, conflict.winner.author));
    }
    Ok(conflicts)
}

fn register_of(key: &Key, register: &str) -> Option<(&'static Collection, &'static Register)> {
    let collection = manifest::collection_named(&key.collection)?;
    Some((collection, collection.register(register)?))
}

async fn find(write: &mut Write, id: Uuid) -> Result<Option<(OpenConflict, Option<Keep>)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conflict WHERE id = ?");
    let row: Option<Row> = sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(&mut **write).await?;
    let Some(row) = row else { return Ok(None) };
    let kept: String =
        sqlx::query_scalar("SELECT kept FROM conflict WHERE id = ?").bind(id).fetch_one(&mut **write).await?;
    Ok(Some((open(row)?, Keep::from_word(&kept))))
}

/// Judges a conflict: the version that is kept is what every desk shows from now on.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn judge(write: &mut Write, id: Uuid, keep: Keep) -> Result<Judged, StoreError> {
    write.declare_current();
    let Some((conflict, _)) = find(write, id).await? else { return Ok(Judged::Unknown) };
    let put = put(write, &conflict, keep).await?;
    if put == Judged::Done {
        set_kept(write, id, keep.word()).await?;
    }
    Ok(put)
}

/// Takes a judgement back: what was shown before is shown again.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn reopen(write: &mut Write, id: Uuid) -> Result<Judged, StoreError> {
    write.declare_current();
    let Some((conflict, kept)) = find(write, id).await? else { return Ok(Judged::Unknown) };
    if kept == Some(Keep::Loser) {
        put(write, &conflict, Keep::Winner).await?;
    }
    set_kept(write, id, "").await?;
    Ok(Judged::Done)
}

async fn set_kept(write: &mut Write, id: Uuid, kept: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE conflict SET kept = ? WHERE id = ?")
        .bind(kept)
        .bind(id)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// Puts a version into its record.
async fn put(write: &mut Write, conflict: &OpenConflict, keep: Keep) -> Result<Judged, StoreError> {
    let side = if keep == Keep::Winner { &conflict.winner } else { &conflict.loser };
    // Two people judged one conflict differently: whoever judges that judges the conflict.
    if conflict.key.collection == sync_engine::CONFLICTS {
        let word = side.values.as_ref().and_then(|values| values.first()?.as_str());
        return match word.and_then(Keep::from_word) {
            Some(keep) => Box::pin(judge(write, conflict.key.record, keep)).await,
            None => Box::pin(reopen(write, conflict.key.record)).await,
        };
    }
    match (&side.values, register_of(&conflict.key, &conflict.register)) {
        (Some(values), Some((collection, register))) => {
            set_register(write, collection, register, conflict.key.record, values).await
        }
        (None, _) => delete(write, conflict).await,
        // The record itself was to stay.
        (Some(_), None) => restore(write, conflict).await,
    }
}

async fn set_register(
    write: &mut Write,
    collection: &Collection,
    register: &Register,
    record: Uuid,
    values: &Values,
) -> Result<Judged, StoreError> {
    let columns: Vec<_> = register.columns.iter().collect();
    let assignments: Vec<_> = columns
        .iter()
        .zip(crate::apply::values_sql("c.row", &columns))
        .map(|(column, value)| format!("{} = {value}", column.name))
        .collect();
    let sql = format!(
        "UPDATE {name} SET {} FROM (SELECT value AS row FROM json_each(?)) c WHERE {name}.id = unhex(c.row ->> 0)",
        assignments.join(", "),
        name = collection.name,
    );
    let row = std::iter::once(hex(record)).chain(values.iter().cloned()).collect();
    let done = sqlx::query(AssertSqlSafe(sql)).bind(rows([row])?).execute(&mut **write).await?;
    Ok(if done.rows_affected() == 0 { Judged::Gone } else { Judged::Done })
}

/// Deletes the record as somebody wanted it, and keeps it for taking that back.
async fn delete(write: &mut Write, conflict: &OpenConflict) -> Result<Judged, StoreError> {
    let Some(collection) = manifest::collection_named(&conflict.key.collection) else {
        return Ok(Judged::Gone);
    };
    let sql = format!(
        "INSERT INTO judged_row (conflict, row) SELECT ?1, {} FROM {} t WHERE id = ?2
         ON CONFLICT (conflict) DO UPDATE SET row = excluded.row",
        json_array("t", collection.columns()),
        collection.name
    );
    sqlx::query(AssertSqlSafe(sql)).bind(conflict.id).bind(conflict.key.record).execute(&mut **write).await?;
    let sql = format!("DELETE FROM {} WHERE id = ?", collection.name);
    sqlx::query(AssertSqlSafe(sql)).bind(conflict.key.record).execute(&mut **write).await?;
    Ok(Judged::Done)
}

/// Puts a record back that a judgement had deleted.
async fn restore(write: &mut Write, conflict: &OpenConflict) -> Result<Judged, StoreError> {
    let Some(collection) = manifest::collection_named(&conflict.key.collection) else {
        return Ok(Judged::Gone);
    };
    let row: Option<String> = sqlx::query_scalar("DELETE FROM judged_row WHERE conflict = ? RETURNING row")
        .bind(conflict.id)
        .fetch_optional(&mut **write)
        .await?;
    let Some(row) = row else { return Ok(Judged::Done) };
    let values: Values = serde_json::from_str(&row)?;
    let columns: Vec<_> = collection.registers.iter().flat_map(|register| register.columns).collect();
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let sql = format!(
        "INSERT INTO {} (id, {}) SELECT unhex(value ->> 0), {} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
        collection.name,
        names.join(", "),
        crate::apply::values_sql("value", &columns).join(", ")
    );
    let row = std::iter::once(hex(conflict.key.record)).chain(values).collect();
    sqlx::query(AssertSqlSafe(sql)).bind(rows([row])?).execute(&mut **write).await?;
    Ok(Judged::Done)
}
