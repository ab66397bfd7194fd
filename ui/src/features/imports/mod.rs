use crate::state::Desk;
use domain::id::ImportId;
use leptos::prelude::*;
#[component]
pub fn ImportFile(id: ImportId) -> impl IntoView {
    let _ = id;
}
#[component]
pub fn ImportsOverview() -> impl IntoView {}
pub fn export_patients(_desk: Desk) {}
