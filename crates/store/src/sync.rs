//! The engine's port to this database: what the server told, beside what the tables show.
//!
//! Each record is kept as the server told it (`server_record`, the shadow). The tables show that with the outbox over
//! it. Every method that writes is one transaction: a crash leaves it done or not done. What is read before it may be of
//! several moments, which is no harm: nobody else changes where the device is, and what comes to the outbox meanwhile is
//! behind what was read.

mod answers;
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
mod take;
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
pub use unsent::{Unsent as UnsentRecord, list_unsent, unsent_of};
pub use upgrade::show_what_is_new;

use crate::capture::Context;
use crate::error::StoreError;
use crate::meter::Usage;
use crate::open::Store;
use crate::outbox::{self, outbox_sql};
use crate::transaction::Write;
use answers::keep_answers;
use position::State;
use shadow::{Shadow, show_again};
use sqlx::{AssertSqlSafe, Column, FromRow, Row};
use std::collections::BTreeMap;
use sync_engine::{Phase, Position, Replica};
use sync_protocol::{
    Bucket, Clock, Digests, Dot, Epoch, Key, Offered, Op, Outcome, PARCEL_BYTES, Page, Place, Push,
    RecordState, Remembered, ReplicaId, Sent, Transaction, json_bytes,
};
use take::{Known, take};
use uuid::Uuid;

/// Ops of a push at most, unless one transaction has more.
const PUSH_OPS: u32 = 5_000;
/// Records of the pages that are held at most.
const HELD_RECORDS: usize = 8_000;
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
    /// The epoch of a device that has all of the clinic up to its cursor, when the position was last asked for.
    follows: Option<Epoch>,
    held: Held,
}

/// Pages before the head that are not written yet. A device that follows takes few of them in with the head, and need not
/// write and read them first. A first copy and what is longer are kept page by page, to go on there.
#[derive(Debug, Default)]
struct Held {
    pages: Vec<Vec<(Key, RecordState)>>,
    records: usize,
    /// Where the last of them ends, and the epoch that they are of.
    end: Option<(Epoch, Place)>,
}

impl Held {
    fn hold(&mut self, epoch: Epoch, page: Page) {
        self.records += page.records.len();
        self.pages.push(page.records);
        self.end = Some((epoch, page.next));
    }
}

/// What the server has not answered, as much of it as one push may have.
#[derive(Debug, Default)]
struct Unsent {
    transactions: Vec<Transaction>,
    /// Those that were sent before, by their first op.
    sent_before: BTreeMap<i64, SentBefore>,
}

#[derive(Debug, FromRow)]
struct SentBefore {
    /// The first epoch.
    sent_in: Uuid,
    /// An epoch answered that all of it was merged.
    merged: bool,
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
            follows: None,
            held: Held::default(),
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
        let held = std::mem::take(&mut self.held);
        if self.answers.is_none() && held.end.is_none() {
            return Ok(());
        }
        let mut write = self.apply().await?;
        if let Some((epoch, next)) = held.end {
            let mut known = Known::load(&mut write, std::iter::empty()).await?;
            if known.state.target()? == Some(epoch) {
                known.stage(&mut write, epoch, held.pages, &next).await?;
            }
        }
        write.commit().await
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
        self.follows = state.epoch().filter(|_| matches!(state.phase(), Ok(Phase::Following)));
        state.position()
    }

    async fn enter(&mut self, epoch: Epoch) -> Result<(), StoreError> {
        self.held = Held::default();
        let mut write = self.apply().await?;
        let mut state = State::load(&mut write).await?;
        state.set_phase(&Phase::Uploading { target: epoch, after: None });
        state.forget_staged();
        state.save(&mut write).await?;
        sqlx::raw_sql("DELETE FROM staged_page").execute(&mut *write).await?;
        // That it was answered stays known by its number.
        sqlx::query("UPDATE sent_transaction SET answered_in = NULL WHERE answered_in <> ?")
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
        let Unsent { mut transactions, sent_before: known } = unsent;
        let ops = transactions.iter().map(|transaction| transaction.ops.len()).sum::<usize>();
        // What was read ends at so many ops, or with more bytes than fit.
        self.all_sent = within_bytes(&mut transactions) && ops < PUSH_OPS as usize;
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
            known.get(&first).filter(|before| before.sent_in != epoch.0)
        };
        let sent = transactions.into_iter().map(|transaction| {
            let before = sent_before(&transaction);
            Sent {
                in_earlier_epoch: before.is_some(),
                merged_in_earlier_epoch: before.is_some_and(|before| before.merged),
                transaction,
            }
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
        self.rest = None;
        if head.is_none()
            && self.follows == Some(epoch)
            && self.held.records + page.records.len() <= HELD_RECORDS
        {
            self.held.hold(epoch, page);
            return Ok(());
        }
        let held = std::mem::take(&mut self.held).pages;
        let mut write = self.apply().await?;
        let mut known = Known::load(&mut write, page.records.iter().filter(|_| head.is_some())).await?;
        if known.state.target()? != Some(epoch) {
            return write.commit().await;
        }
        match head {
            None => {
                let pages = held.into_iter().chain([page.records]).collect();
                known.stage(&mut write, epoch, pages, &page.next).await?;
            }
            Some(head) if page.records.is_empty() && known.state.is_at(epoch, head)? => {}
            Some(head) => take(&mut write, known, epoch, head, held, page.records).await?,
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
        let pending = outbox::list_records(&mut write).await?;
        show_again(&mut write, pending).await?;
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
             SELECT first_seq, sent_in, seq IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM outbox o WHERE o.seq BETWEEN first_seq AND last_seq AND rejected) AS merged
             FROM sent_transaction s WHERE answered_in IS NULL;
             {}",
            outbox_sql(answered, "?1"),
        );
        let mut read = self.store.glance().await?;
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(PUSH_OPS - 1).fetch_all(&mut *read).await?;
        let (mut state, mut transactions, mut sent_before) = (None, Vec::new(), BTreeMap::new());
        for row in &rows {
            match row.columns().first().map(Column::name) {
                Some("first_seq") => {
                    sent_before.insert(row.try_get(0)?, SentBefore::from_row(row)?);
                }
                Some("outbox") => transactions = outbox::transactions(row.try_get(0)?)?,
                _ => state = Some(State::from_row(row)?),
            }
        }
        Ok((state.ok_or(sqlx::Error::RowNotFound)?, Unsent { transactions, sent_before }))
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

/// As many of the transactions as one push may carry, one at the least; tells whether those are all.
fn within_bytes(transactions: &mut Vec<Transaction>) -> bool {
    let mut bytes = 0;
    let fits = |transaction: &&Transaction| {
        bytes += json_bytes(transaction);
        bytes <= PARCEL_BYTES
    };
    let fitting = transactions.iter().take_while(fits).count();
    let are_all = fitting == transactions.len();
    transactions.truncate(fitting.max(1));
    are_all
}

#[cfg(test)]
mod tests;
