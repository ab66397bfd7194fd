//! How often somebody may ask. Generous for a desk, which pushes when somebody saves and pulls when it is told to.

use super::Problem;
use crate::sync::Caller;
use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Requests of a device: a second's worth, and how many may come at once.
const DEVICE: (u32, u32) = (50, 200);
/// Credentials that have to be looked up, of an address. Those of desks that are known are not looked up.
const LOOK_UPS: (u32, u32) = (20, 100);
/// Codes of an address: one every six seconds, ten at once. Guessing one of 2^50 takes longer than it is good for.
const CODE_EVERY: Duration = Duration::from_secs(6);
const CODES: u32 = 10;

/// The limits of a server process.
#[derive(Debug)]
pub struct Limits {
    devices: DefaultKeyedRateLimiter<Caller>,
    look_ups: DefaultKeyedRateLimiter<IpAddr>,
    codes: DefaultKeyedRateLimiter<IpAddr>,
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
