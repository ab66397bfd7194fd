//! A real database in a directory of its own, with everything fixed that could differ between runs.
//! The unit tests of the crate use it too.

#![allow(dead_code, reason = "each user needs another part")]

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ActorId, AlertId, AllergyId, ContactId, PatientId};
use domain::patient::{Alert, AlertLevel, Allergy, Contact, ContactKind, Name, Severity, Tag};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use store::manifest::{COLLECTIONS, Collection};
use store::patient::NewPatient;
use store::sync::Pairing;
use store::{Context, DatabaseKey, Identity, Store, StoreError, Usage, Versions, Write, load_versions};
use sync_protocol::{Op, Transaction};
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

/// 07 thirty-two times.
pub fn key() -> DatabaseKey {
    DatabaseKey(Zeroizing::new([7; 32]))
}

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn owner() -> ActorId {
    ActorId(id(0xA))
}

pub fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn identity() -> Identity {
    Identity { clinic: id(1), device: id(2), incarnation: id(3), owner: owner(), created_at: at(0) }
}

/// A database and its directory, which goes when this goes.
pub struct Desk {
    pub store: Store,
    pub directory: TempDir,
    transactions: AtomicU64,
}

impl Desk {
    /// A new database: a copy of one that was made once, since making one takes longer.
    pub async fn new() -> Self {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        Self::from_file(TEMPLATE.get_or_init(|| template(""))).await
    }

    async fn from_file(file: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("frontdesk.db"), file).unwrap();
        let store = open(directory.path().join("frontdesk.db")).await.unwrap();
        Self { store, directory, transactions: AtomicU64::new(0) }
    }

    /// One that is not taken for another: a device, and an incarnation, of its own.
    pub async fn as_device(number: u128) -> Self {
        let desk = Self::new().await;
        desk.identify(number).await;
        desk
    }

    async fn identify(&self, number: u128) {
        let (device, incarnation) = (blob(id(number)), blob(id(number + 1_000)));
        for table in ["device", "replica"] {
            let sql = format!("UPDATE {table} SET device = {device}, incarnation = {incarnation}");
            self.run(&sql).await.unwrap();
        }
    }

    /// A copy of the file, as it is after a crash.
    pub async fn copy(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["frontdesk.db", "frontdesk.db-wal"] {
            std::fs::copy(self.directory.path().join(name), directory.path().join(name)).unwrap();
        }
        let store = open(directory.path().join("frontdesk.db")).await.unwrap();
        // Ids of transactions go on elsewhere than at the original.
        Self { store, directory, transactions: AtomicU64::new(1_000_000) }
    }

    /// One whose changes go to the outbox.
    pub async fn paired() -> Self {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        Self::from_file(TEMPLATE.get_or_init(|| template("UPDATE device SET paired = 1"))).await
    }

    /// Both.
    pub async fn as_paired_device(number: u128) -> Self {
        let desk = Self::paired().await;
        desk.identify(number).await;
        desk
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("frontdesk.db")
    }

    pub fn context(&self) -> Context {
        context(self.transactions.fetch_add(1, Ordering::Relaxed))
    }

    pub async fn begin(&self) -> Write {
        self.store.write(&Usage::default(), self.context()).await.unwrap()
    }

    /// One transaction, committed unless it fails.
    pub async fn write<T>(
        &self,
        act: impl AsyncFnOnce(&mut Write) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write_metered(&Usage::default(), act).await
    }

    pub async fn write_metered<T>(
        &self,
        usage: &Usage,
        act: impl AsyncFnOnce(&mut Write) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut write = self.store.write(usage, self.context()).await?;
        let done = act(&mut write).await?;
        write.commit().await?;
        Ok(done)
    }

    /// One statement in a transaction of its own.
    pub async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.write(async |write| execute(write, sql).await).await
    }

    pub async fn insert(&self, patients: &[NewPatient]) {
        self.write(async |write| store::patient::insert_patients(write, patients, at(0)).await)
            .await
            .unwrap();
    }

    /// One value that a reader sees.
    pub async fn value<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        let mut read = self.store.read(&Usage::default()).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *read).await.unwrap()
    }

    pub async fn versions(&self, records: &[Uuid]) -> Versions {
        let mut read = self.store.read(&Usage::default()).await.unwrap();
        load_versions(&mut read, records).await.unwrap()
    }

    /// Every op in the outbox.
    pub async fn ops(&self) -> Vec<Op> {
        self.transactions().await.into_iter().flat_map(|transaction| transaction.ops).collect()
    }

    /// Every transaction in the outbox, read in small pages.
    pub async fn transactions(&self) -> Vec<Transaction> {
        let mut read = self.store.read(&Usage::default()).await.unwrap();
        let mut transactions = Vec::<Transaction>::new();
        loop {
            let last = transactions.last().and_then(|transaction| transaction.ops.last());
            let after = last.map_or(0, |op| i64::try_from(op.id.seq).unwrap());
            let page = store::list_outbox(&mut read, after, 3).await.unwrap();
            if page.is_empty() {
                return transactions;
            }
            transactions.extend(page);
        }
    }

    pub async fn apply(&self, ops: &[Op]) -> store::Applied {
        let mut write = self.store.apply(&Usage::default(), self.context()).await.unwrap();
        let applied = store::apply_ops(&mut write, ops).await.unwrap();
        write.commit().await.unwrap();
        applied
    }

    /// What the doctor finds wrong.
    pub async fn faults(&self) -> Vec<store::doctor::Check> {
        self.store.doctor().await.unwrap().into_iter().filter(|check| !check.ok).collect()
    }

    /// Every row of every synced table.
    pub async fn synced(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for collection in COLLECTIONS {
            rows.extend(self.rows(&dump_sql(collection)).await);
        }
        rows
    }

    pub async fn record_versions(&self) -> Vec<String> {
        self.rows(
            "SELECT hex(record) || ' ' || collection || '/' || register || ' ' || replica || ':' || seq || coalesce(';' || others, '')
             FROM record_version ORDER BY record, register",
        )
        .await
    }

    /// What is derived, without the numbers that differ from device to device.
    pub async fn derived(&self) -> Vec<String> {
        let listing = "SELECT 'listing ' || hex(patient_id) || archived || sort_name || birth_key || created_at || tier || alert
             || shown || chart || tags || names || sounds || contacts FROM patient_listing ORDER BY patient_id";
        let tags = "SELECT 'tag ' || hex(l.patient_id) || t.tag || t.archived || t.sort_name || t.birth_key || t.created_at
             FROM patient_listing_tag t JOIN patient_listing l USING (no) ORDER BY l.patient_id, t.tag";
        let counts =
            "SELECT 'count ' || facet || '=' || value || ' ' || archived || ' ' || n FROM patient_count
             WHERE n <> 0 ORDER BY facet, value, archived";
        let consent = "SELECT 'superseded ' || hex(event_id) FROM consent_superseded ORDER BY event_id";
        let standing =
            "SELECT 'standing ' || hex(patient_id) || recorded_at || hex(event_id) FROM consent_standing
             ORDER BY patient_id, recorded_at, event_id";
        let taxes = "SELECT concat_ws(' ', 'tax', hex(invoice_id), category, rate, net, lines, faulty) FROM invoice_tax
             ORDER BY invoice_id, category, rate";
        let totals = "SELECT concat_ws(' ', 'total', hex(invoice_id), lines, net, tax, gross, faulty) FROM invoice_total
             ORDER BY invoice_id";
        let invoices = "SELECT concat_ws(' ', 'invoice', hex(invoice_id), hex(patient_id), kind, status, at, number, gross, paid,
               credited, balance, faulty)
             FROM invoice_listing ORDER BY invoice_id";
        let accounts = "SELECT concat_ws(' ', 'account', hex(patient_id), owed, credit) FROM patient_account
             WHERE owed <> 0 OR credit <> 0 ORDER BY patient_id";
        let mut rows = Vec::new();
        let closed =
            "SELECT concat_ws(' ', 'closed', hex(payment_id), hex(close_id), closed_at) FROM closed_payment
             ORDER BY payment_id";
        let open = "SELECT concat_ws(' ', 'open', taken_on, hex(payment_id)) FROM open_payment ORDER BY taken_on, payment_id";
        for sql in [listing, tags, counts, consent, standing, taxes, totals, invoices, accounts, closed, open]
        {
            rows.extend(self.rows(sql).await);
        }
        rows
    }

    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let mut read = self.store.read(&Usage::default()).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut *read).await.unwrap()
    }
}

pub fn context(n: u64) -> Context {
    Context {
        transaction: id(0xF000_0000 + u128::from(n)),
        actor: owner(),
        at: at(i64::try_from(n).unwrap()),
        boot_ms: i64::try_from(n).unwrap(),
        boot: None,
        command: "test",
    }
}

pub async fn open(path: PathBuf) -> Result<Store, StoreError> {
    Store::open(&path, &key(), identity()).await
}

fn template(sql: &'static str) -> Vec<u8> {
    // In a thread of its own: a test may be running on the runtime of this one.
    let made = std::thread::spawn(move || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = open(path.clone()).await.unwrap();
            let mut write = store.apply(&Usage::default(), context(0)).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut *write).await.unwrap();
            write.commit().await.unwrap();
            store.close().await;
        });
        std::fs::read(path).unwrap()
    });
    made.join().unwrap()
}

/// What a server of the clinic `number` would tell a device that it lets in.
pub fn pairing(number: u128) -> Pairing {
    Pairing {
        clinic: id(number),
        address: "http://127.0.0.1:1".to_owned(),
        token: "token".to_owned(),
        authority: None,
        device_name: "Front".to_owned(),
    }
}

pub async fn execute(connection: &mut SqliteConnection, sql: &str) -> Result<(), StoreError> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(())
}

pub fn dump_sql(collection: &Collection) -> String {
    let columns: Vec<_> = collection.columns().map(|column| format!("quote({})", column.name)).collect();
    let name = collection.name;
    format!("SELECT '{name} ' || quote(id) || ' ' || {} FROM {name} ORDER BY id", columns.join(" || ' ' || "))
}

/// A patient whose name is "Given Family".
pub fn patient(n: u128, name: &str) -> NewPatient {
    let (given, family) = name.split_once(' ').unwrap_or(("", name));
    let name = Name { given: given.into(), family: family.into(), ..Name::default() };
    NewPatient { id: id(n), name, ..NewPatient::default() }
}

/// More of a patient.
pub trait With: Sized {
    fn born(self, date: &str) -> Self;
    fn phone(self, value: &str) -> Self;
    fn email(self, value: &str) -> Self;
    fn tag(self, label: &str) -> Self;
    fn alert(self, level: AlertLevel) -> Self;
    fn allergy(self, substance: &str) -> Self;
    fn chart(self, number: &str) -> Self;
    fn archived(self) -> Self;
}

impl With for NewPatient {
    fn born(mut self, date: &str) -> Self {
        self.birth_date = Some(day(date));
        self
    }

    fn phone(mut self, value: &str) -> Self {
        let id = ContactId(child_id(self.id, 0x1000 + self.contacts.len()));
        self.contacts.push(contact(id, ContactKind::Phone, value));
        self
    }

    fn email(mut self, value: &str) -> Self {
        let id = ContactId(child_id(self.id, 0x1000 + self.contacts.len()));
        self.contacts.push(contact(id, ContactKind::Email, value));
        self
    }

    fn tag(mut self, label: &str) -> Self {
        self.tags.push(Tag { id: None, label: label.into() });
        self
    }

    fn alert(mut self, level: AlertLevel) -> Self {
        let id = AlertId(child_id(self.id, 0x2000 + self.alerts.len()));
        self.alerts.push(Alert { id: Some(id), level, text: "Take care".into() });
        self
    }

    fn allergy(mut self, substance: &str) -> Self {
        let id = AllergyId(child_id(self.id, 0x3000 + self.allergies.len()));
        let severity = Severity::Mild;
        self.allergies.push(Allergy {
            id: Some(id),
            substance: substance.into(),
            reaction: String::new(),
            severity,
        });
        self
    }

    fn chart(mut self, number: &str) -> Self {
        self.external_id = number.into();
        self
    }

    fn archived(mut self) -> Self {
        self.archived_at = Some(at(1));
        self
    }
}

fn contact(id: ContactId, kind: ContactKind, value: &str) -> Contact {
    Contact { id: Some(id), kind, value: value.into(), label: String::new(), primary: false }
}

pub fn child_id(patient: Uuid, n: usize) -> Uuid {
    id(patient.as_u128() << 64 | u128::try_from(n).unwrap())
}

pub fn patient_id(n: u128) -> PatientId {
    PatientId(id(n))
}

/// `x'…'` of an id.
pub fn blob(id: Uuid) -> String {
    format!("x'{}'", id.simple())
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
