use contract::{Cursor, Note, NoteCreate, NoteCreateRequest, NoteList, NoteListRequest, PatientDetail};
use domain::id::PatientId;
use domain::patient::{NoteKind, Word};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use super::facts::Part;
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
    view! {
        <Part title=t!(note.title)>
            <NewNote id />
            <ul class="notes">
                // The version is part of the key: a note that was edited is drawn anew.
                <For each=notes key=|note| (note.id, note.versions.0.clone(), note.pinned, note.body.clone()) let:note>
                    <NoteLine note />
                </For>
            </ul>
            <Show when=move || next.with(Option::is_some)>
                <Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=more />
            </Show>
        </Part>
    }
}

/// What is about to be written down. Ctrl-Enter adds it.
#[component]
fn NewNote(id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let body = RwSignal::new(String::new());
    let kind = RwSignal::new(NoteKind::General);
    let pinned = RwSignal::new(false);
    let empty = move || body.with(|body| body.trim().is_empty());
    let add = move || {
        if untrack(empty) {
            return;
        }
        let request = NoteCreateRequest {
            patient: id,
            kind: kind.get_untracked(),
            body: body.get_untracked(),
            pinned: pinned.get_untracked(),
        };
        spawn_local(async move {
            match api::call::<NoteCreate>(request).await {
                Ok(_) => {
                    body.try_set(String::new());
                    pinned.try_set(false);
                }
                Err(error) => desk.toasts.failed(&error),
            }
        });
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            add();
        }
        // Out of the field; what was typed stays.
        "Escape" => {
            event.prevent_default();
            if let Some(element) = crate::browser::focused() {
                let _ = element.blur();
            }
        }
        _ => {}
    };
    view! {
        <div class="note-new">
            <textarea
                id="note-new"
                class="textarea"
                rows="2"
                aria-label=t!(note.new)
                placeholder=t!(note.placeholder)
                prop:value=move || body.get()
                on:input=move |event| body.set(event_target_value(&event))
                on:keydown=keys
            ></textarea>
            <div class="note-tools">
                <KindSelect kind />
                <label class="check caption">
                    <input
                        type="checkbox"
                        prop:checked=move || pinned.get()
                        on:change=move |event| pinned.set(event_target_checked(&event))
                    />
                    {t!(note.pin)}
                </label>
                <span class="grow"></span>
                <Button label=t!(note.add).to_owned() key="Ctrl+Enter" disabled=Signal::derive(empty) on_press=move |_| add() />
            </div>
        </div>
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
