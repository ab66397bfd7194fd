//! What the engine asks of the device's database and of the server. The app answers with SQLite and HTTP, the
//! simulation with memory and a network that loses, doubles and delays.
//!
//! The database does each call in one transaction of its own: a crash leaves it done or not done.

use std::future::Future;
use sync_protocol::{
    Bucket, Content, Digests, Dot, Epoch, Key, Offer, Offered, Outcome, Page, Place, Pull, Push, Pushed,
    RecordState, Refusal, Remembered, Upload,
};

/// How far a device is.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The epoch whose state the device has, with all changes up to `cursor`; none before the first pull.
    pub epoch: Option<Epoch>,
    pub cursor: u64,
    pub phase: Phase,
    /// Behind which record the next page begins: what is staged already is not asked for again.
    pub next: Place,
}

/// What a device is at.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It follows the server's changes.
    Following,
    /// It tells the server of `target` what that one may lack, and is behind this record.
    Uploading { target: Epoch, after: Option<Key> },
    /// It takes everything from the server of `target`, and keeps what it had until that is whole.
    Refetching { target: Epoch },
}

impl Position {
    /// The epoch to talk in.
    pub fn target(&self) -> Option<Epoch> {
        match self.phase {
            Phase::Following => self.epoch,
            Phase::Uploading { target, .. } | Phase::Refetching { target } => Some(target),
        }
    }
}

/// The device's database.
pub trait Replica {
    type Error;

    fn position(&mut self) -> impl Future<Output = Result<Position, Self::Error>>;

    /// The server is in `epoch`, which the device does not know: uploading begins, from the start. Answers of other
    /// epochs count for nothing from now on, and their transactions are unsent again, under their old keys.
    fn enter(&mut self, epoch: Epoch) -> impl Future<Output = Result<(), Self::Error>>;

    /// The versions of the next records behind `after` of what the device has from a server (or made before it ever
    /// had one), without what is pending.
    fn offers(&mut self, after: Option<&Key>) -> impl Future<Output = Result<Vec<Offered>, Self::Error>>;

    /// These records as the server told them.
    fn states(&mut self, keys: &[Key]) -> impl Future<Output = Result<Vec<(Key, RecordState)>, Self::Error>>;

    /// The rejections that the device was told of.
    fn rejections(&mut self) -> impl Future<Output = Result<Vec<Remembered>, Self::Error>>;

    /// All up to `last` was uploaded; without one, everything, and refetching begins.
    fn uploaded(&mut self, last: Option<Key>) -> impl Future<Output = Result<(), Self::Error>>;

    /// The next unanswered transactions, in order, whole and as many as fit: those that there were when the position was
    /// last asked for, at the least. From now on they count as sent in `epoch`.
    fn outgoing(&mut self, epoch: Epoch) -> impl Future<Output = Result<Option<Push>, Self::Error>>;

    /// The server of `epoch` answered. What was rejected leaves the screen and is filed under needs attention, and the
    /// device takes a new incarnation: a version knows all earlier ops of its replica, and what is made from now on
    /// does not know the rejected one, which a restored server may yet merge. What was not rejected may be kept with
    /// whatever is written next: the server gives a lost answer again.
    fn answered(
        &mut self,
        epoch: Epoch,
        answers: Vec<(Dot, Outcome)>,
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// Keeps a page. One that reaches the head is applied with all that was kept before and with its cursor, at once.
    /// What needs attention and turns out to have been merged after all needs none any more.
    fn stage(&mut self, epoch: Epoch, page: Page) -> impl Future<Output = Result<(), Self::Error>>;

    /// The sums over what the device has from the server; none while something is pending.
    fn digests(&mut self) -> impl Future<Output = Result<Option<Digests>, Self::Error>>;

    /// Takes these records for all of the bucket, if the device is still at `head`; what differed is filed as
    /// conflicts.
    fn repair(
        &mut self,
        head: u64,
        bucket: Bucket,
        records: Vec<(Key, RecordState)>,
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// This database turned out to be a copy of one that goes on elsewhere: it takes a new incarnation, also for what
    /// it made from `from` on.
    fn renew(&mut self, from: Dot) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Why a request had no answer that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    Refused(Refusal),
    /// Nobody knows whether the server did it.
    Unanswered(E),
}

/// The server, over some network.
pub trait Server {
    type Error;

    fn epoch(&mut self) -> impl Future<Output = Result<Epoch, Failure<Self::Error>>>;
    fn push(&mut self, push: Push) -> impl Future<Output = Result<Pushed, Failure<Self::Error>>>;
    fn pull(&mut self, pull: Pull) -> impl Future<Output = Result<Page, Failure<Self::Error>>>;
    /// The offered records that have something the server lacks.
    fn offer(&mut self, offer: Offer) -> impl Future<Output = Result<Vec<Key>, Failure<Self::Error>>>;
    fn upload(&mut self, upload: Upload) -> impl Future<Output = Result<(), Failure<Self::Error>>>;
    fn digests(&mut self, epoch: Epoch) -> impl Future<Output = Result<Digests, Failure<Self::Error>>>;
    fn bucket(
        &mut self,
        epoch: Epoch,
        bucket: Bucket,
    ) -> impl Future<Output = Result<Content, Failure<Self::Error>>>;
}
