//! Patients: the list, one of them, the form.

pub mod archive;
pub mod detail;
mod duplicates;
pub mod edit;
pub mod list;
