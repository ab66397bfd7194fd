use contract::{ErrorBody, Note, NoteContent, NoteDelete, NoteDeleteRequest, NoteUpdate, NoteUpdateRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use super::header::NotSent;
use super::notes::KindSelect;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::{Glyph, Icon};
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::{Desk, use_desk};
use crate::{api, t};

/// One note; read, or being changed.
#[component]
pub fn NoteLine(note: Note, unsent: Signal<bool>) -> impl IntoView {
    let editing = RwSignal::new(false);
    let pinned = note.pinned;
    view! {
        <li class="note" class:is-pinned=pinned>
            {move || match editing.get() {
                true => view! { <Edited note=note.clone() editing /> }.into_any(),
                false => view! { <Read note=note.clone() unsent editing /> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn Read(note: Note, unsent: Signal<bool>, editing: RwSignal<bool>) -> impl IntoView {
    let desk = use_desk();
    let (pinned, deleted) = (note.clone(), note.clone());
    let pin_label = if note.pinned { t!(note.unpin) } else { t!(note.pin) };
    view! {
        <div class="note-head">
            {note.pinned.then(|| view! { <Icon glyph=Glyph::Pin class="text-accent-text" /> })}
            <span class="font-medium">{words::note_kind(note.kind)}</span>
            <span class="caption">{note.author}</span>
            <span class="caption tabular" title=words::exact(note.created_at)>{words::moment(note.created_at)}</span>
            <Show when=move || unsent.get()><NotSent /></Show>
            <span class="note-actions">
                <IconButton
                    label=pin_label.to_owned()
                    glyph=Glyph::Pin
                    pressed=Signal::stored(note.pinned)
                    on_press=move |_| pin(desk, &pinned)
                />
                <IconButton label=t!(note.edit).to_owned() glyph=Glyph::Edit on_press=move |_| editing.set(true) />
                <IconButton
                    label=t!(note.delete).to_owned()
                    glyph=Glyph::Delete
                    on_press=move |_| set_deleted(desk, deleted.clone(), true)
                />
            </span>
        </div>
        <p class="note-body">{note.body}</p>
    }
}

#[component]
fn Edited(note: Note, editing: RwSignal<bool>) -> impl IntoView {
    let body = RwSignal::new(note.body.clone());
    let kind = RwSignal::new(note.kind);
    let problem = RwSignal::new(None::<ErrorBody>);
    let id = note.id;
    let save = StoredValue::new(move |overwrite: bool| {
        let content = NoteContent { kind: kind.get_untracked(), body: body.get_untracked() };
        let request = NoteUpdateRequest {
            id,
            versions: note.versions.clone(),
            content: Some(content),
            pinned: None,
            overwrite,
        };
        spawn_local(async move {
            match api::call::<NoteUpdate>(request).await {
                Ok(_) => editing.try_set(false).map_or((), |_| ()),
                Err(error) => problem.try_set(Some(error)).map_or((), |_| ()),
            }
        });
    });
    let save = move |overwrite| save.with_value(|save| save(overwrite));
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            save(false);
        }
        "Escape" => {
            event.prevent_default();
            editing.set(false);
        }
        _ => {}
    };
    let stale = move || {
        problem.with(|problem| matches!(problem, Some(ErrorBody { code: contract::ErrorCode::Stale, .. })))
    };
    view! {
        <textarea
            class="textarea"
            rows="4"
            aria-label=t!(note.edit)
            prop:value=move || body.get()
            on:input=move |event| body.set(event_target_value(&event))
            on:keydown=keys
        ></textarea>
        {move || problem.get().map(|error| view! { <p class="field-problem" role="alert">{sentence(&error)}</p> })}
        <div class="note-tools">
            <KindSelect kind />
            <span class="grow"></span>
            <Show when=stale>
                <Button label=t!(edit.keep_mine).to_owned() weight=Weight::Danger on_press=move |_| save(true) />
            </Show>
            <Button label=t!(action.cancel).to_owned() weight=Weight::Quiet key="Esc" on_press=move |_| editing.set(false) />
            <Button label=t!(action.save).to_owned() weight=Weight::Primary key="Ctrl+Enter" on_press=move |_| save(false) />
        </div>
    }
}

fn pin(desk: Desk, note: &Note) {
    let request = NoteUpdateRequest {
        id: note.id,
        versions: note.versions.clone(),
        content: None,
        pinned: Some(!note.pinned),
        overwrite: false,
    };
    spawn_local(async move {
        if let Err(error) = api::call::<NoteUpdate>(request).await {
            desk.toasts.failed(&error);
        }
    });
}

fn set_deleted(desk: Desk, note: Note, deleted: bool) {
    let request = NoteDeleteRequest { id: note.id, versions: note.versions.clone(), deleted };
    spawn_local(async move {
        match api::call::<NoteDelete>(request).await {
            Ok(_) if deleted => {
                desk.toasts.undoable(t!(note.deleted), move || set_deleted(desk, note.clone(), false));
            }
            Ok(_) => {}
            Err(error) => desk.toasts.failed(&error),
        }
    });
}
