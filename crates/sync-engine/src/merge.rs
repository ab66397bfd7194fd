//! The merge rule of one register.

use sync_protocol::{Dot, Version};
use uuid::Uuid;

/// When an op was made, by the server's reckoning. Only picks a winner, is never a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Breaks ties, so that every merge of the same two ops ends the same.
    pub device: Uuid,
}

/// What a register holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterState<V> {
    pub version: Version,
    pub stamp: Stamp,
    pub value: V,
}

/// An op on one register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterOp<V> {
    pub id: Dot,
    /// What its author saw; nothing, if the record was not there.
    pub base: Option<Version>,
    pub stamp: Stamp,
    pub value: V,
}

impl<V> RegisterOp<V> {
    fn version(&self) -> Version {
        Version::after_all(&self.base, self.id)
    }
}

/// A value that was overwritten by one whose author had not seen it. Goes to the conflict inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loser<V> {
    pub id: Dot,
    pub stamp: Stamp,
    pub value: V,
}

/// What merging an op did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged<V> {
    /// The op had been merged before: a retry.
    AlreadyKnown,
    /// The author had seen what was there, or both say the same.
    Applied(RegisterState<V>),
    /// Neither had seen the other: `state` holds from now on, `loser` is for a person to judge.
    Concurrent { state: RegisterState<V>, loser: Loser<V> },
}

/// Merges `op` into `current`.
///
/// The base is current, or current is within what the op knows: it applies. Equal values never
/// conflict. Otherwise the two are concurrent: the later stamp wins and the versions join.
pub fn merge<V: Clone + PartialEq>(current: Option<&RegisterState<V>>, op: &RegisterOp<V>) -> Merged<V> {
    let version = op.version();
    let Some(current) = current else {
        return Merged::Applied(RegisterState { version, stamp: op.stamp, value: op.value.clone() });
    };
    if current.version.knows(op.id) {
        return Merged::AlreadyKnown;
    }
    let theirs = RegisterState { version: version.clone(), stamp: op.stamp, value: op.value.clone() };
    if version.knows(current.version.dot()) {
        return Merged::Applied(RegisterState { version: version.joined(&current.version), ..theirs });
    }
    let (winner, loser) = if op.stamp > current.stamp { (&theirs, current) } else { (current, &theirs) };
    let state = RegisterState {
        version: winner.version.clone().joined(&loser.version),
        stamp: winner.stamp,
        value: winner.value.clone(),
    };
    if winner.value == loser.value {
        return Merged::Applied(state);
    }
    let loser = Loser { id: loser.version.dot(), stamp: loser.stamp, value: loser.value.clone() };
    Merged::Concurrent { state, loser }
}

#[cfg(test)]
mod tests;
