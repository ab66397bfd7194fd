//! Records as the server keeps and hands them out.

mod compact;

use crate::op::{Kind, Values};
use crate::version::{Dot, ReplicaId, Version};
use domain::id::ActorId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which record.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,64}$"))]
    pub collection: String,
    pub record: Uuid,
}

/// Who wrote a value and when, by the server's reckoning. Only picks a winner, is never a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Breaks ties, so that every merge of the same two ops ends the same.
    pub author: ReplicaId,
    pub actor: ActorId,
}

impl Stamp {
    /// What of two concurrent writes decides who wins, the greater one: the time, then the author, then the number of
    /// the op there.
    pub fn rank(&self, by: Dot) -> (i64, ReplicaId, u64) {
        (self.at_ms, self.author, by.seq)
    }
}

/// What a register holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterState<V> {
    pub version: Version,
    pub stamp: Stamp,
    pub value: V,
}

impl<V> RegisterState<V> {
    /// Whether this one wins over `other`, if neither author saw the other's value.
    pub fn wins_over(&self, other: &Self) -> bool {
        self.stamp.rank(self.version.dot()) > other.stamp.rank(other.version.dot())
    }
}

/// A record as the merger keeps it. As text see [`compact`].
#[derive(Clone, Debug, PartialEq)]
pub struct RecordState {
    pub kind: Kind,
    /// Whether the record is there. If it is not, this is the tombstone.
    pub life: RegisterState<bool>,
    /// Kept under a tombstone, for an edit whose author had not seen it.
    pub registers: BTreeMap<String, RegisterState<Values>>,
}

impl RecordState {
    /// The stamp of what was written last.
    pub fn latest(&self) -> Stamp {
        let registers = self.registers.values().map(|register| register.stamp);
        registers
            .fold(self.life.stamp, |latest, stamp| if stamp.at_ms > latest.at_ms { stamp } else { latest })
    }

    /// The op that last wrote the register, the empty name for the record itself.
    pub fn written_by(&self, register: &str) -> Option<Dot> {
        if register.is_empty() {
            return Some(self.life.version.dot());
        }
        self.registers.get(register).map(|state| state.version.dot())
    }

    /// Whether something in it is as the op wrote it.
    pub fn shows(&self, op: Dot) -> bool {
        self.versions().any(|(_, version)| version.dot() == op)
    }

    /// The versions of all that is in it, the record itself first, under the empty name.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &Version)> {
        let registers = self.registers.iter().map(|(name, state)| (name.as_str(), &state.version));
        std::iter::once(("", &self.life.version)).chain(registers)
    }
}

/// Any JSON, for the description of messages.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "a description is never made")]
pub struct Anything(pub serde_json::Value);
