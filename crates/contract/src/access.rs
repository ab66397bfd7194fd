//! Who may do what.

use serde::{Deserialize, Serialize};

/// What a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Needs no store: whether the app is locked, unlocking it.
    Start,
    /// Own drafts and preferences.
    Personal,
    PatientRead,
    PatientWrite,
    InvoiceRead,
    /// Drafts, issuing, payments.
    InvoiceWrite,
    /// Prices, taxes, the clinic's particulars, making void.
    Billing,
    /// Counting the drawer at the end of the day.
    DayClose,
    Import,
    Export,
    Diagnostics,
    /// Connecting this desk, letting devices in and shutting them out.
    Sync,
}

/// A person's part in the clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Manager,
    FrontDesk,
    Provider,
    ReadOnly,
}

impl Role {
    /// Whether this role has `permission`.
    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match permission {
            Start | Personal | PatientRead | InvoiceRead => true,
            PatientWrite | InvoiceWrite => self != Self::ReadOnly,
            Billing | DayClose | Import | Export | Diagnostics | Sync => {
                matches!(self, Self::Owner | Self::Manager)
            }
        }
    }
}
