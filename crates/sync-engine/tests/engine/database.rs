//! A device's database in memory: what the server said, what is pending over it, and the engine's port to it.

use crate::totals::{Total, Totals};
use domain::id::ActorId;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use sync_engine::planted::{self, Bug};
use sync_engine::{Conflict, Phase, Position, Side, Sums, bucket_of, conflict_record, digest, merge_op};
use sync_protocol::{
    Bucket, Change, Clock, Dot, Epoch, Guard, Key, Kind, Op, Place, RecordState, Rejection, Remembered,
    ReplicaId, Stamp, Transaction, Values, Version,
};
use uuid::Uuid;

/// A record as the device shows it: its own version, and register → version, values.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub life: Version,
    pub registers: BTreeMap<String, (Version, Values)>,
}

/// A transaction whose effect is not in what the server told yet.
#[derive(Clone, Debug)]
pub struct Pending {
    pub transaction: Transaction,
    /// The first epoch in which it was sent.
    pub sent_in: Option<Epoch>,
    pub answer: Option<(Epoch, u64)>,
    /// A server said that all of it is merged, in whatever epoch.
    pub merged: bool,
    pub rejected: Option<Rejection>,
}

impl Pending {
    pub fn is_unanswered(&self) -> bool {
        self.answer.is_none()
    }

    pub fn standing(&self) -> impl Iterator<Item = &Op> {
        let stands = |op: &&Op| self.rejected.as_ref().is_none_or(|rejection| !rejection.concerns(op));
        self.transaction.ops.iter().filter(stands)
    }
}

#[derive(Clone, Debug)]
pub struct Staging {
    pub epoch: Epoch,
    pub next: Place,
    pub records: BTreeMap<Key, RecordState>,
}

/// One op of a transaction that is about to be made.
pub struct Draft {
    pub key: Key,
    pub kind: Kind,
    pub base: Option<Version>,
    pub guards: Vec<Guard>,
    pub change: Change,
}

/// What a replica stands for: in this world the number says it all.
pub fn replica_id(replica: sync_protocol::Replica) -> ReplicaId {
    ReplicaId { device: Uuid::nil(), incarnation: Uuid::from_u128(replica.0.into()) }
}

/// What survives a crash.
#[derive(Clone, Debug)]
pub struct Database {
    pub device: Uuid,
    pub replica: sync_protocol::Replica,
    pub next_seq: u64,
    pub epoch: Option<Epoch>,
    pub cursor: u64,
    pub phase: Phase,
    pub shadow: BTreeMap<Key, RecordState>,
    pub sums: Sums,
    /// Derived as records come.
    pub totals: Totals,
    pub staging: Option<Staging>,
    pub outbox: Vec<Pending>,
    pub attention: Vec<Remembered>,
    /// Ops that the server said are merged, since it was opened.
    pub acknowledged: Vec<Dot>,
    /// How often the comparison with the server found a difference.
    pub mended: u32,
    /// Numbers of replicas, the same for the whole world.
    replicas: Rc<Cell<u32>>,
}

impl Database {
    pub fn new(device: u128, replicas: &Rc<Cell<u32>>) -> Self {
        let mut database = Self {
            device: Uuid::from_u128(device),
            replica: sync_protocol::Replica(0),
            next_seq: 1,
            epoch: None,
            cursor: 0,
            phase: Phase::Following,
            shadow: BTreeMap::new(),
            sums: Sums::default(),
            totals: Totals::default(),
            staging: None,
            outbox: Vec::new(),
            attention: Vec::new(),
            acknowledged: Vec::new(),
            mended: 0,
            replicas: Rc::clone(replicas),
        };
        database.take_incarnation();
        database
    }

    pub fn take_incarnation(&mut self) {
        self.replicas.set(self.replicas.get() + 1);
        self.replica = sync_protocol::Replica(self.replicas.get());
    }

    /// The database is opened on another machine, or from a backup: the marker beside it tells.
    pub fn open_as_copy(&mut self) {
        if !planted::is(Bug::CopyNotNoticed) {
            self.take_incarnation();
        }
    }

    /// The process is gone; what it had in memory with it.
    pub fn crash(&mut self) {
        if planted::is(Bug::CursorBeforeBatch) {
            self.staging = None;
        }
    }

    /// Before the device ever had a server.
    pub fn is_alone(&self) -> bool {
        self.epoch.is_none() && self.phase == Phase::Following
    }

    pub fn is_settled(&self, head: u64) -> bool {
        self.outbox.is_empty()
            && self.cursor == head
            && self.phase == Phase::Following
            && self.epoch.is_some()
    }

    /// A person's action. Before the device ever had a server there is no outbox.
    pub fn commit(&mut self, actor: ActorId, clock: Clock, drafts: Vec<Draft>) -> Transaction {
        let id = Uuid::from_u128(u128::from(self.replica.0) << 64 | u128::from(self.next_seq));
        let mut ops = Vec::new();
        for Draft { key, kind, base, guards, change } in drafts {
            let id = Dot { replica: self.replica, seq: self.next_seq };
            self.next_seq += 1;
            ops.push(Op { id, collection: key.collection, record: key.record, kind, base, guards, change });
        }
        let transaction = Transaction { id, actor, clock, ops };
        if self.is_alone() {
            let stamp = Stamp { at_ms: clock.wall_ms, author: replica_id(self.replica), actor };
            for op in &transaction.ops {
                let record = merge_op(self.shadow.get(&op.key()).cloned(), op, stamp).record;
                self.put(op.key(), record);
            }
        } else {
            let pending = Pending {
                transaction: transaction.clone(),
                sent_in: None,
                answer: None,
                merged: false,
                rejected: None,
            };
            self.outbox.push(pending);
        }
        transaction
    }

    fn put(&mut self, key: Key, record: RecordState) {
        self.sums.change(&key, self.shadow.get(&key), Some(&record));
        self.totals.change(&key, self.shadow.get(&key), Some(&record));
        self.shadow.insert(key, record);
    }

    /// The server's state with what is pending over it.
    pub fn show(&self) -> BTreeMap<Key, Shown> {
        let mut shown = BTreeMap::new();
        for (key, record) in self.shadow.iter().filter(|(_, record)| record.life.value) {
            let registers = record.registers.iter();
            let registers = registers.map(|(name, r)| (name.clone(), (r.version.clone(), r.value.clone())));
            let life = record.life.version.clone();
            shown.insert(key.clone(), Shown { life, registers: registers.collect() });
        }
        for op in self.outbox.iter().flat_map(Pending::standing) {
            lay_over(&mut shown, op);
        }
        shown
    }

    /// The version of what is there or was there, for making it again.
    pub fn life(&self, key: &Key) -> Option<Version> {
        let own = self.outbox.iter().flat_map(Pending::standing).filter(|op| op.key() == *key).last();
        own.map(Op::version).or_else(|| self.shadow.get(key).map(|record| record.life.version.clone()))
    }

    /// A fault of the disk that nobody notices: a value changes under its version.
    pub fn corrupt(&mut self, key: &Key, register: &str, values: Values) {
        if let Some(state) = self.shadow.get_mut(key).and_then(|record| record.registers.get_mut(register)) {
            state.value = values;
        }
        self.sums = Sums::of(&self.shadow);
        self.totals = Totals::of(&self.shadow);
    }

    pub fn total(&self, collection: &str) -> Total {
        self.totals.get(collection)
    }

    pub fn sums_are_right(&self) -> bool {
        let nonzero = |sums: &Sums| {
            let all = sums.by_collection().iter();
            all.filter(|(_, sums)| sums.iter().any(|sum| *sum != 0))
                .map(|(c, s)| (c.clone(), s.clone()))
                .collect::<Vec<_>>()
        };
        nonzero(&self.sums) == nonzero(&Sums::of(&self.shadow))
    }

    pub fn target(&self) -> Option<Epoch> {
        Position {
            epoch: self.epoch,
            cursor: 0,
            phase: self.phase.clone(),
            next: Place { seq: 0, key: None },
        }
        .target()
    }

    /// Pending ends when what the server made of it is here.
    pub fn clear(&mut self) {
        let (epoch, cursor) = (self.epoch, self.cursor);
        self.outbox.retain(|pending| match pending.answer {
            None => true,
            Some(_) if planted::is(Bug::ClearedBeforePage) => false,
            Some(_) if planted::is(Bug::AcknowledgedAcrossEpochs) => {
                pending.answer.is_some_and(|(_, seq)| seq > cursor)
            }
            Some((answered_in, seq)) => Some(answered_in) != epoch || seq > cursor,
        });
    }

    pub fn apply(&mut self, staging: Staging, head: u64) {
        if self.phase == Phase::Following {
            for (key, record) in staging.records {
                if planted::is(Bug::PulledOverPending) {
                    self.outbox.retain(|pending| pending.transaction.ops.iter().all(|op| op.key() != key));
                }
                self.put(key, record);
            }
        } else {
            self.sums = Sums::of(&staging.records);
            // Only what differs is written, so only that is derived anew.
            let keys: BTreeSet<_> = self.shadow.keys().chain(staging.records.keys()).collect();
            for key in keys {
                let (before, after) = (self.shadow.get(key), staging.records.get(key));
                if before != after {
                    self.totals.change(key, before, after);
                }
            }
            self.shadow = staging.records;
        }
        self.epoch = Some(staging.epoch);
        self.cursor = head + u64::from(planted::is(Bug::CursorOffByOne));
        self.phase = Phase::Following;
        self.clear();
        // Rejected by this server, and merged by an earlier one, as somebody else told.
        let shadow = &self.shadow;
        let is_merged = |op: &Op| shadow.get(&op.key()).is_some_and(|record| record.shows(op.id));
        self.attention.retain(|entry| {
            let mut rejected = entry.transaction.ops.iter().filter(|op| entry.rejection.concerns(op));
            !rejected.any(is_merged)
        });
    }

    /// What the server has in the bucket is right; own values that differ are for a person to judge.
    pub fn mend(&mut self, bucket: &Bucket, records: Vec<(Key, RecordState)>) {
        self.mended += 1;
        let theirs: BTreeMap<_, _> = records.into_iter().collect();
        let in_bucket = |key: &&Key| bucket_of(key) == *bucket;
        let keys: BTreeSet<_> = self.shadow.keys().filter(in_bucket).chain(theirs.keys()).cloned().collect();
        let mut conflicts = Vec::new();
        for key in keys {
            let (ours, theirs) = (self.shadow.get(&key), theirs.get(&key));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                if let Some(theirs) = theirs {
                    self.put(key, theirs.clone());
                } else if let Some(target) = self.epoch {
                    // The server lacks it altogether: tell it.
                    self.phase = Phase::Uploading { target, after: None };
                }
                continue;
            };
            if digest(&key, ours) == digest(&key, theirs) {
                continue;
            }
            for (register, state) in &ours.registers {
                if let Some(other) = theirs.registers.get(register).filter(|other| other.value != state.value)
                {
                    let side = |state: &sync_protocol::RegisterState<Values>| Side {
                        by: state.version.dot(),
                        stamp: state.stamp,
                        values: Some(state.value.clone()),
                    };
                    let conflict =
                        Conflict { register: register.clone(), winner: side(other), loser: side(state) };
                    conflicts.push(conflict_record(&key, &conflict));
                }
            }
            self.put(key, theirs.clone());
        }
        for (key, record) in conflicts {
            let registers = record.registers.iter().map(|(name, state)| (name.clone(), state.value.clone()));
            let change = Change::Insert { registers: registers.collect() };
            let draft = Draft { key, kind: Kind::Mutable, base: None, guards: Vec::new(), change };
            self.commit(ActorId(Uuid::nil()), Clock { wall_ms: 0, boot_ms: 0, boot: None }, vec![draft]);
        }
    }
}

fn lay_over(shown: &mut BTreeMap<Key, Shown>, op: &Op) {
    match &op.change {
        Change::Insert { registers } => {
            let registers = registers.iter();
            let registers = registers.map(|(name, values)| (name.clone(), (op.version(), values.clone())));
            shown.insert(op.key(), Shown { life: op.version(), registers: registers.collect() });
        }
        Change::Set { register, values } => {
            if let Some(record) = shown.get_mut(&op.key()) {
                record.registers.insert(register.clone(), (op.version(), values.clone()));
            }
        }
        Change::Delete { .. } => {
            shown.remove(&op.key());
        }
    }
}
