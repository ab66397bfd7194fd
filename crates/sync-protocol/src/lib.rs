//! What devices and the server say to each other, in the terms of the sync design.
//!
//! A *record* is a row of a synced table (*collection*). It is made of *registers*, the units of
//! merge. Every change of a register is an [`Op`]; the op's [`Dot`] is the register's [`Version`].

mod limits;
mod message;
mod op;
mod record;
mod version;
mod wire;

pub use limits::{
    MESSAGE_MAX_BYTES, OP_FRAME_BYTES, PARCEL_BYTES, TRANSACTION_MAX_BYTES, TRANSACTION_MAX_ROWS, json_bytes,
    parcels,
};
pub use message::{
    Bucket, Content, Digests, Epoch, Fault, Hint, Offer, Offered, Outcome, Page, Place, Pull, Push, Pushed,
    Reason, Refusal, Rejection, Remembered, Sent, Told, Upload,
};
pub use op::{Change, Clock, Guard, Kind, Op, Transaction, Values};
pub use record::{Key, RecordState, RegisterState, Stamp};
pub use version::{Dot, Replica, ReplicaId, Version, VersionError};
pub use wire::{Envelope, REPLICAS_MAX, Speaks, UnknownReplica};

/// The number of what is said here. It goes up with a message or a route that a side of the lower number does not
/// understand or lacks, so that people are told which side to update. Nobody is refused by it.
pub const PROTOCOL: u32 = 1;
/// The header by which every answer of a server tells its number.
pub const PROTOCOL_HEADER: &str = "frontdesk-protocol";
