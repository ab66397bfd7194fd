use domain::id::PatientId;
use leptos::prelude::*;
#[component]
pub fn PatientPage(id: PatientId) -> impl IntoView {
    let _ = id;
}
