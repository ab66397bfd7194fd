//! The form of a patient, new or known.

mod contacts;
mod draft_bar;
mod identity;
mod lists;
mod look_alikes;
mod relations;
mod save;
mod stale;
mod store;

use contract::{PatientDetail, PatientLoad, PatientLoadRequest};
use domain::id::PatientId;
use leptos::prelude::*;

use super::list::use_open;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::view_model::draft::Base;
use crate::view_model::form::Form;
use crate::{browser, t};
use contacts::Contacts;
use draft_bar::DraftBar;
use identity::{Address, Identity};
use lists::{Alerts, Allergies, Tags};
use look_alikes::LookAlikes;
use relations::Relations;
use stale::StaleDialog;
use store::EditStore;

/// The form; of a known patient once it is loaded.
#[component]
pub fn PatientForm(patient: Option<PatientId>) -> impl IntoView {
    let Some(id) = patient else {
        return view! { <Sheet store=EditStore::new(use_desk(), None, None) /> }.into_any();
    };
    let desk = use_desk();
    let remote = Remote::<PatientDetail>::new();
    let load = move || remote.load::<PatientLoad>(PatientLoadRequest { id });
    load();
    view! {
        {move || match (remote.value.get(), remote.error.get()) {
            (_, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
            (None, None) => view! { <Skeleton lines=8 /> }.into_any(),
            (Some(detail), None) => {
                let base = Base { form: Form::of(&detail), versions: detail.versions.clone() };
                view! { <Sheet store=EditStore::new(desk, Some(id), Some(base)) /> }.into_any()
            }
        }}
    }
    .into_any()
}

#[component]
fn Sheet(store: EditStore) -> impl IntoView {
    crate::pages::announce_ready();
    let leave = use_leave(store);
    let save = save::use_save(store);
    let keys = store.desk.shortcuts;
    keys.add("Ctrl+Enter", t!(action.save), save.clone());
    keys.add("Esc", t!(edit.leave), leave.clone());
    browser::focus_soon("#name-given");
    view! {
        <div class="sheet" on:keydown=leave_field>
            <Head store leave save />
            <DraftBar store />
            <StaleDialog store />
            // Until it is decided what becomes of the draft, nothing can be typed over it.
            <fieldset class="sheet-fields" prop:disabled=move || store.found.with(Option::is_some)>
                <Summary store />
                <LookAlikes store />
                <Identity store />
                <Contacts store />
                <Alerts store />
                <Allergies store />
                <Tags store />
                <Address store />
                <Relations store />
            </fieldset>
        </div>
    }
}

/// Esc in a field leaves the field; the next one leaves the form.
fn leave_field(event: web_sys::KeyboardEvent) {
    if event.key() == "Escape"
        && !event.default_prevented()
        && let Some(element) = browser::focused().filter(|element| browser::takes_text(element))
    {
        event.prevent_default();
        let _ = element.blur();
    }
}

/// Goes back to where the form was opened from. What was typed is kept as a draft.
fn use_leave(store: EditStore) -> impl Fn() + Clone + Send + Sync + 'static {
    let open = use_open();
    move || {
        match store.patient {
            Some(id) => open(&format!("/patients/{id}")),
            None => open("/patients"),
        }
        browser::focus(".patients-grid");
    }
}

#[component]
fn Head(
    store: EditStore,
    leave: impl Fn() + Clone + Send + Sync + 'static,
    save: impl Fn() + Send + 'static,
) -> impl IntoView {
    let title = move || match store.patient {
        None => t!(patients.new).to_owned(),
        Some(_) => {
            let name = store.form.with(|form| words::or_nameless(form.name.display(&form.preferred_name)));
            t!(edit.title, name = name)
        }
    };
    let cancel = leave.clone();
    view! {
        <header class="sheet-head">
            <IconButton label=t!(edit.leave).to_owned() glyph=Glyph::Left key="Esc" on_press=move |_| leave() />
            <h2 class="title clip">{title}</h2>
            <span class="caption" role="status">{move || store.kept.get().then_some(t!(edit.draft_kept))}</span>
            <Button label=t!(action.cancel).to_owned() weight=Weight::Quiet on_press=move |_| cancel() />
            <Button
                label=t!(action.save).to_owned()
                weight=Weight::Primary
                key="Ctrl+Enter"
                test_id="save"
                disabled=store.saving
                on_press=move |_| save()
            />
        </header>
    }
}

/// How many fields need another look, above them.
#[component]
fn Summary(store: EditStore) -> impl IntoView {
    move || {
        let n = store.problems.with(|problems| problems.len());
        let failure = store.failure.get();
        if let Some(text) = failure {
            return Some(view! { <p class="sheet-problem" role="alert">{text}</p> }.into_any());
        }
        (n > 0).then(|| {
            view! { <p class="sheet-problem" role="alert">{t!(edit.problems, count = n)}</p> }.into_any()
        })
    }
}

/// A part of the form with its title.
#[component]
fn Group(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="sheet-group" aria-label=title>
            <h3>{title}</h3>
            <div class="sheet-body">{children()}</div>
        </section>
    }
}
