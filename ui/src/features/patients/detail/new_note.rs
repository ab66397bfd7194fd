use std::time::Duration;

use contract::{DraftLoad, DraftSave, DraftSaveCall, KeyRequest, NoteCreate, NoteCreateRequest};
use domain::id::PatientId;
use domain::patient::NoteKind;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use super::notes::KindSelect;
use crate::browser::{self, Debounce};
use crate::components::button::Button;
use crate::state::{Desk, use_desk};
use crate::{api, t};

const DRAFT_DELAY: Duration = Duration::from_millis(400);

/// What is about to be written down; cheap to copy.
#[derive(Clone, Copy)]
struct NewNoteStore {
    desk: Desk,
    patient: PatientId,
    body: RwSignal<String>,
    kind: RwSignal<NoteKind>,
    pinned: RwSignal<bool>,
    debounce: StoredValue<Debounce, LocalStorage>,
}

impl NewNoteStore {
    fn new(desk: Desk, patient: PatientId) -> Self {
        let store = Self {
            desk,
            patient,
            body: RwSignal::new(String::new()),
            kind: RwSignal::new(NoteKind::General),
            pinned: RwSignal::new(false),
            debounce: StoredValue::new_local(Debounce::default()),
        };
        store.find_draft();
        on_cleanup(move || {
            if store.debounce.try_with_value(Debounce::cancel) == Some(true) {
                store.keep();
            }
        });
        store
    }

    fn is_empty(self) -> bool {
        self.body.with(|body| body.trim().is_empty())
    }

    fn typed(self, body: String) {
        self.body.set(body);
        self.debounce.with_value(|debounce| debounce.run(DRAFT_DELAY, move || self.keep()));
    }

    fn add(self) {
        if untrack(|| self.is_empty()) {
            return;
        }
        let request = NoteCreateRequest {
            patient: self.patient,
            kind: self.kind.get_untracked(),
            body: self.body.get_untracked(),
            pinned: self.pinned.get_untracked(),
        };
        spawn_local(async move {
            match api::call::<NoteCreate>(request).await {
                Ok(_) => {
                    self.debounce.try_with_value(Debounce::cancel);
                    self.body.try_set(String::new());
                    self.pinned.try_set(false);
                    self.keep();
                }
                Err(error) => self.desk.toasts.failed(&error),
            }
        });
    }

    /// A note that is half written is still there after a restart.
    fn keep(self) {
        let Some(body) = self.body.try_get_untracked() else { return };
        let value = (!body.trim().is_empty()).then_some(serde_json::Value::String(body));
        let key = self.draft_key();
        spawn_local(async move {
            let _ = api::call::<DraftSaveCall>(DraftSave { key, value }).await;
        });
    }

    fn find_draft(self) {
        spawn_local(async move {
            let found = api::call::<DraftLoad>(KeyRequest { key: self.draft_key() }).await;
            let text = found.ok().and_then(|found| found.value?.as_str().map(str::to_owned));
            if let Some(text) = text
                && self.body.try_with_untracked(String::is_empty) == Some(true)
            {
                self.body.try_set(text);
            }
        });
    }

    fn draft_key(self) -> String {
        format!("note_new:{}", self.patient)
    }
}

/// A field for a new note. Ctrl-Enter adds it.
#[component]
pub fn NewNote(id: PatientId) -> impl IntoView {
    let store = NewNoteStore::new(use_desk(), id);
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            store.add();
        }
        // Out of the field; what was typed stays.
        "Escape" => {
            event.prevent_default();
            if let Some(element) = browser::focused() {
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
                prop:value=move || store.body.get()
                on:input=move |event| store.typed(event_target_value(&event))
                on:keydown=keys
            ></textarea>
            <div class="note-tools">
                <KindSelect kind=store.kind />
                <label class="check caption">
                    <input
                        type="checkbox"
                        prop:checked=move || store.pinned.get()
                        on:change=move |event| store.pinned.set(event_target_checked(&event))
                    />
                    {t!(note.pin)}
                </label>
                <span class="grow"></span>
                <Button
                    label=t!(note.add).to_owned()
                    key="Ctrl+Enter"
                    disabled=Signal::derive(move || store.is_empty())
                    on_press=move |_| store.add()
                />
            </div>
        </div>
    }
}
