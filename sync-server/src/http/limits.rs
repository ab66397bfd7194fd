//! How often somebody may ask. Generous for a desk, which pushes when somebody saves and pulls when it is told to.

use super::Problem;
use crate::lock;
use crate::sync::Caller;
use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota};
use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of a device: a second's worth, and how many may come at once.
const DEVICE: (u32, u32) = (50, 200);
/// Credentials that have to be looked up, of an address. Those of desks that are known are not looked up.
const LOOK_UPS: (u32, u32) = (20, 100);
/// Codes of an address: one every six seconds, ten at once. Guessing one of 2^50 takes longer than it is good for.
const CODE_EVERY: Duration = Duration::from_secs(6);
const CODES: u32 = 10;

/// Large bodies that are read and worked on at once: what a server's memory is reckoned by. One device has one of them.
const LARGE_AT_ONCE: usize = 4;

/// The limits of a server process.
#[derive(Debug)]
pub struct Limits {
    devices: DefaultKeyedRateLimiter<Caller>,
    look_ups: DefaultKeyedRateLimiter<IpAddr>,
    codes: DefaultKeyedRateLimiter<IpAddr>,
    large: Arc<Semaphore>,
    with_large: Arc<Mutex<HashSet<Caller>>>,
}

/// Leave to have a large body in memory, until it is dropped.
#[derive(Debug)]
pub struct Room {
    caller: Caller,
    with_large: Arc<Mutex<HashSet<Caller>>>,
    _one: Option<OwnedSemaphorePermit>,
}

impl Drop for Room {
    fn drop(&mut self) {
        lock(&self.with_large).remove(&self.caller);
    }
}

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn per_second((often, at_once): (u32, u32)) -> Quota {
    Quota::per_second(count(often)).allow_burst(count(at_once))
}

impl Default for Limits {
    fn default() -> Self {
        let codes = Quota::with_period(CODE_EVERY).unwrap_or(Quota::per_minute(count(CODES)));
        Self {
            devices: DefaultKeyedRateLimiter::keyed(per_second(DEVICE)),
            look_ups: DefaultKeyedRateLimiter::keyed(per_second(LOOK_UPS)),
            codes: DefaultKeyedRateLimiter::keyed(codes.allow_burst(count(CODES))),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
            with_large: Arc::default(),
        }
    }
}

impl Limits {
    /// # Errors
    /// The device asks too often.
    pub fn device(&self, caller: Caller) -> Result<(), Problem> {
        self.devices.check_key(&caller).map_err(|_| too_often())
    }

    /// # Errors
    /// The address brings credentials that nobody knows too often.
    pub fn look_up(&self, address: IpAddr) -> Result<(), Problem> {
        self.look_ups.check_key(&address).map_err(|_| too_often())
    }

    /// # Errors
    /// The address tries codes too often.
    pub fn code(&self, address: IpAddr) -> Result<(), Problem> {
        self.codes.check_key(&address).map_err(|_| too_often())
    }

    /// Waits until one more large body has room.
    ///
    /// # Errors
    /// Another one of this device is under way.
    pub async fn large(&self, caller: Caller) -> Result<Room, Problem> {
        if !lock(&self.with_large).insert(caller) {
            return Err(too_often());
        }
        let mut room = Room { caller, with_large: Arc::clone(&self.with_large), _one: None };
        // It is never closed.
        room._one = Arc::clone(&self.large).acquire_owned().await.ok();
        Ok(room)
    }

    /// Forgets who has not asked for a while.
    pub fn tidy_up(&self) {
        self.devices.retain_recent();
        self.look_ups.retain_recent();
        self.codes.retain_recent();
    }
}

fn too_often() -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often", "too many requests; try again in a moment")
}
