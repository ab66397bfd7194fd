//! What a server says of itself with every answer: which protocol it speaks, and what time it is there.

use super::error::SyncError;
use super::http::Answered;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{DATE, HeaderMap};
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use sync_protocol::{PROTOCOL, PROTOCOL_HEADER, Refusal};

/// The protocol of whoever gave an answer; none of what is no Frontdesk server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spoken(Option<u32>);

impl Spoken {
    fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(PROTOCOL_HEADER).and_then(|value| value.to_str().ok()?.parse().ok()))
    }

    /// Whether it is a Frontdesk server.
    pub fn is_ours(self) -> bool {
        self.0.is_some()
    }

    fn other_version(self) -> Option<SyncError> {
        match self.0?.cmp(&PROTOCOL) {
            Ordering::Less => Some(SyncError::OlderServer),
            Ordering::Equal => None,
            Ordering::Greater => Some(SyncError::NewerServer),
        }
    }

    /// What it means that an answer cannot be read.
    pub fn unreadable(self) -> SyncError {
        match self.other_version() {
            Some(error) => error,
            None if self.is_ours() => SyncError::Version("its answer cannot be read".to_owned()),
            None => SyncError::NotAServer,
        }
    }

    /// What an answer means, now that it is known whose it is: versions may be why the two do not understand each other.
    pub fn explain(self, answered: Answered) -> Answered {
        let is_misunderstood = match &answered {
            Answered::Failed(error) => matches!(error, SyncError::NotAServer | SyncError::Version(_)),
            Answered::Refused(refusal) => matches!(refusal.message, Refusal::Malformed { .. }),
        };
        match self.other_version() {
            Some(error) if is_misunderstood => Answered::Failed(error),
            _ => answered,
        }
    }
}

/// The server as it last answered.
#[derive(Clone, Debug, Default)]
pub struct Peer(Arc<Mutex<Last>>);

#[derive(Debug, Default)]
struct Last {
    spoken: Spoken,
    /// What its clock showed, and when that was.
    time: Option<(DateTime<Utc>, Instant)>,
}

impl Peer {
    fn lock(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what an answer says besides its body.
    pub fn hear(&self, headers: &HeaderMap) -> Spoken {
        let spoken = Spoken::of(headers);
        let date =
            headers.get(DATE).and_then(|value| DateTime::parse_from_rfc2822(value.to_str().ok()?).ok());
        // What else answers at the address says nothing about clocks.
        let time = date.filter(|_| spoken.is_ours()).map(|date| (date.to_utc(), Instant::now()));
        *self.lock() = Last { spoken, time };
        spoken
    }

    /// The protocol of the last answer.
    pub fn spoken(&self) -> Spoken {
        self.lock().spoken
    }

    /// The server's time now, once for each answer: later a machine that slept would not know.
    pub fn take_time(&self) -> Option<DateTime<Utc>> {
        let (time, since) = self.lock().time.take()?;
        time.checked_add_signed(TimeDelta::from_std(since.elapsed()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(protocol: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(PROTOCOL_HEADER, HeaderValue::from_static(protocol));
        headers.insert(DATE, HeaderValue::from_static("Fri, 14 Mar 2025 12:00:00 GMT"));
        headers
    }

    fn said(answered: Answered) -> SyncError {
        answered.into()
    }

    #[test]
    fn what_is_not_understood_is_a_matter_of_versions_only_between_two_of_them() {
        let newer = (PROTOCOL + 1).to_string();
        let spoken = |protocol: &str| Spoken(protocol.parse().ok());
        assert!(matches!(spoken("0").unreadable(), SyncError::OlderServer));
        assert!(matches!(spoken(&newer).unreadable(), SyncError::NewerServer));
        assert!(matches!(spoken("1").unreadable(), SyncError::Version(_)));
        assert!(matches!(spoken("none").unreadable(), SyncError::NotAServer));
        let missing = || Answered::Failed(SyncError::NotAServer);
        assert!(matches!(said(spoken("0").explain(missing())), SyncError::OlderServer));
        assert!(matches!(said(spoken("1").explain(missing())), SyncError::NotAServer));
        let refused = || Answered::Failed(SyncError::Revoked);
        assert!(matches!(said(spoken(&newer).explain(refused())), SyncError::Revoked));
    }

    #[test]
    fn the_time_of_an_answer_is_told_once_and_only_that_of_a_frontdesk_server() {
        let peer = Peer::default();
        peer.hear(&headers("1"));
        let told = peer.take_time().unwrap();
        assert!((told - "2025-03-14T12:00:00Z".parse::<DateTime<Utc>>().unwrap()).num_seconds() < 60);
        assert_eq!(peer.take_time(), None);
        peer.hear(&headers("x"));
        assert_eq!(peer.take_time(), None);
    }
}
