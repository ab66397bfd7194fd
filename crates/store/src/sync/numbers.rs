//! The numbers that this database has for replicas.

use crate::error::StoreError;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use sync_protocol::{RecordState, Replica, ReplicaId};
use uuid::Uuid;

pub(super) const ALL: &str = "SELECT no, device, incarnation FROM replica";

/// Replicas and their numbers in this database.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    by_id: BTreeMap<ReplicaId, Replica>,
    by_number: BTreeMap<Replica, ReplicaId>,
}

impl Numbers {
    /// All that the database knows.
    pub async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        Ok(Self::of(sqlx::query_as(ALL).fetch_all(connection).await?))
    }

    /// Those of the rows that [`ALL`] selects.
    pub(super) fn of(rows: Vec<(u32, Uuid, Uuid)>) -> Self {
        let mut numbers = Self::default();
        for (no, device, incarnation) in rows {
            numbers.add(Replica(no), ReplicaId { device, incarnation });
        }
        numbers
    }

    fn add(&mut self, number: Replica, id: ReplicaId) {
        self.by_id.insert(id, number);
        self.by_number.insert(number, id);
    }

    /// Gives a number to each of `ids` that has none.
    pub async fn include(
        &mut self,
        connection: &mut SqliteConnection,
        ids: impl IntoIterator<Item = ReplicaId>,
    ) -> Result<(), StoreError> {
        for id in ids {
            if !self.by_id.contains_key(&id) {
                let number = sqlx::query_scalar(
                    "INSERT INTO replica (device, incarnation) VALUES (?, ?)
                     ON CONFLICT (device, incarnation) DO UPDATE SET device = excluded.device RETURNING no",
                )
                .bind(id.device)
                .bind(id.incarnation)
                .fetch_one(&mut *connection)
                .await?;
                self.add(Replica(number), id);
            }
        }
        Ok(())
    }

    /// Whether all of `ids` have one.
    pub fn know(&self, ids: &[ReplicaId]) -> bool {
        ids.iter().all(|id| self.by_id.contains_key(id))
    }

    /// The numbers by the replicas.
    pub fn by_id(&self) -> &BTreeMap<ReplicaId, Replica> {
        &self.by_id
    }

    /// The number of a replica.
    ///
    /// # Errors
    /// It has none.
    pub fn number(&self, id: ReplicaId) -> Result<Replica, StoreError> {
        self.by_id.get(&id).copied().ok_or(StoreError::StoredValue { column: "replica" })
    }

    /// The replica of a number.
    ///
    /// # Errors
    /// Nobody has it.
    pub fn id(&self, number: Replica) -> Result<ReplicaId, StoreError> {
        self.by_number.get(&number).copied().ok_or(StoreError::StoredValue { column: "replica" })
    }
}

/// Everybody who wrote something in the record.
pub(super) fn authors(record: &RecordState) -> impl Iterator<Item = ReplicaId> {
    let registers = record.registers.values().map(|state| state.stamp.author);
    std::iter::once(record.life.stamp.author).chain(registers)
}
