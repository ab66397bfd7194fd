//! What the desk tells every window without being asked.

use crate::import::ImportProgress;
use crate::operations::AlertLine;
use serde::{Deserialize, Serialize};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// These tables changed; whatever shows them asks again.
    Changed { collections: Vec<String> },
    /// An import moved on.
    Import { progress: ImportProgress },
    /// A command was slow, or ran too many statements.
    Alert { alert: AlertLine },
    /// The database was opened or closed: ask `app_status`.
    Status,
    /// Sync moved on: ask `sync_status`.
    Sync,
}
