//! Which tokens are known to be good: looked up in the database once a minute, and forgotten within seconds of being
//! revoked.

use crate::database::Database;
use crate::devices::{self, Standing};
use crate::error::ServerError;
use crate::lock;
use crate::secrets::Token;
use crate::sync::Caller;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// How long a token is good without being looked up again.
const KEPT: Duration = Duration::from_secs(60);
/// How often the server asks who was revoked: well within the five seconds that it may take.
const WATCH: Duration = Duration::from_secs(2);

/// The tokens that this process has seen.
#[derive(Debug)]
pub struct Tokens {
    good: Mutex<HashMap<[u8; 32], (Caller, Instant)>>,
    revoked: broadcast::Sender<Caller>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { good: Mutex::default(), revoked: broadcast::channel(1024).0 }
    }
}

impl Tokens {
    /// Whose token it is, if it was looked up lately.
    pub fn known(&self, token: &Token) -> Option<Caller> {
        let (caller, at) = lock(&self.good).get(&token.hash()).copied()?;
        (caller.clinic == token.clinic && at.elapsed() < KEPT).then_some(caller)
    }

    /// Asks the database whose token it is.
    pub async fn look_up(&self, database: &Database, token: &Token) -> Result<Standing, ServerError> {
        let standing = devices::standing(database, token).await?;
        if let Standing::Welcome(caller) = standing {
            lock(&self.good).insert(token.hash(), (caller, Instant::now()));
        }
        Ok(standing)
    }

    /// Hears of every device that is shut out.
    pub fn revoked(&self) -> broadcast::Receiver<Caller> {
        self.revoked.subscribe()
    }

    /// Forgets who was revoked, for as long as the server runs. Who cannot be asked about is looked up again.
    pub async fn watch(&self, database: &Database) {
        let mut since = chrono::DateTime::UNIX_EPOCH;
        let mut ticks = tokio::time::interval(WATCH);
        loop {
            ticks.tick().await;
            match devices::revoked_since(database, since).await {
                Ok((revoked, next)) => {
                    since = next;
                    lock(&self.good)
                        .retain(|_, (caller, at)| at.elapsed() < KEPT && !revoked.contains(caller));
                    for caller in revoked {
                        // Nobody listens if no device is connected.
                        let _ = self.revoked.send(caller);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "who was revoked cannot be asked; every token is looked up again");
                    lock(&self.good).clear();
                }
            }
        }
    }
}
