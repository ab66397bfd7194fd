//! The merge rule of a whole record: registers one by one, and what deletes mean.

use crate::merge::{Merged, merge};
use crate::planted::{self, Bug};
use sync_protocol::{Change, Dot, Kind, Op, RecordState, RegisterState, Stamp, Values, Version};

/// One of two values whose authors did not know of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub by: Dot,
    pub stamp: Stamp,
    /// Nothing for a delete.
    pub values: Option<Values>,
}

/// What a person has to judge: a value was overwritten unseen, or a record was deleted by one and edited by another,
/// in which case the edit stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The register, the empty name for the record itself.
    pub register: String,
    pub winner: Side,
    pub loser: Side,
}

/// A record on its way through a merge, and what came up.
pub struct Merge {
    pub record: RecordState,
    pub conflicts: Vec<Conflict>,
}

/// Merges `op` into `current`. Once merged, an op changes nothing more.
pub fn merge_op(current: Option<RecordState>, op: &Op, stamp: Stamp) -> Merge {
    let version = op.version();
    let record = current.unwrap_or_else(|| RecordState {
        kind: op.kind,
        life: RegisterState {
            version: version.clone(),
            stamp,
            value: !matches!(op.change, Change::Delete { .. }),
        },
        registers: std::collections::BTreeMap::new(),
    });
    let mut merge = Merge { record, conflicts: Vec::new() };
    let state = |values: &Values| RegisterState { version: version.clone(), stamp, value: values.clone() };
    match &op.change {
        Change::Insert { registers } => {
            let life = RegisterState { version: version.clone(), stamp, value: true };
            let first = registers.first().map(|(_, values)| values.clone());
            merge.forget(&life, |register| registers.iter().any(|(name, _)| name == register));
            merge.revive(life, Side { by: op.id, stamp, values: first });
            for (register, values) in registers {
                merge.set(register, &state(values));
            }
        }
        Change::Set { register, values } => {
            if !merge.is_known(op.id, register) {
                if !merge.record.life.value {
                    let life = RegisterState { version: version.clone(), stamp, value: true };
                    merge.revive(life, Side { by: op.id, stamp, values: Some(values.clone()) });
                }
                merge.set(register, &state(values));
            }
        }
        Change::Delete { base } => merge.delete(base, op, stamp),
    }
    merge.keep_fact(op.is_fact());
    merge
}

/// Merges the state `incoming`, as somebody else has it, into `current`.
pub fn merge_state(current: Option<RecordState>, incoming: &RecordState) -> Merge {
    let Some(record) = current else {
        let mut merge = Merge { record: incoming.clone(), conflicts: Vec::new() };
        merge.keep_fact(incoming.kind == Kind::Ledger);
        return merge;
    };
    let mut merge = Merge { record, conflicts: Vec::new() };
    let forgotten = |record: &RecordState, register: &str, state: &RegisterState<Values>| {
        !record.registers.contains_key(register) && record.life.version.knows(state.version.dot())
    };
    let news =
        incoming.registers.iter().filter(|(register, state)| !forgotten(&merge.record, register, state));
    let news: Vec<_> = news.collect();
    merge.forget(&incoming.life, |register| incoming.registers.contains_key(register));
    merge.meet(incoming);
    for (register, state) in news {
        merge.set(register, state);
    }
    merge.keep_fact(incoming.kind == Kind::Ledger);
    merge
}

impl Merge {
    fn is_known(&self, op: Dot, register: &str) -> bool {
        let life = &self.record.life;
        let dead = !life.value && life.version.knows(op);
        dead || self.record.registers.get(register).is_some_and(|state| state.version.knows(op))
    }

    fn push_conflict(&mut self, register: &str, winner: Side, loser: Side) {
        if !planted::is(Bug::ConflictDropped) {
            self.conflicts.push(Conflict { register: register.to_owned(), winner, loser });
        }
    }

    /// A fact is one for good, and is never deleted.
    fn keep_fact(&mut self, is_fact: bool) {
        if is_fact {
            self.record.kind = Kind::Ledger;
        }
        if self.record.kind == Kind::Ledger {
            self.record.life.value = true;
        }
    }

    /// Whoever makes a record again over a tombstone that they had seen makes it anew: what was in it before and is
    /// not `kept`, since their version of the app does not know it, does not come back.
    fn forget(&mut self, life: &RegisterState<bool>, kept: impl Fn(&str) -> bool) {
        let current = &self.record.life;
        let is_new = !current.version.knows(life.version.dot());
        if life.value && !current.value && is_new && life.version.knows(current.version.dot()) {
            self.record
                .registers
                .retain(|register, state| kept(register) || !life.version.knows(state.version.dot()));
        }
    }

    /// The record is there from now on, by what `by` wrote.
    fn revive(&mut self, life: RegisterState<bool>, by: Side) {
        let current = &self.record.life;
        if current.version.knows(life.version.dot()) {
            return;
        }
        if !current.value && !life.version.knows(current.version.dot()) {
            let tombstone = Side { by: current.version.dot(), stamp: current.stamp, values: None };
            self.push_conflict("", by, tombstone);
        }
        let version = life.version.clone().joined(&self.record.life.version);
        self.record.life = RegisterState { version, ..life };
    }

    fn set(&mut self, register: &str, state: &RegisterState<Values>) {
        let state = match merge(self.record.kind, self.record.registers.get(register), state) {
            Merged::AlreadyKnown => return,
            Merged::Applied(state) => state,
            Merged::Concurrent { state, winner, loser } => {
                self.push_conflict(register, side(&winner), side(&loser));
                state
            }
        };
        self.record.registers.insert(register.to_owned(), state);
    }

    /// Each register is judged by its own base: who knows a later op of a device on one register
    /// may not have seen an earlier one on another.
    fn delete(&mut self, base: &[(String, Version)], op: &Op, stamp: Stamp) {
        let record = &mut self.record;
        if record.life.version.knows(op.id) {
            return;
        }
        let of = |name: &str| base.iter().find(|(known, _)| known == name).map(|(_, version)| version);
        let unseen = record.registers.iter().find(|(register, state)| {
            let seen = Version::after_all(of(register).or_else(|| of("")), op.id);
            !seen.knows(state.version.dot()) && !planted::is(Bug::DeleteWins)
        });
        let unseen = unseen.filter(|_| record.life.value).map(|(_, state)| side(state));
        let version = op.version().joined(&record.life.version);
        record.life = RegisterState { version, stamp, value: unseen.is_some() };
        if let Some(edit) = unseen {
            self.push_conflict("", edit, Side { by: op.id, stamp, values: None });
        }
    }

    /// Whether the record is there, when two states of it meet. As for ops: a delete holds if its author had seen
    /// all that is there.
    fn meet(&mut self, incoming: &RecordState) {
        let ours = &self.record.life;
        let theirs = &incoming.life;
        let known = ours.version.knows(theirs.version.dot());
        match (ours.value, theirs.value) {
            (true, false) if !known => {
                let unseen = first_unseen(&self.record, incoming);
                let version = theirs.version.clone().joined(&ours.version);
                let tombstone = Side { by: theirs.version.dot(), stamp: theirs.stamp, values: None };
                self.record.life = RegisterState { version, stamp: theirs.stamp, value: unseen.is_some() };
                if let Some(edit) = unseen {
                    self.push_conflict("", edit, tombstone);
                }
            }
            (false, true) => {
                let seen = theirs.version.knows(ours.version.dot());
                let unseen = first_unseen(incoming, &self.record);
                let tombstone = Side { by: ours.version.dot(), stamp: ours.stamp, values: None };
                if known {
                    self.record.life.value = unseen.is_some();
                } else {
                    // Whoever is there without having seen the delete stays only for something that it had not seen.
                    let version = if seen || unseen.is_some() {
                        theirs.version.clone().joined(&ours.version)
                    } else {
                        ours.version.clone().joined(&theirs.version)
                    };
                    self.record.life =
                        RegisterState { version, value: seen || unseen.is_some(), ..theirs.clone() };
                }
                if !seen && let Some(edit) = unseen {
                    self.push_conflict("", edit, tombstone);
                }
            }
            _ if !known => {
                let version = theirs.version.clone().joined(&ours.version);
                self.record.life = RegisterState { version, ..theirs.clone() };
            }
            _ => {}
        }
    }
}

/// The first register of `record` whose value `other` has not seen.
fn first_unseen(record: &RecordState, other: &RecordState) -> Option<Side> {
    let mut registers = record.registers.iter();
    let unseen = registers.find(|(register, state)| {
        other.registers.get(*register).is_none_or(|seen| !seen.version.knows(state.version.dot()))
    });
    unseen.map(|(_, state)| side(state))
}

fn side(state: &RegisterState<Values>) -> Side {
    Side { by: state.version.dot(), stamp: state.stamp, values: Some(state.value.clone()) }
}

/// Whether the op may make or change the record.
pub fn accepts(record: Option<&RecordState>, op: &Op) -> bool {
    match op.change {
        Change::Insert { .. } => true,
        Change::Set { .. } | Change::Delete { .. } => {
            op.kind == Kind::Mutable && record.is_none_or(|record| record.kind == Kind::Mutable)
        }
    }
}

#[cfg(test)]
mod tests;
