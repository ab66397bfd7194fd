//! Starting, unlocking, drafts and preferences.

use serde::{Deserialize, Serialize};

/// An empty request or response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// How far the app has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AppState {
    /// First start on a machine without a keyring: a passphrase is to be chosen.
    NeedsPassphrase,
    /// The passphrase is to be entered.
    Locked,
    Ready,
    /// It could not start; the data is as it was.
    Failed {
        error: crate::ErrorBody,
    },
}

/// What every page shows around its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStatus {
    #[serde(flatten)]
    pub state: AppState,
    pub version: String,
    pub data_dir: String,
    /// Name of the clinic; empty until it is set.
    pub clinic: String,
    /// Name of the person at the desk.
    pub person: String,
    /// What the person may do.
    pub role: crate::Role,
    /// Whether any sync is set up. Without it the status line reads "This device only".
    pub paired: bool,
}

/// Opens the database, or makes it at the first start.
#[derive(Clone, Serialize, Deserialize)]
pub struct AppUnlock {
    pub passphrase: String,
}

/// A form that was not saved yet. It survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftSave {
    /// Which form: `patient_new`, `patient_edit:<id>`.
    pub key: String,
    /// The form as the page keeps it; at most 256 KiB. Absent: forget it.
    pub value: Option<serde_json::Value>,
}

/// Asks for a draft or a preference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRequest {
    pub key: String,
}

/// A draft or a preference, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyResponse {
    pub value: Option<serde_json::Value>,
}

/// A setting of this device: `theme`, `density`, `rail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferenceSet {
    pub key: String,
    pub value: serde_json::Value,
}
