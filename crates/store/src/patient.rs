//! Patients and what belongs to them: reading one, writing sets.

mod read;
mod write;

pub use read::{
    Children, LikelyQuery, PatientRecord, PersonRow, find_by_external_ids, find_likely, find_patient,
    list_children, list_household,
};
pub use write::{
    NewPatient, PatientPatch, archive_patients, change_alerts, change_allergies, change_contacts,
    change_tags, insert_allergies, insert_patients, mark_distinct, unmark_distinct, update_patient,
};

#[cfg(test)]
mod tests;
