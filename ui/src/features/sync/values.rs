use contract::{PatientDetail, PatientLoad, PatientLoadRequest, SyncSubject, SyncValue};
use domain::id::PatientId;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::features::words;
use crate::state::Remote;
use crate::view_model::record::{self, Shown};
use crate::{browser, t};

/// What stands in a column; a word of its own for nothing.
#[component]
pub fn Content(shown: Shown) -> impl IntoView {
    match shown {
        Shown::Nothing => view! { <span class="text-muted">{t!(sync.nothing_there)}</span> }.into_any(),
        Shown::Text(text) => view! { <span class="sync-value">{text}</span> }.into_any(),
        Shown::Patient(id) => view! { <Named id /> }.into_any(),
    }
}

/// A patient of whom only the id came.
#[component]
fn Named(id: PatientId) -> impl IntoView {
    let remote = Remote::<PatientDetail>::new();
    remote.load::<PatientLoad>(PatientLoadRequest { id });
    let name = move || match remote.value.get() {
        Some(detail) => words::or_nameless(detail.name.display(&detail.preferred_name)),
        None => t!(sync.another_patient).to_owned(),
    };
    view! { <A href=format!("/patients/{id}") attr:class="link">{name}</A> }
}

/// The columns of one version.
#[component]
pub fn Values(collection: String, values: Vec<SyncValue>) -> impl IntoView {
    let lines = record::lines(&collection, &values, browser::local).into_iter().map(|(label, shown)| {
        view! {
            <dt>{label}</dt>
            <dd><Content shown /></dd>
        }
    });
    view! { <dl class="sync-facts">{lines.collect_view()}</dl> }
}

/// Whose record it is, with the way there.
#[component]
pub fn Whose(subject: SyncSubject) -> impl IntoView {
    let name = subject.patient_name.unwrap_or_default();
    match subject.patient {
        Some(id) => {
            let name = words::or_nameless(name);
            view! { <A href=format!("/patients/{id}") attr:class="link">{name}</A> }.into_any()
        }
        None if name.is_empty() => view! { <span class="text-muted">{t!(sync.no_patient)}</span> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    }
}

/// The device that something comes from.
pub fn device(name: &str, is_this: bool) -> String {
    match (is_this, name.trim()) {
        (true, _) => t!(sync.this_device).to_owned(),
        (false, "") => t!(sync.unknown_device).to_owned(),
        (false, name) => name.to_owned(),
    }
}
