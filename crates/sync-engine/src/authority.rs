//! The server's side: merging pushes and uploads, one clinic at a time.
//!
//! Without input or output. Whoever runs it locks the clinic's counter, loads what [`reads_of_push`] or
//! [`reads_of_upload`] name into a [`Clinic`], calls, and writes what came of it, all in one transaction.

use crate::clock;
use crate::conflict::conflict_record;
use crate::planted::{self, Bug};
use crate::record::{self, Merge};
use std::collections::{BTreeMap, BTreeSet};
use sync_protocol::{
    Change, Dot, Epoch, Guard, Key, Offered, Op, Outcome, Push, Pushed, Reason, RecordState, Refusal,
    Rejection, Replica, ReplicaId, Stamp, Transaction, Upload, Version,
};

/// A transaction that was answered before.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub digest: [u8; 32],
    pub outcome: Outcome,
    /// It was rejected by an earlier epoch, as a device remembers: that stands.
    pub in_earlier_epoch: bool,
}

impl Answered {
    /// Rejected by this epoch, which cannot know what an earlier one did.
    fn may_have_been_merged(&self) -> bool {
        self.outcome.rejected.is_some() && !self.in_earlier_epoch
    }
}

/// What has to be loaded for a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    pub records: BTreeSet<Key>,
    pub transactions: BTreeSet<Dot>,
}

/// A clinic's part that a request concerns, and what the request makes of it.
#[derive(Clone, Debug)]
pub struct Clinic {
    pub epoch: Epoch,
    /// The newest change.
    pub head: u64,
    /// The server's time, milliseconds since 1970.
    pub now_ms: i64,
    /// All replicas that ever wrote in this clinic, and those that the request tells of.
    pub replicas: BTreeMap<Replica, ReplicaId>,
    pub records: BTreeMap<Key, RecordState>,
    pub answered: BTreeMap<Dot, Answered>,
    /// Records whose insert was rejected and that were not made since, with that insert.
    pub never_made: BTreeMap<Key, Dot>,
    pub writes: Writes,
}

/// What has to be written. All touched records get the number [`Clinic::next_seq`].
#[derive(Clone, Debug, Default)]
pub struct Writes {
    pub touched: BTreeSet<Key>,
    /// To be inserted where they are not there already.
    pub conflicts: BTreeMap<Key, RecordState>,
    pub answered: BTreeSet<Dot>,
    pub never_made: BTreeSet<Key>,
    pub made: BTreeSet<Key>,
}

impl Writes {
    /// Whether a new change of the clinic is needed.
    pub fn change_anything(&self) -> bool {
        !self.touched.is_empty() || !self.conflicts.is_empty()
    }
}

/// A request of another epoch than the server's is refused.
///
/// # Errors
/// Says which epoch it is.
pub fn expect_epoch(current: Epoch, asked: Epoch) -> Result<(), Refusal> {
    if asked == current || planted::is(Bug::EpochIgnored) { Ok(()) } else { Err(Refusal::Epoch { current }) }
}

fn reads_of_transaction(reads: &mut Reads, transaction: &Transaction) {
    reads.transactions.extend(transaction.key());
    for op in &transaction.ops {
        let keys = std::iter::once(op.key()).chain(op.guards.iter().map(Guard::key));
        // Where a name is none there is no record.
        reads.records.extend(keys.filter(|key| key.check().is_ok()));
    }
}

/// What [`Clinic::push`] has to know.
pub fn reads_of_push(push: &Push) -> Reads {
    let mut reads = Reads::default();
    for sent in &push.transactions {
        reads_of_transaction(&mut reads, &sent.transaction);
    }
    reads
}

/// What [`Clinic::upload`] has to know.
pub fn reads_of_upload(upload: &Upload) -> Reads {
    let mut reads = Reads::default();
    reads.records.extend(upload.records.iter().map(|(key, _)| key.clone()));
    for remembered in &upload.rejections {
        reads_of_transaction(&mut reads, &remembered.transaction);
    }
    reads.records.extend(upload.never_made.iter().map(|(key, _)| key.clone()));
    reads
}

impl Clinic {
    /// The number that what this request changes gets.
    pub fn next_seq(&self) -> u64 {
        self.head + 1
    }

    /// Merges the transactions of a push in their order. A transaction that was answered before gets the same answer.
    ///
    /// # Errors
    /// Nothing was done: another epoch, or a key that is known with another content.
    pub fn push(&mut self, push: &Push) -> Result<Pushed, Refusal> {
        expect_epoch(self.epoch, push.epoch)?;
        let mut new = Vec::new();
        for sent in &push.transactions {
            let key =
                sent.transaction.key().ok_or_else(|| Refusal::Malformed { why: "no ops".to_owned() })?;
            match self.answered.get(&key) {
                Some(known) if known.digest != sent.transaction.digest() => {
                    return Err(Refusal::Copied { key });
                }
                // Rejected here, but sent by another copy of the device in an earlier epoch, and merged then, perhaps
                // or for certain.
                Some(known) if sent.in_earlier_epoch && known.may_have_been_merged() => new.push((key, sent)),
                Some(known) if sent.merged_in_earlier_epoch && known.outcome.rejected.is_some() => {
                    new.push((key, sent));
                }
                Some(_) if !planted::is(Bug::ResultForgotten) => {}
                _ => new.push((key, sent)),
            }
        }
        let clocks: Vec<_> = new.iter().map(|(_, sent)| sent.transaction.clock).collect();
        let times = clock::times(push.clock, self.now_ms, &clocks);
        for ((key, sent), at_ms) in new.into_iter().zip(times) {
            let transaction = &sent.transaction;
            // What no server takes was merged by none.
            let rejected = transaction.fault().or_else(|| {
                let final_already = sent.in_earlier_epoch || self.has_merged(transaction);
                if final_already { self.never_made_by(transaction) } else { self.judge(transaction) }
            });
            self.settle(key, transaction, at_ms, rejected, sent.in_earlier_epoch)?;
        }
        let keys = push.transactions.iter().filter_map(|sent| sent.transaction.key());
        Ok(Pushed {
            results: keys.filter_map(|key| Some(self.answered.get(&key)?.outcome.clone())).collect(),
        })
    }

    /// Merges what a device has and the server lacks.
    ///
    /// # Errors
    /// Nothing was done: another epoch.
    pub fn upload(&mut self, upload: &Upload) -> Result<(), Refusal> {
        expect_epoch(self.epoch, upload.epoch)?;
        for (key, incoming) in &upload.records {
            let shift =
                if upload.in_device_time { self.now_ms.saturating_sub(upload.clock.wall_ms) } else { 0 };
            let incoming = timed(incoming.clone(), shift, self.now_ms);
            let merge = record::merge_state(self.records.get(key).cloned(), &incoming);
            self.write(key, merge);
        }
        for remembered in &upload.rejections {
            let transaction = &remembered.transaction;
            let Some(key) = transaction.key() else { continue };
            if self.answered.contains_key(&key) {
                continue;
            }
            let times = clock::times(upload.clock, self.now_ms, &[transaction.clock]);
            let at_ms = times.first().copied().unwrap_or(self.now_ms);
            let rejection = transaction.fault().unwrap_or_else(|| remembered.rejection.clone());
            self.settle(key, transaction, at_ms, Some(rejection), true)?;
        }
        for (key, insert) in &upload.never_made {
            if !self.is_there(key) {
                self.note_never_made(key.clone(), *insert);
            }
        }
        Ok(())
    }

    /// Whether a guarded op of the transaction was merged, though nobody remembers its answer.
    fn has_merged(&self, transaction: &Transaction) -> bool {
        transaction.ops.iter().filter(|op| op.is_guarded()).any(|op| {
            let version = self.records.get(&op.key()).and_then(|record| match &op.change {
                Change::Set { register, .. } => record.registers.get(register).map(|state| &state.version),
                Change::Insert { .. } | Change::Delete { .. } => Some(&record.life.version),
            });
            version.is_some_and(|version| version.knows(op.id))
        })
    }

    /// Which ops of a transaction cannot be merged. Guarded ops of one transaction are merged or rejected together;
    /// facts are never rejected.
    fn judge(&self, transaction: &Transaction) -> Option<Rejection> {
        let guarded = || transaction.ops.iter().filter(|op| is_rejectable(op));
        let holds = guarded().flat_map(|op| &op.guards).all(|guard| {
            let record = self.records.get(&guard.key());
            record.and_then(|record| record.written_by(&guard.register)) == Some(guard.at)
        });
        let never_made = self.never_made_by(transaction);
        let falls = |op: &Op| never_made.as_ref().is_some_and(|rejection| rejection.concerns(op));
        if planted::is(Bug::GuardIgnored) || (holds && !guarded().any(falls)) {
            if planted::is(Bug::RejectedTooMuch)
                && transaction.ops.iter().any(|op| op.id.seq.is_multiple_of(5))
            {
                let ops = transaction.ops.iter().filter(|op| !op.is_fact()).map(|op| op.id).collect();
                return Some(Rejection { reason: Reason::Guard, fault: None, ops });
            }
            return never_made;
        }
        let reason = if holds { Reason::NeverMade } else { Reason::Guard };
        let mut ops: Vec<_> = guarded().map(|op| op.id).collect();
        // What the rejected ops would have made cannot be edited either.
        let made = guarded().filter(|op| matches!(op.change, Change::Insert { .. })).map(Op::key);
        let made: BTreeSet<_> = made.filter(|key| !self.is_there(key)).collect();
        let edits = transaction.ops.iter().filter(|op| made.contains(&op.key()) && !op.is_fact());
        ops.extend(edits.map(|op| op.id));
        ops.extend(never_made.into_iter().flat_map(|rejection| rejection.ops));
        ops.sort_unstable();
        ops.dedup();
        Some(Rejection { reason, fault: None, ops })
    }

    fn is_there(&self, key: &Key) -> bool {
        self.records.get(key).is_some_and(|record| record.life.value)
    }

    /// Whether the op edits what a rejected insert would have made: nobody else has seen that.
    fn edits_never_made(&self, op: &Op) -> bool {
        let Some(insert) = self.never_made.get(&op.key()) else { return false };
        match self.records.get(&op.key()) {
            None => true,
            Some(record) => op.version().knows(*insert) && !record.life.version.knows(*insert),
        }
    }

    /// The ops that edit what was never made, or a fact.
    fn never_made_by(&self, transaction: &Transaction) -> Option<Rejection> {
        let edits = |op: &&Op| !matches!(op.change, Change::Insert { .. });
        let mut reason = Reason::NeverMade;
        let ops: Vec<_> = transaction
            .ops
            .iter()
            .filter(edits)
            .filter(|op| {
                let record = self.records.get(&op.key());
                let fact = !record::accepts(record, op);
                if fact {
                    reason = Reason::Fact;
                }
                fact || self.edits_never_made(op)
            })
            .map(|op| op.id)
            .collect();
        (!ops.is_empty()).then_some(Rejection { reason, fault: None, ops })
    }

    /// Merges what is not rejected and remembers the answer.
    fn settle(
        &mut self,
        key: Dot,
        transaction: &Transaction,
        at_ms: i64,
        rejected: Option<Rejection>,
        in_earlier_epoch: bool,
    ) -> Result<(), Refusal> {
        let is_rejected = |op: &Op| rejected.as_ref().is_some_and(|rejection| rejection.concerns(op));
        // Facts first: they stand whatever becomes of the rest.
        let (facts, others): (Vec<_>, Vec<_>) = transaction.ops.iter().partition(|op| op.is_fact());
        for op in facts.into_iter().chain(others) {
            if !is_rejected(op) {
                let author = self.replicas.get(&op.id.replica).copied();
                let author =
                    author.ok_or_else(|| Refusal::Malformed { why: "an unknown replica".to_owned() })?;
                let stamp = Stamp { at_ms, author, actor: transaction.actor };
                let merge = record::merge_op(self.records.get(&op.key()).cloned(), op, stamp);
                self.write(&op.key(), merge);
            } else if matches!(op.change, Change::Insert { .. }) && !self.is_there(&op.key()) {
                self.note_never_made(op.key(), op.id);
            }
        }
        let seq = if self.writes.change_anything() { self.next_seq() } else { self.head };
        let outcome = Outcome { seq, rejected };
        self.answered.insert(key, Answered { digest: transaction.digest(), outcome, in_earlier_epoch });
        self.writes.answered.insert(key);
        Ok(())
    }

    /// An edit of it can come only under the same name, and where that is none it is rejected for that.
    fn note_never_made(&mut self, key: Key, insert: Dot) {
        if key.check().is_ok() {
            self.never_made.insert(key.clone(), insert);
            self.writes.never_made.insert(key);
        }
    }

    fn write(&mut self, key: &Key, Merge { record, conflicts }: Merge) {
        for conflict in &conflicts {
            let (id, state) = conflict_record(key, conflict);
            self.writes.conflicts.entry(id).or_insert(state);
        }
        if self.records.get(key) == Some(&record) {
            return;
        }
        if record.life.value && self.never_made.remove(key).is_some() {
            self.writes.never_made.remove(key);
            self.writes.made.insert(key.clone());
        }
        self.records.insert(key.clone(), record);
        self.writes.touched.insert(key.clone());
    }
}

fn is_rejectable(op: &Op) -> bool {
    op.is_guarded() || planted::is(Bug::FactRejected)
}

/// The record with its times by the server's clock, none of them in the future.
fn timed(mut record: RecordState, shift_ms: i64, now_ms: i64) -> RecordState {
    let timed = |at_ms: &mut i64| *at_ms = at_ms.saturating_add(shift_ms).min(now_ms);
    timed(&mut record.life.stamp.at_ms);
    record.registers.values_mut().for_each(|state| timed(&mut state.stamp.at_ms));
    record
}

/// The offered records that have something the server lacks.
pub fn lacking(records: &BTreeMap<Key, RecordState>, offered: &[Offered]) -> Vec<Key> {
    let lacks = |key: &Key, versions: &[(String, Version)]| {
        let Some(record) = records.get(key) else { return true };
        versions.iter().any(|(register, version)| {
            let known = if register.is_empty() {
                Some(&record.life.version)
            } else {
                record.registers.get(register).map(|state| &state.version)
            };
            known.is_none_or(|known| !known.knows(version.dot()))
        })
    };
    offered.iter().filter(|(key, versions)| lacks(key, versions)).map(|(key, _)| key.clone()).collect()
}
