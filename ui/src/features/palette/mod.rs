//! The palette: finds patients and runs actions, without the mouse.

mod actions;
mod entries;

use std::sync::Arc;

use contract::{PatientSearch, PatientSearchRequest, PatientSearchResponse};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use web_sys::KeyboardEvent;

use crate::browser;
use crate::components::dialog::Dialog;
use crate::components::icon::{Glyph, Icon};
use crate::state::{Remote, use_desk};
use crate::t;
use actions::actions;
use entries::{Entry, EntryLine, Open, entries};

const HITS: u32 = 8;

/// One field; patients and actions below it.
#[component]
pub fn Palette() -> impl IntoView {
    let desk = use_desk();
    view! {
        <Dialog open=desk.palette label=t!(palette.open).to_owned() class="palette">
            <Content />
        </Dialog>
    }
}

#[component]
fn Content() -> impl IntoView {
    let desk = use_desk();
    let navigate = use_navigate();
    let typed = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let hits = Remote::<PatientSearchResponse>::new();
    let open: Open = Arc::new(move |path: String| navigate(&path, Default::default()));
    let all = StoredValue::new(actions(desk, open.clone()));
    let shown = Memo::new_with_compare(
        move |_| {
            let typed = typed.get();
            let hits = hits.value.get().map(|answer| answer.hits.clone()).unwrap_or_default();
            all.with_value(|actions| entries(&typed, &hits, &desk.recent.rows(), actions, &open))
        },
        |_, _| true,
    );
    let input = move |text: String| {
        chosen.set(0);
        match text.trim().is_empty() {
            true => hits.clear(),
            false => hits.load::<PatientSearch>(PatientSearchRequest { text: text.clone(), limit: HITS }),
        }
        typed.set(text);
    };
    let run = move |at: usize| {
        if let Some(entry) = shown.with_untracked(|shown| shown.get(at).cloned()) {
            desk.palette.set(false);
            (entry.run)();
        }
    };
    // Whoever types on and presses Enter means what was typed, not what the letters before it found.
    let entered = RwSignal::new(false);
    Effect::new(move |_| {
        if entered.get() && !hits.loading.get() {
            entered.set(false);
            run(chosen.get_untracked());
        }
    });
    let keys = move |event: KeyboardEvent| {
        let length = shown.with_untracked(Vec::len).max(1);
        let to = match event.key().as_str() {
            "ArrowDown" => (chosen.get_untracked() + 1) % length,
            "ArrowUp" => (chosen.get_untracked() + length - 1) % length,
            "Enter" => {
                event.prevent_default();
                return entered.set(true);
            }
            _ => return,
        };
        event.prevent_default();
        chosen.set(to);
        browser::reveal_soon(format!("#palette-{to}"));
    };
    view! {
        <SearchLine typed chosen on_input=input on_keys=keys />
        <Results shown chosen run typed searching=hits.loading />
    }
}

#[component]
fn SearchLine(
    typed: RwSignal<String>,
    chosen: RwSignal<usize>,
    on_input: impl Fn(String) + 'static,
    on_keys: impl Fn(KeyboardEvent) + 'static,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    view! {
        <div class="palette-line">
            <Icon glyph=Glyph::Search />
            <input
                node_ref=field
                class="palette-input"
                data-testid="palette-input"
                role="combobox"
                aria-label=t!(palette.placeholder)
                aria-expanded="true"
                aria-controls="palette-results"
                aria-activedescendant=move || format!("palette-{}", chosen.get())
                autocomplete="off"
                spellcheck="false"
                placeholder=t!(palette.placeholder)
                prop:value=move || typed.get()
                on:input=move |event| on_input(event_target_value(&event))
                on:keydown=on_keys
            />
        </div>
    }
}

#[component]
fn Results(
    shown: Memo<Vec<Entry>>,
    chosen: RwSignal<usize>,
    run: impl Fn(usize) + Copy + Send + Sync + 'static,
    typed: RwSignal<String>,
    searching: RwSignal<bool>,
) -> impl IntoView {
    let lines = move || {
        let shown = shown.get();
        let group = |at: usize| (at == 0 || shown[at - 1].group != shown[at].group).then(|| shown[at].group);
        shown
            .iter()
            .enumerate()
            .map(|(at, entry)| view! { <EntryLine at entry=entry.clone() head=group(at) chosen run /> })
            .collect_view()
    };
    let nothing = move || shown.with(Vec::is_empty) && !searching.get() && !typed.with(String::is_empty);
    view! {
        <div id="palette-results" class="palette-results" role="listbox" aria-label=t!(palette.results) aria-busy=move || searching.get().to_string()>
            {lines}
        </div>
        <Show when=nothing>
            <p class="palette-nothing" role="status">{t!(palette.nothing)}</p>
        </Show>
    }
}
