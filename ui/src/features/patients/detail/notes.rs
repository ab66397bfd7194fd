use contract::{Cursor, Note, NoteList, NoteListRequest, PatientDetail};
use domain::id::PatientId;
use domain::patient::{NoteKind, Word};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::HashSet;

use super::facts::Part;
use super::new_note::NewNote;
use super::note::NoteLine;
use crate::components::button::{Button, Weight};
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::{api, t};

/// Notes: pinned ones first, then the newest, a page at a time.
#[component]
pub fn Notes(remote: Remote<PatientDetail>, id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let further = RwSignal::new(Vec::<Note>::new());
    let next = RwSignal::new(None::<Cursor>);
    // The first page comes with the patient; further ones begin again when it changes.
    let first =
        Memo::new(move |_| remote.value.with(|detail| detail.as_ref().map(|detail| detail.notes.clone())));
    Effect::new(move |_| {
        let page = first.get();
        further.set(Vec::new());
        next.set(page.and_then(|page| page.next));
    });
    let more = move |_| {
        spawn_local(async move {
            let after = next.try_get_untracked().flatten();
            match api::call::<NoteList>(NoteListRequest { patient: id, after, limit: 0 }).await {
                Ok(page) => {
                    further.try_update(|further| further.extend(page.rows));
                    next.try_set(page.next);
                }
                Err(error) => desk.toasts.failed(&error),
            }
        });
    };
    let notes = move || {
        let mut notes = first.get().map(|page| page.rows).unwrap_or_default();
        notes.extend(further.get());
        notes
    };
    // Not part of what a line is: one that is being edited stays when the server answers.
    let unsent = Memo::new(move |_| {
        notes().iter().filter(|note| note.is_unsent).map(|note| note.id).collect::<HashSet<_>>()
    });
    view! {
        <Part title=t!(note.title)>
            <NewNote id />
            <ul class="notes">
                // The version is part of the key: a note that was edited is drawn anew.
                <For each=notes key=|note| (note.id, note.versions.0.clone(), note.pinned, note.body.clone()) let:note>
                    <NoteLine unsent=Signal::derive(move || unsent.with(|unsent| unsent.contains(&note.id))) note />
                </For>
            </ul>
            <Show when=move || next.with(Option::is_some)>
                <Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=more />
            </Show>
        </Part>
    }
}

/// What a note is about.
#[component]
pub fn KindSelect(kind: RwSignal<NoteKind>) -> impl IntoView {
    let choose = move |event| {
        if let Some(chosen) = NoteKind::from_word(&event_target_value(&event)) {
            kind.set(chosen);
        }
    };
    let options = NoteKind::WORDS
        .iter()
        .map(|(value, word)| {
            let value = *value;
            view! { <option value=*word prop:selected=move || kind.get() == value>{words::note_kind(value)}</option> }
        })
        .collect_view();
    view! { <select class="select is-small" aria-label=t!(note.kind) on:change=choose>{options}</select> }
}
