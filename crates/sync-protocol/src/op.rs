//! Ops: the changes that devices make, in the transactions in which people made them.

use crate::record::Key;
use crate::version::{Dot, Version};
use domain::id::ActorId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How the records of a collection may change. Travels with the record, so that the server can
/// enforce it without knowing what the record means.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Change {
    /// Makes the record: every register, in the manifest's order.
    Insert {
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<(String, Vec<Value>)>))]
        registers: Vec<(String, Values)>,
    },
    /// Writes one register.
    Set {
        #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,64}$"))]
        register: String,
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<Value>))]
        values: Values,
    },
    /// Leaves a tombstone. The base is the whole record: register → version, the empty name for
    /// the registers that have not changed since the record was made.
    Delete { base: Vec<(String, Version)> },
}

/// What an op demands of a register of any record: that it was last written by the op that the
/// author saw.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,64}$"))]
    pub collection: String,
    pub record: Uuid,
    pub register: String,
    pub at: Dot,
}

impl Guard {
    pub fn key(&self) -> Key {
        Key { collection: self.collection.clone(), record: self.record }
    }
}

/// One change of one record.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// Identifies the op for good; the version of what it writes.
    pub id: Dot,
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,64}$"))]
    pub collection: String,
    pub record: Uuid,
    pub kind: Kind,
    /// What the author saw: the version that was loaded into the form. A delete has its own.
    pub base: Option<Version>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    pub change: Change,
}

impl Op {
    pub fn key(&self) -> Key {
        Key { collection: self.collection.clone(), record: self.record }
    }

    /// The version that this op gives to what it writes.
    pub fn version(&self) -> Version {
        match &self.change {
            Change::Delete { base } => Version::after_all(base.iter().map(|(_, version)| version), self.id),
            Change::Insert { .. } | Change::Set { .. } => Version::after_all(&self.base, self.id),
        }
    }

    /// Whether it can be rejected for its guards.
    pub fn is_guarded(&self) -> bool {
        !self.guards.is_empty() && !self.is_fact()
    }

    /// Whether it records a fact, which nothing can reject.
    pub fn is_fact(&self) -> bool {
        self.kind == Kind::Ledger && matches!(self.change, Change::Insert { .. })
    }
}

/// What a device's clocks show.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Milliseconds since 1970, as far as the device knows.
    pub wall_ms: i64,
    /// Milliseconds since the device was started, which nobody can set.
    pub boot_ms: i64,
    /// Which start that was; nothing where the system does not tell.
    pub boot: Option<Uuid>,
}

/// One action of a person: what it changed, together.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: Uuid,
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub actor: ActorId,
    pub clock: Clock,
    /// In the order they were made; at least one.
    pub ops: Vec<Op>,
}

impl Transaction {
    /// What the server knows it by: its first op.
    pub fn key(&self) -> Option<Dot> {
        self.ops.first().map(|op| op.id)
    }

    /// Tells whether two transactions of one key are the same.
    pub fn digest(&self) -> [u8; 32] {
        // Every value here has a JSON form.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}
