//! The versions of records, as a form takes them along and brings them back.

use crate::capture::Bases;
use crate::error::StoreError;
use crate::json::hex_list;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use sync_protocol::{Dot, Version};
use uuid::Uuid;

/// What somebody saw: record → register → version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions(pub Bases);

impl Versions {
    /// As text that the page keeps without looking into it.
    ///
    /// # Errors
    /// None that is known: the maps always have a JSON form.
    pub fn encode(&self) -> Result<String, StoreError> {
        let ordered: BTreeMap<_, _> = self.0.iter().collect();
        Ok(serde_json::to_string(&ordered)?)
    }

    /// Reads what [`Versions::encode`] wrote.
    ///
    /// # Errors
    /// Any other text.
    pub fn decode(text: &str) -> Result<Self, StoreError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text).map(Self).map_err(|_| StoreError::Versions)
    }

    /// Only what concerns `record`.
    pub fn of(&self, record: Uuid) -> Self {
        Self(self.0.get(&record).map(|registers| (record, registers.clone())).into_iter().collect())
    }

    /// The op that wrote a register of `record`.
    pub fn dot(&self, record: Uuid, register: i64) -> Option<Dot> {
        let registers = self.0.get(&record)?;
        registers.get(&register).or_else(|| registers.get(&0)).map(Version::dot)
    }

    /// Whether `register` of `record` was written by another op here than in `other`.
    pub fn differs(&self, other: &Self, record: Uuid, register: i64) -> bool {
        self.dot(record, register) != other.dot(record, register)
    }
}

/// The present versions of `records`.
pub async fn load_versions(
    connection: &mut SqliteConnection,
    records: &[Uuid],
) -> Result<Versions, StoreError> {
    let rows: Vec<(Uuid, i64, String)> = sqlx::query_as(
        "SELECT v.record, v.register, v.replica || ':' || v.seq || coalesce(';' || v.others, '')
         FROM json_each(?) AS wanted JOIN record_version v ON v.record = unhex(wanted.value)",
    )
    .bind(hex_list(records)?)
    .fetch_all(connection)
    .await?;
    let mut versions = Versions::default();
    for (record, register, version) in rows {
        let version = version.parse().map_err(|_| StoreError::StoredValue { column: "record_version" })?;
        versions.0.entry(record).or_default().insert(register, version);
    }
    Ok(versions)
}
