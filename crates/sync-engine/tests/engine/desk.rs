//! A desk: its database, its clocks, what is on its screen, and its sync, which a crash ends.

use crate::database::{Database, Draft, Shown};
use crate::replica::Handle;
use crate::server::{Link, Network};
use domain::id::ActorId;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use sync_engine::{Ending, synchronize};
use sync_protocol::{Change, Clock, Guard, Key, Kind, Transaction, Version};
use uuid::Uuid;

/// What somebody has on the screen, and will save later.
#[derive(Clone, Debug)]
pub struct Form {
    pub key: Key,
    pub register: String,
    pub base: Version,
}

pub struct Desk {
    pub db: Rc<RefCell<Database>>,
    pub forms: Vec<Form>,
    /// Set when the sync is under way.
    running: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// How the last round ended.
    pub ended_well: Rc<Cell<Option<bool>>>,
    network: Rc<RefCell<Network>>,
    now: Rc<Cell<i64>>,
    /// How wrong the wall clock is.
    pub wrong_ms: Rc<Cell<i64>>,
    /// It runs a version of the app from before patients had an address.
    pub is_old: bool,
    boot: Rc<Cell<Boot>>,
}

/// A start of the machine. Its id tells when it was, so that checks can work out when something happened.
#[derive(Clone, Copy, Debug)]
struct Boot {
    id: Uuid,
    at_ms: i64,
}

impl Boot {
    fn new(number: u128, at_ms: i64) -> Self {
        Self {
            id: Uuid::from_u128(u128::from(at_ms.cast_unsigned()) << 64 | number & 0xFFFF_FFFF_FFFF),
            at_ms,
        }
    }

    fn clock(self, now: i64, wrong_ms: i64) -> Clock {
        Clock { wall_ms: now + wrong_ms, boot_ms: now - self.at_ms, boot: Some(self.id) }
    }
}

/// When a device's clock showed this.
pub fn shown_at(clock: Clock) -> i64 {
    let boot = clock.boot.map_or(0, |boot| boot.as_u128() >> 64);
    clock.boot_ms + i64::try_from(boot).unwrap()
}

pub fn key(collection: &str, n: u128) -> Key {
    Key { collection: collection.to_owned(), record: Uuid::from_u128(n) }
}

/// An insert of a record with one value for each register.
pub fn insert(key: &Key, kind: Kind, base: Option<Version>, registers: &[(&str, Value)]) -> Draft {
    let registers = registers.iter().map(|(name, value)| ((*name).to_owned(), vec![value.clone()]));
    let change = Change::Insert { registers: registers.collect() };
    Draft { key: key.clone(), kind, base, guards: Vec::new(), change }
}

impl Desk {
    pub fn new(db: Database, network: &Rc<RefCell<Network>>, now: &Rc<Cell<i64>>, boot: u128) -> Self {
        Self {
            db: Rc::new(RefCell::new(db)),
            forms: Vec::new(),
            running: None,
            ended_well: Rc::default(),
            network: Rc::clone(network),
            now: Rc::clone(now),
            wrong_ms: Rc::new(Cell::new(0)),
            is_old: false,
            boot: Rc::new(Cell::new(Boot::new(boot, now.get()))),
        }
    }

    fn clock(&self) -> Clock {
        self.boot.get().clock(self.now.get(), self.wrong_ms.get())
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Goes on with the sync, or begins one, up to the next place at which it waits.
    pub fn poll(&mut self) {
        if self.running.is_none() {
            let mut handle = Handle(Rc::clone(&self.db));
            let mut link = Link { network: Rc::clone(&self.network) };
            let (now, wrong, boot) = (Rc::clone(&self.now), Rc::clone(&self.wrong_ms), self.boot.get());
            let clock = move || boot.clock(now.get(), wrong.get());
            let ended_well = Rc::clone(&self.ended_well);
            self.running = Some(Box::pin(async move {
                // Whatever ended it, the next one goes on.
                let ended = synchronize(&mut handle, &mut link, clock, Ending::Compare).await;
                ended_well.set(Some(ended.is_ok()));
            }));
        }
        if let Some(running) = &mut self.running
            && running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        {
            self.running = None;
        }
    }

    /// The process is killed and started again: what was on the screen is gone.
    pub fn crash(&mut self) {
        self.running = None;
        self.forms.clear();
        self.db.borrow_mut().crash();
    }

    /// The machine is started again, perhaps with another wall clock.
    pub fn reboot(&mut self, number: u128, wrong_ms: i64) {
        self.crash();
        self.boot.set(Boot::new(number, self.now.get()));
        self.wrong_ms.set(wrong_ms);
    }

    pub fn show(&self) -> BTreeMap<Key, Shown> {
        self.db.borrow().show()
    }

    pub fn commit(&mut self, drafts: Vec<Draft>) -> Transaction {
        let device = self.db.borrow().device;
        self.db.borrow_mut().commit(ActorId(device), self.clock(), drafts)
    }

    /// The registers of a patient that this version of the app knows.
    pub fn registers(&self) -> &'static [&'static str] {
        if self.is_old { &["name", "tier"] } else { &["name", "tier", "address"] }
    }

    /// A value unlike any other.
    pub fn unique(&self) -> Value {
        let db = self.db.borrow();
        json!(format!("{}:{}", db.replica.0, db.next_seq))
    }

    /// Makes a record, also one that was deleted.
    pub fn make(&mut self, key: &Key, kind: Kind, registers: &[(&str, Value)]) -> Transaction {
        let base = self.db.borrow().life(key);
        self.forms.retain(|form| form.key != *key);
        self.commit(vec![insert(key, kind, base, registers)])
    }

    /// Opens a form on a register.
    ///
    /// # Panics
    /// If it is not on the screen.
    pub fn open(&self, key: &Key, register: &str) -> Form {
        let base = self.show()[key].registers[register].0.clone();
        Form { key: key.clone(), register: register.to_owned(), base }
    }

    /// Saves a form on what it was loaded with. Other forms of the register are closed: one that is older than the
    /// own last change is refused by the use case.
    pub fn save(&mut self, form: Form, value: Value) -> Transaction {
        self.forms.retain(|other| other.key != form.key || other.register != form.register);
        self.commit(vec![set(&form, value)])
    }

    pub fn delete(&mut self, key: &Key) -> Transaction {
        let shown = self.show().remove(key).unwrap_or_else(|| panic!("{key:?} is not on the screen"));
        self.forms.retain(|form| form.key != *key);
        let base = shown.registers.into_iter().map(|(name, (version, _))| (name, version));
        let base = base.chain([(String::new(), shown.life)]).collect();
        let change = Change::Delete { base };
        self.commit(vec![Draft {
            key: key.clone(),
            kind: Kind::Mutable,
            base: None,
            guards: Vec::new(),
            change,
        }])
    }

    /// Demands that the register is still as this desk shows it.
    pub fn guard(&self, key: &Key, register: &str) -> Guard {
        let at = self.show()[key].registers[register].0.dot();
        Guard { collection: key.collection.clone(), record: key.record, register: register.to_owned(), at }
    }

    /// A line goes into an invoice only while that is the draft that this desk shows.
    pub fn add_line(&mut self, invoice: &Key, line: &Key, value: Value) -> Transaction {
        let mut draft = insert(line, Kind::Mutable, None, &[("text", value)]);
        draft.guards.push(self.guard(invoice, "status"));
        self.commit(vec![draft])
    }

    /// Issuing takes a number, which is a fact and carries what is printed, and guards itself.
    pub fn issue(&mut self, invoice: &Key, number: &Key, printed: Value) -> Transaction {
        let form = self.open(invoice, "status");
        let mut status = set(&form, json!(format!("issued {printed}")));
        status.guards.push(self.guard(invoice, "status"));
        self.commit(vec![insert(number, Kind::Ledger, None, &[("document", printed)]), status])
    }

    /// Cash was taken; that it was, is also noted on the invoice.
    pub fn pay(&mut self, invoice: &Key, payment: &Key, amount: Value, cents: i64) -> Transaction {
        let form = self.open(invoice, "note");
        let mut note = set(&form, amount.clone());
        note.guards.push(self.guard(invoice, "status"));
        let registers = [("amount", amount), ("cents", json!(cents))];
        self.commit(vec![insert(payment, Kind::Ledger, None, &registers), note])
    }
}

fn set(form: &Form, value: Value) -> Draft {
    Draft {
        key: form.key.clone(),
        kind: Kind::Mutable,
        base: Some(form.base.clone()),
        guards: Vec::new(),
        change: Change::Set { register: form.register.clone(), values: vec![value] },
    }
}
