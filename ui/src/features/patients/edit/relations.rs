use leptos::prelude::*;

use super::Group;
use super::store::EditStore;
use crate::components::picker::PatientPicker;
use crate::t;

/// Who lives with the patient and who pays.
#[component]
pub fn Relations(store: EditStore) -> impl IntoView {
    view! {
        <Group title=t!(patient.household)>
            <PatientPicker
                id="household"
                label=t!(edit.household)
                value=Signal::derive(move || store.form.with(|form| form.household.clone()))
                on_choose=move |person| store.change("household", |form| form.household = person)
            />
            <PatientPicker
                id="guarantor"
                label=t!(patient.guarantor)
                value=Signal::derive(move || store.form.with(|form| form.guarantor.clone()))
                on_choose=move |person| store.change("guarantor", |form| form.guarantor = person)
            />
        </Group>
    }
}
