//! What a record is about, for a person: the patient that it belongs to.

use crate::error::StoreError;
use crate::json::rows;
use crate::manifest::COLLECTIONS;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::BTreeMap;
use sync_protocol::Key;
use uuid::Uuid;

/// The patient of a record, and the name that the patient goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub patient: Uuid,
    pub name: String,
}

/// The column that says which patient a row of the collection belongs to.
fn owner_column(collection: &str) -> Option<&'static str> {
    match collection {
        "patient" => Some("id"),
        "patient_distinct" => Some("first_id"),
        other => crate::manifest::collection_named(other)?
            .columns()
            .find(|column| column.name == "patient_id")
            .map(|column| column.name),
    }
}

/// Whom these records are about, as far as that is known here.
///
/// # Errors
/// A damaged file.
pub async fn subjects(
    connection: &mut SqliteConnection,
    keys: &[Key],
) -> Result<BTreeMap<Key, Subject>, StoreError> {
    let owners: Vec<_> = COLLECTIONS
        .iter()
        .filter_map(|collection| {
            let (name, column) = (collection.name, owner_column(collection.name)?);
            Some(format!(
                "SELECT w.value ->> 0 AS collection, r.id AS record, r.{column} AS patient
                 FROM json_each(?1) w CROSS JOIN {name} r ON r.id = unhex(w.value ->> 1) WHERE w.value ->> 0 = '{name}'"
            ))
        })
        .collect();
    let sql = format!(
        "SELECT o.collection, o.record, p.id, trim(coalesce(nullif(p.preferred_name, ''), p.given) || ' ' || p.family)
         FROM ({}) o CROSS JOIN patient p ON p.id = o.patient",
        owners.join(" UNION ALL ")
    );
    let wanted =
        keys.iter().map(|key| vec![json!(key.collection), Value::from(key.record.simple().to_string())]);
    let found: Vec<(String, Uuid, Uuid, String)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(rows(wanted)?).fetch_all(connection).await?;
    let subject =
        |(collection, record, patient, name)| (Key { collection, record }, Subject { patient, name });
    Ok(found.into_iter().map(subject).collect())
}
