use std::iter;

use contract::{MatchedBy, PatientRow};
use domain::id::PatientId;
use domain::patient::{AlertLevel, Tier};
use leptos::prelude::*;
use web_sys::MouseEvent;

use super::grid::{PICK_ID, View};
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::t;
use crate::view_model::format;
use crate::view_model::window::{HEIGHT_MAX_PX, in_slot};

/// Tags that a row has room for.
const TAGS_SHOWN: usize = 2;

/// What a row shows; cheap to copy. Its element stays while the list is scrolled: only what differs
/// between two patients is changed. Making rows anew costs ten times as much, in time and memory.
#[derive(Clone, Copy)]
struct Shown {
    view: View,
    index: Memo<usize>,
    content: Memo<Option<(PatientRow, Option<MatchedBy>)>>,
    picked: Memo<bool>,
}

impl Shown {
    fn new(view: View, slot: usize, first: Memo<usize>, slots: Memo<usize>) -> Self {
        let index = Memo::new(move |_| in_slot(slot, slots.get(), first.get()));
        let content = Memo::new(move |_| view.store.row(index.get()));
        let picked = Memo::new(move |_| {
            id_of(content).is_some_and(|id| view.store.selection.with(|selection| selection.contains(id)))
        });
        Self { view, index, content, picked }
    }

    fn id(self) -> Option<PatientId> {
        id_of(self.content)
    }

    /// All that the row's look depends on, in one: an effect for each would cost more than what it does.
    fn class(self) -> String {
        let index = self.index.get();
        let flags = [
            ("is-active", self.view.store.active.get() == index),
            ("is-open", self.id().is_some_and(|id| self.view.opened.get() == Some(id))),
            ("is-waiting", self.content.with(Option::is_none)),
            ("is-beyond", index >= self.view.store.length()),
        ];
        let set = flags.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name);
        iter::once("patients-row").chain(set).collect::<Vec<_>>().join(" ")
    }

    fn place(self) -> String {
        let geometry = self.view.geometry();
        // While the whole list fits the browser's limits a row's place does not depend on the scroll bar.
        let scroll = if geometry.height_px() < HEIGHT_MAX_PX { 0.0 } else { self.view.scroll_px.get() };
        format!("{}px", geometry.top_px(self.index.get(), scroll))
    }

    fn press(self, event: &MouseEvent, open: &impl Fn(&str)) {
        let store = self.view.store;
        let (index, Some(id)) = (self.index.get_untracked(), untrack(|| self.id())) else { return };
        let from = store.active.get_untracked();
        store.active.set(index);
        if event.shift_key() {
            store.selection.update(|selection| selection.extend(from, index, |at| store.id_at(at)));
        } else if event.ctrl_key() || event.meta_key() {
            store.selection.update(|selection| selection.toggle(index, id));
        } else {
            open(&format!("/patients/{id}"));
        }
    }
}

fn id_of(content: Memo<Option<(PatientRow, Option<MatchedBy>)>>) -> Option<PatientId> {
    content.with(|content| content.as_ref().map(|(row, _)| row.id))
}

/// One row; which patient's depends on where the list is scrolled to.
#[component]
pub fn Row(
    view: View,
    element: usize,
    first: Memo<usize>,
    slots: Memo<usize>,
    open: impl Fn(&str) + 'static,
) -> impl IntoView {
    let shown = Shown::new(view, element, first, slots);
    let index = shown.index;
    let name_id = format!("patient-name-{element}");
    view! {
        <div
            id=move || format!("patient-row-{}", index.get())
            class=move || shown.class()
            role="row"
            data-testid="patient-row"
            aria-rowindex=move || (index.get() + 2).to_string()
            aria-selected=move || shown.picked.get().to_string()
            style:top=move || shown.place()
            on:click=move |event| shown.press(&event, &open)
        >
            <Pick shown name_id=name_id.clone() />
            {move || shown.content.with(|content| cells(content.as_ref(), &name_id))}
        </div>
    }
}

#[component]
fn Pick(shown: Shown, name_id: String) -> impl IntoView {
    let toggle = move |_| {
        if let Some(id) = untrack(|| shown.id()) {
            let index = shown.index.get_untracked();
            shown.view.store.selection.update(|selection| selection.toggle(index, id));
        }
    };
    view! {
        <span role="gridcell" class="is-pick" on:click=|event| event.stop_propagation()>
            <input
                type="checkbox"
                tabindex="-1"
                aria-labelledby=format!("{PICK_ID} {name_id}")
                prop:checked=move || shown.picked.get()
                on:change=toggle
            />
        </span>
    }
}

/// What differs between two patients, all of it in one effect: one for each cell would cost more than
/// what it does. Empty while the row is not at hand.
///
/// Texts are set as `textContent`, which puts a new text in the old one's place: WebKit takes three
/// times as long to lay out a text that was changed in place.
fn cells(content: Option<&(PatientRow, Option<MatchedBy>)>, name_id: &str) -> impl IntoView + use<> {
    let row = content.map(|(row, _)| row);
    let text = |read: fn(&PatientRow) -> String| row.map(read).unwrap_or_default();
    let email = text(|row| row.email.clone());
    view! {
        <span role="gridcell" class="is-name">
            <span id=name_id.to_owned() class="patients-name clip" prop:textContent=text(words::name)></span>
            <span class="caption clip" prop:textContent=text(given)></span>
            {content.map(|(row, matched)| marks(row, *matched))}
        </span>
        <span
            role="gridcell"
            class="clip tabular"
            prop:textContent=text(|row| words::birth(row.birth_date))
        ></span>
        <span
            role="gridcell"
            class="is-phone clip tabular"
            prop:textContent=text(|row| format::phone(&row.phone))
        ></span>
        <span role="gridcell" class="is-email clip" title=email.clone() prop:textContent=email></span>
        <span role="gridcell" class="is-tags">{row.map(|row| tags(&row.tags))}</span>
        <span role="gridcell" class="is-tier">
            {row.filter(|row| row.tier != Tier::Standard)
                .map(|row| view! { <Mark tone=Tone::Accent label=words::tier(row.tier) /> })}
        </span>
        <span
            role="gridcell"
            class="is-added clip tabular"
            title=text(|row| words::exact(row.created_at))
            prop:textContent=text(|row| words::day(row.created_at))
        ></span>
    }
}

/// The given name too, where people go by another.
fn given(row: &PatientRow) -> String {
    match &row.preferred_name {
        preferred if preferred.is_empty() || *preferred == row.name.given => String::new(),
        _ => row.name.given.clone(),
    }
}

fn marks(row: &PatientRow, matched: Option<MatchedBy>) -> impl IntoView + use<> {
    let alert = row.alert.map(|level| {
        let tone = if level == AlertLevel::DoNotBook { Tone::Danger } else { Tone::Waiting };
        view! { <Mark tone label=words::alert_level(level) /> }
    });
    let archived = row.archived.then(|| view! { <Mark tone=Tone::Neutral label=t!(patients.archived) /> });
    let why = matched.and_then(words::matched_by).map(|why| view! { <span class="tag">{why}</span> });
    (alert, archived, why)
}

fn tags(tags: &[String]) -> impl IntoView + use<> {
    let shown = tags.iter().take(TAGS_SHOWN).map(|tag| view! { <span class="tag clip">{tag.clone()}</span> });
    let more = tags.len().saturating_sub(TAGS_SHOWN);
    view! {
        <span class="flex min-w-0 gap-1" title=tags.join(", ")>
            {shown.collect_view()}
            {(more > 0).then(|| view! { <span class="tag flex-none">{format!("+{more}")}</span> })}
        </span>
    }
}
