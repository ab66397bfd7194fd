//! Hints that a clinic has something new (rule 9): how far it is, nothing more. They are sent after the commit, through
//! a connection of their own, and never hold a push up; a device that misses one finds out with its next poll.

use crate::database::Database;
use crate::lock;
use sqlx::postgres::PgListener;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// The channel on which the servers of one database tell each other.
const CHANNEL: &str = "frontdesk_head";
/// The pause between two hints about a clinic.
pub const PAUSE: Duration = Duration::from_millis(200);
/// The pause before a lost connection is made anew.
const RETRY: Duration = Duration::from_secs(1);

/// How far each clinic is, for the devices that are connected to this process.
#[derive(Debug, Default)]
pub struct Live {
    heads: Mutex<HashMap<Uuid, watch::Sender<u64>>>,
    /// What the other servers have to be told.
    untold: Mutex<HashMap<Uuid, u64>>,
    news: Notify,
}

impl Live {
    /// Hears how far the clinic is, from its next change on.
    pub fn subscribe(&self, clinic: Uuid) -> watch::Receiver<u64> {
        lock(&self.heads).entry(clinic).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// A push of this process was committed.
    pub fn announce(&self, clinic: Uuid, head: u64) {
        self.hint(clinic, head);
        let mut untold = lock(&self.untold);
        let known = untold.entry(clinic).or_default();
        *known = (*known).max(head);
        drop(untold);
        self.news.notify_one();
    }

    fn hint(&self, clinic: Uuid, head: u64) {
        let mut heads = lock(&self.heads);
        if let Some(sender) = heads.get(&clinic) {
            if sender.receiver_count() == 0 {
                heads.remove(&clinic);
                return;
            }
            sender.send_if_modified(|known| {
                let is_newer = head > *known;
                *known = head.max(*known);
                is_newer
            });
        }
    }

    /// Tells the other servers, for as long as the server runs: everything new at once, a few times a second.
    pub async fn tell(&self, database: &Database) {
        loop {
            self.news.notified().await;
            let untold: Vec<_> = lock(&self.untold).drain().collect();
            let news = untold.iter().map(|(clinic, head)| format!("{clinic} {head}")).collect::<Vec<_>>();
            let told = sqlx::query("SELECT pg_notify($1, news) FROM unnest($2::text[]) AS news")
                .bind(CHANNEL)
                .bind(news)
                .execute(database.pool())
                .await;
            if let Err(error) = told {
                // Their devices poll.
                tracing::warn!(%error, "the other servers could not be told of changes");
            }
            tokio::time::sleep(PAUSE).await;
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
            let error = match self.hear(&mut listener).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            tracing::warn!(%error, "the other servers cannot be heard");
            listener = loop {
                tokio::time::sleep(RETRY).await;
                if let Ok(listener) = Self::connect(database).await {
                    break listener;
                }
            };
        }
    }

    async fn hear(&self, listener: &mut PgListener) -> Result<(), sqlx::Error> {
        let notification = listener.recv().await?;
        let told = notification.payload().split_once(' ');
        if let Some((clinic, head)) = told
            && let (Ok(clinic), Ok(head)) = (clinic.parse(), head.parse())
        {
            self.hint(clinic, head);
        }
        Ok(())
    }
}
