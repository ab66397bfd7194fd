//! The device's side: bringing a database and a server together.

use crate::digest::differing;
use crate::planted::{self, Bug};
use crate::ports::{Failure, Phase, Position, Replica, Server};
use sync_protocol::{Clock, Epoch, Key, Offer, Place, Pull, Push, Refusal, Remembered, Upload, parcels};

/// Records that a page holds at most.
const PAGE: u32 = 2_000;

/// How often a round starts over, for a new epoch or a copied database.
const STARTS: usize = 5;

/// Why a round ended early. What was done stays done; the next round goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped<R, S> {
    Replica(R),
    Server(S),
    Refused(Refusal),
    /// The server was in another epoch each time: several servers that do not agree, perhaps.
    Restless,
}

/// Whether a round ends with a look at whether both sides have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Sums over all that there is are compared, and what differs is mended.
    Compare,
    /// Another round will.
    Open,
}

/// One round: uploads what a server of a new epoch lacks, pushes what is unsent, pulls to the head, compares.
///
/// # Errors
/// When the database or the server cannot go on; a further round may be tried at any time.
pub async fn synchronize<R: Replica, S: Server>(
    replica: &mut R,
    server: &mut S,
    clock: impl Fn() -> Clock,
    ending: Ending,
) -> Result<(), Stopped<R::Error, S::Error>> {
    for _ in 0..STARTS {
        let mut round = Round { replica, server, clock: &clock, ending };
        match round.run().await {
            Err(Stopped::Refused(Refusal::Epoch { current })) => round.enter(current).await?,
            Err(Stopped::Refused(Refusal::Copied { key })) => {
                round.replica.renew(key).await.map_err(Stopped::Replica)?;
            }
            end => return end,
        }
    }
    Err(Stopped::Restless)
}

struct Round<'a, R, S, C> {
    replica: &'a mut R,
    server: &'a mut S,
    clock: &'a C,
    ending: Ending,
}

fn failed<R, S>(failure: Failure<S>) -> Stopped<R, S> {
    match failure {
        Failure::Refused(refusal) => Stopped::Refused(refusal),
        Failure::Unanswered(error) => Stopped::Server(error),
    }
}

type End<R, S> = Result<(), Stopped<<R as Replica>::Error, <S as Server>::Error>>;

impl<R: Replica, S: Server, C: Fn() -> Clock> Round<'_, R, S, C> {
    async fn enter(&mut self, epoch: Epoch) -> End<R, S> {
        self.replica.enter(epoch).await.map_err(Stopped::Replica)
    }

    async fn position(&mut self) -> Result<Position, Stopped<R::Error, S::Error>> {
        self.replica.position().await.map_err(Stopped::Replica)
    }

    async fn run(&mut self) -> End<R, S> {
        let mut position = self.position().await?;
        if position.target().is_none() {
            let epoch = self.server.epoch().await.map_err(failed)?;
            self.enter(epoch).await?;
            position = self.position().await?;
        }
        let Some(epoch) = position.target() else { return Ok(()) };
        if let Phase::Uploading { after, .. } = position.phase {
            self.upload(epoch, after, position.epoch.is_none()).await?;
            position = self.position().await?;
        }
        let pushed = self.push(epoch).await;
        if matches!(
            pushed,
            Err(Stopped::Replica(_) | Stopped::Refused(Refusal::Epoch { .. } | Refusal::Copied { .. }))
        ) {
            return pushed;
        }
        // What cannot be sent holds up nothing that comes.
        self.pull(epoch, position.next).await?;
        pushed?;
        match self.ending {
            Ending::Compare => self.compare(epoch).await,
            Ending::Open => Ok(()),
        }
    }

    /// Tells the server what it lacks: a restored one forgot it, and to one that is joined it is new. Each message is
    /// one that the server takes, however much there is.
    async fn upload(&mut self, epoch: Epoch, mut after: Option<Key>, in_device_time: bool) -> End<R, S> {
        let remembered = self.replica.rejections().await.map_err(Stopped::Replica)?;
        // What no server takes each one rejects by itself, and it may be too large to be told of.
        let (faulty, rejections): (Vec<_>, Vec<_>) =
            remembered.into_iter().partition(|remembered| remembered.rejection.fault.is_some());
        let never_made = faulty.iter().flat_map(Remembered::never_made).collect();
        let nothing = Upload {
            epoch,
            clock: (self.clock)(),
            in_device_time,
            records: Vec::new(),
            rejections: Vec::new(),
            never_made: Vec::new(),
        };
        for rejections in parcels(rejections) {
            self.tell(Upload { rejections, ..nothing.clone() }).await?;
        }
        for never_made in parcels(never_made) {
            self.tell(Upload { never_made, ..nothing.clone() }).await?;
        }
        loop {
            let offers = self.replica.offers(after.as_ref()).await.map_err(Stopped::Replica)?;
            after = offers.last().map(|(key, _)| key.clone());
            for records in parcels(offers).into_iter().filter(|_| !planted::is(Bug::NothingUploaded)) {
                let lacking = self.server.offer(Offer { epoch, records }).await.map_err(failed)?;
                if lacking.is_empty() {
                    continue;
                }
                let states = self.replica.states(&lacking).await.map_err(Stopped::Replica)?;
                for records in parcels(states) {
                    self.tell(Upload { records, ..nothing.clone() }).await?;
                }
            }
            let done = after.is_none();
            self.replica.uploaded(after.clone()).await.map_err(Stopped::Replica)?;
            if done {
                return Ok(());
            }
        }
    }

    async fn tell(&mut self, upload: Upload) -> End<R, S> {
        if planted::is(Bug::NothingUploaded) {
            return Ok(());
        }
        let upload = Upload { clock: (self.clock)(), ..upload };
        self.server.upload(upload).await.map_err(failed)
    }

    async fn push(&mut self, epoch: Epoch) -> End<R, S> {
        while let Some(push) = self.replica.outgoing(epoch).await.map_err(Stopped::Replica)? {
            let push = Push { clock: (self.clock)(), ..push };
            let keys: Vec<_> = push.transactions.iter().filter_map(|sent| sent.transaction.key()).collect();
            let pushed = self.server.push(push).await.map_err(failed)?;
            let answers = keys.into_iter().zip(pushed.results).collect();
            self.replica.answered(epoch, answers).await.map_err(Stopped::Replica)?;
        }
        Ok(())
    }

    /// Pages from `after` on, which is where the device has them to.
    async fn pull(&mut self, epoch: Epoch, mut after: Place) -> End<R, S> {
        loop {
            let pull = Pull { epoch, after, limit: PAGE };
            let mut page = self.server.pull(pull).await.map_err(failed)?;
            if planted::is(Bug::PageCutInsideChange) {
                page.next = Place { seq: page.next.seq, key: None };
            }
            let at_head = page.head.is_some();
            after = page.next.clone();
            self.replica.stage(epoch, page).await.map_err(Stopped::Replica)?;
            if at_head {
                return Ok(());
            }
        }
    }

    /// At the head with nothing pending both sides have the same, or something went wrong that nobody thought of.
    async fn compare(&mut self, epoch: Epoch) -> End<R, S> {
        let Some(ours) = self.replica.digests().await.map_err(Stopped::Replica)? else { return Ok(()) };
        let theirs = self.server.digests(epoch).await.map_err(failed)?;
        if theirs.head > ours.head {
            // More came meanwhile.
            let position = self.position().await?;
            return self.pull(epoch, position.next).await;
        }
        if ours.head != theirs.head || planted::is(Bug::DigestAdopted) {
            return Ok(());
        }
        for bucket in differing(&ours.collections, &theirs.collections) {
            let content = self.server.bucket(epoch, bucket.clone()).await.map_err(failed)?;
            if content.head == ours.head {
                self.replica.repair(content.head, bucket, content.records).await.map_err(Stopped::Replica)?;
            }
        }
        Ok(())
    }
}
