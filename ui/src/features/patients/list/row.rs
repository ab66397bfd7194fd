use contract::PatientRow;
use domain::id::PatientId;
use domain::patient::{AlertLevel, Tier};
use leptos::prelude::*;
use web_sys::MouseEvent;

use super::grid::View;
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
    content: Memo<Option<(PatientRow, Option<contract::MatchedBy>)>>,
}

impl Shown {
    fn new(view: View, slot: usize, first: Memo<usize>, slots: Memo<usize>) -> Self {
        let index = Memo::new(move |_| in_slot(slot, slots.get(), first.get()));
        Self { view, index, content: Memo::new(move |_| view.store.row(index.get())) }
    }

    /// A part of the patient; its default while the row is not at hand.
    fn part<T: Default + PartialEq + Send + Sync + 'static>(self, read: fn(&PatientRow) -> T) -> Memo<T> {
        Memo::new(move |_| {
            self.content.with(|content| content.as_ref().map(|(row, _)| read(row)).unwrap_or_default())
        })
    }

    fn id(self) -> Option<PatientId> {
        self.content.with(|content| content.as_ref().map(|(row, _)| row.id))
    }

    fn is_picked(self) -> bool {
        self.id().is_some_and(|id| self.view.store.selection.with(|selection| selection.contains(id)))
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
    let waiting = move || shown.content.with(Option::is_none);
    view! {
        <div
            id=move || format!("patient-row-{}", index.get())
            class="patients-row"
            role="row"
            data-testid="patient-row"
            data-id=move || shown.id().map(|id| id.to_string())
            aria-rowindex=move || (index.get() + 2).to_string()
            aria-selected=move || shown.is_picked().to_string()
            class:is-active=move || view.store.active.get() == index.get()
            class:is-open=move || shown.id().is_some() && view.opened.get() == shown.id()
            class:is-waiting=waiting
            class:is-beyond=move || { index.get() >= view.store.length() }
            style:top=move || shown.place()
            on:click=move |event| shown.press(&event, &open)
        >
            <Pick shown />
            <Name shown />
            <Plain shown />
        </div>
    }
}

#[component]
fn Pick(shown: Shown) -> impl IntoView {
    let name = shown.part(words::name);
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
                aria-label=move || t!(patients.pick_one, name = name.get())
                prop:checked=move || shown.is_picked()
                on:change=toggle
            />
        </span>
    }
}

#[component]
fn Name(shown: Shown) -> impl IntoView {
    let name = shown.part(words::name);
    // The given name too, where people go by another.
    let given = shown.part(|row| match &row.preferred_name {
        preferred if preferred.is_empty() || *preferred == row.name.given => String::new(),
        _ => row.name.given.clone(),
    });
    let alert = shown.part(|row| row.alert);
    let archived = shown.part(|row| row.archived);
    let matched = Memo::new(move |_| {
        shown.content.with(|content| content.as_ref().and_then(|(_, matched)| words::matched_by((*matched)?)))
    });
    let alert_mark = move || {
        alert.get().map(|level| {
            let tone = if level == AlertLevel::DoNotBook { Tone::Danger } else { Tone::Waiting };
            view! { <Mark tone label=words::alert_level(level) /> }
        })
    };
    Effect::new(move |_| {
        if name.with(|name| !name.is_empty()) {
            crate::pages::announce_ready();
        }
    });
    view! {
        <span role="gridcell" class="is-name">
            <span class="patients-name clip">{move || name.get()}</span>
            <span class="caption clip">{move || given.get()}</span>
            {alert_mark}
            {move || archived.get().then(|| view! { <Mark tone=Tone::Neutral label=t!(patients.archived) /> })}
            {move || matched.get().map(|why| view! { <span class="tag">{why}</span> })}
        </span>
    }
}

/// The columns after the name.
#[component]
fn Plain(shown: Shown) -> impl IntoView {
    let born = shown.part(|row| row.birth_date);
    let phone = shown.part(|row| row.phone.clone());
    let email = shown.part(|row| row.email.clone());
    let tier = shown.part(|row| row.tier);
    let added = shown.part(|row| Some(row.created_at));
    let tier_mark = move || {
        let tier = tier.get();
        (tier != Tier::Standard).then(|| view! { <Mark tone=Tone::Accent label=words::tier(tier) /> })
    };
    view! {
        <span role="gridcell" class="clip tabular" title=move || born.get().map(|date| date.to_string())>
            {move || words::birth(born.get())}
        </span>
        <span role="gridcell" class="is-phone clip tabular">{move || format::phone(&phone.get())}</span>
        <span role="gridcell" class="is-email clip" title=move || email.get()>{move || email.get()}</span>
        <span role="gridcell" class="is-tags"><Tags shown /></span>
        <span role="gridcell" class="is-tier">{tier_mark}</span>
        <span role="gridcell" class="is-added clip tabular" title=move || added.get().map(words::exact)>
            {move || added.get().map(words::day)}
        </span>
    }
}

#[component]
fn Tags(shown: Shown) -> impl IntoView {
    let tags = shown.part(|row| row.tags.clone());
    let content = move || {
        let tags = tags.get();
        let more = tags.len().saturating_sub(TAGS_SHOWN);
        let first = tags
            .into_iter()
            .take(TAGS_SHOWN)
            .map(|tag| view! { <span class="tag clip">{tag}</span> })
            .collect_view();
        view! {
            {first}
            {(more > 0).then(|| view! { <span class="tag flex-none">{format!("+{more}")}</span> })}
        }
    };
    view! { <span class="flex min-w-0 gap-1" title=move || tags.with(|tags| tags.join(", "))>{content}</span> }
}
