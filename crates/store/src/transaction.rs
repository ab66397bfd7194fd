//! Reading and writing: one transaction per user action.

use crate::capture::{Bases, CaptureState, Context, Summary};
use crate::derive;
use crate::error::StoreError;
use crate::ffi;
use crate::manifest;
use crate::meter::{Meter, Usage};
use crate::open::{Changed, Store};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;
use sync_protocol::{Guard, TRANSACTION_MAX_BYTES, TRANSACTION_MAX_ROWS, json_bytes};
use tokio::sync::broadcast;

/// A consistent view of the database.
pub struct Read {
    booking: Booking,
    transaction: Transaction<'static, Sqlite>,
}

/// Books what a transaction cost when it is over, however it ended.
struct Booking {
    meter: Option<Arc<Meter>>,
    usage: Usage,
}

impl Booking {
    async fn begin(
        transaction: &mut Transaction<'static, Sqlite>,
        usage: &Usage,
    ) -> Result<Self, StoreError> {
        Ok(Self::new(ffi::meter_of(transaction).await?, usage))
    }

    fn new(meter: Option<Arc<Meter>>, usage: &Usage) -> Self {
        if let Some(meter) = &meter {
            meter.take();
        }
        Self { meter, usage: usage.clone() }
    }
}

impl Drop for Booking {
    fn drop(&mut self) {
        if let Some(meter) = &self.meter {
            self.usage.add(meter.take());
        }
    }
}

/// A change of the database. Dropped without [`Write::commit`], it never happened.
pub struct Write {
    booking: Booking,
    transaction: Transaction<'static, Sqlite>,
    capturing: Capturing,
    changes: broadcast::Sender<Changed>,
    context: Context,
    guards: Vec<Guard>,
    local: Vec<&'static str>,
}

/// Capture is on while this is there. sqlx rolls a dropped transaction back before the
/// connection's next use.
struct Capturing {
    state: Arc<CaptureState>,
    turn: u64,
}

impl Drop for Capturing {
    fn drop(&mut self) {
        self.state.end(self.turn);
    }
}

impl Store {
    /// Begins to read.
    pub async fn read(&self, usage: &Usage) -> Result<Read, StoreError> {
        let mut transaction = begin(&self.readers, "BEGIN").await?;
        Ok(Read { booking: Booking::begin(&mut transaction, usage).await?, transaction })
    }

    /// Begins to change something as `context` says. Waits for the writer.
    pub async fn write(&self, usage: &Usage, context: Context) -> Result<Write, StoreError> {
        self.begin(usage, context, false).await
    }

    /// Begins to apply what other devices did: nothing is captured.
    pub async fn apply(&self, usage: &Usage, context: Context) -> Result<Write, StoreError> {
        self.begin(usage, context, true).await
    }

    async fn begin(&self, usage: &Usage, context: Context, applying: bool) -> Result<Write, StoreError> {
        let transaction = begin(&self.writer, BEGIN_WRITE).await?;
        let booking = Booking::new(Some(Arc::clone(&self.meter)), usage);
        let turn = self.capture.begin(applying);
        Ok(Write {
            booking,
            transaction,
            capturing: Capturing { state: Arc::clone(&self.capture), turn },
            changes: self.changes.clone(),
            context,
            guards: Vec::new(),
            local: Vec::new(),
        })
    }
}

impl Store {
    /// The writer, for reading in statements each of which sees the database as it is by then: it still has the pages that
    /// it wrote, which a reader has to fetch and decrypt after each change.
    pub(crate) async fn glance(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.writer.acquire().await?)
    }
}

impl Read {
    /// Ends the view.
    pub async fn end(self) -> Result<(), StoreError> {
        let Self { booking, transaction } = self;
        // With the commit the connection is the next one's, and so is what it costs from then on.
        drop(booking);
        Ok(transaction.commit().await?)
    }
}

impl Deref for Read {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Read {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

impl Write {
    /// Who changes what, when.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Says what the author of the change had seen (rule 1 of the sync design).
    pub fn declare(&self, bases: Bases) {
        self.capturing.state.declare(bases);
    }

    /// Says that the change is not made from a form: it is based on what the rows hold now.
    pub fn declare_current(&self) {
        self.capturing.state.declare_current();
    }

    /// Demands that a register is still as somebody saw it (rule 5 of the sync design). The server takes none of this
    /// transaction's changes otherwise, but for its facts.
    pub fn demand(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    /// Says that a table changed that is not synced, so that whatever shows it asks again.
    pub fn touch(&mut self, table: &'static str) {
        self.local.push(table);
    }

    /// The number that the next op will get.
    pub fn next_seq(&self) -> u64 {
        self.capturing.state.summary().next_seq
    }

    /// What follows is this device's own doing, in a transaction of [`Store::apply`].
    pub(crate) fn stop_applying(&self) {
        self.capturing.state.stop_applying();
    }

    /// What follows from rows is not derived row by row until [`Write::derive_anew`].
    pub(crate) fn derive_later(&self) {
        self.capturing.state.set_derives_later(true);
    }

    /// Derives everything anew, and from here on row by row.
    pub(crate) async fn derive_anew(&mut self) -> Result<(), StoreError> {
        for statement in derive::rebuild() {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *self.transaction).await?;
        }
        self.capturing.state.set_derives_later(false);
        Ok(())
    }

    /// If this is committed, what is done from here on is done by another replica.
    pub(crate) fn become_replica(&self, number: u32) {
        self.capturing.state.set_replica(number);
    }

    /// If this is committed, changes go to the outbox from here on.
    pub(crate) fn become_paired(&self) {
        self.capturing.state.set_paired();
    }

    pub(crate) fn mark(&self, collection: i64) {
        self.capturing.state.mark(collection);
    }

    /// Makes the change durable and tells who listens.
    ///
    /// # Errors
    /// More than one transaction may change; a full disk. Nothing was changed then.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let mut summary = self.capturing.state.summary();
        // Each op takes them along.
        summary.bytes += summary.rows * json_bytes(&self.guards) as u64;
        if summary.rows > TRANSACTION_MAX_ROWS || summary.bytes > TRANSACTION_MAX_BYTES {
            return Err(StoreError::TransactionTooLarge { rows: summary.rows, bytes: summary.bytes });
        }
        if summary.rows > 0 {
            let guards = if self.capturing.state.is_paired() { self.guards.as_slice() } else { &[] };
            log_transaction(&mut self.transaction, &self.context, &summary, guards).await?;
        }
        let Self { booking, transaction, capturing, changes, local, .. } = self;
        // With the commit the writer is the next one's, and so is what it costs from then on.
        let usage = booking.usage.clone();
        drop(booking);
        let started = Instant::now();
        transaction.commit().await?;
        usage.add_commit(started.elapsed());
        capturing.state.keep();
        drop(capturing);
        let synced = summary.changed.iter().filter_map(|number| Some(manifest::collection(*number)?.name));
        let collections: Vec<_> = synced.chain(local).collect();
        if !collections.is_empty() {
            // No listener is no fault.
            let _ = changes.send(Changed { collections, is_own: summary.rows > 0 });
        }
        Ok(())
    }
}

/// SQLite's word for a `BEGIN` after a `BEGIN`.
const WITHIN: &str = "within a transaction";

/// Tells the capture the number of the next op, in one go with the beginning. It is read anew each time: whether a commit
/// whose caller went away was carried out is known to the file alone.
const BEGIN_WRITE: &str =
    "BEGIN IMMEDIATE; SELECT capture_from(coalesce(max(last_seq), 0) + 1) FROM transaction_log";

/// When the disk is full SQLite rolls back by itself. sqlx then goes on counting a transaction that is
/// none and would refuse every other one: such a connection is opened anew. So is a writer in whose transaction sqlx
/// does not believe, since a damaged file kept what follows `BEGIN` from being read.
async fn begin(pool: &SqlitePool, sql: &'static str) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    match pool.begin_with(sql).await {
        Err(sqlx::Error::InvalidSavePointStatement) => {}
        Err(sqlx::Error::Database(error)) if error.message().contains(WITHIN) => {}
        begun => return begun,
    }
    pool.acquire().await?.close().await?;
    pool.begin_with(sql).await
}

async fn log_transaction(
    connection: &mut SqliteConnection,
    context: &Context,
    summary: &Summary,
    guards: &[Guard],
) -> Result<(), StoreError> {
    let guards = if guards.is_empty() { None } else { Some(serde_json::to_string(guards)?) };
    sqlx::query(
        "INSERT INTO transaction_log (id, actor, command, at_ms, boot_ms, boot, first_seq, last_seq, guards)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(context.transaction)
    .bind(context.actor.0)
    .bind(context.command)
    .bind(context.at.timestamp_millis())
    .bind(context.boot_ms)
    .bind(context.boot)
    .bind(i64::try_from(summary.first_seq).unwrap_or(i64::MAX))
    .bind(i64::try_from(summary.next_seq - 1).unwrap_or(i64::MAX))
    .bind(guards)
    .execute(connection)
    .await?;
    Ok(())
}

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}
