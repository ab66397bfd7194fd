//! A field that finds a patient: a combobox whose list is searched as one types.

use contract::{PatientRow, PatientSearch, PatientSearchRequest, PatientSearchResponse};
use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::components::button::IconButton;
use crate::components::icon::{Glyph, Icon};
use crate::features::words;
use crate::state::Remote;
use crate::t;
use crate::view_model::form::Person;

const HITS: u32 = 6;

/// Shows who was chosen, or a field to choose somebody.
#[component]
pub fn PatientPicker(
    id: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<Option<Person>>,
    on_choose: impl Fn(Option<Person>) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let name = label.clone();
    let content = move || match value.get() {
        Some(person) => view! {
            <div class="picked">
                <Icon glyph=Glyph::Person />
                <span class="clip">{person.name}</span>
                <IconButton
                    label=t!(picker.remove, field = name.as_str())
                    glyph=Glyph::Close
                    on_press=move |_| on_choose(None)
                />
            </div>
        }
        .into_any(),
        None => view! { <Search id on_choose=move |person| on_choose(Some(person)) /> }.into_any(),
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {content}
        </div>
    }
}

#[component]
fn Search(id: &'static str, on_choose: impl Fn(Person) + Copy + Send + Sync + 'static) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let hits = Remote::<PatientSearchResponse>::new();
    let rows = Memo::new(move |_| {
        let answer = hits.value.get().filter(|_| typed.with(|typed| !typed.trim().is_empty()));
        answer
            .map(|answer| answer.hits.iter().map(|hit| hit.patient.clone()).collect::<Vec<_>>())
            .unwrap_or_default()
    });
    let input = move |text: String| {
        at.set(0);
        match text.trim().is_empty() {
            true => hits.clear(),
            false => hits.load::<PatientSearch>(PatientSearchRequest { text: text.clone(), limit: HITS }),
        }
        typed.set(text);
    };
    let choose = move |row: &PatientRow| on_choose(Person { id: row.id, name: words::name(row) });
    let keys = move |event: KeyboardEvent| {
        let length = rows.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if length > 0 => at.update(|at| *at = (*at + 1) % length),
            "ArrowUp" if length > 0 => at.update(|at| *at = (*at + length - 1) % length),
            "Enter" if length > 0 && !event.ctrl_key() => {
                rows.with_untracked(|rows| rows.get(at.get_untracked()).map(choose));
            }
            "Escape" if !typed.with_untracked(String::is_empty) => input(String::new()),
            _ => return,
        }
        event.prevent_default();
    };
    let option = move |(place, row): (usize, PatientRow)| {
        let (name, born) = (words::name(&row), words::birth(row.birth_date));
        view! {
            <div
                id=format!("{id}-{place}")
                class="picker-option"
                role="option"
                aria-selected=move || (at.get() == place).to_string()
                on:mousedown=move |event| {
                    event.prevent_default();
                    choose(&row);
                }
            >
                <span class="clip font-medium">{name}</span>
                <span class="caption tabular">{born}</span>
            </div>
        }
    };
    let any = move || rows.with(|rows| !rows.is_empty());
    view! {
        <div class="picker">
            <input
                id=id
                node_ref=field
                class="input"
                role="combobox"
                aria-autocomplete="list"
                aria-expanded=move || any().to_string()
                aria-controls=format!("{id}-list")
                aria-activedescendant=move || any().then(|| format!("{id}-{}", at.get()))
                autocomplete="off"
                spellcheck="false"
                placeholder=t!(picker.placeholder)
                prop:value=move || typed.get()
                on:input=move |event| input(event_target_value(&event))
                on:keydown=keys
                on:blur=move |_| input(String::new())
            />
            <div id=format!("{id}-list") class="picker-list" role="listbox" aria-label=t!(palette.results) hidden=move || !any()>
                {move || rows.get().into_iter().enumerate().map(option).collect_view()}
            </div>
        </div>
    }
}
