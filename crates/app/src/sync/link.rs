//! The server as the engine sees it: its messages over HTTP, in the numbers that this database has for replicas.

use super::error::SyncError;
use super::http::{Answered, Http};
use super::live::Heard;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use store::sync::{Numbers, numbers};
use store::{Context, Store, Usage};
use sync_engine::{Failure, Server};
use sync_protocol::{
    Bucket, Content, Digests, Envelope, Epoch, Key, Offer, Page, Pull, Push, Pushed, RecordState, Speaks,
    Upload,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What a round brought, for people to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Saves that the server acknowledged.
    pub sent: u64,
    /// Bytes of the pushes, as they went out.
    pub sent_bytes: u64,
    /// Records that other devices changed.
    pub received: u64,
    /// Records that the server lacked.
    pub uploaded: u64,
    /// Parts that differed from the server's and were put right.
    pub repaired: u64,
}

/// Who is told what goes on.
pub struct Watch {
    /// After each page: how far a first copy is, in per cent.
    pub progress: Box<dyn Fn(u8) + Send>,
    /// Before ops up to this one are sent; may keep them from it.
    pub before_push: Box<dyn Fn(u64) -> std::result::Result<(), SyncError> + Send>,
}

/// How long the page of what was just pushed may wait: the live channel brings it without a question, and with it that of
/// the next save, if there is one. It is news to the other desks, not to this one.
const ECHO: Duration = Duration::from_millis(10);

/// The next page, asked for while the one before it is being kept.
struct Ahead {
    pull: Pull,
    asked: JoinHandle<std::result::Result<Envelope<Page>, Answered>>,
}

impl Ahead {
    fn ask(http: &Http, pull: Pull) -> Self {
        let (http, asks) = (http.clone(), pull.clone());
        Self { pull, asked: tokio::spawn(async move { http.post("/v1/pull", &asks).await }) }
    }

    async fn answer(mut self) -> std::result::Result<Envelope<Page>, Answered> {
        // It is neither aborted before nor does it panic.
        (&mut self.asked).await.unwrap_or(Err(Answered::Failed(SyncError::Slow)))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.asked.abort();
    }
}

/// One connection to the server.
pub struct Link<C> {
    http: Http,
    store: Store,
    usage: Usage,
    context: C,
    numbers: Numbers,
    own: Uuid,
    watch: Watch,
    ahead: Option<Ahead>,
    /// What the live channel told.
    pub heard: Heard,
    /// The first page has to be asked for, whatever was heard.
    pub must_ask: bool,
    /// A page was asked for, and not only heard.
    pub has_asked: bool,
    /// Something was pushed whose page has not come.
    has_pushed: bool,
    pub tally: Tally,
}

type Result<T> = std::result::Result<T, Failure<SyncError>>;

impl<C: Fn() -> Context> Link<C> {
    /// `own` is the id of this device.
    pub fn new(http: Http, store: &Store, context: C, own: Uuid, watch: Watch) -> Self {
        Self {
            http,
            store: store.clone(),
            usage: Usage::default(),
            context,
            numbers: Numbers::default(),
            own,
            watch,
            ahead: None,
            heard: Heard::default(),
            must_ask: false,
            has_asked: false,
            has_pushed: false,
            tally: Tally::default(),
        }
    }

    async fn seal<M: Speaks>(&mut self, mut message: M) -> Result<Envelope<M>> {
        let mut all_known = true;
        message.each_replica(&mut |replica| all_known &= self.numbers.id(*replica).is_ok());
        if !all_known {
            self.numbers =
                numbers(&self.store, &self.usage, (self.context)(), &[]).await.map_err(of_store)?;
        }
        Envelope::seal(message, |replica| self.numbers.id(replica).ok())
            .map_err(|_| of_store(store::StoreError::StoredValue { column: "replica" }))
    }

    async fn open<M: Speaks>(&mut self, envelope: Envelope<M>) -> Result<M> {
        if !self.numbers.know(&envelope.replicas) {
            self.numbers = numbers(&self.store, &self.usage, (self.context)(), &envelope.replicas)
                .await
                .map_err(of_store)?;
        }
        envelope
            .open(self.numbers.by_id())
            .map_err(|_| Failure::Unanswered(self.http.peer.spoken().unreadable()))
    }

    async fn failed(&mut self, answered: Answered) -> Failure<SyncError> {
        match answered {
            Answered::Failed(error) => Failure::Unanswered(error),
            Answered::Refused(refusal) => match self.open(refusal).await {
                Ok(refusal) => Failure::Refused(refusal),
                Err(failure) => failure,
            },
        }
    }

    async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> Result<T> {
        match self.http.post(path, body).await {
            Ok(answer) => Ok(answer),
            Err(answered) => Err(self.failed(answered).await),
        }
    }

    async fn ask<T: DeserializeOwned + Speaks>(&mut self, path: &str, body: &impl Serialize) -> Result<T> {
        let envelope = self.post(path, body).await?;
        self.open(envelope).await
    }

    /// The page that `pull` asks for, if the live channel brought it and it can be read.
    async fn told(&mut self, pull: &Pull) -> Result<Option<Page>> {
        let mut whole: Option<Page> = None;
        for page in self.heard.answer(pull) {
            let page = match self.open(page).await {
                Ok(page) => page,
                Err(failure @ Failure::Unanswered(SyncError::Store(_))) => return Err(failure),
                Err(_) => return Ok(None),
            };
            whole = Some(match whole {
                None => page,
                Some(before) => followed_by(before, page),
            });
        }
        Ok(whole)
    }

    async fn asked(&mut self, pull: Pull) -> Result<Page> {
        self.has_asked = true;
        let envelope = match self.ahead.take() {
            Some(ahead) if ahead.pull == pull => ahead.answer().await,
            _ => self.http.post("/v1/pull", &pull).await,
        };
        let envelope: Envelope<Page> = match envelope {
            Ok(envelope) => envelope,
            Err(answered) => return Err(self.failed(answered).await),
        };
        let page = self.open(envelope).await?;
        if page.head.is_none() {
            let next = Pull { after: page.next.clone(), ..pull };
            self.ahead = Some(Ahead::ask(&self.http, next));
        }
        Ok(page)
    }

    fn is_foreign(&self, record: &RecordState) -> bool {
        record.latest().author.device != self.own
    }
}

/// Two pages as one: of a record that is in both, the later one says how it is.
fn followed_by(before: Page, after: Page) -> Page {
    let mut records = before.records;
    let newer: BTreeSet<_> = after.records.iter().map(|(key, _)| key).collect();
    records.retain(|(key, _)| !newer.contains(key));
    records.extend(after.records);
    Page { records, ..after }
}

fn of_store(error: store::StoreError) -> Failure<SyncError> {
    Failure::Unanswered(SyncError::Store(error))
}

impl<C: Fn() -> Context> Server for Link<C> {
    type Error = SyncError;

    async fn epoch(&mut self) -> Result<Epoch> {
        match self.http.get("/v1/epoch").await {
            Ok(epoch) => Ok(epoch),
            Err(answered) => Err(self.failed(answered).await),
        }
    }

    async fn push(&mut self, push: Push) -> Result<Pushed> {
        let sent = push.transactions.len();
        let last = push.transactions.iter().flat_map(|sent| &sent.transaction.ops).map(|op| op.id.seq).max();
        (self.watch.before_push)(last.unwrap_or(0)).map_err(Failure::Unanswered)?;
        let envelope = self.seal(push).await?;
        let before = self.http.sent_bytes();
        let pushed: Pushed = self.ask("/v1/push", &envelope).await?;
        self.tally.sent_bytes += self.http.sent_bytes() - before;
        self.tally.sent += sent as u64;
        self.has_pushed = true;
        Ok(pushed)
    }

    async fn pull(&mut self, pull: Pull) -> Result<Page> {
        if std::mem::take(&mut self.has_pushed) && self.heard.is_open() {
            tokio::time::sleep(ECHO).await;
        }
        let told = if std::mem::take(&mut self.must_ask) { None } else { self.told(&pull).await? };
        let page = match told {
            Some(page) => page,
            None => self.asked(pull).await?,
        };
        self.tally.received +=
            page.records.iter().filter(|(_, record)| self.is_foreign(record)).count() as u64;
        if let Some(percent) = page.next.seq.saturating_mul(100).checked_div(page.newest) {
            (self.watch.progress)(u8::try_from(percent).unwrap_or(100).min(100));
        }
        Ok(page)
    }

    async fn offer(&mut self, offer: Offer) -> Result<Vec<Key>> {
        let envelope = self.seal(offer).await?;
        self.post("/v1/offer", &envelope).await
    }

    async fn upload(&mut self, upload: Upload) -> Result<()> {
        let records = upload.records.len();
        let envelope = self.seal(upload).await?;
        if let Err(answered) = self.http.post_for_nothing("/v1/upload", &envelope).await {
            return Err(self.failed(answered).await);
        }
        self.tally.uploaded += records as u64;
        Ok(())
    }

    async fn digests(&mut self, epoch: Epoch) -> Result<Digests> {
        self.post("/v1/digests", &json!({"epoch": epoch})).await
    }

    async fn bucket(&mut self, epoch: Epoch, bucket: Bucket) -> Result<Content> {
        self.tally.repaired += 1;
        self.ask("/v1/bucket", &json!({"epoch": epoch, "bucket": bucket})).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::ActorId;
    use std::collections::BTreeMap;
    use sync_protocol::{Dot, Kind, Place, RegisterState, Replica, ReplicaId, Stamp, Version};

    fn page(head: u64, records: &[(u128, u64)]) -> Page {
        let author = ReplicaId { device: Uuid::from_u128(1), incarnation: Uuid::from_u128(2) };
        let stamp = Stamp { at_ms: 0, author, actor: ActorId(Uuid::nil()) };
        let record = |(id, seq): &(u128, u64)| {
            let version = Version::first(Dot { replica: Replica(0), seq: *seq });
            let life = RegisterState { version, stamp, value: true };
            let key = Key { collection: "patient".to_owned(), record: Uuid::from_u128(*id) };
            (key, RecordState { kind: Kind::Mutable, life, registers: BTreeMap::new() })
        };
        let next = Place { seq: head, key: None };
        Page { records: records.iter().map(record).collect(), next, head: Some(head), newest: head }
    }

    #[test]
    fn of_a_record_that_is_in_two_pages_the_later_one_counts() {
        let both = followed_by(page(6, &[(1, 10), (2, 11)]), page(7, &[(2, 12), (3, 13)]));
        assert_eq!(both, page(7, &[(1, 10), (2, 12), (3, 13)]));
    }
}
