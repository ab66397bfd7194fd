//! Diagnostics: what runs, how fast, and whether the database is sound.

use crate::access::Permission;
use crate::budget::Budget;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertGrade {
    Warning,
    Alert,
    Critical,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Milliseconds of one command.
    Slow,
    /// Statements in one command.
    Statements,
    /// Statements or VM steps above the command's own budget.
    Budget,
    /// Use of the readers' pool, in per cent.
    Pool,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertLine {
    pub at: DateTime<Utc>,
    pub grade: AlertGrade,
    pub kind: AlertKind,
    /// The command; empty for the pool.
    pub command: String,
    pub value: u64,
    pub limit: u64,
}

/// How one command has done since the app was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    pub name: String,
    pub calls: u64,
    pub failures: u64,
    /// Of the last 256 calls, in microseconds.
    pub median_us: u64,
    pub p95_us: u64,
    pub worst_us: u64,
    /// Most of one call.
    pub statements: u64,
    pub vm_steps: u64,
    pub budget: Budget,
}

/// The state of the database and of the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    pub version: String,
    pub sqlite_version: String,
    pub cipher_version: String,
    pub schema_version: i64,
    pub database_bytes: u64,
    pub wal_bytes: u64,
    pub readers: u64,
    pub readers_in_use: u64,
    pub uptime_s: u64,
    /// The busiest first.
    pub commands: Vec<CommandLine>,
    /// The newest first, at most 100.
    pub alerts: Vec<AlertLine>,
}

/// One check of `doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorCheck {
    /// `integrity`, `cipher`, `patient_listing`, …
    pub name: String,
    pub ok: bool,
    /// What was found, without patient data.
    pub detail: String,
}

/// What `doctor` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    pub ok: bool,
    pub checks: Vec<DoctorCheck>,
}

/// A declared command, as `frontdesk commands` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandInfo {
    pub name: &'static str,
    pub permission: Permission,
    pub budget: Budget,
    /// Slower than this, in milliseconds, is a warning.
    pub slow_ms: u64,
}
