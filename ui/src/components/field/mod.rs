//! Labelled fields, with what is wrong beside them and what was understood below.

use leptos::ev::Event;
use leptos::prelude::*;

/// What surrounds a field: its label, its problem, its hint.
#[component]
pub fn Field(
    id: &'static str,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("field {class}")>
            <label for=id>{move || label.get()}</label>
            {children()}
            <Below id=id.to_owned() problem hint />
        </div>
    }
}

/// The line under a field.
#[component]
pub fn Below(id: String, problem: Signal<Option<String>>, hint: Signal<Option<String>>) -> impl IntoView {
    let line = move || match (problem.get(), hint.get()) {
        (Some(problem), _) => Some(("field-problem", problem)),
        (None, Some(hint)) => Some(("field-hint", hint)),
        (None, None) => None,
    };
    view! {
        <div id=format!("{id}-below") aria-live="polite">
            {move || line().map(|(class, text)| view! { <p class=class>{text}</p> })}
        </div>
    }
}

/// A line of text with its label.
#[component]
pub fn TextField(
    id: &'static str,
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<String>,
    on_input: impl Fn(String) + Send + 'static,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional)] class: &'static str,
    #[prop(optional)] placeholder: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] test_id: &'static str,
) -> impl IntoView {
    view! {
        <Field id label problem hint class>
            <input
                id=id
                class="input"
                type=kind
                data-testid=(!test_id.is_empty()).then_some(test_id)
                placeholder=placeholder
                autocomplete=autocomplete
                spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby=format!("{id}-below")
                on:input=move |event: Event| on_input(event_target_value(&event))
            />
        </Field>
    }
}
