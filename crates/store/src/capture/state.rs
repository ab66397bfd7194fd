//! The transaction's context, as the capture functions see it.

use super::{NO_BASE, NO_CONTEXT};
use crate::ffi::{Answer, Arguments, add_function};
use chrono::{DateTime, Utc};
use domain::id::ActorId;
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sync_protocol::{Dot, Replica, Version};
use uuid::Uuid;

/// Who changes something, when, and by which command.
#[derive(Clone, Debug)]
pub struct Context {
    pub transaction: Uuid,
    pub actor: ActorId,
    pub at: DateTime<Utc>,
    /// Since `boot`: tells how far the wall clock can be trusted.
    pub boot_ms: i64,
    /// Which start of the machine, where it can tell.
    pub boot: Option<Uuid>,
    pub command: &'static str,
}

/// What the author of a change had seen: record → register → version. Register 0 stands for those
/// without one of their own.
pub type Bases = HashMap<Uuid, BTreeMap<i64, Version>>;

/// Shared by the writer's connection and whoever runs a transaction on it.
#[derive(Debug, Default)]
pub struct CaptureState(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    mode: Mode,
    /// Counts the transactions, so that one that ends late does not end the next one.
    turn: u64,
    paired: bool,
    /// What to go back to unless the transaction is committed: replica, paired.
    before: Option<(u32, bool)>,
    /// The number of this device, in its present incarnation, among the replicas of its database.
    replica: u32,
    /// What is derived is derived anew in the end, not row by row.
    derives_later: bool,
    first_seq: u64,
    next_seq: u64,
    bases: Bases,
    /// The change is not made from a form: it is based on what the row holds.
    base_is_current: bool,
    last: Captured,
    rows: u64,
    bytes: u64,
    changed: BTreeSet<i64>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Outside a transaction: a write aborts.
    #[default]
    Closed,
    Capturing,
    /// Remote data goes in as it is.
    Applying,
}

/// The op that is being captured.
#[derive(Debug, Default)]
struct Captured {
    seq: u64,
    base: Option<String>,
    others: Option<String>,
}

/// What a transaction captured.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub first_seq: u64,
    /// The number that the next op will get.
    pub next_seq: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Numbers of the collections that changed.
    pub changed: BTreeSet<i64>,
}

impl CaptureState {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock; a poisoned one is as good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what was read from the file when it was opened.
    pub fn load(&self, replica: u32, paired: bool) {
        let mut inner = self.lock();
        inner.replica = replica;
        inner.paired = paired;
    }

    /// The device goes on in another incarnation, if the transaction is committed.
    pub fn set_replica(&self, replica: u32) {
        let mut inner = self.lock();
        inner.before = inner.before.or(Some((inner.replica, inner.paired)));
        inner.replica = replica;
    }

    /// Changes go to the outbox from here on, if the transaction is committed.
    pub fn set_paired(&self) {
        let mut inner = self.lock();
        inner.before = inner.before.or(Some((inner.replica, inner.paired)));
        inner.paired = true;
    }

    /// Whether changes go to the outbox.
    pub fn is_paired(&self) -> bool {
        self.lock().paired
    }

    /// The transaction was committed: what it made of this device stays.
    pub fn keep(&self) {
        self.lock().before = None;
    }

    /// Begins a transaction, whose first op gets the number that `capture_from` was told; returns its turn.
    pub fn begin(&self, applying: bool) -> u64 {
        let mut inner = self.lock();
        inner.mode = if applying { Mode::Applying } else { Mode::Capturing };
        inner.turn += 1;
        inner.derives_later = false;
        inner.bases.clear();
        inner.base_is_current = false;
        inner.rows = 0;
        inner.bytes = 0;
        inner.changed.clear();
        inner.turn
    }

    /// Whether what is derived waits for the end of the transaction, whose author sees to it.
    pub fn set_derives_later(&self, later: bool) {
        self.lock().derives_later = later;
    }

    /// From here on what changes is this device's own doing, in a transaction that began by applying.
    pub fn stop_applying(&self) {
        self.lock().mode = Mode::Capturing;
    }

    /// Adds what the author had seen.
    pub fn declare(&self, bases: Bases) {
        self.lock().bases.extend(bases);
    }

    /// From here on changes are based on what the rows hold.
    pub fn declare_current(&self) {
        self.lock().base_is_current = true;
    }

    /// Notes a change that the triggers do not see.
    pub fn mark(&self, collection: i64) {
        self.lock().changed.insert(collection);
    }

    /// What was captured since `begin`.
    pub fn summary(&self) -> Summary {
        let inner = self.lock();
        Summary {
            first_seq: inner.first_seq,
            next_seq: inner.next_seq,
            rows: inner.rows,
            bytes: inner.bytes,
            changed: inner.changed.clone(),
        }
    }

    /// Ends the transaction that has this turn, unless the next one has begun already.
    pub fn end(&self, turn: u64) {
        let mut inner = self.lock();
        if inner.turn == turn {
            inner.mode = Mode::Closed;
            inner.bases.clear();
            if let Some((replica, paired)) = inner.before.take() {
                (inner.replica, inner.paired) = (replica, paired);
            }
        }
    }
}

impl Inner {
    fn capture<'a>(
        &mut self,
        collection: i64,
        bases: impl IntoIterator<Item = &'a Version>,
        base_text: Option<String>,
    ) -> Result<Answer, &'static str> {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.rows += 1;
        // In a message its replicas may have longer numbers than here (`sync_protocol::TRANSACTION_MAX_BYTES`).
        self.bytes += base_text.as_ref().map_or(0, |base| 2 * base.len() as u64);
        self.changed.insert(collection);
        let dot = Dot { replica: Replica(self.replica), seq };
        let others = Version::after_all(bases, dot).others_text();
        self.last = Captured { seq, base: base_text, others };
        Ok(Answer::Null)
    }

    fn declared(&self, record: &[u8]) -> Result<Option<&BTreeMap<i64, Version>>, &'static str> {
        let declared = Uuid::from_slice(record).ok().and_then(|record| self.bases.get(&record));
        if declared.is_none() && !self.base_is_current { Err(NO_BASE) } else { Ok(declared) }
    }
}

fn parse(text: Option<&str>) -> Result<Option<Version>, &'static str> {
    text.map(|text| text.parse().map_err(|_| "frontdesk: a stored version cannot be read")).transpose()
}

/// `capturing()`: whether a change becomes an op. Aborts a write outside a transaction; also in one
/// that SQLite has rolled back by itself, whose next statement would be committed on its own.
fn capturing(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    match state.lock().mode {
        _ if !arguments.in_transaction() => Err(NO_CONTEXT),
        Mode::Closed => Err(NO_CONTEXT),
        Mode::Capturing => Ok(Answer::Integer(1)),
        Mode::Applying => Ok(Answer::Integer(0)),
    }
}

/// `capture_from(seq)`: the number of the next op. It never fails: a transaction that had begun would be nobody's then.
fn capture_from(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    let mut inner = state.lock();
    inner.first_seq = u64::try_from(arguments.integer(0)).unwrap_or(0);
    inner.next_seq = inner.first_seq;
    Ok(Answer::Null)
}

/// `capture_insert(collection, tombstone)`
fn capture_insert(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    let tombstone = arguments.text(1);
    let base = parse(tombstone)?;
    state.lock().capture(arguments.integer(0), &base, tombstone.map(str::to_owned))
}

/// `capture_set(collection, record, register, current)`
fn capture_set(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    let mut inner = state.lock();
    let register = arguments.integer(2);
    let base = match inner.declared(arguments.blob(1))? {
        Some(declared) => Some(declared.get(&register).or_else(|| declared.get(&0)).ok_or(NO_BASE)?.clone()),
        None => parse(arguments.text(3))?,
    };
    let text = base.as_ref().map(ToString::to_string);
    inner.capture(arguments.integer(0), &base, text)
}

/// `capture_delete(collection, record, current versions as JSON)`
fn capture_delete(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    let mut inner = state.lock();
    let versions = match inner.declared(arguments.blob(1))? {
        Some(declared) => declared.clone(),
        None => serde_json::from_str(arguments.text(2).unwrap_or("{}"))
            .map_err(|_| "frontdesk: a stored version cannot be read")?,
    };
    let text = serde_json::to_string(&versions).map_err(|_| "frontdesk: a version cannot be written")?;
    inner.capture(arguments.integer(0), versions.values(), Some(text))
}

fn captured_seq(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(Answer::Integer(i64::try_from(state.lock().last.seq).unwrap_or(i64::MAX)))
}

fn captured_replica(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(Answer::Integer(state.lock().replica.into()))
}

fn captured_base(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(state.lock().last.base.clone().map_or(Answer::Null, Answer::Text))
}

fn captured_others(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(state.lock().last.others.clone().map_or(Answer::Null, Answer::Text))
}

/// `capture_value(json)`: the value as it is, its size counted.
fn capture_value(state: &CaptureState, arguments: &Arguments<'_>) -> Result<Answer, &'static str> {
    state.lock().bytes += arguments.size(0);
    Ok(Answer::Argument(0))
}

/// `deriving()`: whether triggers derive what follows from a row.
fn deriving(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(Answer::Integer((!state.lock().derives_later).into()))
}

fn paired(state: &CaptureState, _: &Arguments<'_>) -> Result<Answer, &'static str> {
    Ok(Answer::Integer(state.lock().paired.into()))
}

/// Makes the capture functions known to the writer.
pub async fn register_functions(
    connection: &mut SqliteConnection,
    state: &Arc<CaptureState>,
) -> Result<(), sqlx::Error> {
    add_function(connection, "capturing", 0, false, state, capturing).await?;
    add_function(connection, "capture_from", 1, false, state, capture_from).await?;
    add_function(connection, "capture_insert", 2, false, state, capture_insert).await?;
    add_function(connection, "capture_set", 4, false, state, capture_set).await?;
    add_function(connection, "capture_delete", 3, false, state, capture_delete).await?;
    add_function(connection, "captured_seq", 0, false, state, captured_seq).await?;
    add_function(connection, "captured_replica", 0, false, state, captured_replica).await?;
    add_function(connection, "captured_base", 0, false, state, captured_base).await?;
    add_function(connection, "captured_others", 0, false, state, captured_others).await?;
    add_function(connection, "capture_value", 1, false, state, capture_value).await?;
    add_function(connection, "deriving", 0, false, state, deriving).await?;
    add_function(connection, "paired", 0, false, state, paired).await
}
