//! The messages between a device and the server.
//!
//! Each request names the epoch that the device believes in: the server's life since it was made or restored
//! from a backup. A request of another epoch is refused whole ([`Refusal::Epoch`]).

use crate::op::{Change, Clock, Op, Transaction};
use crate::record::{Key, RecordState};
use crate::version::{Dot, Version};
use crate::wire::Envelope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;
use uuid::Uuid;

/// A life of the server, from its making or its restoring on.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub Uuid);

/// Changes on their way to the server.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Push {
    pub epoch: Epoch,
    /// What the device's clocks show now.
    pub clock: Clock,
    /// In the device's order.
    pub transactions: Vec<Sent>,
}

/// A transaction on its way.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    pub transaction: Transaction,
    /// It was sent in an earlier epoch, whose answer the server may have forgotten: others may have seen it, so it is
    /// not rejected any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_earlier_epoch: bool,
    /// An earlier epoch told this device that all of it was merged: that stands, whatever was decided since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merged_in_earlier_epoch: bool,
}

/// Of no earlier epoch.
impl From<Transaction> for Sent {
    fn from(transaction: Transaction) -> Self {
        Self { transaction, in_earlier_epoch: false, merged_in_earlier_epoch: false }
    }
}

/// What the server made of each transaction of a [`Push`], in its order.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pushed {
    pub results: Vec<Outcome>,
}

/// What the server made of a transaction, for good.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The change of the clinic whose records show it.
    pub seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejection>,
}

/// Why ops were not merged, and which.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub reason: Reason,
    /// What is wrong with the transaction itself, if that is why. An app of before this was told goes by `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    pub ops: Vec<Dot>,
}

impl Outcome {
    /// Whether the op was rejected.
    pub fn rejects(&self, op: &Op) -> bool {
        self.rejected.as_ref().is_some_and(|rejection| rejection.concerns(op))
    }
}

impl Rejection {
    /// Whether the op is among the rejected.
    pub fn concerns(&self, op: &Op) -> bool {
        self.ops.contains(&op.id)
    }
}

/// Why ops were not merged.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A register that the ops guard has changed meanwhile.
    Guard,
    /// The record was never made: its insert was rejected.
    NeverMade,
    /// A fact cannot be changed or deleted.
    Fact,
}

/// Why no server takes a transaction, whatever the clinic has.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It has more rows or bytes than one transaction may have.
    TooLarge,
    /// Something in it cannot be stored.
    Malformed,
}

/// Where a page of a pull begins: behind this record.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub seq: u64,
    pub key: Option<Key>,
}

/// Asks for what changed.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pull {
    pub epoch: Epoch,
    pub after: Place,
    pub limit: u32,
}

/// Records in the order of their last change.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    pub records: Vec<(Key, RecordState)>,
    /// Where the next page begins.
    pub next: Place,
    /// The clinic's newest change, if this page reaches it: all is here then.
    pub head: Option<u64>,
    /// The clinic's newest change, for telling how far a long way is; a server of an earlier version does not say.
    #[serde(default)]
    pub newest: u64,
}

/// What the live channel tells: how far the clinic is, and what led there as far as it is little. Whoever is not where a
/// change begins, or misses a hint, asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hint {
    pub head: u64,
    /// In the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Told>,
}

/// A change as a pull would bring it to whoever has everything up to `after`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub epoch: Epoch,
    pub after: u64,
    pub page: Envelope<Page>,
}

/// A record and its versions: the record's own under the empty name, and each register's.
pub type Offered = (Key, Vec<(String, Version)>);

/// What a device has of each record, for the server to say what it lacks.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub epoch: Epoch,
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<(Key, Vec<(String, Version)>)>))]
    pub records: Vec<Offered>,
}

/// State that the server lacks: of a device that joins, or that saw more than a restored server remembers.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    pub epoch: Epoch,
    pub clock: Clock,
    /// The records never had a server: their times are those of the device's wall clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_device_time: bool,
    pub records: Vec<(Key, RecordState)>,
    /// What an earlier epoch rejected, which this one may not know of.
    pub rejections: Vec<Remembered>,
    /// Records whose insert no server takes, with that insert: an edit that is still to come makes none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_made: Vec<(Key, Dot)>,
}

/// A rejection that a device was told of.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    pub transaction: Transaction,
    pub rejection: Rejection,
}

impl Remembered {
    /// The records that it would have made, each with its insert.
    pub fn never_made(&self) -> impl Iterator<Item = (Key, Dot)> {
        let inserts = self.transaction.ops.iter().filter(|op| matches!(op.change, Change::Insert { .. }));
        let rejected = inserts.filter(|op| self.rejection.concerns(op));
        rejected.map(|op| (op.key(), op.id)).filter(|(key, _)| key.check().is_ok())
    }
}

/// Sums over the records of a clinic, 256 for each collection. Equal sums, equal records.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    pub head: u64,
    pub collections: BTreeMap<String, Vec<u64>>,
}

/// One of the parts of a collection that are summed up.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bucket {
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,64}$"))]
    pub collection: String,
    pub number: u8,
}

/// All records of a bucket.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The clinic's newest change when they were so.
    pub head: u64,
    pub records: Vec<(Key, RecordState)>,
}

/// Why the server did nothing.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The server is in another epoch than the request.
    #[error("the server was restored from a backup, or is another one")]
    Epoch { current: Epoch },
    /// A transaction's key is known with another content: this device's database was copied.
    #[error("operation {key} is known with another content; this database seems to be a copy")]
    Copied { key: Dot },
    /// The request breaks the rules of the protocol.
    #[error("the request cannot be understood: {why}")]
    Malformed { why: String },
}
