//! Two real databases and the merger between them.

#[path = "../../../sync-engine/tests/engine/authority.rs"]
mod authority;

use crate::random::{Action, actions, perform};
use crate::support::*;
use authority::{Authority, Key, Stored};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use store::manifest::collection_named;
use sync_protocol::{Change, Dot, Op, Replica, Version};

const SEEDS: u8 = 20;
const ROUNDS: usize = 4;

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
        let unsent: Vec<_> = self.desk.ops().await.into_iter().filter(|op| op.id.seq > self.pushed).collect();
        for batch in unsent.chunks(10) {
            let ops: Vec<_> = batch.iter().map(|op| self.translate(op.clone())).collect();
            authority.push(&ops);
            // The acknowledgement is lost now and then: the same again.
            if ops.len() % 3 == 0 {
                authority.push(&ops);
            }
        }
        self.pushed = unsent.last().map_or(self.pushed, |op| op.id.seq);
    }

    async fn pull(&mut self, authority: &Authority) {
        let changed = authority.changed_since(self.cursor);
        let ops: Vec<_> = changed.iter().flat_map(|(key, stored)| as_ops(key, stored)).collect();
        let ops: Vec<_> = ops.into_iter().map(|op| self.translate(op)).collect();
        let applied = self.desk.apply(&ops).await;
        assert_eq!(applied.parked, 0);
        self.cursor = authority.seq;
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
fn as_ops(key: &Key, Stored { state, .. }: &Stored) -> Vec<Op> {
    let op = |version: &Version, change| Op {
        id: version.dot(),
        transaction: id(0),
        actor: owner(),
        wall_ms: 0,
        boot_ms: 0,
        collection: key.0.clone(),
        record: key.1,
        base: if matches!(change, Change::Delete { .. }) { None } else { base_of(version) },
        change,
    };
    let life = &state.life.version;
    if !state.life.value {
        let base = base_of(life).map(|version| (String::new(), version)).into_iter().collect();
        return vec![op(life, Change::Delete { base })];
    }
    let registers = collection_named(&key.0).unwrap().registers.iter();
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
            let mut authority = Authority::default();
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
            conflicts += authority.conflicts.len();
        });
    }
    assert!(conflicts > 200, "only {conflicts} conflicts: nothing was tried");
}
