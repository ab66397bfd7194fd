//! Taking over another system's files.

mod choose;
mod columns;
mod feed;
mod history;
mod outcome;
mod problems;
mod store;
mod working;

use contract::ImportPhase;
use domain::id::ImportId;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::ShellAction;
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::export::export;
use crate::state::{Desk, use_desk};
use crate::t;
use choose::Choose;
use columns::Columns;
use history::History;
use outcome::{Outcome, Report};
use problems::Problems;
use store::ImportStore;
use working::Working;

/// A place to drop a file, and what was taken over before.
#[component]
pub fn ImportsOverview() -> impl IntoView {
    view! {
        <Choose />
        <History />
    }
}

/// One file on its way in, at whatever point it is.
#[component]
pub fn ImportFile(id: ImportId) -> impl IntoView {
    let store = ImportStore::new(use_desk(), id);
    let phase = Memo::new(move |_| store.progress().map(|progress| progress.phase));
    let name = move || store.progress().map(|progress| progress.file_name).unwrap_or_default();
    let content = move || match (phase.get(), store.failure()) {
        (_, Some(error)) => view! { <Failure error retry=move || store.reload() /> }.into_any(),
        (None, None) => view! { <Skeleton lines=6 /> }.into_any(),
        (Some(phase), None) => view! { <Stage store phase /> }.into_any(),
    };
    view! {
        <nav class="import-path" aria-label=t!(import.path)>
            <A href="/import" attr:class="link">{t!(frame.import)}</A>
            <span aria-hidden="true">"/"</span>
            <h2 class="clip">{name}</h2>
        </nav>
        {content}
    }
}

#[component]
fn Stage(store: ImportStore, phase: ImportPhase) -> impl IntoView {
    match phase {
        ImportPhase::Receiving => view! { <Choose again=store.id /> }.into_any(),
        ImportPhase::Received => view! { <Columns store /> }.into_any(),
        ImportPhase::Checked => view! {
            <Report store />
            <Problems store />
            <Columns store />
        }
        .into_any(),
        ImportPhase::Checking | ImportPhase::Running | ImportPhase::Undoing => {
            view! { <Working store phase /> }.into_any()
        }
        ImportPhase::Paused | ImportPhase::Done | ImportPhase::Undone => view! {
            <Outcome store phase />
            <Problems store />
        }
        .into_any(),
    }
}

/// Asks where to, and writes every patient as CSV.
pub fn export_patients(desk: Desk) {
    export(desk, ShellAction::ExportPatients, t!(import.exported));
}
