use contract::PatientDetail;
use domain::id::PatientId;
use domain::patient::{Alert, AlertLevel, Tier};
use leptos::prelude::*;

use super::{display_name, toggle_archived};
use crate::components::button::{Button, IconButton};
use crate::components::icon::{Glyph, Icon};
use crate::components::mark::{Mark, Tone};
use crate::features::patients::list::use_open;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::t;

/// Who it is, and what can be done.
#[component]
pub fn Header(remote: Remote<PatientDetail>, id: PatientId) -> impl IntoView {
    let open = use_open();
    let back = open.clone();
    let who = move || remote.value.get().map(|detail| view! { <Who detail=(*detail).clone() /> });
    view! {
        <header class="patient-head">
            <IconButton
                label=t!(patient.back).to_owned()
                glyph=Glyph::Left
                key="Esc"
                on_press=move |_| back("/patients")
            />
            <div class="patient-who">{who}</div>
            <div class="flex gap-2">
                <ArchiveButton remote id />
                <Button
                    label=t!(patient.edit).to_owned()
                    glyph=Glyph::Edit
                    key="e"
                    on_press=move |_| open(&format!("/patients/{id}/edit"))
                />
            </div>
        </header>
    }
}

#[component]
fn ArchiveButton(remote: Remote<PatientDetail>, id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let archived = Memo::new(move |_| {
        remote.value.with(|detail| detail.as_ref().is_some_and(|detail| detail.archived_at.is_some()))
    });
    move || {
        let (label, glyph) = match archived.get() {
            true => (t!(action.restore), Glyph::Restore),
            false => (t!(action.archive), Glyph::Archive),
        };
        view! {
            <IconButton
                label=label.to_owned()
                glyph
                key="Shift+A"
                on_press=move |_| toggle_archived(desk, remote, id)
            />
        }
    }
}

#[component]
fn Who(detail: PatientDetail) -> impl IntoView {
    let name = display_name(&detail);
    let parts = &detail.name;
    let full = [&parts.prefix, &parts.given, &parts.middle, &parts.family, &parts.suffix]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    let full = (full != name && !full.is_empty()).then(|| view! { <span>{full}</span> });
    let born = words::birth(detail.birth_date);
    let exact = detail.birth_date.map(|date| date.to_string());
    let tier = (detail.tier != Tier::Standard)
        .then(|| view! { <Mark tone=Tone::Accent label=words::tier(detail.tier) /> });
    let archived = detail.archived_at.map(|at| {
        view! { <Mark tone=Tone::Neutral label=t!(patient.archived_on, day = words::day(at)) /> }
    });
    let unsent = detail.is_unsent.then(|| view! { <NotSent /> });
    let number = (!detail.external_id.is_empty()).then(
        || view! { <span class="tabular">{t!(patient.number, number = detail.external_id.as_str())}</span> },
    );
    view! {
        <div class="flex flex-wrap items-center gap-x-3">
            <h2 class="title" id="patient-name">{name}</h2>
            {tier}
            {archived}
            {unsent}
        </div>
        <div class="patient-line">
            {full}
            {(!born.is_empty()).then(|| view! { <span class="tabular" title=exact>{born}</span> })}
            {(!detail.pronouns.is_empty()).then(|| view! { <span>{detail.pronouns.clone()}</span> })}
            {number}
        </div>
    }
}

/// It is saved here, and the other desks do not have it yet. What is sent at once shows nothing.
#[component]
pub fn NotSent() -> impl IntoView {
    view! {
        <a class="not-sent" href="/sync/unsent" title=t!(sync.not_sent_text)>
            <Mark tone=Tone::Waiting label=t!(sync.unsent) />
        </a>
    }
}

/// What nobody who deals with the patient may miss.
#[component]
pub fn Alerts(alerts: Memo<Vec<Alert>>) -> impl IntoView {
    let line = |alert: Alert| {
        let (class, glyph) = match alert.level {
            AlertLevel::DoNotBook => ("patient-alert is-grave", Glyph::Stop),
            AlertLevel::AlertOnly => ("patient-alert", Glyph::Warning),
        };
        view! {
            <div class=class role="note">
                <Icon glyph />
                <strong>{words::alert_level(alert.level)}</strong>
                <span>{alert.text}</span>
            </div>
        }
    };
    move || alerts.get().into_iter().map(line).collect_view()
}
