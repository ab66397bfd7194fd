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
    /// When a day begins where the desk stands.
    fn start_of(&self, day: NaiveDate) -> DateTime<Utc>;
    /// The date of a moment where the desk stands.
    fn day_of(&self, at: DateTime<Utc>) -> NaiveDate;
    /// Milliseconds since `boot`, or since the app was started, on a clock that nobody sets.
    fn boot_ms(&self) -> i64;
    /// Which start of the machine this is, where it can tell.
    fn boot(&self) -> Option<Uuid>;
    /// A new id, greater than those before.
    fn next_id(&self) -> Uuid;
}

/// The machine's own clock and randomness.
#[derive(Debug)]
pub struct Machine {
    started: Instant,
    boot: Option<Uuid>,
}

impl Machine {
    /// The machine that this runs on.
    pub fn here() -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), boot: boot() })
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

    fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        // Where the clock is put forward at midnight the day begins later.
        let hours = (0..24).map(|hour| midnight + chrono::TimeDelta::hours(hour));
        let begins = hours.filter_map(|time| time.and_local_timezone(Local).earliest()).next();
        begins.map_or_else(|| midnight.and_utc(), |time| time.with_timezone(&Utc))
    }

    fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&Local).date_naive()
    }

    fn boot_ms(&self) -> i64 {
        since_boot_ms()
            .unwrap_or_else(|| i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn boot(&self) -> Option<Uuid> {
        self.boot
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The system draws an id at each of its starts.
#[cfg(target_os = "linux")]
fn boot() -> Option<Uuid> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().parse().ok()
}

/// Also while the machine slept.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn since_boot_ms() -> Option<i64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(time.tv_sec.saturating_mul(1_000).saturating_add(time.tv_nsec / 1_000_000))
}

/// Elsewhere the clock that nobody sets stands still while the machine sleeps, and says nothing about times then.
#[cfg(not(target_os = "linux"))]
fn boot() -> Option<Uuid> {
    None
}

#[cfg(not(target_os = "linux"))]
fn since_boot_ms() -> Option<i64> {
    None
}
