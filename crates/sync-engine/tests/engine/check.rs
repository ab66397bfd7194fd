//! What must hold, whatever happened.

use crate::database::Database;
use crate::desk::shown_at;
use crate::server::{Answer, Request, Store};
use crate::totals::Totals;
use crate::world::Faults;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{CONFLICTS, PAIR, times};
use sync_protocol::{
    Change, Clock, Dot, Key, Kind, Op, Push, Pushed, RecordState, Refusal, Replica, Sent, Transaction, Values,
};
use uuid::Uuid;

/// What the people did and were told.
#[derive(Debug, Default)]
pub struct Log {
    /// With its time; without, if it was made before the desk had a server.
    made: Vec<(Transaction, Option<i64>)>,
    /// Ops whose value somebody had on the screen when overwriting it.
    seen: BTreeSet<(Dot, String)>,
    /// Ops that are filed under needs attention.
    told: BTreeSet<Dot>,
    /// Ops that somebody was told are saved.
    acknowledged: BTreeSet<Dot>,
    /// Ops that went with a disk.
    gone: BTreeSet<Dot>,
    /// Records whose insert was rejected.
    unmade: BTreeSet<Key>,
    /// Records whose insert no server takes.
    faulty: BTreeSet<Key>,
}

impl Log {
    pub fn made(&mut self, transaction: Transaction, at_ms: Option<i64>) {
        self.made.push((transaction, at_ms));
    }

    /// No server takes the insert of this record.
    pub fn cannot_be_made(&mut self, key: &Key) {
        self.faulty.insert(key.clone());
    }

    pub fn saw(&mut self, dot: Dot, register: &str) {
        self.seen.insert((dot, register.to_owned()));
    }

    pub fn listen(&mut self, db: &Database) {
        self.told.extend(db.attention.iter().flat_map(|entry| entry.rejection.ops.iter().copied()));
        self.acknowledged.extend(&db.acknowledged);
    }

    pub fn told(&self) -> usize {
        self.told.len()
    }

    fn ops(&self) -> impl Iterator<Item = &Op> {
        self.made.iter().flat_map(|(transaction, _)| &transaction.ops)
    }

    /// Ops that nobody has.
    pub fn missing(&self, dbs: &[&Database], store: &Store) -> BTreeSet<Dot> {
        let lost = self.ops().filter(|op| {
            let pending = dbs.iter().any(|db| {
                let outbox = db.outbox.iter().map(|pending| &pending.transaction);
                let attention = db.attention.iter().map(|entry| &entry.transaction);
                outbox
                    .chain(attention)
                    .any(|transaction| transaction.ops.iter().any(|other| other.id == op.id))
            });
            let key = op.key();
            let record = store.records.get(&key).map(|(_, record)| record);
            let records = record.into_iter().chain(dbs.iter().filter_map(|db| db.shadow.get(&key)));
            let in_record = records.clone().any(|record| holds(record, op));
            let all = store.records.iter().map(|(key, (_, record))| (key, record));
            let mut all = all.chain(dbs.iter().flat_map(|db| &db.shadow));
            !pending && !in_record && !all.any(|(key, record)| tells_of(key, record, op.id))
        });
        lost.map(|op| op.id).collect()
    }

    /// After disks were lost: what neither a desk nor a record shows to have been merged counts as never answered.
    pub fn forget_answers(&mut self, dbs: &[&Database], store: &Store) {
        let known: BTreeSet<_> = dbs.iter().flat_map(|db| db.acknowledged.iter().copied()).collect();
        let records = |key: &Key| {
            let shadows = dbs.iter().filter_map(|db| db.shadow.get(key)).collect::<Vec<_>>();
            store.records.get(key).map(|(_, record)| record).into_iter().chain(shadows)
        };
        let ops = self.ops().filter(|op| self.acknowledged.contains(&op.id) && !known.contains(&op.id));
        let forgotten = ops.filter(|op| !records(&op.key()).any(|record| holds(record, op)));
        let forgotten: BTreeSet<_> = forgotten.map(|op| op.id).collect();
        self.acknowledged.retain(|op| !forgotten.contains(op));
    }

    /// Ops that went with a disk.
    pub fn lost(&mut self, ops: Vec<Dot>) {
        self.gone.extend(ops);
    }

    /// What a push must and must not do, whatever else happens.
    pub fn check_push(
        &mut self,
        before: &Store,
        after: &Store,
        now_ms: i64,
        push: &Push,
        faults: Faults,
        answer: &Result<Answer, Refusal>,
    ) {
        let Ok(Answer::Pushed(pushed)) = answer else { return };
        // A retry gets the same answer and changes nothing.
        let mut again = after.clone();
        let second = again.handle(now_ms, Request::Push(push.clone()));
        assert!(second == *answer, "a retry is answered otherwise: {second:?} after {answer:?}");
        assert!(again.records == after.records, "a retry changed something");
        for (sent, outcome) in push.transactions.iter().zip(&pushed.results) {
            for op in sent.transaction.ops.iter().filter(|op| self.is_faulty(op)) {
                assert!(outcome.rejects(op), "{} was merged, which cannot be", op.id);
            }
            let facts = sent.transaction.ops.iter().filter(|op| op.is_fact() && !self.is_faulty(op));
            for fact in facts {
                assert!(!outcome.rejects(fact), "fact {} was rejected", fact.id);
                assert!(after.records.contains_key(&fact.key()), "fact {} is not there", fact.id);
            }
        }
        if faults.leave_clocks_exact() {
            self.check_times(before, after, now_ms, push);
        }
        for (key, (_, record)) in before.records.iter().filter(|(_, (_, record))| record.kind == Kind::Ledger)
        {
            let after = &after.records[key].1;
            assert!(after.life.value && values(record) == values(after), "a fact changed: {key:?}");
        }
        self.check_rejections(before, now_ms, push, pushed);
    }

    /// Guarded ops are merged only if their guards hold, and nothing is rejected without a reason: one transaction
    /// after the other, each on what the ones before it left.
    fn check_rejections(&mut self, before: &Store, now_ms: i64, push: &Push, pushed: &Pushed) {
        let mut store = before.clone();
        let alone = one_by_one(before, now_ms, push);
        for ((sent, outcome), alone) in push.transactions.iter().zip(&pushed.results).zip(alone) {
            let transaction = &sent.transaction;
            let rejected = |op: &Op| outcome.rejects(op);
            let is_new = transaction.key().is_none_or(|key| !store.has_answered(key));
            let record = |key: &Key| store.records.get(key).map(|(_, record)| record);
            let guards_hold = |op: &Op| {
                op.guards.iter().all(|guard| {
                    record(&guard.key()).and_then(|record| record.written_by(&guard.register))
                        == Some(guard.at)
                })
            };
            let edits_nothing = |op: &Op| {
                let never_made = record(&op.key()).is_none_or(|record| !record.life.value);
                let is_fact = record(&op.key()).is_some_and(|record| record.kind == Kind::Ledger);
                !matches!(op.change, Change::Insert { .. })
                    && (is_fact || (never_made && self.unmade.contains(&op.key())))
            };
            let ops = || transaction.ops.iter().filter(|op| is_new && !op.is_fact());
            let falls = ops().any(|op| !guards_hold(op) || (!op.guards.is_empty() && edits_nothing(op)));
            let unmade: Vec<_> = ops()
                .filter(|op| rejected(op) && matches!(op.change, Change::Insert { .. }))
                .map(Op::key)
                .collect();
            for op in ops() {
                let merged = record(&op.key()).is_some_and(|record| holds(record, op));
                assert!(
                    guards_hold(op) || rejected(op) || merged || sent.in_earlier_epoch,
                    "{} was merged against its guard",
                    op.id
                );
                let has_reason = (falls && !op.guards.is_empty())
                    || edits_nothing(op)
                    || unmade.contains(&op.key())
                    || self.is_faulty(op);
                assert!(!rejected(op) || has_reason, "{} was rejected for nothing", op.id);
            }
            self.unmade.extend(unmade);
            // Timed in another way it would be another transaction.
            if store.judges(sent) {
                store.forget_answer(transaction);
            }
            store.handle(now_ms, Request::Push(alone)).unwrap();
        }
    }

    fn is_faulty(&self, op: &Op) -> bool {
        self.faulty.contains(&op.key()) && matches!(op.change, Change::Insert { .. })
    }

    pub fn check(&self, dbs: &[&Database], store: &Store, faults: Faults) {
        let there: BTreeMap<_, _> =
            store.records.iter().map(|(key, (_, record))| (key.clone(), record.clone())).collect();
        let visible: BTreeMap<_, _> = there
            .iter()
            .filter(|(_, record)| record.life.value)
            .map(|(key, record)| (key.clone(), values(record)))
            .collect();
        for db in dbs {
            assert!(
                db.shadow == there,
                "desk {} has something else than the server: {}",
                db.device,
                differences(&db.shadow, &there)
            );
            assert!(db.sums_are_right(), "the sums of desk {} are not those of its records", db.device);
            assert!(
                db.totals == Totals::of(&there),
                "the totals of desk {} are not those of the rows",
                db.device
            );
            let shown: BTreeMap<_, _> = db
                .show()
                .into_iter()
                .map(|(key, shown)| {
                    (
                        key,
                        shown
                            .registers
                            .into_iter()
                            .map(|(name, (_, values))| (name, values))
                            .collect::<BTreeMap<_, _>>(),
                    )
                })
                .collect();
            assert!(shown == visible, "desk {} shows something else than the server has", db.device);
        }
        for op in self.ops().filter(|op| !self.gone.contains(&op.id)) {
            self.check_accounted(op, store);
        }
        for entry in dbs.iter().flat_map(|db| &db.attention) {
            for op in entry.transaction.ops.iter().filter(|op| entry.rejection.concerns(op)) {
                let stands = there.get(&op.key()).is_some_and(|record| record.shows(op.id));
                assert!(!stands, "{} is said to be rejected and stands", op.id);
            }
        }
        if !faults.bad_disks {
            assert!(dbs.iter().all(|db| db.mended == 0), "a desk had to be mended, though no disk went bad");
            self.check_conflicts(store);
        }
    }

    /// A value that was written is there, was overwritten by somebody who saw it, is a conflict, or was rejected and
    /// the person told.
    fn check_accounted(&self, op: &Op, store: &Store) {
        let conflict = store.records.iter().any(|(key, (_, record))| self.is_loser(key, record, op, store));
        let told = self.told.contains(&op.id);
        assert!(!(told && op.is_fact() && !self.is_faulty(op)), "fact {} was rejected", op.id);
        // Whoever was told that it is saved goes by that.
        if conflict || (told && !self.acknowledged.contains(&op.id)) {
            return;
        }
        let Some((_, record)) = store.records.get(&op.key()) else {
            panic!("{} is gone with its record", op.id)
        };
        let written: Vec<(&String, &Values)> = match &op.change {
            Change::Insert { registers } => registers.iter().map(|(name, values)| (name, values)).collect(),
            Change::Set { register, values } => vec![(register, values)],
            Change::Delete { .. } => return self.check_delete(op, record, store),
        };
        for (register, values) in written {
            let is_there = record.life.value
                && record.registers.get(register).is_some_and(|state| state.value == *values);
            let was_seen = op.kind == Kind::Mutable && self.seen.contains(&(op.id, register.clone()));
            // What several may write: who saw one of equal values saw them all.
            let equal = values[0] == "same";
            assert!(
                is_there || was_seen || equal || self.was_remade(op),
                "{register} of {} in {:?} was overwritten unseen: {values:?}",
                op.id,
                op.key()
            );
        }
    }

    /// Whether the conflict keeps what the op wrote, for somebody to judge. It keeps both values: who won before a server
    /// was restored may lose afterwards, when both come again in another order.
    fn is_loser(&self, key: &Key, conflict: &RecordState, op: &Op, store: &Store) -> bool {
        let (Some(winner), Some(loser)) = (side(key, conflict, 3), side(key, conflict, 4)) else {
            return false;
        };
        let register = conflict.registers[PAIR].value[2].as_str().unwrap();
        let now = store.records.get(&op.key()).and_then(|(_, record)| record.written_by(register));
        let other_stands = now == Some(loser) || self.seen.contains(&(loser, register.to_owned()));
        loser == op.id || (winner == op.id && other_stands)
    }

    /// A delete holds, or one of the same record is a conflict, or somebody who knew of one made the record again: all
    /// deletes of a record say the same.
    fn check_delete(&self, op: &Op, record: &RecordState, store: &Store) {
        let told = |op: &Op| store.records.iter().any(|(key, (_, record))| tells_of(key, record, op.id));
        let mut deletes =
            self.ops().filter(|d| d.record == op.record && matches!(d.change, Change::Delete { .. }));
        let accounted = !record.life.value || deletes.any(|delete| self.was_remade(delete) || told(delete));
        assert!(accounted, "delete {} is gone", op.id);
    }

    /// Only values whose authors did not know of each other are in conflict, and the later one won.
    fn check_conflicts(&self, store: &Store) {
        let versions: BTreeMap<_, _> = self.ops().map(|op| (op.id, op.version())).collect();
        for (_, (_, record)) in store.records.iter().filter(|(key, _)| key.collection == CONFLICTS) {
            let pair = &record.registers[PAIR].value;
            let side = |at: usize| {
                let told = told(&pair[at]).unwrap();
                let author = told["author"].as_str().unwrap().to_owned();
                (named(&told).unwrap(), told["at_ms"].as_i64().unwrap(), author)
            };
            let [(winner, won_at, won_by), (loser, lost_at, lost_by)] = [side(3), side(4)];
            let is_fact = pair[0] == "event";
            // A delete is judged register by register: who knows an op by one of them may not have seen another.
            let is_delete = pair[2] == "";
            if let (Some(winners), Some(losers), false) =
                (versions.get(&winner), versions.get(&loser), is_delete)
            {
                assert!(
                    !winners.knows(loser) && !losers.knows(winner),
                    "{winner} and {loser} are no conflict: {pair:?}"
                );
            }
            let is_later = (won_at, won_by, winner.seq) > (lost_at, lost_by, loser.seq);
            assert!(is_fact || is_delete || is_later, "the earlier one won: {pair:?}");
        }
    }

    /// Whoever makes a record again over a tombstone takes account of all that was before.
    fn was_remade(&self, op: &Op) -> bool {
        self.ops().any(|other| {
            other.record == op.record
                && matches!(other.change, Change::Insert { .. })
                && other.base.as_ref().is_some_and(|base| base.knows(op.id))
        })
    }

    /// No clock, however wrong, makes a value older or newer than it is, but for the time that the push was under way.
    fn check_times(&self, before: &Store, after: &Store, now_ms: i64, push: &Push) {
        let under_way = now_ms - shown_at(push.clock);
        for (transaction, made_at) in &self.made {
            let (Some(made_at), Some(key)) = (made_at, transaction.key()) else { continue };
            let is_new = push.transactions.iter().any(|sent| sent.transaction.key() == Some(key))
                && !before.has_answered(key);
            for op in transaction.ops.iter().filter(|_| is_new) {
                let record = after.records.get(&op.key()).map(|(_, record)| record);
                let states = record.into_iter().flat_map(|record| record.registers.values());
                for state in states.filter(|state| state.version.dot() == op.id) {
                    assert!(state.stamp.at_ms <= now_ms, "{} is timed later than its receipt", op.id);
                    // Of what was made before the machine was started again, only the wall clock tells.
                    if transaction.clock.boot != push.clock.boot {
                        continue;
                    }
                    let late = state.stamp.at_ms - made_at;
                    assert!(
                        late == under_way,
                        "{} is timed {late} ms late, and was {under_way} ms under way",
                        op.id
                    );
                }
            }
        }
    }
}

/// The push in as many pushes as it has transactions, which come out at the times that they have together: a batch is
/// timed as a whole.
fn one_by_one(before: &Store, now_ms: i64, push: &Push) -> Vec<Push> {
    let new: Vec<_> = push.transactions.iter().filter(|sent| before.judges(sent)).collect();
    let clocks: Vec<_> = new.iter().map(|sent| sent.transaction.clock).collect();
    let mut times = times(push.clock, now_ms, &clocks).into_iter();
    let wall = |wall_ms| Clock { wall_ms, boot_ms: 0, boot: None };
    let alone = |sent: &Sent| {
        let mut sent = sent.clone();
        if before.judges(&sent) {
            sent.transaction.clock = wall(times.next().unwrap());
        }
        Push { clock: wall(now_ms), transactions: vec![sent], ..push.clone() }
    };
    push.transactions.iter().map(alone).collect()
}

/// Whether the op's own value is in the record, or it was taken account of by a delete.
fn holds(record: &RecordState, op: &Op) -> bool {
    let life = &record.life.version;
    match &op.change {
        Change::Insert { .. } => record.versions().any(|(_, version)| version.knows(op.id)),
        Change::Set { register, .. } => {
            life.knows(op.id)
                || record.registers.get(register).is_some_and(|state| state.version.knows(op.id))
        }
        Change::Delete { .. } => life.knows(op.id),
    }
}

/// Whether the record is a conflict in which the op is a side.
fn tells_of(key: &Key, record: &RecordState, op: Dot) -> bool {
    side(key, record, 3) == Some(op) || side(key, record, 4) == Some(op)
}

/// The op that is the winner (3) or the loser (4), if the record is a conflict.
fn side(key: &Key, record: &RecordState, at: usize) -> Option<Dot> {
    let pair = record.registers.get(PAIR).filter(|_| key.collection == CONFLICTS)?;
    named(&told(pair.value.get(at)?)?)
}

/// The side of a conflict, which is kept as text.
fn told(side: &Value) -> Option<Value> {
    serde_json::from_str(side.as_str()?).ok()
}

/// The op that the side of a conflict is about.
fn named(side: &Value) -> Option<Dot> {
    let (_, incarnation) = side["author"].as_str()?.split_once('.')?;
    let number = Uuid::parse_str(incarnation).ok()?.as_u128();
    Some(Dot { replica: Replica(u32::try_from(number).ok()?), seq: side["seq"].as_u64()? })
}

fn values(record: &RecordState) -> BTreeMap<String, Values> {
    record.registers.iter().map(|(name, state)| (name.clone(), state.value.clone())).collect()
}

fn differences(ours: &BTreeMap<Key, RecordState>, theirs: &BTreeMap<Key, RecordState>) -> String {
    let keys: BTreeSet<_> =
        ours.keys().chain(theirs.keys()).filter(|key| ours.get(key) != theirs.get(key)).collect();
    keys.iter().map(|key| format!("{key:?}: {:?}, not {:?}; ", ours.get(key), theirs.get(key))).collect()
}
