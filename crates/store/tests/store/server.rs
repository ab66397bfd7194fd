//! The server's side of the engine with all that it has in memory, and a device's way to it: messages cross in
//! envelopes, as they do over HTTP.

use crate::support::context;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use store::sync::{Numbers, numbers};
use store::{Store, StoreError, Usage};
use sync_engine::{Clinic, Failure, Server, Sums, Writes, bucket_of, expect_epoch, lacking};
use sync_protocol::{
    Bucket, Content, Digests, Envelope, Epoch, Key, Offer, Page, Place, Pull, Push, Pushed, RecordState,
    Refusal, Replica, ReplicaId, Speaks, Upload, json_bytes,
};
use uuid::Uuid;

/// Records of a page: so few that a pull takes several.
const PAGE: usize = 7;

#[derive(Clone, Debug)]
pub struct Memory {
    pub clinic: Clinic,
    /// When each record last changed.
    changed: BTreeMap<Key, u64>,
    numbers: BTreeMap<ReplicaId, Replica>,
    /// Buckets that somebody found to differ and asked for.
    pub buckets: usize,
    /// What the longest message to it takes as JSON.
    pub largest: usize,
}

impl Memory {
    pub fn new(epoch: u128) -> Self {
        let clinic = Clinic {
            epoch: Epoch(Uuid::from_u128(epoch)),
            head: 0,
            now_ms: 1_800_000_000_000,
            replicas: BTreeMap::new(),
            records: BTreeMap::new(),
            answered: BTreeMap::new(),
            never_made: BTreeMap::new(),
            writes: Writes::default(),
        };
        Self { clinic, changed: BTreeMap::new(), numbers: BTreeMap::new(), buckets: 0, largest: 0 }
    }

    /// The server goes on from this state in another life.
    pub fn restored(&self, epoch: u128) -> Self {
        let mut restored = self.clone();
        restored.clinic.epoch = Epoch(Uuid::from_u128(epoch));
        restored
    }

    /// A record as somebody's app of another version may have sent it.
    pub fn put(&mut self, key: Key, record: RecordState) {
        self.clinic.head += 1;
        self.changed.insert(key.clone(), self.clinic.head);
        self.clinic.records.insert(key, record);
    }

    pub fn sums(&self) -> BTreeMap<String, Vec<u64>> {
        Sums::of(&self.clinic.records).by_collection().clone()
    }

    fn number(&mut self, ids: &[ReplicaId]) {
        for id in ids {
            let next = Replica(u32::try_from(self.numbers.len()).unwrap() + 100);
            let number = *self.numbers.entry(*id).or_insert(next);
            self.clinic.replicas.insert(number, *id);
        }
    }

    /// What a request touched has changed in one step.
    fn settle(&mut self) {
        let writes = std::mem::take(&mut self.clinic.writes);
        let mut keys: BTreeSet<_> = writes.touched.into_iter().collect();
        for (key, record) in writes.conflicts {
            if !self.clinic.records.contains_key(&key) {
                self.clinic.records.insert(key.clone(), record);
                keys.insert(key);
            }
        }
        if !keys.is_empty() {
            self.clinic.head += 1;
        }
        self.changed.extend(keys.into_iter().map(|key| (key, self.clinic.head)));
    }

    fn page(&self, after: &Place) -> Page {
        let behind = |seq: u64, key: &Key| match &after.key {
            Some(last) => (seq, key) > (after.seq, last),
            None => seq > after.seq,
        };
        let mut rest: Vec<_> = self.changed.iter().filter(|(key, seq)| behind(**seq, key)).collect();
        rest.sort_by_key(|(key, seq)| (**seq, (*key).clone()));
        let head = (rest.len() <= PAGE).then_some(self.clinic.head);
        rest.truncate(PAGE);
        let next =
            rest.last().map_or(after.clone(), |(key, seq)| Place { seq: **seq, key: Some((*key).clone()) });
        let records = rest.into_iter().map(|(key, _)| (key.clone(), self.clinic.records[key].clone()));
        Page { records: records.collect(), next, head, newest: 0 }
    }
}

/// A device's way to the server.
pub struct Link {
    pub server: Rc<RefCell<Memory>>,
    pub store: Store,
    /// Requests that are still answered; the next ones are carried out and their answers lost.
    pub answers: usize,
    /// Pushes do not arrive.
    pub holds_pushes: bool,
}

/// The answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

type Answer<T> = Result<T, Failure<Lost>>;

impl Link {
    pub fn new(server: &Rc<RefCell<Memory>>, store: &Store) -> Self {
        Self { server: Rc::clone(server), store: store.clone(), answers: usize::MAX, holds_pushes: false }
    }

    async fn numbers(&self, ids: &[ReplicaId]) -> Result<Numbers, StoreError> {
        numbers(&self.store, &Usage::default(), context(0), ids).await
    }

    /// The message as the server reads it.
    async fn send<M: Speaks + Serialize>(&self, message: M) -> M {
        let ours = self.numbers(&[]).await.unwrap();
        let envelope = Envelope::seal(message, |number| ours.id(number).ok()).unwrap();
        let mut server = self.server.borrow_mut();
        server.largest = server.largest.max(json_bytes(&envelope));
        server.number(&envelope.replicas);
        envelope.open(&server.numbers).unwrap()
    }

    /// The message as the device reads it.
    async fn hear<M: Speaks>(&mut self, message: M) -> Answer<M> {
        let envelope = {
            let server = self.server.borrow();
            Envelope::seal(message, |number| server.clinic.replicas.get(&number).copied()).unwrap()
        };
        let ours = self.numbers(&envelope.replicas).await.unwrap();
        let Some(left) = self.answers.checked_sub(1) else { return Err(Failure::Unanswered(Lost)) };
        self.answers = left;
        Ok(envelope.open(ours.by_id()).unwrap())
    }

    async fn refused<T>(&mut self, result: Result<T, Refusal>) -> Answer<T> {
        match result {
            Ok(answer) => Ok(answer),
            Err(refusal) => Err(Failure::Refused(self.hear(refusal).await?)),
        }
    }
}

impl Server for Link {
    type Error = Lost;

    async fn epoch(&mut self) -> Answer<Epoch> {
        Ok(self.server.borrow().clinic.epoch)
    }

    async fn push(&mut self, push: Push) -> Answer<Pushed> {
        if self.holds_pushes {
            return Err(Failure::Unanswered(Lost));
        }
        let push = self.send(push).await;
        let pushed = self.server.borrow_mut().clinic.push(&push);
        self.server.borrow_mut().settle();
        let pushed = self.refused(pushed).await?;
        self.hear(pushed).await
    }

    async fn pull(&mut self, pull: Pull) -> Answer<Page> {
        let current = self.server.borrow().clinic.epoch;
        self.refused(expect_epoch(current, pull.epoch)).await?;
        let page = self.server.borrow().page(&pull.after);
        self.hear(page).await
    }

    async fn offer(&mut self, offer: Offer) -> Answer<Vec<Key>> {
        let offer = self.send(offer).await;
        let current = self.server.borrow().clinic.epoch;
        self.refused(expect_epoch(current, offer.epoch)).await?;
        Ok(lacking(&self.server.borrow().clinic.records, &offer.records))
    }

    async fn upload(&mut self, upload: Upload) -> Answer<()> {
        let upload = self.send(upload).await;
        let uploaded = self.server.borrow_mut().clinic.upload(&upload);
        self.server.borrow_mut().settle();
        self.refused(uploaded).await
    }

    async fn digests(&mut self, epoch: Epoch) -> Answer<Digests> {
        let current = self.server.borrow().clinic.epoch;
        self.refused(expect_epoch(current, epoch)).await?;
        let server = self.server.borrow();
        Ok(Digests { head: server.clinic.head, collections: server.sums() })
    }

    async fn bucket(&mut self, epoch: Epoch, bucket: Bucket) -> Answer<Content> {
        let current = self.server.borrow().clinic.epoch;
        self.refused(expect_epoch(current, epoch)).await?;
        self.server.borrow_mut().buckets += 1;
        let content = {
            let server = self.server.borrow();
            let of = server.clinic.records.iter().filter(|(key, _)| bucket_of(key) == bucket);
            let records = of.map(|(key, record)| (key.clone(), record.clone())).collect();
            Content { head: server.clinic.head, records }
        };
        self.hear(content).await
    }
}
