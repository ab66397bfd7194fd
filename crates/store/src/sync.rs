//! The engine's port to this database: what the server told, beside what the tables show.
//!
//! Each record is kept as the server told it (`server_record`, the shadow). The tables show that with the outbox over
//! it. Every method that writes is one transaction: a crash leaves it done or not done. What is read before it may be of
//! several moments, which is no harm: nobody else changes where the device is, and what comes to the outbox meanwhile is
//! behind what was read.

mod attention;
mod conflicts;
mod join;
mod journal;
mod numbers;
mod overview;
mod packed;
mod parked;
mod position;
mod renew;
mod repair;
mod server;
mod shadow;
mod show;
mod subject;
mod unsent;
mod upgrade;

pub use attention::{Attention, list_attention, set_seen};
pub use conflicts::{Judged, Keep, OpenConflict, Side, judge, list_conflicts, reopen};
pub use join::join;
pub use journal::{Arrival, LogEntry, list_arrivals, list_log, log};
pub use numbers::Numbers;
pub use overview::{Overview, overview, waiting};
pub use parked::{Parked, list_parked};
pub use renew::{Standing, go_on_as_another, standing};
pub use server::{Own, Pairing, Server, device_names, note_contact, own, server};
pub use subject::{Subject, subjects};
pub use unsent::{Unsent as UnsentRecord, list_unsent};
pub use upgrade::show_what_is_new;

use crate::batch::Batch;
use crate::capture::Context;
use crate::error::StoreError;
use crate::meter::Usage;
use crate::open::Store;
use crate::outbox::{self, list_outbox, outbox_sql};
use crate::transaction::Write;
use position::State;
use shadow::{Outbox, Shadow};
use sqlx::{AssertSqlSafe, Column, FromRow, Row};
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{Phase, Position, Replica};
use sync_protocol::{
    Bucket, Change, Clock, Digests, Dot, Epoch, Key, Offered, Op, Outcome, Page, Place, Push, RecordState,
    Rejection, Remembered, ReplicaId, Sent, Transaction, Values,
};
use uuid::Uuid;

/// Ops of a push at most, and bytes of their values, unless one transaction has more: the server takes bodies of 16 MiB.
const PUSH_OPS: u32 = 5_000;
const PUSH_BYTES: usize = 4 << 20;
/// Records of an offer.
const OFFER_RECORDS: u32 = 1_000;

/// The database as the engine sees it.
#[derive(Debug)]
pub struct SqliteReplica<C> {
    store: Store,
    usage: Usage,
    context: C,
    /// What was unsent when the position was last asked for.
    unsent: Option<Unsent>,
    /// Answers that are not kept yet: the next transaction keeps them with what it does, which most often is to take in
    /// the page that shows them. Should they be lost, the server gives them again.
    answers: Option<(Epoch, Vec<(Dot, Outcome)>)>,
    /// Whether these answers are to all that was unsent.
    all_sent: bool,
    /// Where the last round left the device, and whether it is still there.
    rest: Option<Position>,
    is_at_rest: bool,
}

/// What the server has not answered, as much of it as one push may have.
#[derive(Debug, Default)]
struct Unsent {
    transactions: Vec<Transaction>,
    /// Their first ops, and the epochs they were first sent in, of those that were.
    sent_in: BTreeMap<i64, Uuid>,
}

impl<C: Fn() -> Context> SqliteReplica<C> {
    /// `context` tells who syncs, and when; with another id each time.
    pub fn new(store: &Store, usage: &Usage, context: C) -> Self {
        Self {
            store: store.clone(),
            usage: usage.clone(),
            context,
            unsent: None,
            answers: None,
            all_sent: false,
            rest: None,
            is_at_rest: false,
        }
    }

    /// Nothing was saved here since the last round, which did all that there was to do: the next one need not look.
    pub fn nothing_was_saved(&mut self) {
        self.is_at_rest = true;
    }

    /// Keeps what waits for the next transaction, if there is anything.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        if self.answers.is_some() { self.apply().await?.commit().await } else { Ok(()) }
    }

    /// The newest change that is here.
    ///
    /// # Errors
    /// A damaged file.
    pub async fn cursor(&self) -> Result<u64, StoreError> {
        match &self.rest {
            Some(rest) => Ok(rest.cursor),
            None => State::load(&mut *self.store.glance().await?).await?.cursor(),
        }
    }

    /// Whether the device has not had all of the clinic yet, or the server has not had all of the device's.
    ///
    /// # Errors
    /// A damaged file.
    pub async fn is_joining(&self) -> Result<bool, StoreError> {
        let state = State::load(&mut *self.store.glance().await?).await?;
        Ok(state.epoch().is_none() || state.phase()? != Phase::Following)
    }

    async fn apply(&mut self) -> Result<Write, StoreError> {
        self.rest = None;
        let mut write = self.store.apply(&self.usage, (self.context)()).await?;
        if let Some((epoch, answers)) = self.answers.take() {
            keep_answers(&mut write, epoch, answers).await?;
        }
        Ok(write)
    }
}

impl<C: Fn() -> Context> Replica for SqliteReplica<C> {
    type Error = StoreError;

    async fn position(&mut self) -> Result<Position, StoreError> {
        let is_at_rest = std::mem::take(&mut self.is_at_rest);
        if let (true, Some(rest)) = (is_at_rest, &self.rest) {
            self.unsent = Some(Unsent::default());
            return Ok(rest.clone());
        }
        let (state, unsent) = self.look().await?;
        self.unsent = Some(unsent);
        state.position()
    }

    async fn enter(&mut self, epoch: Epoch) -> Result<(), StoreError> {
        let mut write = self.apply().await?;
        let mut state = State::load(&mut write).await?;
        state.set_phase(&Phase::Uploading { target: epoch, after: None });
        state.forget_staged();
        state.save(&mut write).await?;
        sqlx::raw_sql("DELETE FROM staged_page").execute(&mut *write).await?;
        sqlx::query("UPDATE sent_transaction SET answered_in = NULL, seq = NULL WHERE answered_in <> ?")
            .bind(epoch.0)
            .execute(&mut *write)
            .await?;
        write.commit().await
    }

    async fn offers(&mut self, after: Option<&Key>) -> Result<Vec<Offered>, StoreError> {
        let mut read = self.store.read(&self.usage).await?;
        let shadow = Shadow::load(&mut read).await?;
        let records = shadow.behind(&mut read, after, OFFER_RECORDS).await?;
        read.end().await?;
        let offer = |(key, record): (Key, RecordState)| {
            let versions = record.versions().map(|(name, version)| (name.to_owned(), version.clone()));
            (key, versions.collect())
        };
        Ok(records.into_iter().map(offer).collect())
    }

    async fn states(&mut self, keys: &[Key]) -> Result<Vec<(Key, RecordState)>, StoreError> {
        let mut read = self.store.read(&self.usage).await?;
        let states = Shadow::load(&mut read).await?.of(&mut read, keys).await?;
        read.end().await?;
        Ok(states.into_iter().collect())
    }

    async fn rejections(&mut self) -> Result<Vec<Remembered>, StoreError> {
        let mut read = self.store.read(&self.usage).await?;
        let entries = attention::remembered(&mut read).await?;
        read.end().await?;
        Ok(entries.into_iter().map(|attention| attention.entry).collect())
    }

    async fn uploaded(&mut self, last: Option<Key>) -> Result<(), StoreError> {
        let mut write = self.apply().await?;
        let mut state = State::load(&mut write).await?;
        if let Phase::Uploading { target, .. } = state.phase()? {
            state.set_phase(&match last {
                Some(last) => Phase::Uploading { target, after: Some(last) },
                None => Phase::Refetching { target },
            });
            state.save(&mut write).await?;
        }
        write.commit().await
    }

    async fn outgoing(&mut self, epoch: Epoch) -> Result<Option<Push>, StoreError> {
        // What is saved after the look has a round of its own.
        if self.answers.is_some() && self.all_sent {
            return Ok(None);
        }
        let unsent = match self.unsent.take() {
            Some(unsent) => unsent,
            None => self.look().await?.1,
        };
        let Unsent { mut transactions, sent_in: known } = unsent;
        let ops = transactions.iter().map(|transaction| transaction.ops.len()).sum::<usize>();
        let found = transactions.len();
        within_bytes(&mut transactions);
        self.all_sent = ops < PUSH_OPS as usize && transactions.len() == found;
        if transactions.is_empty() {
            return Ok(None);
        }
        // What demands nothing is never judged by whether it was sent before, and waits for no disk.
        let demands = |transaction: &Transaction| transaction.ops.iter().any(Op::is_guarded);
        if transactions.iter().any(demands) {
            self.mark_sent(epoch, &transactions).await?;
        }
        let sent_before = |transaction: &Transaction| {
            let first = i64::try_from(transaction.key()?.seq).ok()?;
            known.get(&first).filter(|sent_in| **sent_in != epoch.0)
        };
        let sent = transactions.into_iter().map(|transaction| {
            let in_earlier_epoch = sent_before(&transaction).is_some();
            Sent { transaction, in_earlier_epoch }
        });
        let clock = Clock { wall_ms: 0, boot_ms: 0, boot: None };
        Ok(Some(Push { epoch, clock, transactions: sent.collect() }))
    }

    async fn answered(&mut self, epoch: Epoch, answers: Vec<(Dot, Outcome)>) -> Result<(), StoreError> {
        self.settle().await?;
        let is_rejected = answers.iter().any(|(_, outcome)| outcome.rejected.is_some());
        self.answers = Some((epoch, answers));
        self.rest = None;
        // What was rejected is shown at once.
        if is_rejected { self.settle().await } else { Ok(()) }
    }

    async fn stage(&mut self, epoch: Epoch, page: Page) -> Result<(), StoreError> {
        let head = page.head;
        let mut write = self.apply().await?;
        let mut known = Known::load(&mut write, page.records.iter().filter(|_| head.is_some())).await?;
        if known.state.target()? != Some(epoch) {
            return write.commit().await;
        }
        if known.has.staged && !known.state.has_staged(epoch) {
            sqlx::raw_sql("DELETE FROM staged_page").execute(&mut *write).await?;
        }
        match head {
            None => {
                let told = known.shadow.told(&mut write, page.records).await?;
                known.shadow.stage(&mut write, &told).await?;
                known.state.set_staged(epoch, &page.next);
                known.state.save(&mut write).await?;
            }
            Some(head) if page.records.is_empty() && known.state.is_at(epoch, head)? => {}
            Some(head) => take(&mut write, known, epoch, head, page.records).await?,
        }
        write.commit().await?;
        self.rest = head.map(|head| Position {
            epoch: Some(epoch),
            cursor: head,
            phase: Phase::Following,
            next: Place { seq: head, key: None },
        });
        Ok(())
    }

    async fn digests(&mut self) -> Result<Option<Digests>, StoreError> {
        let mut read = self.store.read(&self.usage).await?;
        let state = State::load(&mut read).await?;
        let pending: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox)").fetch_one(&mut *read).await?;
        let at_rest = state.phase()? == Phase::Following && !pending;
        let digests = if at_rest { Some(shadow::digests(&mut read, state.cursor()?).await?) } else { None };
        read.end().await?;
        Ok(digests)
    }

    async fn repair(
        &mut self,
        head: u64,
        bucket: Bucket,
        records: Vec<(Key, RecordState)>,
    ) -> Result<(), StoreError> {
        let mut write = self.apply().await?;
        let state = State::load(&mut write).await?;
        if state.cursor()? == head && state.phase()? == Phase::Following {
            repair::repair(&mut write, state, &bucket, records).await?;
        }
        write.commit().await
    }

    async fn renew(&mut self, from: Dot) -> Result<(), StoreError> {
        let mut write = self.apply().await?;
        let number = renew::renew(&mut write, from).await?;
        let outbox = Outbox::load(&mut write).await?;
        show_again(&mut write, outbox.keys().cloned().collect()).await?;
        write.become_replica(number);
        write.commit().await
    }
}

impl<C: Fn() -> Context> SqliteReplica<C> {
    /// Where the device is and what it has to send, in one go.
    async fn look(&mut self) -> Result<(State, Unsent), StoreError> {
        self.settle().await?;
        // Answers come in the order of the ops.
        let answered =
            "(SELECT coalesce(max(last_seq), 0) FROM sent_transaction WHERE answered_in IS NOT NULL)";
        let sql = format!(
            "SELECT * FROM sync_state;
             SELECT first_seq, sent_in FROM sent_transaction WHERE answered_in IS NULL;
             {}",
            outbox_sql(answered, "?"),
        );
        let mut read = self.store.glance().await?;
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(PUSH_OPS - 1).fetch_all(&mut *read).await?;
        let (mut state, mut transactions, mut sent_in) = (None, Vec::new(), BTreeMap::new());
        for row in &rows {
            match row.columns().first().map(Column::name) {
                Some("first_seq") => {
                    sent_in.insert(row.try_get(0)?, row.try_get(1)?);
                }
                Some("outbox") => transactions = outbox::transactions(row.try_get(0)?)?,
                _ => state = Some(State::from_row(row)?),
            }
        }
        Ok((state.ok_or(sqlx::Error::RowNotFound)?, Unsent { transactions, sent_in }))
    }

    /// From now on these count as sent in `epoch`, unless they were sent in an earlier one.
    async fn mark_sent(&mut self, epoch: Epoch, transactions: &[Transaction]) -> Result<(), StoreError> {
        let mut write = self.apply().await?;
        let rows = transactions.iter().filter_map(|transaction| {
            let (first, last) = (transaction.ops.first()?, transaction.ops.last()?);
            Some(vec![first.id.seq.into(), last.id.seq.into()])
        });
        sqlx::query(
            "INSERT INTO sent_transaction (first_seq, last_seq, sent_in)
             SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
        )
        .bind(crate::json::rows(rows)?)
        .bind(epoch.0)
        .execute(&mut *write)
        .await?;
        write.commit().await
    }
}

/// The numbers of replicas here, also of `ids`, which are given one.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn numbers(
    store: &Store,
    usage: &Usage,
    context: Context,
    ids: &[ReplicaId],
) -> Result<Numbers, StoreError> {
    let mut read = store.read(usage).await?;
    let mut numbers = Numbers::load(&mut read).await?;
    read.end().await?;
    if !numbers.know(ids) {
        let mut write = store.apply(usage, context).await?;
        numbers.include(&mut write, ids.iter().copied()).await?;
        write.commit().await?;
    }
    Ok(numbers)
}

/// As many of the transactions as one push may carry; one at the least.
fn within_bytes(transactions: &mut Vec<Transaction>) {
    let size = |values: &Values| values.iter().map(|value| value.as_str().map_or(8, str::len)).sum::<usize>();
    let size_of = |op: &Op| match &op.change {
        Change::Insert { registers } => registers.iter().map(|(_, values)| size(values)).sum(),
        Change::Set { values, .. } => size(values),
        Change::Delete { .. } => 0,
    };
    let mut bytes = 0;
    let fits = |transaction: &&Transaction| {
        bytes += transaction.ops.iter().map(size_of).sum::<usize>();
        bytes <= PUSH_BYTES
    };
    let fitting = transactions.iter().take_while(fits).count();
    transactions.truncate(fitting.max(1));
}

/// Keeps what the server made of transactions.
async fn keep_answers(
    write: &mut Write,
    epoch: Epoch,
    answers: Vec<(Dot, Outcome)>,
) -> Result<(), StoreError> {
    let state = State::load(write).await?;
    if state.target()? != Some(epoch) {
        return Ok(());
    }
    let seqs: Vec<_> =
        answers.iter().map(|(key, outcome)| vec![key.seq.into(), outcome.seq.into()]).collect();
    sqlx::query(
        "INSERT INTO sent_transaction (first_seq, last_seq, sent_in, answered_in, seq)
         SELECT a.value ->> 0,
           (SELECT last_seq FROM transaction_log WHERE last_seq >= a.value ->> 0 ORDER BY last_seq LIMIT 1),
           ?2, ?2, a.value ->> 1
         FROM json_each(?1) a WHERE true
         ON CONFLICT (first_seq) DO UPDATE SET answered_in = excluded.answered_in, seq = excluded.seq",
    )
    .bind(crate::json::rows(seqs)?)
    .bind(epoch.0)
    .execute(&mut **write)
    .await?;
    let mut changed = BTreeSet::new();
    for (key, outcome) in answers {
        if let Some(rejection) = outcome.rejected {
            changed.extend(file_rejection(write, key, rejection).await?);
        }
    }
    changed.extend(clear(write, &state).await?);
    show_again(write, changed).await
}

/// What taking a page in has to know of the database, read at once.
struct Known {
    state: State,
    shadow: Shadow,
    has: Has,
    /// What the records of the page count so far in the sums.
    digests: Vec<(String, Uuid, i64)>,
}

/// Which device this is, and what there is besides the records.
#[derive(FromRow)]
struct Has {
    device: Uuid,
    answered: bool,
    outbox: bool,
    attention: bool,
    staged: bool,
}

impl Known {
    async fn load(
        write: &mut Write,
        records: impl Iterator<Item = &(Key, RecordState)>,
    ) -> Result<Self, StoreError> {
        let sql = format!(
            "SELECT * FROM sync_state;
             SELECT device, EXISTS (SELECT 1 FROM sent_transaction WHERE answered_in IS NOT NULL) AS answered,
               EXISTS (SELECT 1 FROM outbox) AS outbox, EXISTS (SELECT 1 FROM attention) AS attention,
               EXISTS (SELECT 1 FROM staged_page) AS staged FROM device;
             {};
             {}",
            numbers::ALL,
            shadow::DIGESTS,
        );
        let keys = shadow::keys_json(records.map(|(key, _)| key))?;
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys).fetch_all(&mut **write).await?;
        let (mut state, mut has) = (None, None);
        let (mut replicas, mut digests) = (Vec::new(), Vec::new());
        for row in &rows {
            match row.columns().first().map(Column::name) {
                Some("no") => replicas.push(FromRow::from_row(row)?),
                Some("collection") => digests.push(FromRow::from_row(row)?),
                Some("device") => has = Some(Has::from_row(row)?),
                _ => state = Some(State::from_row(row)?),
            }
        }
        let state = state.ok_or(sqlx::Error::RowNotFound)?;
        let has = has.ok_or(sqlx::Error::RowNotFound)?;
        Ok(Self { state, shadow: Shadow::new(Numbers::of(replicas)), has, digests })
    }
}

/// Takes over what was staged and `records`, which reach the head. What a server of a new epoch does not have although
/// it was told stays: absence never means deletion, and the sums differ then.
async fn take(
    write: &mut Write,
    known: Known,
    epoch: Epoch,
    head: u64,
    records: Vec<(Key, RecordState)>,
) -> Result<(), StoreError> {
    let Known { mut state, mut shadow, has, digests } = known;
    // A first copy is no news.
    let is_news = state.epoch() == Some(epoch);
    let has_staged = state.has_staged(epoch);
    state.reach(epoch, head)?;
    let mut batch = Batch::default();
    state.save_with(&mut batch);
    let mut changed = if has.answered { clear(write, &state).await? } else { BTreeSet::new() };
    let outbox = if has.outbox { Outbox::load(write).await? } else { Outbox::default() };
    let derives_later = has_staged && !is_news && is_mostly_new(write).await?;
    if derives_later {
        write.derive_later();
    }
    let pages: Vec<i64> = match has_staged {
        true => sqlx::query_scalar("SELECT no FROM staged_page ORDER BY no").fetch_all(&mut **write).await?,
        false => Vec::new(),
    };
    for page in pages {
        let staged = shadow.staged(write, page).await?;
        shadow.forget_digests(write, &staged).await?;
        if is_news {
            journal::note_arrivals(write, &mut batch, &staged, has.device)?;
        }
        shadow.put(write, &mut batch, &staged, &outbox, &mut changed).await?;
        batch.run(write).await?;
    }
    let records = shadow.told(write, records).await?;
    match has_staged {
        true => shadow.forget_digests(write, &records).await?,
        false => shadow.forget(digests),
    }
    if is_news {
        journal::note_arrivals(write, &mut batch, &records, has.device)?;
    }
    if has_staged {
        batch.add("DELETE FROM staged_page");
    }
    shadow.put(write, &mut batch, &records, &outbox, &mut changed).await?;
    batch.run(write).await?;
    show_again(write, changed).await?;
    if derives_later {
        write.derive_anew().await?;
    }
    if has.attention { attention::settle(write, &shadow).await } else { Ok(()) }
}

/// Whether a first copy brings far more than there is: deriving everything anew is quicker then than row by row.
async fn is_mostly_new(write: &mut Write) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) < 100 FROM (SELECT 1 FROM patient LIMIT 100)")
        .fetch_one(&mut **write)
        .await?)
}

/// Pending ends when what the server made of it is here; tells which records it was about.
async fn clear(write: &mut Write, state: &State) -> Result<BTreeSet<Key>, StoreError> {
    let Some(epoch) = state.epoch() else { return Ok(BTreeSet::new()) };
    let ended: Vec<(i64, i64)> = sqlx::query_as(
        "DELETE FROM sent_transaction WHERE answered_in = ? AND seq <= ? RETURNING first_seq, last_seq",
    )
    .bind(epoch.0)
    .bind(i64::try_from(state.cursor()?).unwrap_or(i64::MAX))
    .fetch_all(&mut **write)
    .await?;
    let mut keys = BTreeSet::new();
    let spans = ended.iter().map(|(first, last)| vec![(*first).into(), (*last).into()]);
    let spans = crate::json::rows(spans)?;
    if !ended.is_empty() {
        let cleared: Vec<(i64, Uuid)> = sqlx::query_as(
            "DELETE FROM outbox WHERE seq IN (
               SELECT o.seq FROM json_each(?) e JOIN outbox o ON o.seq BETWEEN e.value ->> 0 AND e.value ->> 1)
             RETURNING collection, record",
        )
        .bind(spans)
        .fetch_all(&mut **write)
        .await?;
        keys.extend(cleared.into_iter().filter_map(|(collection, record)| {
            let collection = crate::manifest::collection(collection)?.name.to_owned();
            Some(Key { collection, record })
        }));
    }
    Ok(keys)
}

/// What was rejected leaves the outbox and needs attention; tells which records it was about.
async fn file_rejection(write: &mut Write, key: Dot, rejection: Rejection) -> Result<Vec<Key>, StoreError> {
    let first = i64::try_from(key.seq).unwrap_or(i64::MAX);
    let transactions = list_outbox(write, first - 1, 1).await?;
    let of = |transaction: &Transaction| transaction.key() == Some(key);
    let Some(transaction) = transactions.into_iter().find(of) else { return Ok(Vec::new()) };
    let seqs: BTreeSet<_> = rejection.ops.iter().map(|op| op.seq).collect();
    let (rejected, standing): (Vec<_>, Vec<_>) =
        transaction.ops.iter().partition(|op| seqs.contains(&op.id.seq));
    let (keys, stands) = (rejected.into_iter().map(Op::key).collect(), !standing.is_empty());
    let at = write.context().at.timestamp_millis();
    let entry = serde_json::to_string(&Remembered { transaction, rejection })?;
    sqlx::query("INSERT INTO attention (replica, first_seq, entry, filed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(key.replica.0)
        .bind(first)
        .bind(entry)
        .bind(at)
        .execute(&mut **write)
        .await?;
    write.touch("attention");
    sqlx::query("UPDATE outbox SET rejected = 1 WHERE seq IN (SELECT value FROM json_each(?))")
        .bind(serde_json::to_string(&seqs)?)
        .execute(&mut **write)
        .await?;
    if !stands {
        forget(write, first).await?;
    }
    Ok(keys)
}

/// A transaction of which nothing stands is not sent again.
async fn forget(write: &mut Write, first: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM outbox WHERE seq BETWEEN ?1 AND (SELECT last_seq FROM sent_transaction WHERE first_seq = ?1)",
    )
    .bind(first)
    .execute(&mut **write)
    .await?;
    sqlx::query("DELETE FROM sent_transaction WHERE first_seq = ?").bind(first).execute(&mut **write).await?;
    Ok(())
}

/// Shows these records as they are now.
async fn show_again(write: &mut Write, keys: BTreeSet<Key>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let outbox = Outbox::load(write).await?;
    let shadow = Shadow::load(write).await?;
    let keys: Vec<_> = keys.into_iter().collect();
    for keys in keys.chunks(shadow::CHUNK) {
        let states = shadow.of(write, keys).await?;
        let shown: Vec<_> =
            keys.iter().map(|key| (key.clone(), show::Shown::new(states.get(key), outbox.of(key)))).collect();
        let mut batch = Batch::default();
        show::show(write, &mut batch, &shown).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
