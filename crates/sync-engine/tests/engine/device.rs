//! A device: what the server said, and its own changes on top.

use crate::authority::{Key, Stored};
use domain::id::ActorId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_protocol::{Change, Dot, Op, Replica, Values, Version};
use uuid::Uuid;

pub const REGISTERS: [&str; 3] = ["name", "tier", "address"];

/// A record as the device shows it: register → version, values.
pub type Shown = BTreeMap<String, (Version, Values)>;

/// What somebody has on the screen, and will save later.
#[derive(Clone, Debug)]
pub struct Form {
    pub key: Key,
    pub register: &'static str,
    pub base: Version,
}

#[derive(Clone, Debug)]
pub struct Device {
    pub replica: Replica,
    /// Wrong by as much.
    clock_ms: i64,
    next_seq: u64,
    /// What the server says.
    shadow: BTreeMap<Key, Stored>,
    pub cursor: u64,
    /// Not cleared yet: each op, and the server's number for it once acknowledged.
    pub pending: Vec<(Op, Option<u64>)>,
    pub forms: Vec<Form>,
}

impl Device {
    pub fn new(replica: u32, clock_ms: i64) -> Self {
        Self {
            replica: Replica(replica),
            clock_ms,
            next_seq: 1,
            shadow: BTreeMap::new(),
            cursor: 0,
            pending: Vec::new(),
            forms: Vec::new(),
        }
    }

    /// The server's state with the pending changes over it.
    pub fn show(&self) -> BTreeMap<Key, (Version, Shown)> {
        let mut shown = BTreeMap::new();
        for (key, Stored { state, .. }) in &self.shadow {
            if state.life.value {
                let registers = state.registers.iter();
                let registers =
                    registers.map(|(name, r)| (name.clone(), (r.version.clone(), r.value.clone())));
                shown.insert(key.clone(), (state.life.version.clone(), registers.collect()));
            }
        }
        for (op, _) in &self.pending {
            lay_over(&mut shown, op);
        }
        shown
    }

    fn tombstone(&self, key: &Key) -> Option<Version> {
        let own = self.pending.iter().rev().find(|(op, _)| (&op.collection, op.record) == (&key.0, key.1));
        match own {
            Some((op, _)) => Some(op.version()),
            None => self.shadow.get(key).map(|stored| stored.state.life.version.clone()),
        }
    }

    fn make(&mut self, now_ms: i64, key: &Key, base: Option<Version>, change: Change) -> Op {
        let id = Dot { replica: self.replica, seq: self.next_seq };
        self.next_seq += 1;
        let op = Op {
            id,
            transaction: Uuid::from_u128(id.seq.into()),
            actor: ActorId(Uuid::nil()),
            wall_ms: now_ms + self.clock_ms,
            boot_ms: 0,
            collection: key.0.clone(),
            record: key.1,
            base,
            change,
        };
        self.pending.push((op.clone(), None));
        op
    }

    /// Makes a record, also one that was deleted.
    pub fn insert(&mut self, now_ms: i64, key: &Key) -> Op {
        let value = self.value();
        let registers = REGISTERS.map(|name| (name.to_owned(), vec![value.clone()])).to_vec();
        let base = self.tombstone(key);
        self.forms.retain(|form| form.key != *key);
        self.make(now_ms, key, base, Change::Insert { registers })
    }

    /// Saves a form on what it was loaded with. Other forms of the register are closed: a form
    /// that is older than the own last change is refused by the use case.
    pub fn save(&mut self, now_ms: i64, form: Form) -> Op {
        self.forms.retain(|other| other.key != form.key || other.register != form.register);
        let change = Change::Set { register: form.register.to_owned(), values: vec![self.value()] };
        self.make(now_ms, &form.key, Some(form.base), change)
    }

    pub fn delete(&mut self, now_ms: i64, key: &Key, (life, registers): (Version, Shown)) -> Op {
        self.forms.retain(|form| form.key != *key);
        let base = registers.into_iter().map(|(name, (version, _))| (name, version));
        let base = base.chain([(String::new(), life)]).collect();
        self.make(now_ms, key, None, Change::Delete { base })
    }

    /// Unlike any other; sometimes one that somebody else may write too.
    fn value(&self) -> Value {
        if self.next_seq.is_multiple_of(7) {
            json!("same")
        } else {
            json!(format!("{}:{}", self.replica.0, self.next_seq))
        }
    }

    /// The server has merged the ops up to `up_to`, as its change `seq`.
    pub fn acknowledge(&mut self, up_to: u64, seq: u64) {
        for (op, acknowledged) in &mut self.pending {
            if op.id.seq <= up_to {
                *acknowledged = Some(acknowledged.map_or(seq, |before| before.min(seq)));
            }
        }
        self.clear();
    }

    /// What changed after `from`, up to `head`.
    pub fn take(&mut self, from: u64, head: u64, changed: Vec<(Key, Stored)>) {
        if from > self.cursor || head <= self.cursor {
            return;
        }
        for (key, stored) in changed {
            self.shadow.insert(key, stored);
        }
        self.cursor = head;
        self.clear();
    }

    /// Pending ends when what the server made of it has been seen.
    fn clear(&mut self) {
        let cursor = self.cursor;
        self.pending.retain(|(_, acknowledged)| acknowledged.is_none_or(|seq| seq > cursor));
    }
}

fn lay_over(shown: &mut BTreeMap<Key, (Version, Shown)>, op: &Op) {
    let key = (op.collection.clone(), op.record);
    match &op.change {
        Change::Insert { registers } => {
            let registers = registers.iter();
            let registers = registers.map(|(name, values)| (name.clone(), (op.version(), values.clone())));
            shown.insert(key, (op.version(), registers.collect()));
        }
        Change::Set { register, values } => {
            if let Some((_, registers)) = shown.get_mut(&key) {
                registers.insert(register.clone(), (op.version(), values.clone()));
            }
        }
        Change::Delete { .. } => {
            shown.remove(&key);
        }
    }
}
