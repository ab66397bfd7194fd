//! The merge rule of one register.

use crate::planted::{self, Bug};
use sync_protocol::{Kind, RegisterState};

/// What merging a state into another did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged<V> {
    /// It had been merged before: a retry, or news that were superseded.
    AlreadyKnown,
    /// Its author had seen what was there, or both say the same.
    Applied(RegisterState<V>),
    /// Neither had seen the other: `state` holds from now on, `loser` is for a person to judge.
    Concurrent { state: RegisterState<V>, winner: RegisterState<V>, loser: RegisterState<V> },
}

/// Merges `incoming` into `current`: the state that an op writes, or one that a device has.
///
/// Whoever has seen current supersedes it. Equal values never conflict. Otherwise the two are concurrent: the later
/// stamp wins and the versions join. A fact stays what it was.
pub fn merge<V: Clone + PartialEq>(
    kind: Kind,
    current: Option<&RegisterState<V>>,
    incoming: &RegisterState<V>,
) -> Merged<V> {
    let Some(current) = current else {
        return Merged::Applied(incoming.clone());
    };
    if current.version.knows(incoming.version.dot()) && !planted::is(Bug::RetryMergedAgain) {
        return Merged::AlreadyKnown;
    }
    let has_seen = incoming.version.knows(current.version.dot()) && !planted::is(Bug::AncestryIgnored);
    if has_seen && kind == Kind::Mutable {
        let version = incoming.version.clone().joined(&current.version);
        return Merged::Applied(RegisterState { version, ..incoming.clone() });
    }
    let incoming_wins = match kind {
        Kind::Ledger => planted::is(Bug::FactOverwritten),
        Kind::Mutable if planted::is(Bug::TieBrokenByIncoming) => incoming.stamp.at_ms >= current.stamp.at_ms,
        Kind::Mutable => incoming.wins_over(current),
    };
    let (winner, loser) = if incoming_wins { (incoming, current) } else { (current, incoming) };
    let state = RegisterState { version: winner.version.clone().joined(&loser.version), ..winner.clone() };
    if winner.value == loser.value {
        return Merged::Applied(state);
    }
    Merged::Concurrent { state, winner: winner.clone(), loser: loser.clone() }
}

#[cfg(test)]
mod tests;
