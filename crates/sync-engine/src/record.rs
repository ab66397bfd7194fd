//! The merge rule of a whole record: registers one by one, and what deletes mean.

use crate::merge::{Loser, Merged, RegisterOp, RegisterState, Stamp, merge};
use std::collections::BTreeMap;
use sync_protocol::{Change, Op, Values, Version};

/// A record as the merger keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordState {
    /// Whether the record is there. If it is not, this is the tombstone.
    pub life: RegisterState<bool>,
    /// Kept under a tombstone, for an edit whose author had not seen it.
    pub registers: BTreeMap<String, RegisterState<Values>>,
}

/// What a person has to judge.
#[derive(Clone, Debug, PartialEq)]
pub enum Conflict {
    /// A value was overwritten unseen.
    Value { register: String, loser: Loser<Values> },
    /// A record was deleted and edited by people who did not know of each other. The edit stands.
    Delete(Loser<bool>),
}

impl RecordState {
    /// Merges `op` into `current`. Once merged, an op changes nothing more.
    pub fn merged(current: Option<Self>, op: &Op, stamp: Stamp) -> (Self, Vec<Conflict>) {
        let mut conflicts = Vec::new();
        let mut record = current.unwrap_or_else(|| Self::made_by(op, stamp));
        match &op.change {
            Change::Insert { registers } => {
                record.revive(op, stamp, &mut conflicts);
                for (register, values) in registers {
                    record.set(register, values, op, stamp, &mut conflicts);
                }
            }
            Change::Set { register, values } => {
                if !record.is_known(op, register) {
                    record.revive(op, stamp, &mut conflicts);
                    record.set(register, values, op, stamp, &mut conflicts);
                }
            }
            Change::Delete { base } => record.delete(base, op, stamp, &mut conflicts),
        }
        (record, conflicts)
    }

    fn made_by(op: &Op, stamp: Stamp) -> Self {
        let value = !matches!(op.change, Change::Delete { .. });
        Self { life: RegisterState { version: op.version(), stamp, value }, registers: BTreeMap::new() }
    }

    fn is_known(&self, op: &Op, register: &str) -> bool {
        let dead = !self.life.value && self.life.version.knows(op.id);
        dead || self.registers.get(register).is_some_and(|state| state.version.knows(op.id))
    }

    /// The record is there from now on.
    fn revive(&mut self, op: &Op, stamp: Stamp, conflicts: &mut Vec<Conflict>) {
        if self.life.version.knows(op.id) || (self.life.value && matches!(op.change, Change::Set { .. })) {
            return;
        }
        let version = op.version();
        let unseen = !version.knows(self.life.version.dot());
        if unseen && !self.life.value {
            let tombstone = &self.life;
            let loser = Loser { id: tombstone.version.dot(), stamp: tombstone.stamp, value: false };
            conflicts.push(Conflict::Delete(loser));
        }
        self.life = RegisterState { version: version.joined(&self.life.version), stamp, value: true };
    }

    fn set(&mut self, register: &str, values: &Values, op: &Op, stamp: Stamp, conflicts: &mut Vec<Conflict>) {
        let write = RegisterOp { id: op.id, base: op.base.clone(), stamp, value: values.clone() };
        let state = match merge(self.registers.get(register), &write) {
            Merged::AlreadyKnown => return,
            Merged::Applied(state) => state,
            Merged::Concurrent { state, loser } => {
                conflicts.push(Conflict::Value { register: register.to_owned(), loser });
                state
            }
        };
        self.registers.insert(register.to_owned(), state);
    }

    /// Each register is judged by its own base: who knows a later op of a device on one register
    /// may not have seen an earlier one on another.
    fn delete(&mut self, base: &[(String, Version)], op: &Op, stamp: Stamp, conflicts: &mut Vec<Conflict>) {
        if self.life.version.knows(op.id) {
            return;
        }
        let seen = |register: &str, state: &RegisterState<Values>| {
            let of = |name: &str| base.iter().find(|(known, _)| known == name).map(|(_, version)| version);
            Version::after_all(of(register).or_else(|| of("")), op.id).knows(state.version.dot())
        };
        let stays = self.life.value && !self.registers.iter().all(|(register, state)| seen(register, state));
        if stays {
            conflicts.push(Conflict::Delete(Loser { id: op.id, stamp, value: false }));
        }
        let version = op.version().joined(&self.life.version);
        self.life = RegisterState { version, stamp, value: stays };
    }
}

#[cfg(test)]
mod tests;
