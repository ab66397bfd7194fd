//! The numbers of a clinic's replicas.

use crate::error::ServerError;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use sync_protocol::{Replica, ReplicaId};
use uuid::Uuid;

/// The replicas that ever wrote in a clinic, by number and by id.
#[derive(Clone, Debug, Default)]
pub struct Replicas {
    pub by_number: BTreeMap<Replica, ReplicaId>,
    pub by_id: BTreeMap<ReplicaId, Replica>,
}

impl Replicas {
    /// All of the clinic.
    pub async fn load(connection: &mut PgConnection, clinic: Uuid) -> Result<Self, ServerError> {
        let rows: Vec<(i32, Uuid, Uuid)> =
            sqlx::query_as("SELECT no, device, incarnation FROM replica WHERE clinic_id = $1")
                .bind(clinic)
                .fetch_all(connection)
                .await?;
        let mut replicas = Self::default();
        for (no, device, incarnation) in rows {
            replicas.insert(Replica(u32::try_from(no)?), ReplicaId { device, incarnation });
        }
        Ok(replicas)
    }

    pub fn insert(&mut self, number: Replica, id: ReplicaId) {
        self.by_number.insert(number, id);
        self.by_id.insert(id, number);
    }

    /// Gives numbers to those of `ids` that have none, and returns those.
    pub fn learn(&mut self, ids: &[ReplicaId]) -> Vec<(Replica, ReplicaId)> {
        let mut new = Vec::new();
        for id in ids {
            if !self.by_id.contains_key(id) {
                let last = self.by_number.last_key_value().map_or(0, |(number, _)| number.0);
                let number = Replica(last.saturating_add(1));
                self.insert(number, *id);
                new.push((number, *id));
            }
        }
        new
    }

    /// As [`Replicas::learn`], for good. The clinic has to be locked.
    pub async fn keep(
        &mut self,
        connection: &mut PgConnection,
        clinic: Uuid,
        ids: &[ReplicaId],
    ) -> Result<(), ServerError> {
        let new = self.learn(ids);
        if new.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i32> = new.iter().map(|(no, _)| i32::try_from(no.0)).collect::<Result<_, _>>()?;
        let devices: Vec<Uuid> = new.iter().map(|(_, id)| id.device).collect();
        let incarnations: Vec<Uuid> = new.iter().map(|(_, id)| id.incarnation).collect();
        sqlx::query(
            "INSERT INTO replica (clinic_id, no, device, incarnation)
             SELECT $1, * FROM unnest($2::integer[], $3::uuid[], $4::uuid[])",
        )
        .bind(clinic)
        .bind(numbers)
        .bind(devices)
        .bind(incarnations)
        .execute(connection)
        .await?;
        Ok(())
    }
}
