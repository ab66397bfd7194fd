use std::sync::Arc;

use contract::{PatientHit, PatientRow};
use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::state::Action;
use crate::t;
use crate::view_model::{format, palette};

/// Goes to a place.
pub type Open = Arc<dyn Fn(String) + Send + Sync>;

/// One line of the palette.
#[derive(Clone)]
pub struct Entry {
    pub group: &'static str,
    pub glyph: Glyph,
    pub label: String,
    /// What tells two of the same name apart.
    pub detail: String,
    /// Why it was found, if not by its name.
    pub why: Option<&'static str>,
    pub key: &'static str,
    pub alert: Option<domain::patient::AlertLevel>,
    pub run: Action,
}

/// Patients first: that is what it is mostly asked for. Actions that fit very well stand before them.
pub fn entries(
    typed: &str,
    hits: &[PatientHit],
    recent: &[PatientRow],
    actions: &[Entry],
    open: &Open,
) -> Vec<Entry> {
    if typed.trim().is_empty() {
        let recent = recent.iter().map(|row| patient(row, t!(palette.recent), None, open));
        return recent.chain(actions.iter().cloned()).collect();
    }
    let patients = hits
        .iter()
        .map(|hit| patient(&hit.patient, t!(palette.patients), words::matched_by(hit.matched_by), open));
    let fitting = palette::rank(typed, actions, |entry| &entry.label).into_iter().cloned();
    patients.chain(fitting).collect()
}

fn patient(row: &PatientRow, group: &'static str, why: Option<&'static str>, open: &Open) -> Entry {
    let open = open.clone();
    let path = format!("/patients/{}", row.id);
    let details = [words::birth(row.birth_date), format::phone(&row.phone)];
    Entry {
        group,
        glyph: Glyph::Person,
        label: words::name(row),
        detail: details.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ·  "),
        why,
        key: "",
        alert: row.alert,
        run: Arc::new(move || open(path.clone())),
    }
}

/// A line, with the head of its group above the first.
#[component]
pub fn EntryLine(
    at: usize,
    entry: Entry,
    head: Option<&'static str>,
    chosen: RwSignal<usize>,
    run: impl Fn(usize) + Send + 'static,
) -> impl IntoView {
    let alert = entry.alert.map(|level| view! { <Mark tone=Tone::Danger label=words::alert_level(level) /> });
    view! {
        {head.map(|head| view! { <div class="palette-group" role="presentation">{head}</div> })}
        <div
            id=format!("palette-{at}")
            class="palette-entry"
            role="option"
            aria-selected=move || (chosen.get() == at).to_string()
            on:mousemove=move |_| chosen.set(at)
            on:click=move |_| run(at)
        >
            <Icon glyph=entry.glyph />
            <span class="palette-label clip">{entry.label}</span>
            {alert}
            <span class="palette-detail clip tabular">{entry.detail}</span>
            {entry.why.map(|why| view! { <span class="tag">{why}</span> })}
            {(!entry.key.is_empty()).then(|| view! { <kbd>{entry.key}</kbd> })}
        </div>
    }
}
