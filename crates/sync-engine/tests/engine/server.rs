//! The server in memory, and the network to it.

use crate::database::replica_id;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use sync_engine::{
    Answered, Clinic, Failure, Reads, Server, Sums, Writes, bucket_of, expect_epoch, lacking, reads_of_push,
    reads_of_upload,
};
use sync_protocol::{
    Bucket, Content, Digests, Dot, Epoch, Key, Offer, Page, Place, Pull, Push, Pushed, RecordState, Refusal,
    Replica, Sent, Transaction, Upload,
};

/// Records of a page at most: small, so that a pull takes several.
const PAGE: usize = 3;

/// What the server keeps of a clinic.
#[derive(Clone, Debug)]
pub struct Store {
    pub epoch: Epoch,
    pub head: u64,
    pub records: BTreeMap<Key, (u64, RecordState)>,
    answered: BTreeMap<Dot, Answered>,
    never_made: BTreeMap<Key, Dot>,
    sums: Sums,
}

#[derive(Clone, Debug)]
pub enum Request {
    Epoch,
    Push(Push),
    Pull(Pull),
    Offer(Offer),
    Upload(Upload),
    Digests(Epoch),
    Bucket(Epoch, Bucket),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Epoch(Epoch),
    Pushed(Pushed),
    Page(Page),
    Lacking(Vec<Key>),
    Uploaded,
    Digests(Digests),
    Content(Content),
}

impl Store {
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            head: 0,
            records: BTreeMap::new(),
            answered: BTreeMap::new(),
            never_made: BTreeMap::new(),
            sums: Sums::default(),
        }
    }

    /// As a transaction of the real server: loads what the request says, nothing more.
    fn load(&self, reads: Reads, now_ms: i64) -> Clinic {
        let records =
            reads.records.iter().filter_map(|key| Some((key.clone(), self.records.get(key)?.1.clone())));
        let answered =
            reads.transactions.iter().filter_map(|key| Some((*key, self.answered.get(key)?.clone())));
        let never_made =
            reads.records.iter().filter_map(|key| Some((key.clone(), *self.never_made.get(key)?)));
        Clinic {
            epoch: self.epoch,
            head: self.head,
            now_ms,
            replicas: (1..1_000).map(Replica).map(|replica| (replica, replica_id(replica))).collect(),
            records: records.collect(),
            answered: answered.collect(),
            never_made: never_made.collect(),
            writes: Writes::default(),
        }
    }

    fn write(&mut self, mut clinic: Clinic) {
        let writes = std::mem::take(&mut clinic.writes);
        if writes.change_anything() {
            self.head += 1;
        }
        for key in writes.touched {
            let record = clinic.records[&key].clone();
            self.put(key, record);
        }
        for (key, record) in writes.conflicts {
            if !self.records.contains_key(&key) {
                self.put(key, record);
            }
        }
        self.answered.extend(writes.answered.into_iter().map(|key| (key, clinic.answered[&key].clone())));
        let never_made = writes.never_made.into_iter();
        self.never_made
            .extend(never_made.filter_map(|key| Some((key.clone(), *clinic.never_made.get(&key)?))));
        for key in writes.made {
            self.never_made.remove(&key);
        }
    }

    fn put(&mut self, key: Key, record: RecordState) {
        self.sums.change(&key, self.records.get(&key).map(|(_, before)| before), Some(&record));
        self.records.insert(key, (self.head, record));
    }

    pub fn has_answered(&self, key: Dot) -> bool {
        self.answered.contains_key(&key)
    }

    /// After a backup was restored: what it knows to be rejected, an earlier epoch rejected.
    pub fn begin(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        for answered in self.answered.values_mut() {
            answered.in_earlier_epoch = true;
        }
    }

    pub fn rejected(&self) -> impl Iterator<Item = Dot> {
        self.answered.iter().filter(|(_, known)| known.outcome.rejected.is_some()).map(|(key, _)| *key)
    }

    /// Whether a push makes the server decide about the transaction, instead of giving the answer of the first time.
    pub fn judges(&self, sent: &Sent) -> bool {
        let known = sent.transaction.key().and_then(|key| self.answered.get(&key));
        known.is_none_or(|known| {
            let overruled =
                sent.merged_in_earlier_epoch || (sent.in_earlier_epoch && !known.in_earlier_epoch);
            known.outcome.rejected.is_some() && overruled
        })
    }

    pub fn forget_answer(&mut self, transaction: &Transaction) {
        if let Some(key) = transaction.key() {
            self.answered.remove(&key);
        }
    }

    pub fn handle(&mut self, now_ms: i64, request: Request) -> Result<Answer, Refusal> {
        Ok(match request {
            Request::Epoch => Answer::Epoch(self.epoch),
            Request::Push(push) => {
                let mut clinic = self.load(reads_of_push(&push), now_ms);
                let pushed = clinic.push(&push)?;
                self.write(clinic);
                Answer::Pushed(pushed)
            }
            Request::Upload(upload) => {
                let mut clinic = self.load(reads_of_upload(&upload), now_ms);
                clinic.upload(&upload)?;
                self.write(clinic);
                Answer::Uploaded
            }
            Request::Pull(pull) => {
                expect_epoch(self.epoch, pull.epoch)?;
                Answer::Page(self.page(&pull.after))
            }
            Request::Offer(offer) => {
                expect_epoch(self.epoch, offer.epoch)?;
                let records = offer
                    .records
                    .iter()
                    .filter_map(|(key, _)| Some((key.clone(), self.records.get(key)?.1.clone())));
                Answer::Lacking(lacking(&records.collect(), &offer.records))
            }
            Request::Digests(epoch) => {
                expect_epoch(self.epoch, epoch)?;
                Answer::Digests(Digests { head: self.head, collections: self.sums.by_collection().clone() })
            }
            Request::Bucket(epoch, bucket) => {
                expect_epoch(self.epoch, epoch)?;
                let of = self.records.iter().filter(|(key, _)| bucket_of(key) == bucket);
                let records = of.map(|(key, (_, record))| (key.clone(), record.clone())).collect();
                Answer::Content(Content { head: self.head, records })
            }
        })
    }

    /// The next records in the order of their change. A key that is none is behind all of its change.
    fn page(&self, after: &Place) -> Page {
        let is_behind = |seq: u64, key: &Key| match &after.key {
            Some(last) => (seq, key) > (after.seq, last),
            None => seq > after.seq,
        };
        let mut rest: Vec<_> = self.records.iter().filter(|(key, (seq, _))| is_behind(*seq, key)).collect();
        rest.sort_by_key(|(key, (seq, _))| (*seq, (*key).clone()));
        let head = (rest.len() <= PAGE).then_some(self.head);
        rest.truncate(PAGE);
        let next = rest
            .last()
            .map_or(after.clone(), |(key, (seq, _))| Place { seq: *seq, key: Some((*key).clone()) });
        let records = rest.into_iter().map(|(key, (_, record))| (key.clone(), record.clone()));
        Page { records: records.collect(), next, head, newest: 0 }
    }
}

/// A message under way.
#[derive(Clone, Debug)]
pub enum Message {
    Request { id: u64, request: Request },
    Answer { id: u64, answer: Result<Answer, Refusal> },
}

#[derive(Debug, Default)]
pub struct Network {
    pub under_way: Vec<Message>,
    pub waiting: BTreeSet<u64>,
    arrived: BTreeMap<u64, Option<Result<Answer, Refusal>>>,
    next: u64,
}

impl Network {
    /// Whoever waits for the answer gets it; nobody else does.
    pub fn arrive(&mut self, id: u64, answer: Option<Result<Answer, Refusal>>) {
        if self.waiting.remove(&id) {
            self.arrived.insert(id, answer);
        }
    }
}

/// A device's way to the server.
#[derive(Clone)]
pub struct Link {
    pub network: Rc<RefCell<Network>>,
}

/// No answer came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl Link {
    async fn ask(&self, request: Request) -> Result<Answer, Failure<TimedOut>> {
        let id = {
            let mut network = self.network.borrow_mut();
            network.next += 1;
            let id = network.next;
            network.waiting.insert(id);
            network.under_way.push(Message::Request { id, request });
            id
        };
        let answer = poll_fn(|_| match self.network.borrow_mut().arrived.remove(&id) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        });
        match answer.await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(refusal)) => Err(Failure::Refused(refusal)),
            None => Err(Failure::Unanswered(TimedOut)),
        }
    }
}

macro_rules! expect {
    ($answer:expr, $pattern:pat => $value:expr) => {
        match $answer? {
            $pattern => Ok($value),
            other => panic!("an answer to something else: {other:?}"),
        }
    };
}

impl Server for Link {
    type Error = TimedOut;

    async fn epoch(&mut self) -> Result<Epoch, Failure<TimedOut>> {
        expect!(self.ask(Request::Epoch).await, Answer::Epoch(epoch) => epoch)
    }

    async fn push(&mut self, push: Push) -> Result<Pushed, Failure<TimedOut>> {
        expect!(self.ask(Request::Push(push)).await, Answer::Pushed(pushed) => pushed)
    }

    async fn pull(&mut self, pull: Pull) -> Result<Page, Failure<TimedOut>> {
        expect!(self.ask(Request::Pull(pull)).await, Answer::Page(page) => page)
    }

    async fn offer(&mut self, offer: Offer) -> Result<Vec<Key>, Failure<TimedOut>> {
        expect!(self.ask(Request::Offer(offer)).await, Answer::Lacking(keys) => keys)
    }

    async fn upload(&mut self, upload: Upload) -> Result<(), Failure<TimedOut>> {
        expect!(self.ask(Request::Upload(upload)).await, Answer::Uploaded => ())
    }

    async fn digests(&mut self, epoch: Epoch) -> Result<Digests, Failure<TimedOut>> {
        expect!(self.ask(Request::Digests(epoch)).await, Answer::Digests(digests) => digests)
    }

    async fn bucket(&mut self, epoch: Epoch, bucket: Bucket) -> Result<Content, Failure<TimedOut>> {
        expect!(self.ask(Request::Bucket(epoch, bucket)).await, Answer::Content(content) => content)
    }
}
