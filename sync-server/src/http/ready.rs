//! Whether the database can be reached. Anybody may ask, so it is asked once a second at most.

use crate::database::Database;
use crate::error::ServerError;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an answer is good.
const KEPT: Duration = Duration::from_secs(1);

/// What was found out last.
#[derive(Debug, Default)]
pub struct Ready {
    /// When the database could be reached, or could not. Whoever asks meanwhile waits for the same answer.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Ready {
    /// # Errors
    /// It cannot be reached.
    pub async fn check(&self, database: &Database) -> Result<(), ServerError> {
        let mut last = self.last.lock().await;
        match *last {
            Some((at, true)) if at.elapsed() < KEPT => return Ok(()),
            Some((at, false)) if at.elapsed() < KEPT => return Err(ServerError::NotReady),
            _ => {}
        }
        let found = sqlx::query("SELECT 1").execute(database.pool()).await;
        *last = Some((Instant::now(), found.is_ok()));
        Ok(found.map(|_| ())?)
    }
}
