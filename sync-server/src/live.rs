//! Hints that a clinic has something new (rule 9): how far it is, and what led there if that is little (ADR 0023). They
//! are sent after the commit, through a connection of their own, and never hold a push up; a device that misses one finds
//! out with its next poll.

use crate::database::Database;
use crate::lock;
use crate::sync::seal;
use crate::work::Change;
use sqlx::postgres::PgListener;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use sync_protocol::{Epoch, Key, Page, Place, RecordState, Told};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// The channel on which the servers of one database tell each other.
const CHANNEL: &str = "frontdesk_head";
/// The pause between two hints about a clinic: what one desk saves now and then is told at once, what many save all the
/// time twice a second.
pub const PAUSE: Duration = Duration::from_millis(500);
/// The pause before a lost connection is made anew.
const RETRY: Duration = Duration::from_secs(1);

/// Records of a change that is told whole, and bytes of all changes of a clinic that are kept to be told.
const TOLD_RECORDS: usize = 100;
const TOLD_BYTES: usize = 16 << 10;
/// How long a change may be of use to somebody: longer than a pause between hints.
const TOLD_FOR: Duration = Duration::from_secs(1);
/// What the other servers are told waits for this long, so that it is in the way of no push that it is about.
const ASIDE: Duration = Duration::from_millis(5);

/// How far each clinic is, for the devices that are connected to this process.
#[derive(Debug, Default)]
pub struct Live {
    clinics: Mutex<HashMap<Uuid, watch::Sender<Latest>>>,
    /// What the other servers have to be told.
    untold: Mutex<HashMap<Uuid, (Epoch, u64)>>,
    news: Notify,
}

/// How far a clinic is, and its latest changes without a gap.
#[derive(Debug, Default)]
pub struct Latest {
    pub head: u64,
    /// The server's life that `head` is of, as far as this process knows.
    epoch: Option<Epoch>,
    /// The newest last; that one leads to `head`.
    changes: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    text: String,
    since: Instant,
}

impl Latest {
    fn reach(&mut self, epoch: Epoch, head: u64, change: Option<String>) -> bool {
        if self.epoch != Some(epoch) {
            // The database was restored, or this is the first that is heard of the clinic.
            *self = Self { epoch: Some(epoch), ..Self::default() };
        }
        if head <= self.head {
            return false;
        }
        if head != self.head + 1 || change.is_none() {
            self.changes.clear();
        }
        self.head = head;
        let since = Instant::now();
        self.changes.extend(change.map(|text| Kept { number: head, text, since }));
        let is_old = |kept: &Kept| since - kept.since > TOLD_FOR;
        while self.changes.iter().map(|kept| kept.text.len()).sum::<usize>() > TOLD_BYTES
            || self.changes.front().is_some_and(is_old)
        {
            self.changes.pop_front();
        }
        true
    }

    /// The hint for a device that was told of changes up to `told`.
    pub fn hint(&self, told: u64) -> String {
        let head = self.head;
        let changes = self.changes.iter().filter(|kept| kept.number > told);
        let changes: Vec<_> = changes.map(|kept| kept.text.as_str()).collect();
        match changes.is_empty() {
            true => format!("{{\"head\":{head}}}"),
            false => format!("{{\"head\":{head},\"changes\":[{}]}}", changes.join(",")),
        }
    }
}

/// A change as a hint tells it, unless it is large.
fn told(change: Change) -> Option<String> {
    let count = change.records.len();
    if count == 0 || count > TOLD_RECORDS || change.records.iter().map(texts).sum::<usize>() > TOLD_BYTES {
        return None;
    }
    let Change { epoch, head, records, replicas, .. } = change;
    let next = Place { seq: head, key: None };
    let page = seal(Page { records, next, head: Some(head), newest: head }, &replicas).ok()?;
    serde_json::to_string(&Told { epoch, after: head - 1, page }).ok()
}

/// Bytes of a record's texts, which is most of what makes one large.
fn texts((_, record): &(Key, RecordState)) -> usize {
    let values = record.registers.values().flat_map(|register| &register.value);
    values.filter_map(|value| value.as_str()).map(str::len).sum()
}

impl Live {
    /// Hears how far the clinic is, from its next change on.
    pub fn subscribe(&self, clinic: Uuid) -> watch::Receiver<Latest> {
        lock(&self.clinics).entry(clinic).or_insert_with(|| watch::channel(Latest::default()).0).subscribe()
    }

    /// A change of the clinic was committed by this process.
    pub fn announce(&self, clinic: Uuid, change: Change) {
        let (epoch, head) = (change.epoch, change.head);
        if self.is_heard(clinic) {
            self.hint(clinic, epoch, head, told(change));
        }
        self.tell_later([(clinic, (epoch, head))]);
    }

    fn tell_later(&self, news: impl IntoIterator<Item = (Uuid, (Epoch, u64))>) {
        let mut untold = lock(&self.untold);
        for (clinic, (epoch, head)) in news {
            let known = untold.entry(clinic).or_insert((epoch, head));
            *known = (epoch, if known.0 == epoch { known.1.max(head) } else { head });
        }
        drop(untold);
        self.news.notify_one();
    }

    /// Whether a device of the clinic is connected to this process.
    pub fn is_heard(&self, clinic: Uuid) -> bool {
        let mut clinics = lock(&self.clinics);
        let is_heard = clinics.get(&clinic).is_some_and(|sender| sender.receiver_count() > 0);
        if !is_heard {
            clinics.remove(&clinic);
        }
        is_heard
    }

    fn hint(&self, clinic: Uuid, epoch: Epoch, head: u64, change: Option<String>) {
        if let Some(sender) = lock(&self.clinics).get(&clinic) {
            sender.send_if_modified(|latest| latest.reach(epoch, head, change));
        }
    }

    /// Tells the other servers, for as long as the server runs: everything new at once, a few times a second.
    pub async fn tell(&self, database: &Database) {
        loop {
            self.news.notified().await;
            tokio::time::sleep(ASIDE).await;
            let untold: Vec<_> = lock(&self.untold).drain().collect();
            let news = untold.iter().map(|(clinic, (epoch, head))| format!("{clinic} {} {head}", epoch.0));
            let news = news.collect::<Vec<_>>();
            let told = sqlx::query("SELECT pg_notify($1, news) FROM unnest($2::text[]) AS news")
                .bind(CHANNEL)
                .bind(news)
                .execute(database.pool())
                .await;
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = told {
                tracing::warn!(%error, "the other servers could not be told of changes");
                self.tell_later(untold);
            }
        }
    }

    /// Begins to hear what the other servers tell.
    pub async fn connect(database: &Database) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(database.pool()).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    /// Hears what the other servers tell, for as long as the server runs.
    pub async fn listen(&self, database: &Database, mut listener: PgListener) {
        loop {
            match listener.try_recv().await {
                Ok(Some(notification)) => self.heard(notification.payload()),
                Ok(None) => self.close_all(),
                Err(error) => {
                    tracing::warn!(%error, "the other servers cannot be heard");
                    listener = loop {
                        tokio::time::sleep(RETRY).await;
                        if let Ok(listener) = Self::connect(database).await {
                            break listener;
                        }
                    };
                    self.close_all();
                }
            }
        }
    }

    fn heard(&self, told: &str) {
        if let Some((clinic, epoch, head)) = read(told)
            && self.is_heard(clinic)
        {
            self.hint(clinic, epoch, head, None);
        }
    }

    /// Something may have been missed: the devices open their channels again, and ask.
    fn close_all(&self) {
        lock(&self.clinics).clear();
    }
}

/// What another server tells: clinic, epoch, head.
fn read(told: &str) -> Option<(Uuid, Epoch, u64)> {
    let mut words = told.split(' ');
    let (clinic, epoch, head) = (words.next()?, words.next()?, words.next()?);
    Some((clinic.parse().ok()?, Epoch(epoch.parse().ok()?), head.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch(Uuid::from_u128(1));

    fn reached(heads: &[(Epoch, u64)]) -> Latest {
        let mut latest = Latest::default();
        for (epoch, head) in heads {
            latest.reach(*epoch, *head, Some(format!("\"{head}\"")));
        }
        latest
    }

    #[test]
    fn a_hint_tells_the_changes_since_the_last_one() {
        let latest = reached(&[(EPOCH, 5), (EPOCH, 6), (EPOCH, 7)]);
        assert_eq!(latest.hint(5), "{\"head\":7,\"changes\":[\"6\",\"7\"]}");
        assert_eq!(latest.hint(7), "{\"head\":7}");
    }

    #[test]
    fn what_is_announced_late_or_by_another_server_leaves_no_gap_among_the_changes() {
        // 7 was committed by another server, whose word comes without what it changed; 6 is announced after 8.
        let mut latest = reached(&[(EPOCH, 5)]);
        assert!(latest.reach(EPOCH, 7, None));
        assert!(latest.reach(EPOCH, 8, Some("8".to_owned())));
        assert!(!latest.reach(EPOCH, 6, Some("6".to_owned())));
        assert_eq!(latest.hint(0), "{\"head\":8,\"changes\":[8]}");
        assert!(latest.reach(EPOCH, 10, Some("10".to_owned())));
        assert_eq!(latest.hint(0), "{\"head\":10,\"changes\":[10]}");
    }

    #[test]
    fn a_restored_database_counts_from_where_it_is() {
        let restored = Epoch(Uuid::from_u128(2));
        let latest = reached(&[(EPOCH, 500), (restored, 401)]);
        assert_eq!(latest.hint(500), "{\"head\":401}");
        assert_eq!(latest.hint(0), "{\"head\":401,\"changes\":[\"401\"]}");
    }

    #[test]
    fn more_than_a_hint_may_carry_is_forgotten_from_the_front() {
        let mut latest = Latest::default();
        for head in 1..=3 {
            latest.reach(EPOCH, head, Some("x".repeat(TOLD_BYTES / 2)));
        }
        assert_eq!(latest.changes.iter().map(|kept| kept.number).collect::<Vec<_>>(), [2, 3]);
        latest.reach(EPOCH, 4, Some("x".repeat(TOLD_BYTES + 1)));
        assert!(latest.changes.is_empty());
    }
}
