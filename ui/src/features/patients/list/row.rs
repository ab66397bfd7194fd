use contract::{MatchedBy, PatientRow};
use domain::patient::{AlertLevel, Tier};
use leptos::prelude::*;
use web_sys::MouseEvent;

use super::grid::View;
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::t;
use crate::view_model::format;
use crate::view_model::window::HEIGHT_MAX_PX;

/// Tags that a row has room for.
const TAGS_SHOWN: usize = 2;

/// One row; empty until its page is at hand.
#[component]
pub fn Row(view: View, index: usize, open: impl Fn(&str) + Clone + Send + Sync + 'static) -> impl IntoView {
    let store = view.store;
    let content = Memo::new(move |_| store.row(index));
    let id = move || content.with(|content| content.as_ref().map(|(row, _)| row.id));
    let picked =
        Memo::new(move |_| id().is_some_and(|id| store.selection.with(|selection| selection.contains(id))));
    let press = move |event: MouseEvent| {
        let Some(id) = untrack(id) else { return };
        let from = store.active.get_untracked();
        store.active.set(index);
        if event.shift_key() {
            store.selection.update(|selection| selection.extend(from, index, |at| store.id_at(at)));
        } else if event.ctrl_key() || event.meta_key() {
            store.selection.update(|selection| selection.toggle(index, id));
        } else {
            open(&format!("/patients/{id}"));
        }
    };
    let top = move || {
        let geometry = view.geometry();
        // While the whole list fits the browser's limits a row's place does not depend on the scroll bar.
        let scroll = if geometry.height_px() < HEIGHT_MAX_PX { 0.0 } else { view.scroll_px.get() };
        format!("translateY({}px)", geometry.top_px(index, scroll))
    };
    let cells = move || match content.get() {
        Some((row, matched)) => view! { <Cells view index row matched picked /> }.into_any(),
        None => {
            view! { <span role="gridcell" class="patients-waiting late" aria-label=t!(state.loading)></span> }
                .into_any()
        }
    };
    view! {
        <div
            id=format!("patient-row-{index}")
            class="patients-row"
            role="row"
            data-testid="patient-row"
            data-id=move || id().map(|id| id.to_string())
            aria-rowindex=index + 2
            aria-selected=move || picked.get().to_string()
            class:is-active=move || store.active.get() == index
            class:is-open=move || view.is_open(id())
            style:transform=top
            on:click=press
        >
            {cells}
        </div>
    }
}

impl View {
    /// Whether the detail beside the list is this patient's.
    fn is_open(&self, id: Option<domain::id::PatientId>) -> bool {
        id.is_some() && self.opened.get() == id
    }
}

#[component]
fn Cells(
    view: View,
    index: usize,
    row: PatientRow,
    matched: Option<MatchedBy>,
    picked: Memo<bool>,
) -> impl IntoView {
    crate::pages::announce_ready();
    let name = words::name(&row);
    let born = words::birth(row.birth_date);
    let exact = row.birth_date.map(|date| date.to_string());
    let tier = (row.tier != Tier::Standard)
        .then(|| view! { <Mark tone=Tone::Accent label=words::tier(row.tier) /> });
    view! {
        <Pick view index name=name.clone() id=row.id picked />
        <span role="gridcell" class="is-name"><Name name row=row.clone() matched /></span>
        <span role="gridcell" class="clip tabular" title=exact>{born}</span>
        <span role="gridcell" class="is-phone clip tabular">{format::phone(&row.phone)}</span>
        <span role="gridcell" class="is-email clip" title=row.email.clone()>{row.email.clone()}</span>
        <span role="gridcell" class="is-tags"><Tags tags=row.tags.clone() /></span>
        <span role="gridcell" class="is-tier">{tier}</span>
        <span role="gridcell" class="is-added clip tabular" title=words::exact(row.created_at)>
            {words::day(row.created_at)}
        </span>
    }
}

#[component]
fn Pick(
    view: View,
    index: usize,
    name: String,
    id: domain::id::PatientId,
    picked: Memo<bool>,
) -> impl IntoView {
    let selection = view.store.selection;
    view! {
        <span role="gridcell" class="is-pick" on:click=|event| event.stop_propagation()>
            <input
                type="checkbox"
                tabindex="-1"
                aria-label=t!(patients.pick_one, name = name)
                prop:checked=move || picked.get()
                on:change=move |_| selection.update(|selection| selection.toggle(index, id))
            />
        </span>
    }
}

#[component]
fn Name(name: String, row: PatientRow, matched: Option<MatchedBy>) -> impl IntoView {
    let alert = row.alert.map(|level| {
        let tone = if level == AlertLevel::DoNotBook { Tone::Danger } else { Tone::Waiting };
        view! { <Mark tone label=words::alert_level(level) /> }
    });
    // The given name too, where people go by another.
    let given = (!row.preferred_name.is_empty() && row.preferred_name != row.name.given)
        .then(|| view! { <span class="caption clip">{row.name.given.clone()}</span> });
    view! {
        <span class="patients-name clip">{name}</span>
        {given}
        {alert}
        {row.archived.then(|| view! { <Mark tone=Tone::Neutral label=t!(patients.archived) /> })}
        {matched.and_then(words::matched_by).map(|why| view! { <span class="tag">{why}</span> })}
    }
}

#[component]
fn Tags(tags: Vec<String>) -> impl IntoView {
    let more = tags.len().saturating_sub(TAGS_SHOWN);
    let all = tags.join(", ");
    let shown = tags
        .into_iter()
        .take(TAGS_SHOWN)
        .map(|tag| view! { <span class="tag clip">{tag}</span> })
        .collect_view();
    view! {
        <span class="flex min-w-0 gap-1" title=all>
            {shown}
            {(more > 0).then(|| view! { <span class="tag flex-none">{format!("+{more}")}</span> })}
        </span>
    }
}
