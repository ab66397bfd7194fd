//! The clock and the source of ids: the only place that asks the machine for either.

use chrono::{DateTime, Local, NaiveDate, Utc};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Tells time and makes ids. Tests bring their own.
pub trait World: Debug + Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
    /// The date where the desk stands.
    fn today(&self) -> NaiveDate;
    /// Milliseconds since the app was started, on a clock that nobody sets.
    fn boot_ms(&self) -> i64;
    /// A new id, greater than those before.
    fn next_id(&self) -> Uuid;
}

/// The machine's own clock and randomness.
#[derive(Debug)]
pub struct Machine {
    started: Instant,
}

impl Machine {
    /// The machine that this runs on.
    pub fn here() -> Arc<Self> {
        Arc::new(Self { started: Instant::now() })
    }
}

impl World for Machine {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn today(&self) -> NaiveDate {
        Local::now().date_naive()
    }

    fn boot_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
