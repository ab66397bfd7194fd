//! One patient's page.

mod consent;
mod consent_history;
mod facts;
mod header;
mod look_alikes;
mod new_note;
mod note;
mod notes;

use std::sync::Arc;

use contract::{PatientDetail, PatientLoad, PatientLoadRequest, PatientRow};
use domain::id::PatientId;
use domain::patient::{AlertLevel, ContactKind};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::archive::set_archived;
use super::list::use_open;
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::invoices::OfPatient;
use crate::features::words;
use crate::state::{Desk, Remote, use_desk};
use crate::{browser, t};
use consent::ConsentMatrix;
use facts::{Allergies, Contacts, Facts, Household};
use header::{Alerts, Header};
use look_alikes::LookAlikes;
use notes::Notes;

/// Tables that the page shows.
const COLLECTIONS: [&str; 7] = [
    "patient",
    "patient_contact",
    "patient_allergy",
    "patient_alert",
    "patient_tag",
    "patient_note",
    "consent_event",
];

/// The page of patient `id`.
#[component]
pub fn PatientPage(id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<PatientDetail>::new();
    let load = move || remote.load::<PatientLoad>(PatientLoadRequest { id });
    let unsent = desk.unsent();
    Effect::new(move |_| {
        desk.changes.follow(&COLLECTIONS);
        unsent.get();
        load();
    });
    Effect::new(move |_| {
        if let Some(detail) = remote.value.get() {
            desk.recent.opened(row_of(&detail));
        }
    });
    add_keys(desk, remote, id);
    let there = Memo::new(move |_| remote.value.with(Option::is_some));
    view! {
        {move || match (there.get(), remote.error.get()) {
            (_, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
            (false, None) => view! { <Skeleton lines=8 /> }.into_any(),
            (true, None) => view! { <Content remote id /> }.into_any(),
        }}
    }
}

#[component]
fn Content(remote: Remote<PatientDetail>, id: PatientId) -> impl IntoView {
    crate::pages::announce_ready();
    browser::focus_if_lost(".patient");
    // Each part follows its own piece, so that a new note does not draw the phone numbers again.
    macro_rules! piece {
        ($read:expr) => {
            Memo::new(move |_| remote.value.with(|detail| detail.as_deref().map($read)).unwrap_or_default())
        };
    }
    let contacts = piece!(|detail| detail.contacts.clone());
    let allergies = piece!(|detail| detail.allergies.clone());
    let alerts = piece!(|detail| detail.alerts.clone());
    let lines = piece!(|detail| detail.consent.clone());
    view! {
        <article class="patient" tabindex="-1" aria-labelledby="patient-name">
            <Header remote id />
            <Alerts alerts />
            <div class="patient-columns">
                <div class="patient-main">
                    <Contacts contacts />
                    <Allergies allergies />
                    <OfPatient id />
                    <Notes remote id />
                </div>
                <div class="patient-side">
                    <LookAlikes remote id />
                    <Facts remote />
                    <Household remote />
                    <ConsentMatrix lines id />
                </div>
            </div>
        </article>
    }
}

/// The keys of the page.
fn add_keys(desk: Desk, remote: Remote<PatientDetail>, id: PatientId) {
    let keys = desk.shortcuts;
    let open = use_open();
    let back = open.clone();
    keys.add("Esc", t!(patient.back), move || {
        back("/patients");
        browser::focus(".patients-grid");
    });
    keys.add("e", t!(patient.edit), move || open(&format!("/patients/{id}/edit")));
    keys.add("c", t!(patient.copy_phone), move || copy_primary(desk, remote, ContactKind::Phone));
    keys.add("m", t!(patient.copy_email), move || copy_primary(desk, remote, ContactKind::Email));
    keys.add("t", t!(note.new), || browser::focus("#note-new"));
    keys.add("Shift+A", t!(patient.archive_or_restore), move || toggle_archived(desk, remote, id));
}

/// Archives the patient, or brings it back.
fn toggle_archived(desk: Desk, remote: Remote<PatientDetail>, id: PatientId) {
    let archived =
        remote.value.with_untracked(|detail| detail.as_ref().map(|detail| detail.archived_at.is_some()));
    if let Some(archived) = archived {
        set_archived(desk, vec![id], !archived, Arc::new(|| {}));
    }
}

fn copy_primary(desk: Desk, remote: Remote<PatientDetail>, kind: ContactKind) {
    let value = remote.value.with_untracked(|detail| {
        let contacts = &detail.as_ref()?.contacts;
        let of_kind = || contacts.iter().filter(|contact| contact.kind == kind);
        of_kind()
            .find(|contact| contact.primary)
            .or_else(|| of_kind().next())
            .map(|contact| contact.value.clone())
    });
    match value {
        Some(value) => copy(desk, value),
        None => desk.toasts.done(t!(patient.nothing_to_copy)),
    }
}

/// Puts `value` on the clipboard and says so.
fn copy(desk: Desk, value: String) {
    spawn_local(async move {
        let text = if browser::copy(&value).await { t!(patient.copied) } else { t!(patient.not_copied) };
        desk.toasts.done(text);
    });
}

/// The patient as a list shows it.
fn row_of(detail: &Arc<PatientDetail>) -> PatientRow {
    let primary = |kind| {
        let mut of_kind = detail.contacts.iter().filter(|contact| contact.kind == kind);
        let found = of_kind.clone().find(|contact| contact.primary).or_else(|| of_kind.next());
        found.map(|contact| contact.value.clone()).unwrap_or_default()
    };
    let grave = |level: AlertLevel| detail.alerts.iter().any(|alert| alert.level == level).then_some(level);
    PatientRow {
        id: detail.id,
        name: detail.name.clone(),
        preferred_name: detail.preferred_name.clone(),
        pronouns: detail.pronouns.clone(),
        birth_date: detail.birth_date,
        phone: primary(ContactKind::Phone),
        email: primary(ContactKind::Email),
        tier: detail.tier,
        tags: detail.tags.iter().map(|tag| tag.label.clone()).collect(),
        alert: grave(AlertLevel::DoNotBook).or_else(|| grave(AlertLevel::AlertOnly)),
        archived: detail.archived_at.is_some(),
        created_at: detail.created_at,
    }
}

/// The name the patient goes by.
fn display_name(detail: &PatientDetail) -> String {
    words::or_nameless(detail.name.display(&detail.preferred_name))
}
