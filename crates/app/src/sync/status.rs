//! What people are told of sync, and only what is true.

use super::error::SyncError;
use chrono::{DateTime, TimeDelta, Utc};
use contract::{SyncProblem, SyncServer, SyncState, SyncStatus};
use std::sync::{Mutex, PoisonError};
use store::sync::{Overview, Server};

/// How sync is going, as the worker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    pub state: SyncState,
    pub problem: Option<SyncProblem>,
    pub last_contact: Option<DateTime<Utc>>,
    pub percent: Option<u8>,
    /// Records whose patient has not arrived; counted when something did.
    pub waiting: u64,
    /// As in [`SyncStatus`].
    pub clock_ahead_s: Option<i64>,
}

impl Default for Going {
    fn default() -> Self {
        let state = SyncState::Starting;
        Self { state, problem: None, last_contact: None, percent: None, waiting: 0, clock_ahead_s: None }
    }
}

/// What the worker last reported.
#[derive(Debug, Default)]
pub struct SyncReport(Mutex<Going>);

impl SyncReport {
    /// How it is going.
    pub fn get(&self) -> Going {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the report; tells whether it differs now.
    pub fn update(&self, change: impl FnOnce(&mut Going)) -> bool {
        let mut going = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = going.clone();
        change(&mut going);
        *going != before
    }
}

/// What a failure means for the state: some pass by themselves, others wait for a person.
pub fn state_of(error: &SyncError) -> SyncState {
    if error.is_passing() { SyncState::Offline } else { SyncState::Stopped }
}

/// More than the network and two clocks that are kept right make of it.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// By how many seconds the clock that shows `now` is ahead of the server's, if that is worth telling.
pub fn ahead(now: DateTime<Utc>, server: DateTime<Utc>) -> Option<i64> {
    let ahead = now - server;
    (ahead.abs() > CLOCKS_DIFFER).then_some(ahead.num_seconds())
}

/// The status, from what the worker reports and what the database has. "Up to date" is said only while nothing is unsent.
pub fn status(going: Going, server: Option<Server>, overview: Overview, now: DateTime<Utc>) -> SyncStatus {
    let state = match (&server, going.state) {
        (None, _) => SyncState::Alone,
        (Some(_), SyncState::UpToDate) if overview.unsent > 0 => SyncState::Working,
        (Some(_), state) => state,
    };
    // A time that is still to come was told by a clock that has been corrected since: when it was is not known.
    let can_be = |at: &DateTime<Utc>| *at <= now + CLOCKS_DIFFER;
    let stored = server.as_ref().and_then(|server| server.last_contact);
    let last_contact = going.last_contact.filter(can_be).or(stored.filter(can_be));
    SyncStatus {
        state,
        unsent: overview.unsent,
        unsent_since: overview.unsent_since,
        last_contact,
        problem: if state == SyncState::Alone { None } else { going.problem },
        percent: if state == SyncState::Joining { going.percent } else { None },
        conflicts: overview.conflicts,
        attention: overview.attention,
        parked: overview.parked,
        waiting: going.waiting,
        clock_ahead_s: going.clock_ahead_s,
        server: server.map(|server| SyncServer {
            address: server.address,
            device_name: server.device_name,
            paired_at: server.paired_at,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired() -> Option<Server> {
        Some(Server {
            address: "https://clinic.example.org".to_owned(),
            token: String::new(),
            authority: None,
            device_name: "Front".to_owned(),
            paired_at: DateTime::default(),
            last_contact: None,
        })
    }

    fn now() -> DateTime<Utc> {
        "2025-03-14T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_last_contact_is_the_one_in_memory_and_never_one_that_is_still_to_come() {
        let told = |memory: Option<i64>, stored: Option<i64>| {
            let at = |days: Option<i64>| days.map(|days| now() + TimeDelta::days(days));
            let server = paired().map(|server| Server { last_contact: at(stored), ..server });
            let going = Going { last_contact: at(memory), ..Going::default() };
            let contact = status(going, server, Overview::default(), now()).last_contact;
            contact.map(|contact| (contact - now()).num_days())
        };
        // The clock was ten years ahead when the database was told, or the worker.
        assert_eq!(told(Some(0), Some(3_652)), Some(0));
        assert_eq!(told(None, Some(3_652)), None);
        assert_eq!(told(Some(3_652), Some(-1)), Some(-1));
        assert_eq!(told(Some(3_652), Some(3_652)), None);
        // It was ahead by less, and has been right again for longer than that.
        assert_eq!(told(Some(-2), Some(-1)), Some(-2));
        assert_eq!(told(None, Some(-1)), Some(-1));
    }

    #[test]
    fn it_is_never_up_to_date_while_something_is_unsent() {
        let going = Going { state: SyncState::UpToDate, ..Going::default() };
        let unsent = Overview { unsent: 1, ..Overview::default() };
        assert_eq!(status(going.clone(), paired(), unsent, now()).state, SyncState::Working);
        assert_eq!(status(going, paired(), Overview::default(), now()).state, SyncState::UpToDate);
    }

    #[test]
    fn without_a_server_it_is_this_device_only_whatever_was_reported() {
        let going = Going { state: SyncState::Offline, ..Going::default() };
        assert_eq!(status(going, None, Overview::default(), now()).state, SyncState::Alone);
    }

    #[test]
    fn a_network_that_is_gone_is_offline_and_a_device_that_was_shut_out_waits_for_a_person() {
        assert_eq!(state_of(&SyncError::Unreachable), SyncState::Offline);
        assert_eq!(state_of(&SyncError::Revoked), SyncState::Stopped);
        assert_eq!(state_of(&SyncError::Certificate(String::new())), SyncState::Stopped);
    }

    #[test]
    fn a_clock_that_is_wrong_by_more_than_some_minutes_is_told() {
        let server: DateTime<Utc> = "2025-03-14T12:00:00Z".parse().unwrap();
        let told = |delta: TimeDelta| ahead(server + delta, server);
        assert_eq!(told(TimeDelta::minutes(5)), None);
        assert_eq!(told(TimeDelta::minutes(-5)), None);
        assert_eq!(told(TimeDelta::minutes(6)), Some(360));
        assert_eq!(told(TimeDelta::days(-3_652)), Some(-3_652 * 86_400));
    }
}
