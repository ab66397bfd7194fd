//! The list of patients: any number of them, a screenful of rows.

mod bulk;
mod filters;
mod grid;
mod keys;
mod row;
mod store;
mod toolbar;

use contract::{PatientFilter, SyncState};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::{Empty, Failure};
use crate::state::use_desk;
use crate::t;
use crate::view_model::query::ListQuery;
use bulk::BulkBar;
use grid::Grid;
use store::ListStore;
use toolbar::Toolbar;

/// The list with its search, filters and actions.
#[component]
pub fn PatientsList() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|map| ListQuery::read(|name| map.get(name))));
    let store = ListStore::new(use_desk(), query);
    view! {
        <section
            class="patients-list"
            aria-label=t!(patients.title)
            aria-busy=move || store.is_busy().to_string()
        >
            <Toolbar store />
            <Content store />
            <BulkBar store />
        </section>
    }
}

/// The rows, or why there are none.
#[component]
fn Content(store: ListStore) -> impl IntoView {
    let state = Memo::new(move |_| store.state());
    move || match state.get() {
        store::State::Failed(error) => view! { <Failure error retry=move || store.refresh() /> }.into_any(),
        store::State::Empty => view! { <Nothing store /> }.into_any(),
        store::State::Loading | store::State::Rows => view! { <Grid store /> }.into_any(),
    }
}

/// Why the list is empty and what to do about it.
#[component]
fn Nothing(store: ListStore) -> impl IntoView {
    crate::pages::announce_ready();
    let go = use_go();
    let set = use_set_query();
    let query = store.query.get_untracked();
    if store.is_searching() {
        let text = Signal::derive(move || {
            if store.is_short_number() { t!(patients.short_number) } else { t!(patients.no_hits_text) }
                .to_owned()
        });
        return view! {
            <Empty glyph=Glyph::Search title=t!(patients.no_hits) text>
                <Button label=t!(patients.clear_search).to_owned() on_press=move |_| store.search_for(String::new()) />
            </Empty>
        }
        .into_any();
    }
    if query.is_filtered() {
        let plain = ListQuery { filter: PatientFilter::default(), ..query };
        return view! {
            <Empty glyph=Glyph::Filter title=t!(patients.none_match) text=t!(patients.none_match_text)>
                <Button label=t!(patients.clear_filters).to_owned() on_press=move |_| set(plain.clone()) />
            </Empty>
        }
        .into_any();
    }
    // The clinic's patients may be on their way: nobody is to bring them a second time.
    if untrack(|| store.desk.sync_state()) == Some(SyncState::Joining) {
        return view! {
            <Empty glyph=Glyph::Sync title=t!(patients.joining) text=t!(patients.joining_text)>
                <Button label=t!(sync.details).to_owned() on_press=move |_| go("/sync") />
            </Empty>
        }
        .into_any();
    }
    let (import, connect) = (go.clone(), go.clone());
    let alone = move || store.desk.sync_state() == Some(SyncState::Alone);
    let text = Signal::derive(move || {
        if alone() { t!(patients.none_text_alone) } else { t!(patients.none_text) }.to_owned()
    });
    view! {
        <Empty glyph=Glyph::Patients title=t!(patients.none) text>
            <Button
                label=t!(import.open_page).to_owned()
                glyph=Glyph::Import
                weight=Weight::Primary
                on_press=move |_| import("/import")
            />
            <Show when=alone>
                <Button
                    label=t!(patients.connect).to_owned()
                    glyph=Glyph::Connect
                    test_id="patients-connect"
                    on_press={
                        let connect = connect.clone();
                        move |_| connect("/sync")
                    }
                />
            </Show>
            <Button label=t!(patients.new).to_owned() glyph=Glyph::Add key="n" on_press=move |_| go("/patients/new") />
        </Empty>
    }
    .into_any()
}

/// Goes to another page.
fn use_go() -> impl Fn(&str) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    move |path: &str| navigate(path, Default::default())
}

/// Changes the filters or the order, which are part of the URL.
pub fn use_set_query() -> impl Fn(ListQuery) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    let path = use_location().pathname;
    move |query: ListQuery| {
        let options = NavigateOptions { replace: true, scroll: false, ..Default::default() };
        navigate(&format!("{}{}", path.get_untracked(), query.write()), options);
    }
}

/// Opens something below the list without losing the filters.
pub fn use_open() -> impl Fn(&str) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    let search = use_location().search;
    move |path: &str| {
        let search = search.get_untracked();
        let mark = if search.is_empty() || search.starts_with('?') { "" } else { "?" };
        navigate(&format!("{path}{mark}{search}"), NavigateOptions { scroll: false, ..Default::default() });
    }
}
