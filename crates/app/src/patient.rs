//! Patients.

pub mod consent;
pub mod detail;
pub mod duplicates;
pub mod edit;
pub mod list;
pub mod notes;
mod validate;

pub(crate) use notes::require_patient;
pub(crate) use validate::{Form, checked_contact};
