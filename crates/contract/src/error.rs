//! What a failed command answers.

use domain::field::FieldError;
use serde::{Deserialize, Serialize};

/// Why a command failed. Closed: a code is added only when the page acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Fields are wrong; see `fields`.
    Invalid,
    /// The record is not there (any more).
    NotFound,
    /// Somebody else changed the same fields since they were loaded; see `fields`.
    Stale,
    /// The person may not do this.
    Denied,
    /// The database is not open yet.
    Locked,
    /// The passphrase does not open this database.
    WrongPassphrase,
    /// The data folder is in use by another process, or the work is already running.
    Busy,
    /// More than one action may hold.
    TooLarge,
    /// No room left on the disk. Nothing was changed.
    DiskFull,
    /// The data folder or the database cannot be written.
    ReadOnly,
    /// The database file is damaged.
    Corrupt,
    /// The database was written by a newer version of the app.
    NewerDatabase,
    /// The file cannot be read as what it should be.
    BadFile,
    /// The request is not one that this version understands.
    BadRequest,
    /// The server of sync is not reached, or does not do what is asked; the message says which. Work goes on without it.
    Sync,
    /// Not possible as things stand; the message says why and what to do first.
    Refused,
    /// Stopped on request.
    Cancelled,
    /// A fault of the app itself. Its details are in the log.
    Internal,
}

/// A failure, as it crosses to the page and out of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub code: ErrorCode,
    /// What happened and what to do, in English, without patient data.
    pub message: String,
    /// The fields concerned, if any.
    #[serde(default)]
    pub fields: Vec<FieldError>,
}

impl ErrorBody {
    /// A failure that concerns no field.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new() }
    }

    /// Wrong fields.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let message = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { code: ErrorCode::Invalid, message, fields }
    }
}
