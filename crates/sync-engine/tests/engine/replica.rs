//! The engine's port to a device's database.

use crate::database::{Database, Pending, Staging};
use crate::pause::pause;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;
use sync_engine::planted::{self, Bug};
use sync_engine::{Phase, Position, Replica};
use sync_protocol::{
    Bucket, Change, Clock, Digests, Dot, Epoch, Key, Offered, Op, Outcome, Page, Place, Push, RecordState,
    Remembered, Sent,
};

/// Transactions of a push, and records of an offer, at most: small, so that everything takes several.
const BATCH: usize = 3;

/// The engine's hold on the database: gone with a crash, unlike the database.
#[derive(Clone)]
pub struct Handle(pub Rc<RefCell<Database>>);

impl Handle {
    /// One transaction, before and after which a crash may come.
    async fn transact<T>(&self, work: impl FnOnce(&mut Database) -> T) -> Result<T, Infallible> {
        pause().await;
        let result = work(&mut self.0.borrow_mut());
        pause().await;
        Ok(result)
    }
}

impl Replica for Handle {
    type Error = Infallible;

    async fn position(&mut self) -> Result<Position, Infallible> {
        self.transact(|db| {
            let from = if db.phase == Phase::Following { db.cursor } else { 0 };
            let staging = db.staging.as_ref().filter(|staging| Some(staging.epoch) == db.target());
            let next = staging.map_or(Place { seq: from, key: None }, |staging| staging.next.clone());
            Position { epoch: db.epoch, cursor: db.cursor, phase: db.phase.clone(), next }
        })
        .await
    }

    async fn enter(&mut self, epoch: Epoch) -> Result<(), Infallible> {
        self.transact(|db| {
            db.phase = Phase::Uploading { target: epoch, after: None };
            db.staging = None;
            for pending in &mut db.outbox {
                if !planted::is(Bug::AcknowledgedAcrossEpochs) {
                    pending.answer = pending.answer.filter(|(answered_in, _)| *answered_in == epoch);
                }
            }
        })
        .await
    }

    async fn offers(&mut self, after: Option<&Key>) -> Result<Vec<Offered>, Infallible> {
        let after = after.cloned();
        self.transact(|db| {
            let rest = db.shadow.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
            let offers = rest.take(BATCH).map(|(key, record)| {
                let versions = record.versions().map(|(name, version)| (name.to_owned(), version.clone()));
                (key.clone(), versions.collect())
            });
            offers.collect()
        })
        .await
    }

    async fn states(&mut self, keys: &[Key]) -> Result<Vec<(Key, RecordState)>, Infallible> {
        self.transact(|db| {
            keys.iter().filter_map(|key| Some((key.clone(), db.shadow.get(key)?.clone()))).collect()
        })
        .await
    }

    async fn rejections(&mut self) -> Result<Vec<Remembered>, Infallible> {
        self.transact(|db| db.attention.clone()).await
    }

    async fn uploaded(&mut self, last: Option<Key>) -> Result<(), Infallible> {
        self.transact(|db| {
            let Phase::Uploading { target, .. } = db.phase else { return };
            db.phase = match last {
                Some(last) => Phase::Uploading { target, after: Some(last) },
                None => Phase::Refetching { target },
            };
        })
        .await
    }

    async fn outgoing(&mut self, epoch: Epoch) -> Result<Option<Push>, Infallible> {
        self.transact(|db| {
            let unanswered = db.outbox.iter_mut().filter(|pending| pending.answer.is_none()).take(BATCH);
            let mut transactions = Vec::new();
            for pending in unanswered {
                // What demands nothing comes out the same, marked or not.
                if pending.transaction.ops.iter().any(Op::is_guarded) {
                    pending.sent_in.get_or_insert(epoch);
                }
                let in_earlier_epoch = pending.sent_in.is_some_and(|first| first != epoch);
                transactions.push(Sent {
                    transaction: pending.transaction.clone(),
                    in_earlier_epoch,
                    merged_in_earlier_epoch: in_earlier_epoch && pending.merged,
                });
                if planted::is(Bug::AcknowledgedWhenSent) {
                    pending.answer = Some((epoch, db.cursor + 1));
                }
            }
            let clock = Clock { wall_ms: 0, boot_ms: 0, boot: None };
            (!transactions.is_empty()).then_some(Push { epoch, clock, transactions })
        })
        .await
    }

    async fn answered(&mut self, epoch: Epoch, answers: Vec<(Dot, Outcome)>) -> Result<(), Infallible> {
        self.transact(|db| {
            if db.target() != Some(epoch) {
                return;
            }
            // What is made from now on does not know what was rejected.
            if answers.iter().any(|(_, outcome)| outcome.rejected.is_some()) {
                db.take_incarnation();
            }
            for (key, outcome) in answers {
                let of = |pending: &&mut Pending| pending.transaction.key() == Some(key);
                let Some(pending) = db.outbox.iter_mut().find(of) else { continue };
                pending.answer = Some((epoch, outcome.seq));
                pending.sent_in.get_or_insert(epoch);
                pending.merged |= outcome.rejected.is_none();
                let merged = pending.transaction.ops.iter().filter(|op| !outcome.rejects(op));
                db.acknowledged.extend(merged.map(|op| op.id));
                let Some(rejection) = outcome.rejected else { continue };
                let transaction = pending.transaction.clone();
                pending.rejected = Some(rejection.clone());
                let is_told = !planted::is(Bug::RejectionNotTold);
                if is_told && db.attention.iter().all(|known| known.transaction.key() != Some(key)) {
                    db.attention.push(Remembered { transaction, rejection });
                }
            }
            db.outbox.retain(|pending| pending.standing().next().is_some());
            db.clear();
        })
        .await
    }

    async fn stage(&mut self, epoch: Epoch, page: Page) -> Result<(), Infallible> {
        self.transact(|db| {
            if db.target() != Some(epoch) {
                return;
            }
            let kept = db.staging.take().filter(|staging| staging.epoch == epoch);
            let mut staging =
                kept.unwrap_or_else(|| Staging { epoch, next: page.next.clone(), records: BTreeMap::new() });
            staging.records.extend(page.records);
            staging.next = page.next;
            match page.head {
                Some(head) => db.apply(staging, head),
                None => {
                    if planted::is(Bug::CursorBeforeBatch) && db.phase == Phase::Following {
                        db.cursor = staging.next.seq;
                    }
                    db.staging = Some(staging);
                }
            }
        })
        .await
    }

    async fn digests(&mut self) -> Result<Option<Digests>, Infallible> {
        self.transact(|db| {
            let at_rest = db.phase == Phase::Following && db.outbox.is_empty();
            at_rest.then(|| Digests { head: db.cursor, collections: db.sums.by_collection().clone() })
        })
        .await
    }

    async fn repair(
        &mut self,
        head: u64,
        bucket: Bucket,
        records: Vec<(Key, RecordState)>,
    ) -> Result<(), Infallible> {
        self.transact(|db| {
            if db.cursor == head && db.phase == Phase::Following {
                db.mend(&bucket, records);
            }
        })
        .await
    }

    async fn renew(&mut self, from: Dot) -> Result<(), Infallible> {
        self.transact(|db| {
            db.take_incarnation();
            let new = db.replica;
            let renewed = |dot: Dot| {
                if dot.replica == from.replica && dot.seq >= from.seq {
                    Dot { replica: new, ..dot }
                } else {
                    dot
                }
            };
            for pending in db.outbox.iter_mut().filter(|pending| pending.answer.is_none()) {
                for op in &mut pending.transaction.ops {
                    op.id = renewed(op.id);
                    op.base = op.base.take().map(|base| base.renamed(renewed));
                    for guard in &mut op.guards {
                        guard.at = renewed(guard.at);
                    }
                    if let Change::Delete { base } = &mut op.change {
                        for (_, version) in base {
                            *version = version.clone().renamed(renewed);
                        }
                    }
                }
            }
        })
        .await
    }
}
