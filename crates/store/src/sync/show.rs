//! What the tables show of records: the server's state with what is pending over it.

use crate::apply::{concerns_record, misfit, values_sql};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::json::{hex, hex_list, rows};
use crate::manifest::{self, Collection, Register};
use crate::transaction::Write;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_protocol::{Change, Key, Op, RecordState, Values, Version};
use uuid::Uuid;

/// A record as the device shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    is_alive: bool,
    /// None of a record that never was.
    life: Option<Version>,
    registers: BTreeMap<String, (Version, Values)>,
}

impl Shown {
    pub(super) fn new(state: Option<&RecordState>, pending: &[Op]) -> Self {
        let mut shown = Self::told(state);
        for op in pending {
            shown.lay_over(op);
        }
        shown
    }

    fn told(state: Option<&RecordState>) -> Self {
        let Some(state) = state else {
            return Self { is_alive: false, life: None, registers: BTreeMap::new() };
        };
        let registers = state.registers.iter();
        let registers = registers.map(|(name, r)| (name.clone(), (r.version.clone(), r.value.clone())));
        Self {
            is_alive: state.life.value,
            life: Some(state.life.version.clone()),
            registers: registers.collect(),
        }
    }

    fn lay_over(&mut self, op: &Op) {
        // The server has merged it already, and its answer was lost.
        if self.life.as_ref().is_some_and(|life| !self.is_alive && life.knows(op.id)) {
            return;
        }
        match &op.change {
            Change::Insert { registers } => {
                let registers = registers.iter();
                self.registers =
                    registers.map(|(name, values)| (name.clone(), (op.version(), values.clone()))).collect();
                self.life = Some(op.version());
                self.is_alive = true;
            }
            Change::Set { register, values } => {
                let Some(life) = &self.life else { return };
                // Who had not seen the delete brings the record back, as the server will say.
                let has_seen = op.base.as_ref().is_some_and(|base| base.knows(life.dot()));
                self.is_alive = self.is_alive || !has_seen;
                self.registers.insert(register.clone(), (op.version(), values.clone()));
            }
            Change::Delete { .. } => {
                self.life = Some(op.version());
                self.is_alive = false;
            }
        }
    }

    /// The registers that this version knows, in the manifest's order.
    fn known(&self, collection: &Collection) -> Vec<&'static Register> {
        collection.registers.iter().filter(|register| self.registers.contains_key(register.name)).collect()
    }

    fn values(&self, registers: &[&'static Register]) -> impl Iterator<Item = &Value> {
        registers
            .iter()
            .filter_map(|register| self.registers.get(register.name))
            .flat_map(|(_, values)| values)
    }

    /// The first column that cannot hold its value.
    fn misfit(&self, collection: &Collection) -> Option<&'static str> {
        self.known(collection)
            .iter()
            .find_map(|register| misfit(register.columns, &self.registers[register.name].1))
    }

    /// `[record, register, replica, seq, others]` of each version that the tables keep.
    fn versions(&self, record: Uuid, collection: &Collection) -> Vec<Vec<Value>> {
        let Some(life) = &self.life else { return Vec::new() };
        let row = |register: i64, version: &Version| {
            let dot = version.dot();
            vec![
                hex(record),
                json!(register),
                json!(dot.replica.0),
                json!(dot.seq),
                json!(version.others_text()),
            ]
        };
        let mut rows = vec![row(0, life)];
        if self.is_alive {
            let own = collection.registers.iter().filter_map(|register| {
                let (version, _) = self.registers.get(register.name)?;
                (version != life).then(|| row(register.number, version))
            });
            rows.extend(own);
        }
        rows
    }
}

/// Brings the tables to `shown`, in an applying transaction, after what is in `batch`, which is run with the first of it. What cannot be shown is parked and holds up nothing.
/// Collections that this version does not know stay in the shadow until one does.
pub(super) async fn show(
    write: &mut Write,
    batch: &mut Batch,
    shown: &[(Key, Shown)],
) -> Result<(), StoreError> {
    let mut by_collection = BTreeMap::<&str, Vec<(Uuid, &Shown)>>::new();
    for (key, record) in shown {
        by_collection.entry(&key.collection).or_default().push((key.record, record));
    }
    for (name, records) in by_collection {
        let Some(collection) = manifest::collection_named(name) else { continue };
        unpark(batch, collection, &records)?;
        let (fitting, misfits): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|(_, record)| !record.is_alive || record.misfit(collection).is_none());
        if !misfits.is_empty() {
            batch.run(write).await?;
        }
        for (record, shown) in misfits {
            let column = shown.misfit(collection).unwrap_or("values");
            park(write, collection, record, shown, &StoreError::StoredValue { column }).await?;
        }
        show_all(write, batch, collection, &fitting).await?;
        write.mark(collection.number);
    }
    Ok(())
}

/// All at once, after what is in `batch`; if that fails over one of them, one by one.
async fn show_all(
    write: &mut Write,
    batch: &mut Batch,
    collection: &Collection,
    records: &[(Uuid, &Shown)],
) -> Result<(), StoreError> {
    if try_show(write, batch, collection, records).await?.is_none() {
        return Ok(());
    }
    for (record, shown) in records {
        if let Some(error) = try_show(write, batch, collection, &[(*record, *shown)]).await? {
            park(write, collection, *record, shown, &error).await?;
        }
    }
    Ok(())
}

/// Nothing is changed if it fails over the values, and the error is told.
async fn try_show(
    write: &mut Write,
    batch: &mut Batch,
    collection: &Collection,
    records: &[(Uuid, &Shown)],
) -> Result<Option<StoreError>, StoreError> {
    batch.add("SAVEPOINT show");
    write_records(batch, collection, records)?;
    batch.add("RELEASE show");
    match batch.run(write).await {
        Err(error) if concerns_record(&error) => {
            sqlx::raw_sql("ROLLBACK TO show; RELEASE show").execute(&mut **write).await?;
            Ok(Some(error))
        }
        result => result.map(|()| None),
    }
}

fn write_records(
    batch: &mut Batch,
    collection: &Collection,
    records: &[(Uuid, &Shown)],
) -> Result<(), StoreError> {
    let gone: Vec<_> =
        records.iter().filter(|(_, shown)| !shown.is_alive).map(|(record, _)| *record).collect();
    if !gone.is_empty() {
        let sql =
            format!("DELETE FROM {} WHERE id IN (SELECT unhex(value) FROM json_each(?))", collection.name);
        batch.add(&sql).bind(hex_list(&gone)?);
    }
    // A device of an older version made records without the newest registers: their columns have their defaults.
    let mut alike = BTreeMap::<Vec<i64>, (Vec<&'static Register>, Vec<Vec<Value>>)>::new();
    for (record, shown) in records.iter().filter(|(_, shown)| shown.is_alive) {
        let known = shown.known(collection);
        let row = std::iter::once(hex(*record)).chain(shown.values(&known).cloned()).collect();
        let numbers = known.iter().map(|register| register.number).collect();
        alike.entry(numbers).or_insert_with(|| (known, Vec::new())).1.push(row);
    }
    for (registers, values) in alike.into_values() {
        if registers.len() < collection.registers.len() {
            let sql = format!(
                "DELETE FROM {} WHERE id IN (SELECT unhex(value ->> 0) FROM json_each(?))",
                collection.name
            );
            batch.add(&sql).bind(rows(values.clone())?);
        }
        batch.add(&upsert_sql(collection, &registers)).bind(rows(values)?);
    }
    write_versions(batch, collection, records)
}

/// Writes only rows that differ, so that nothing is derived anew from what comes back unchanged.
fn upsert_sql(collection: &Collection, registers: &[&'static Register]) -> String {
    let table = collection.name;
    let columns: Vec<_> = registers.iter().flat_map(|register| register.columns).collect();
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let values = values_sql("value", &columns);
    if names.is_empty() {
        return format!(
            "INSERT INTO {table} (id) SELECT unhex(value ->> 0) FROM json_each(?) WHERE true ON CONFLICT DO NOTHING"
        );
    }
    let excluded: Vec<_> = names.iter().map(|name| format!("excluded.{name}")).collect();
    let present: Vec<_> = names.iter().map(|name| format!("{table}.{name}")).collect();
    let updates: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO {table} (id, {}) SELECT unhex(value ->> 0), {} FROM json_each(?) WHERE true
         ON CONFLICT (id) DO UPDATE SET {} WHERE ({}) IS NOT ({})",
        names.join(", "),
        values.join(", "),
        updates.join(", "),
        present.join(", "),
        excluded.join(", "),
    )
}

fn write_versions(
    batch: &mut Batch,
    collection: &Collection,
    records: &[(Uuid, &Shown)],
) -> Result<(), StoreError> {
    let ids: Vec<_> = records.iter().map(|(record, _)| *record).collect();
    batch
        .add("DELETE FROM record_version WHERE record IN (SELECT unhex(value) FROM json_each(?)) AND collection = ?")
        .bind(hex_list(&ids)?)
        .bind(collection.number);
    let versions = records.iter().flat_map(|(record, shown)| shown.versions(*record, collection));
    batch
        .add(
            "INSERT INTO record_version (record, register, collection, replica, seq, others)
             SELECT unhex(value ->> 0), value ->> 1, ?, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)",
        )
        .bind(collection.number)
        .bind(rows(versions)?);
    Ok(())
}

fn unpark(batch: &mut Batch, collection: &Collection, records: &[(Uuid, &Shown)]) -> Result<(), StoreError> {
    let ids: Vec<_> = records.iter().map(|(record, _)| *record).collect();
    batch
        .add("DELETE FROM parked_record WHERE collection = ? AND record IN (SELECT unhex(value) FROM json_each(?))")
        .bind(collection.name)
        .bind(hex_list(&ids)?);
    Ok(())
}

async fn park(
    write: &mut Write,
    collection: &Collection,
    record: Uuid,
    shown: &Shown,
    error: &StoreError,
) -> Result<(), StoreError> {
    let at = write.context().at.timestamp_millis();
    let registers: BTreeMap<_, _> =
        shown.registers.iter().map(|(name, (_, values))| (name, values)).collect();
    sqlx::query(
        "INSERT INTO parked_record (collection, record, op, reason, parked_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(collection.name)
    .bind(record)
    .bind(serde_json::to_string(&registers)?)
    .bind(error.to_string())
    .bind(at)
    .execute(&mut **write)
    .await?;
    Ok(())
}
