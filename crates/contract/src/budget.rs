//! What a command may cost, and from when on somebody is told.

use serde::{Deserialize, Serialize};

/// More statements than this in one command is an alert, whatever its budget says.
pub const ALERT_STATEMENTS: u64 = 50;
/// A command slower than this, in milliseconds, is a warning.
pub const WARNING_MS: u64 = 100;
/// A command slower than this, in milliseconds, is critical.
pub const CRITICAL_MS: u64 = 1_000;
/// Use of the readers' pool above this share, in per cent, is a warning; all of it is critical.
pub const POOL_WARNING_PERCENT: u64 = 80;

/// The most that one call of a command may cost in the database. Tests fail above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Statements, without `BEGIN` and `COMMIT`.
    pub statements: u64,
    /// Steps of SQLite's virtual machine, triggers included, so that no trigger hides a loop.
    pub vm_steps: u64,
}
