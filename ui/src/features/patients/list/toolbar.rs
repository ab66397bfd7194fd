use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::filters::{Chips, Filters};
use super::store::ListStore;
use crate::browser;
use crate::components::icon::{Glyph, Icon};
use crate::t;
use crate::view_model::format;

/// The list's own search, its filters and its length.
#[component]
pub fn Toolbar(store: ListStore) -> impl IntoView {
    let (n, or_more) = (move || store.told_length().0, move || store.told_length().1);
    let length = move || {
        let shown = format::count(n(), or_more());
        if store.shows_hits() && or_more() {
            t!(patients.best_hits, n = n())
        } else if store.shows_hits() {
            t!(patients.hits, count = n(), n = shown)
        } else {
            t!(patients.count, count = n(), n = shown)
        }
    };
    let counted = move || store.count.with(Option::is_some) || store.shows_hits();
    view! {
        <div class="patients-toolbar">
            <SearchBox store />
            <Filters store />
            <span class="patients-count caption tabular" role="status">{move || counted().then(length)}</span>
        </div>
        <Chips store />
    }
}

#[component]
fn SearchBox(store: ListStore) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    store.desk.shortcuts.add("/", t!(patients.search), move || {
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
            field.select();
        }
    });
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            store.search_for(String::new());
            browser::focus(".patients-grid");
        }
        // Into the list that was found.
        "ArrowDown" | "Enter" => {
            event.prevent_default();
            browser::focus(".patients-grid");
        }
        _ => {}
    };
    view! {
        <label class="patients-search">
            <Icon glyph=Glyph::Search />
            <input
                node_ref=field
                type="search"
                data-testid="patients-search"
                aria-label=t!(patients.search)
                aria-keyshortcuts="/"
                placeholder=t!(patients.search_placeholder)
                autocomplete="off"
                spellcheck="false"
                prop:value=move || store.typed.get()
                on:input=move |event| store.search_for(event_target_value(&event))
                on:keydown=keys
            />
            <kbd aria-hidden="true">"/"</kbd>
        </label>
    }
}
