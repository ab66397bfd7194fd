//! Two real databases and the merger between them.

use crate::random::{Action, actions, perform};
use crate::support::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use store::manifest::collection_named;
use sync_engine::{Clinic, Writes};
use sync_protocol::{
    Change, Clock, Dot, Epoch, Key, Op, Push, RecordState, Replica, ReplicaId, Sent, Transaction, Version,
};

const SEEDS: u8 = 20;
const ROUNDS: usize = 4;

/// The server's side of the engine, with all that it has in memory.
struct Authority {
    clinic: Clinic,
    /// When each record last changed.
    changed: BTreeMap<Key, u64>,
}

impl Authority {
    fn new() -> Self {
        let replica = |n: u32| (Replica(n), ReplicaId { device: id(n.into()), incarnation: id(n.into()) });
        let clinic = Clinic {
            epoch: Epoch(id(0)),
            head: 0,
            now_ms: 1_000_000,
            replicas: [replica(1), replica(2)].into(),
            records: BTreeMap::new(),
            answered: BTreeMap::new(),
            never_made: BTreeMap::new(),
            writes: Writes::default(),
        };
        Self { clinic, changed: BTreeMap::new() }
    }

    /// Merges transactions; answers whether it has changed anything.
    fn push(&mut self, transactions: &[Transaction]) -> bool {
        let transactions = transactions.iter().cloned().map(Sent::from).collect();
        let clock = Clock { wall_ms: 1_000_000, boot_ms: 0, boot: None };
        self.clinic.writes.touched.clear();
        self.clinic.push(&Push { epoch: self.clinic.epoch, clock, transactions }).unwrap();
        let touched = &self.clinic.writes.touched;
        if !touched.is_empty() {
            self.clinic.head += 1;
        }
        self.changed.extend(touched.iter().map(|key| (key.clone(), self.clinic.head)));
        !touched.is_empty()
    }

    fn changed_since(&self, cursor: u64) -> Vec<(&Key, &RecordState)> {
        let mut changed: Vec<_> = self.changed.iter().filter(|(_, seq)| **seq > cursor).collect();
        changed.sort_by_key(|(key, seq)| (**seq, (*key).clone()));
        changed.into_iter().map(|(key, _)| (key, &self.clinic.records[key])).collect()
    }
}

/// A desk and how far it has come. To itself it is replica 1 and the other desk 2.
struct Peer {
    desk: Desk,
    /// 1 or 2 to the server.
    number: u32,
    pushed: u64,
    cursor: u64,
}

impl Peer {
    async fn new(number: u32) -> Self {
        Self { desk: Desk::paired().await, number, pushed: 0, cursor: 0 }
    }

    /// Between the desk's numbers of replicas and the server's; its own inverse.
    fn renumber(&self, dot: Dot) -> Dot {
        let swapped = if self.number == 1 { dot.replica.0 } else { 3 - dot.replica.0 };
        Dot { replica: Replica(swapped), ..dot }
    }

    fn translate(&self, mut op: Op) -> Op {
        op.id = self.renumber(op.id);
        op.base = op.base.map(|base| self.translate_version(&base));
        if let Change::Delete { base } = &mut op.change {
            for (_, version) in base {
                *version = self.translate_version(version);
            }
        }
        op
    }

    fn translate_version(&self, version: &Version) -> Version {
        from_dots(version.vector().map(|dot| self.renumber(dot))).unwrap()
    }

    async fn push(&mut self, authority: &mut Authority) {
        let mut unsent = self.desk.transactions().await;
        unsent.retain(|transaction| transaction.key().unwrap().seq > self.pushed);
        for batch in unsent.chunks(4) {
            let translate = |transaction: &Transaction| Transaction {
                ops: transaction.ops.iter().map(|op| self.translate(op.clone())).collect(),
                ..transaction.clone()
            };
            let batch: Vec<_> = batch.iter().map(translate).collect();
            authority.push(&batch);
            // The answer is lost now and then: the same again.
            assert!(batch.len() % 3 != 0 || !authority.push(&batch), "a retry changed something");
        }
        self.pushed = unsent.last().map_or(self.pushed, |transaction| transaction.key().unwrap().seq);
    }

    async fn pull(&mut self, authority: &Authority) {
        let changed = authority.changed_since(self.cursor);
        let ops: Vec<_> = changed.into_iter().flat_map(|(key, record)| as_ops(key, record)).collect();
        let ops: Vec<_> = ops.into_iter().map(|op| self.translate(op)).collect();
        let applied = self.desk.apply(&ops).await;
        assert_eq!(applied.parked, 0);
        self.cursor = authority.clinic.head;
    }

    async fn versions(&self) -> BTreeMap<(String, i64), Version> {
        let records = self.desk.rows("SELECT DISTINCT hex(record) FROM record_version").await;
        let records: Vec<uuid::Uuid> = records.iter().map(|hex| hex.parse().unwrap()).collect();
        let versions = self.desk.versions(&records).await.0.into_iter();
        versions
            .flat_map(|(record, registers)| {
                registers.into_iter().map(move |(no, version)| ((record.to_string(), no), version))
            })
            .map(|(place, version)| (place, self.translate_version(&version)))
            .collect()
    }
}

fn from_dots(dots: impl Iterator<Item = Dot>) -> Option<Version> {
    dots.map(|dot| dot.to_string()).collect::<Vec<_>>().join(";").parse().ok()
}

/// The version without its own dot: what an op of that dot was based on.
fn base_of(version: &Version) -> Option<Version> {
    from_dots(version.vector().skip(1))
}

/// The ops that give a desk the state of a record.
fn as_ops(key: &Key, state: &RecordState) -> Vec<Op> {
    let op = |version: &Version, change| Op {
        id: version.dot(),
        collection: key.collection.clone(),
        record: key.record,
        kind: state.kind,
        base: if matches!(change, Change::Delete { .. }) { None } else { base_of(version) },
        guards: Vec::new(),
        change,
    };
    let life = &state.life.version;
    if !state.life.value {
        let base = base_of(life).map(|version| (String::new(), version)).into_iter().collect();
        return vec![op(life, Change::Delete { base })];
    }
    let registers = collection_named(&key.collection).unwrap().registers.iter();
    let registers: Vec<_> = registers
        .map(|register| (register.name.to_owned(), state.registers[register.name].value.clone()))
        .collect();
    let sets = registers.iter().filter(|(name, _)| state.registers[name].version != *life);
    let sets: Vec<_> = sets
        .map(|(register, values)| {
            let change = Change::Set { register: register.clone(), values: values.clone() };
            op(&state.registers[register].version, change)
        })
        .collect();
    [op(life, Change::Insert { registers })].into_iter().chain(sets).collect()
}

fn sample(runner: &mut TestRunner) -> Vec<Action> {
    actions(6).new_tree(runner).unwrap().current()
}

#[test]
fn two_databases_that_exchange_their_ops_end_equal() {
    let mut conflicts = 0;
    for seed in 0..SEEDS {
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let mut runner = TestRunner::new_with_rng(Default::default(), random);
        runtime().block_on(async {
            let mut authority = Authority::new();
            let mut peers = [Peer::new(1).await, Peer::new(2).await];
            for round in 0..ROUNDS {
                for peer in &peers {
                    perform(&peer.desk, &sample(&mut runner)).await;
                }
                // Not every round does everybody have a network.
                for (at, peer) in peers.iter_mut().enumerate() {
                    if (round + usize::from(seed)) % 3 != at {
                        peer.push(&mut authority).await;
                        peer.pull(&authority).await;
                    }
                }
            }
            for peer in &mut peers {
                peer.push(&mut authority).await;
            }
            for peer in &mut peers {
                peer.pull(&authority).await;
            }
            let [one, other] = &peers;
            assert_eq!(one.desk.synced().await, other.desk.synced().await, "seed {seed}");
            assert_eq!(one.desk.derived().await, other.desk.derived().await, "seed {seed}");
            assert_eq!(one.versions().await, other.versions().await, "seed {seed}");
            for peer in &peers {
                assert_eq!(peer.desk.faults().await, [], "seed {seed}");
            }
            conflicts += authority.clinic.writes.conflicts.len();
        });
    }
    assert!(conflicts > 200, "only {conflicts} conflicts: nothing was tried");
}
