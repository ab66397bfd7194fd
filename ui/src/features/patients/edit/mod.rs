use domain::id::PatientId;
use leptos::prelude::*;
#[component]
pub fn PatientForm(patient: Option<PatientId>) -> impl IntoView {
    let _ = patient;
}
