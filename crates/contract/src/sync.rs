//! Sharing a clinic's data with other desks.

use crate::page::Cursor;
use chrono::{DateTime, Utc};
use domain::id::PatientId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Whether the other desks have what this one has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncStatus {
    pub state: SyncState,
    /// The server, of a desk that has one.
    pub server: Option<SyncServer>,
    /// Saves that the server has not acknowledged.
    pub unsent: u64,
    /// When the oldest of them was made.
    pub unsent_since: Option<DateTime<Utc>>,
    /// When the server last answered, as far as that is known.
    pub last_contact: Option<DateTime<Utc>>,
    /// Why it does not go on by itself; kept until it does.
    pub problem: Option<SyncProblem>,
    /// How far the first copy of the clinic's data is, in per cent.
    pub percent: Option<u8>,
    /// Two desks wrote the same: for a person to judge.
    pub conflicts: u64,
    /// What the server refused.
    pub attention: u64,
    /// Records that this version cannot show.
    pub parked: u64,
    /// Records whose patient has not arrived.
    pub waiting: u64,
    /// By how many seconds this computer's clock was ahead of the server's when that last answered, negative if behind;
    /// none if that is not worth telling.
    #[serde(default)]
    pub clock_ahead_s: Option<i64>,
}

/// What sync is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// There is no server: this device only.
    Alone,
    /// Since the start nobody has tried yet.
    Starting,
    /// The clinic's data, or what this desk had before it was connected, is on its way for the first time.
    Joining,
    /// Sending or fetching.
    Working,
    /// The server has acknowledged everything, and everything of the server's is here.
    UpToDate,
    /// The server cannot be reached; tried again by itself.
    Offline,
    /// Somebody has to do something first: see the problem.
    Stopped,
}

/// The server of a desk, and what the desk is called there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncServer {
    pub address: String,
    pub device_name: String,
    pub paired_at: DateTime<Utc>,
}

/// Why sync does not go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncProblem {
    pub code: SyncProblemCode,
    /// What happened and what to do, in English, without patient data.
    pub message: String,
}

/// Kinds of problems, as far as the page acts on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncProblemCode {
    /// Nobody answers at the address.
    Unreachable,
    /// Somebody answers who is no sync server.
    NotAServer,
    /// The server's certificate is not trusted.
    Certificate,
    /// The clinic shut this device out.
    Revoked,
    /// The server does not know this device.
    Unknown,
    /// The one-time code is wrong, spent or too old.
    Code,
    /// The code is of another clinic than the one this desk shares.
    OtherClinic,
    /// Server and app are of versions that do not understand each other.
    Version,
    /// The server takes no message as large as one of this desk's.
    TooLarge,
    /// The server is there but cannot work now.
    Busy,
    /// This device's own database cannot take more in: a full disk, a damaged file.
    Database,
}

/// Connects this desk to a server by a one-time code.
#[derive(Clone, Serialize, Deserialize)]
pub struct SyncPair {
    /// `https://…`; plain `http` on this machine only.
    pub address: String,
    pub code: String,
    /// What the other desks will call this one.
    pub device_name: String,
    /// PEM of the authority that signed the server's certificate, if the system does not trust it.
    #[serde(default)]
    pub authority: Option<String>,
}

/// A device of the clinic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDevice {
    pub id: Uuid,
    pub name: String,
    pub is_this: bool,
    pub paired_at: DateTime<Utc>,
    pub last_contact: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The devices of the clinic, as the server told just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDeviceList {
    pub devices: Vec<SyncDevice>,
}

/// Names a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDeviceRef {
    pub device: Uuid,
}

/// A one-time code for one more device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncInvite {
    pub code: String,
    pub minutes: u32,
    /// Where the other device finds the server.
    pub address: String,
}

/// Asks for a page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncListRequest {
    #[serde(default)]
    pub after: Option<Cursor>,
    pub limit: u32,
}

/// What a record is about, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSubject {
    /// The table: `patient`, `patient_contact`, …
    pub collection: String,
    pub record: Uuid,
    /// The patient that it belongs to, if that is known here.
    pub patient: Option<PatientId>,
    pub patient_name: Option<String>,
}

/// A value with the column that it is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncValue {
    pub column: String,
    pub value: Value,
}

/// One of two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictSide {
    /// None: it was deleted.
    pub values: Option<Vec<SyncValue>>,
    /// The device's name; empty if it is not known here.
    pub device: String,
    pub is_this_device: bool,
    /// Who wrote it; empty if that is not known here.
    #[serde(default)]
    pub person: String,
    /// By the server's clock.
    pub at: DateTime<Utc>,
}

/// Two desks wrote the same without knowing of each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictItem {
    pub id: Uuid,
    pub subject: SyncSubject,
    /// The field or group of fields; empty for the whole record.
    pub register: String,
    /// The version that every desk shows.
    pub winner: ConflictSide,
    /// The one that gave way.
    pub loser: ConflictSide,
    /// The field was written again since: keeping either replaces what it has now.
    pub changed_since: bool,
}

/// Which version of a conflict stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    Winner,
    Loser,
}

/// Judges a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictResolve {
    pub id: Uuid,
    pub keep: Keep,
}

/// Names a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictRef {
    pub id: Uuid,
}

/// Why the server refused a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionReason {
    /// What it depended on had changed meanwhile.
    Guard,
    /// The record it is about was refused.
    NeverMade,
    /// A fact cannot be changed.
    Fact,
    /// It is more than one change may be.
    TooLarge,
    /// Something in it cannot be stored.
    Malformed,
}

/// A change that the server refused. This desk shows the server's values again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionItem {
    pub no: i64,
    pub reason: AttentionReason,
    pub filed_at: DateTime<Utc>,
    /// When somebody tried it here.
    pub made_at: DateTime<Utc>,
    pub parts: Vec<AttentionPart>,
}

/// One record of a refused change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionPart {
    pub subject: SyncSubject,
    /// What was to be written; empty for a delete.
    pub values: Vec<SyncValue>,
    pub is_delete: bool,
}

/// Names an entry of what needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionRef {
    pub no: i64,
    /// False: it is to be seen to again.
    pub seen: bool,
}

/// A record that this version cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedItem {
    pub collection: String,
    pub record: Uuid,
    pub reason: String,
    pub parked_at: DateTime<Utc>,
}

/// What another desk changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalItem {
    pub subject: SyncSubject,
    /// The device's name; empty if it is not known here.
    pub device: String,
    /// When it arrived here.
    pub arrived_at: DateTime<Utc>,
    pub is_delete: bool,
}

/// A record with a change that the server has not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsentItem {
    pub subject: SyncSubject,
    /// When it was saved here.
    pub saved_at: DateTime<Utc>,
    /// The record was made by it.
    pub is_new: bool,
    pub is_delete: bool,
}

/// One entry of the log of sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncLogItem {
    pub at: DateTime<Utc>,
    /// `paired`, `sent`, `received`, `failed`, `epoch`, `renewed`, `repaired`.
    pub event: String,
    /// Of what; zero where there is nothing to count.
    pub count: u64,
    /// In English, without patient data; may be empty.
    pub detail: String,
}
