//! Desks, a server, a network between them, and whatever can go wrong, in an order that a seed decides.

use crate::check::Log;
use crate::database::Database;
use crate::desk::{Desk, insert, key};
use crate::server::{Message, Network, Request, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use sync_engine::CONFLICTS;
use sync_protocol::{Dot, Epoch, Key, Kind, Transaction};
use uuid::Uuid;

const STEPS: usize = 400;
const MOST_DESKS: usize = 10;
const DECADE_MS: i64 = 10 * 365 * 24 * 3_600_000;
/// Passes over all desks until everything must be at rest.
const PASSES: usize = 60;

/// What may go wrong besides the network, clocks and crashes.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub copies: bool,
    pub desk_restores: bool,
    pub server_restores: bool,
    pub bad_disks: bool,
}

impl Faults {
    fn of(seed: u64) -> Self {
        let [copies, desk_restores, server_restores, bad_disks] = match seed % 8 {
            0 | 1 => [false; 4],
            2 => [true, false, false, false],
            3 => [false, true, false, false],
            4 => [false, false, true, false],
            5 => [true, false, true, false],
            6 => [true, true, true, false],
            _ => [false, false, false, true],
        };
        Self { copies, desk_restores, server_restores, bad_disks }
    }

    /// Whether every time that the server reckons must be the true one.
    pub fn leave_clocks_exact(self) -> bool {
        !(self.copies || self.desk_restores || self.server_restores || self.bad_disks)
    }
}

pub struct World {
    pub random: ChaCha8Rng,
    pub now: Rc<Cell<i64>>,
    pub desks: Vec<Desk>,
    pub store: Store,
    pub network: Rc<RefCell<Network>>,
    pub faults: Faults,
    pub log: Log,
    replicas: Rc<Cell<u32>>,
    desk_backups: Vec<(usize, Database)>,
    server_backups: Vec<Store>,
    ids: u128,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self::quiet(0);
        world.random = ChaCha8Rng::seed_from_u64(seed);
        world.faults = Faults::of(seed);
        // Many desks at once are slow, and most faults need few.
        let desks = if seed.is_multiple_of(17) { 5..=10 } else { 2..=4 };
        for _ in 0..world.random.random_range(desks) {
            let wrong = world.random.random_range(-DECADE_MS..=DECADE_MS);
            let is_old = world.random.random_ratio(1, 4);
            let desk = world.add_desk();
            desk.wrong_ms.set(wrong);
            desk.is_old = is_old;
            // The others work alone at first.
            if world.random.random_ratio(2, 3) {
                world.sync(world.desks.len() - 1);
            }
        }
        world
    }

    /// Desks that nothing goes wrong with.
    pub fn quiet(desks: usize) -> Self {
        let mut world = Self {
            random: ChaCha8Rng::seed_from_u64(0),
            now: Rc::new(Cell::new(1_700_000_000_000)),
            desks: Vec::new(),
            store: Store::new(Epoch(Uuid::from_u128(0xE0))),
            network: Rc::default(),
            faults: Faults { copies: false, desk_restores: false, server_restores: false, bad_disks: false },
            log: Log::default(),
            replicas: Rc::default(),
            desk_backups: Vec::new(),
            server_backups: Vec::new(),
            ids: 1_000,
        };
        for _ in 0..desks {
            world.add_desk();
        }
        world
    }

    pub fn add_desk(&mut self) -> &mut Desk {
        let number = self.desks.len() as u128 + 1;
        self.open(Database::new(number, &self.replicas))
    }

    pub fn open(&mut self, db: Database) -> &mut Desk {
        let boot = self.fresh();
        self.desks.push(Desk::new(db, &self.network, &self.now, boot));
        let last = self.desks.len() - 1;
        &mut self.desks[last]
    }

    /// An id like no other.
    pub fn fresh(&mut self) -> u128 {
        self.ids += 1;
        // The end of an id is as random as that of a real one.
        self.ids << 64 | (self.ids.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF)
    }

    pub fn run(seed: u64) -> Self {
        let mut world = Self::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        world.check();
        world
    }

    fn step(&mut self) {
        // Often two things happen in the same millisecond.
        self.now.set(self.now.get() + self.random.random_range(0..2));
        let at = self.random.random_range(0..self.desks.len());
        match self.random.random_range(0..100) {
            0..20 => self.act(at),
            20..57 => {
                for _ in 0..self.random.random_range(1..8) {
                    self.desks[at].poll();
                }
                self.log.listen(&self.desks[at].db.borrow());
            }
            57..85 => {
                for _ in 0..self.random.random_range(1..4) {
                    self.deliver();
                }
            }
            85..88 => self.lose(),
            88..90 => self.time_out(),
            90..92 => self.desks[at].crash(),
            92 => {
                let wrong = self.random.random_range(-DECADE_MS..=DECADE_MS);
                self.desks[at].wrong_ms.set(wrong);
            }
            93 => {
                let wrong = self.random.random_range(-DECADE_MS..=DECADE_MS);
                let number = self.fresh();
                self.desks[at].reboot(number, wrong);
            }
            _ => self.fault(at),
        }
    }

    fn fault(&mut self, at: usize) {
        match self.random.random_range(0..6) {
            0 if self.faults.copies && self.desks.len() < MOST_DESKS => self.copy(at),
            1 if self.faults.desk_restores => self.back_up_desk(at),
            2 => self.restore_any_desk(),
            3 if self.faults.server_restores => self.back_up_server(),
            4 => {
                self.restore_server_from_any();
            }
            5 if self.faults.bad_disks => self.corrupt(at),
            _ => {}
        }
    }

    pub fn copy(&mut self, at: usize) {
        let mut db = self.desks[at].db.borrow().clone();
        db.open_as_copy();
        self.open(db);
    }

    pub fn back_up_desk(&mut self, at: usize) {
        let db = self.desks[at].db.borrow().clone();
        self.desk_backups.push((at, db));
    }

    pub fn restore_any_desk(&mut self) {
        if self.desk_backups.is_empty() {
            return;
        }
        let which = self.random.random_range(0..self.desk_backups.len());
        let (at, mut db) = self.desk_backups.swap_remove(which);
        self.desks[at].crash();
        db.open_as_copy();
        let missing = self.missing();
        *self.desks[at].db.borrow_mut() = db;
        self.note_losses(&missing);
    }

    pub fn back_up_server(&mut self) {
        self.server_backups.push(self.store.clone());
    }

    /// Tells which rejected transactions the server forgets.
    pub fn restore_server_from_any(&mut self) -> Vec<Dot> {
        if self.server_backups.is_empty() {
            return Vec::new();
        }
        let which = self.random.random_range(0..self.server_backups.len());
        let backup = self.server_backups.swap_remove(which);
        let forgotten = self.store.rejected().filter(|key| !backup.has_answered(*key)).collect();
        self.restore_server(backup);
        forgotten
    }

    /// The server goes on from a backup, in a new epoch.
    pub fn restore_server(&mut self, backup: Store) {
        let epoch = Epoch(Uuid::from_u128(self.fresh()));
        let missing = self.missing();
        self.store = backup;
        self.store.begin(epoch);
        self.note_losses(&missing);
    }

    /// What nobody has.
    fn missing(&self) -> BTreeSet<Dot> {
        let dbs: Vec<_> = self.desks.iter().map(|desk| desk.db.borrow()).collect();
        self.log.missing(&dbs.iter().map(|db| &**db).collect::<Vec<_>>(), &self.store)
    }

    /// After a disk was lost: what only it had cannot be asked for. What was missing before is a fault.
    fn note_losses(&mut self, before: &BTreeSet<Dot>) {
        let lost: Vec<_> = self.missing().difference(before).copied().collect();
        self.log.lost(lost);
        let dbs: Vec<_> = self.desks.iter().map(|desk| desk.db.borrow()).collect();
        self.log.forget_answers(&dbs.iter().map(|db| &**db).collect::<Vec<_>>(), &self.store);
    }

    fn corrupt(&mut self, at: usize) {
        let mut db = self.desks[at].db.borrow_mut();
        let keys: Vec<_> = db.shadow.keys().filter(|key| key.collection != CONFLICTS).cloned().collect();
        if !keys.is_empty() && db.epoch.is_some() {
            let key = &keys[self.random.random_range(0..keys.len())];
            let registers = &db.shadow[key].registers;
            let register = registers.keys().next_back().cloned().unwrap_or_default();
            let value = json!(format!("rotten {}", self.random.random::<u32>()));
            db.corrupt(key, &register, vec![value]);
        }
    }

    fn act(&mut self, at: usize) {
        let is_alone = self.desks[at].db.borrow().is_alone();
        let transaction = match self.random.random_range(0..40) {
            0 if !is_alone => Some(self.write_what_no_server_takes(at)),
            0..24 => self.act_on_patient(at),
            24..28 => self.record_event(at),
            _ => self.act_on_invoice(at),
        };
        if let Some(transaction) = transaction {
            self.log.made(transaction, (!is_alone).then_some(self.now.get()));
        }
    }

    /// Mostly what guards.
    pub fn act_guarded(&mut self, at: usize) {
        let is_alone = self.desks[at].db.borrow().is_alone();
        let transaction = match self.random.random_range(0..10) {
            0 => self.act_on_patient(at),
            _ => self.act_on_invoice(at),
        };
        if let Some(transaction) = transaction {
            self.log.made(transaction, (!is_alone).then_some(self.now.get()));
        }
    }

    fn act_on_patient(&mut self, at: usize) -> Option<Transaction> {
        let key = key("patient", self.random.random_range(1..=3));
        let shown = self.desks[at].show();
        let desk = &mut self.desks[at];
        // Sometimes a value that somebody else may write too.
        let value = if self.random.random_ratio(1, 7) { json!("same") } else { desk.unique() };
        let known = desk.registers();
        let Some(record) = shown.get(&key) else {
            let registers: Vec<_> = known.iter().map(|name| (*name, value.clone())).collect();
            return Some(desk.make(&key, Kind::Mutable, &registers));
        };
        match self.random.random_range(0..8) {
            0 => {
                for (name, (version, _)) in &record.registers {
                    self.log.saw(version.dot(), name);
                }
                Some(desk.delete(&key))
            }
            1..=4 => {
                // Of what an older desk made, some is not there.
                let there: Vec<_> =
                    known.iter().filter(|name| record.registers.contains_key(**name)).collect();
                let form = desk.open(&key, there[self.random.random_range(0..there.len())]);
                desk.forms.push(form);
                None
            }
            _ if desk.forms.is_empty() => None,
            _ => {
                let form = desk.forms.swap_remove(self.random.random_range(0..desk.forms.len()));
                shown.get(&form.key)?;
                self.log.saw(form.base.dot(), &form.register);
                Some(desk.save(form, value))
            }
        }
    }

    /// A fact that several desks may tell of, each in its words.
    fn record_event(&mut self, at: usize) -> Option<Transaction> {
        let event = key("event", self.random.random_range(1..=3));
        let desk = &mut self.desks[at];
        let value = desk.unique();
        let is_new = !desk.show().contains_key(&event);
        is_new.then(|| desk.commit(vec![insert(&event, Kind::Ledger, None, &[("told", value)])]))
    }

    /// A fault of the app: a line that cannot be stored, and a payment beside it that can.
    fn write_what_no_server_takes(&mut self, at: usize) -> Transaction {
        let (line, payment) = (key("line", self.fresh()), key("payment", self.fresh()));
        self.log.cannot_be_made(&line);
        let value = self.desks[at].unique();
        self.desks[at].commit(vec![
            insert(&line, Kind::Mutable, None, &[("text", value.clone()), ("No name", value.clone())]),
            insert(&payment, Kind::Ledger, None, &[("amount", value)]),
        ])
    }

    fn act_on_invoice(&mut self, at: usize) -> Option<Transaction> {
        let invoice = key("invoice", self.random.random_range(1..=4));
        let new = self.fresh();
        let desk = &mut self.desks[at];
        let shown = desk.show();
        let value = desk.unique();
        if !shown.contains_key(&invoice) {
            let status = json!(format!("draft {value}"));
            let registers = [("status", status), ("note", value)];
            return Some(desk.make(&invoice, Kind::Mutable, &registers));
        }
        let lines: Vec<_> = shown.keys().filter(|key| key.collection == "line").cloned().collect();
        let status = shown[&invoice].registers["status"].1[0].as_str().unwrap();
        let is_draft = status.starts_with("draft");
        let see = |log: &mut Log, key: &Key, register: &str| {
            log.saw(shown[key].registers[register].0.dot(), register)
        };
        match self.random.random_range(0..6) {
            0..=1 if is_draft => Some(desk.add_line(&invoice, &key("line", new), value)),
            2 if is_draft => {
                see(&mut self.log, &invoice, "status");
                Some(desk.issue(&invoice, &key("number", new), value))
            }
            3 => {
                see(&mut self.log, &invoice, "note");
                // More than any total can hold, now and then.
                let cents = if new.is_multiple_of(5) { 9_000_000_000_000_000_000 } else { 4_200 };
                Some(desk.pay(&invoice, &key("payment", new), value, cents))
            }
            _ if !lines.is_empty() => {
                let line = &lines[self.random.random_range(0..lines.len())];
                see(&mut self.log, line, "text");
                let form = desk.open(line, "text");
                Some(desk.save(form, value))
            }
            _ => None,
        }
    }

    /// Any message that is under way arrives, sometimes not for the last time.
    pub fn deliver(&mut self) {
        let count = self.network.borrow().under_way.len();
        if count == 0 {
            return;
        }
        let at = self.random.random_range(0..count);
        let message = if self.random.random_ratio(1, 5) {
            self.network.borrow().under_way[at].clone()
        } else {
            self.network.borrow_mut().under_way.swap_remove(at)
        };
        self.receive(message);
    }

    pub fn lose(&mut self) {
        let mut network = self.network.borrow_mut();
        if !network.under_way.is_empty() {
            let at = self.random.random_range(0..network.under_way.len());
            network.under_way.swap_remove(at);
        }
    }

    pub fn time_out(&mut self) {
        let mut network = self.network.borrow_mut();
        let waiting: Vec<_> = network.waiting.iter().copied().collect();
        if !waiting.is_empty() {
            network.arrive(waiting[self.random.random_range(0..waiting.len())], None);
        }
    }

    pub fn receive(&mut self, message: Message) {
        match message {
            Message::Request { id, request } => {
                let now_ms = self.now.get();
                let before = matches!(request, Request::Push(_)).then(|| self.store.clone());
                let answer = self.store.handle(now_ms, request.clone());
                if let (Some(before), Request::Push(push)) = (before, &request) {
                    self.log.check_push(&before, &self.store, now_ms, push, self.faults, &answer);
                }
                self.network.borrow_mut().under_way.push(Message::Answer { id, answer });
            }
            Message::Answer { id, answer } => self.network.borrow_mut().arrive(id, Some(answer)),
        }
    }

    /// A part of a round, with a network that works.
    pub fn sync_for(&mut self, at: usize) {
        for _ in 0..self.random.random_range(1..30) {
            self.desks[at].poll();
            self.log.listen(&self.desks[at].db.borrow());
            let message = self.network.borrow_mut().under_way.pop();
            if let Some(message) = message {
                self.receive(message);
            }
        }
    }

    /// One whole round of a desk, with a network that works.
    pub fn sync(&mut self, at: usize) {
        loop {
            self.desks[at].poll();
            self.log.listen(&self.desks[at].db.borrow());
            if !self.desks[at].is_running() {
                return;
            }
            loop {
                let message = self.network.borrow_mut().under_way.pop();
                let Some(message) = message else { break };
                self.receive(message);
            }
            let lost: Vec<_> = self.network.borrow().waiting.iter().copied().collect();
            for id in lost {
                // Its request or answer was lost before.
                self.network.borrow_mut().arrive(id, None);
            }
        }
    }

    /// The network comes back: every desk syncs until all have the same.
    pub fn settle(&mut self) {
        let mut calm = 0;
        for _ in 0..PASSES {
            let head = self.store.head;
            for at in 0..self.desks.len() {
                self.sync(at);
            }
            let settled = self.desks.iter().all(|desk| desk.db.borrow().is_settled(self.store.head));
            calm = if settled && head == self.store.head { calm + 1 } else { 0 };
            // Once more, for the comparison of digests.
            if calm == 2 {
                return;
            }
        }
        panic!("the desks never come to rest");
    }

    pub fn check(&mut self) {
        // Whoever comes new gets the same as those who were there.
        self.add_desk();
        let newest = self.desks.len() - 1;
        self.sync(newest);
        self.sync(newest);
        let dbs: Vec<_> = self.desks.iter().map(|desk| desk.db.borrow()).collect();
        self.log.check(&dbs.iter().map(|db| &**db).collect::<Vec<_>>(), &self.store, self.faults);
    }
}
