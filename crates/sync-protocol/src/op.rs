//! Ops: the changes that devices make.

use crate::version::{Dot, Version};
use domain::id::ActorId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// How the records of a collection may change. Travels with the record, so that the server can
/// enforce it without knowing what the record means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Registers change, records are deleted.
    Mutable,
    /// Facts: inserted once, never changed, never rejected.
    Ledger,
}

/// The values of a register's columns, in the manifest's order. Ids are 32 hexadecimal digits.
pub type Values = Vec<Value>;

/// What an op does to its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Change {
    /// Makes the record: every register, in the manifest's order.
    Insert { registers: Vec<(String, Values)> },
    /// Writes one register.
    Set { register: String, values: Values },
    /// Leaves a tombstone. The base is the whole record: register → version, the empty name for
    /// the registers that have not changed since the record was made.
    Delete { base: Vec<(String, Version)> },
}

/// One change of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// Identifies the op for good; the version of what it writes.
    pub id: Dot,
    /// The user's action it belongs to.
    pub transaction: Uuid,
    pub actor: ActorId,
    /// The device's wall clock, milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds since the device was started, for judging its wall clock.
    pub boot_ms: i64,
    pub collection: String,
    pub record: Uuid,
    /// What the author saw: the version that was loaded into the form. A delete has its own.
    pub base: Option<Version>,
    pub change: Change,
}

impl Op {
    /// The version that this op gives to what it writes.
    pub fn version(&self) -> Version {
        match &self.change {
            Change::Delete { base } => Version::after_all(base.iter().map(|(_, version)| version), self.id),
            Change::Insert { .. } | Change::Set { .. } => Version::after_all(&self.base, self.id),
        }
    }
}
