//! How far the device is, as the database keeps it.

use crate::batch::Batch;
use crate::error::StoreError;
use crate::transaction::Write;
use sqlx::{FromRow, SqliteConnection};
use sync_engine::{Phase, Position};
use sync_protocol::{Epoch, Key, Place};
use uuid::Uuid;

/// The one row of `sync_state`.
#[derive(Debug, FromRow)]
pub(super) struct State {
    epoch: Option<Uuid>,
    cursor: i64,
    phase: String,
    target: Option<Uuid>,
    after_collection: Option<String>,
    after_record: Option<Uuid>,
    staged_epoch: Option<Uuid>,
    next_seq: i64,
    next_collection: Option<String>,
    next_record: Option<Uuid>,
}

fn key(collection: Option<&String>, record: Option<Uuid>) -> Option<Key> {
    Some(Key { collection: collection?.clone(), record: record? })
}

fn seq(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| StoreError::StoredValue { column: "cursor" })
}

impl State {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM sync_state").fetch_one(connection).await?)
    }

    pub(super) async fn save(&self, write: &mut Write) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.save_with(&mut batch);
        batch.run(write).await
    }

    pub(super) fn save_with(&self, batch: &mut Batch) {
        batch
            .add(
                "UPDATE sync_state SET epoch = ?, cursor = ?, phase = ?, target = ?, after_collection = ?,
                 after_record = ?, staged_epoch = ?, next_seq = ?, next_collection = ?, next_record = ?",
            )
            .bind(self.epoch)
            .bind(self.cursor)
            .bind(self.phase.as_str())
            .bind(self.target)
            .bind(self.after_collection.as_deref())
            .bind(self.after_record)
            .bind(self.staged_epoch)
            .bind(self.next_seq)
            .bind(self.next_collection.as_deref())
            .bind(self.next_record);
    }

    pub(super) fn epoch(&self) -> Option<Epoch> {
        self.epoch.map(Epoch)
    }

    pub(super) fn cursor(&self) -> Result<u64, StoreError> {
        seq(self.cursor)
    }

    pub(super) fn phase(&self) -> Result<Phase, StoreError> {
        match (self.phase.as_str(), self.target.map(Epoch)) {
            ("following", _) => Ok(Phase::Following),
            ("uploading", Some(target)) => {
                Ok(Phase::Uploading { target, after: key(self.after_collection.as_ref(), self.after_record) })
            }
            ("refetching", Some(target)) => Ok(Phase::Refetching { target }),
            _ => Err(StoreError::StoredValue { column: "phase" }),
        }
    }

    pub(super) fn position(&self) -> Result<Position, StoreError> {
        let phase = self.phase()?;
        let from = if phase == Phase::Following { self.cursor()? } else { 0 };
        let mut position = Position {
            epoch: self.epoch(),
            cursor: self.cursor()?,
            phase,
            next: Place { seq: from, key: None },
        };
        if position.target().is_some_and(|target| self.has_staged(target)) {
            let key = key(self.next_collection.as_ref(), self.next_record);
            position.next = Place { seq: seq(self.next_seq)?, key };
        }
        Ok(position)
    }

    /// The epoch to talk in.
    pub(super) fn target(&self) -> Result<Option<Epoch>, StoreError> {
        Ok(self.position()?.target())
    }

    pub(super) fn has_staged(&self, epoch: Epoch) -> bool {
        self.staged_epoch == Some(epoch.0)
    }

    /// Whether all of `epoch` up to `head` is here already.
    pub(super) fn is_at(&self, epoch: Epoch, head: u64) -> Result<bool, StoreError> {
        let is_there = self.epoch() == Some(epoch) && self.cursor()? == head && !self.has_staged(epoch);
        Ok(is_there && self.phase()? == Phase::Following)
    }

    pub(super) fn set_phase(&mut self, phase: &Phase) {
        let (name, target, after) = match phase {
            Phase::Following => ("following", None, None),
            Phase::Uploading { target, after } => ("uploading", Some(target), after.as_ref()),
            Phase::Refetching { target } => ("refetching", Some(target), None),
        };
        name.clone_into(&mut self.phase);
        self.target = target.map(|epoch| epoch.0);
        self.after_collection = after.map(|key| key.collection.clone());
        self.after_record = after.map(|key| key.record);
    }

    pub(super) fn set_staged(&mut self, epoch: Epoch, next: &Place) {
        self.staged_epoch = Some(epoch.0);
        self.next_seq = i64::try_from(next.seq).unwrap_or(i64::MAX);
        self.next_collection = next.key.as_ref().map(|key| key.collection.clone());
        self.next_record = next.key.as_ref().map(|key| key.record);
    }

    pub(super) fn forget_staged(&mut self) {
        self.staged_epoch = None;
    }

    /// All of `epoch` up to `head` is here.
    pub(super) fn reach(&mut self, epoch: Epoch, head: u64) -> Result<(), StoreError> {
        self.epoch = Some(epoch.0);
        self.cursor = i64::try_from(head).map_err(|_| StoreError::StoredValue { column: "cursor" })?;
        self.set_phase(&Phase::Following);
        self.forget_staged();
        Ok(())
    }
}
