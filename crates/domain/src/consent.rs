//! Consent to be written to: a history of events, never a flag that is overwritten.

use crate::id::ConsentEventId;
use crate::patient::{Word, words};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// How somebody is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Email,
    Phone,
}

/// What for. Marketing is kept apart from what belongs to an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Appointments,
    Marketing,
}

/// What was decided. `Unknown` is never recorded: it is the state before any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Unknown,
    Granted,
    Denied,
}

words! {
    Channel { Sms = "sms", Email = "email", Phone = "phone" }
    Purpose { Appointments = "appointments", Marketing = "marketing" }
    Decision { Unknown = "unknown", Granted = "granted", Denied = "denied" }
}

/// One event of the history, as far as the rule needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEvent {
    pub id: ConsentEventId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    /// The events that whoever decided had seen.
    pub supersedes: Vec<ConsentEventId>,
}

/// What holds for `channel` and `purpose`: of the events that no other supersedes, the most
/// restrictive one (rule 14 of the sync design), whatever the order they arrived in.
pub fn resolve(events: &[ConsentEvent], channel: Channel, purpose: Purpose) -> Decision {
    let relevant = || events.iter().filter(|event| event.channel == channel && event.purpose == purpose);
    relevant()
        .filter(|event| !relevant().any(|other| other.supersedes.contains(&event.id)))
        .map(|event| event.decision)
        .max()
        .unwrap_or(Decision::Unknown)
}
