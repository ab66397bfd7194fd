//! Buttons.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// The one thing that this place is for.
    Primary,
    #[default]
    Plain,
    /// Beside many others: without a border.
    Quiet,
    Danger,
}

impl Weight {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "button is-primary",
            Self::Plain => "button",
            Self::Quiet => "button is-quiet",
            Self::Danger => "button is-danger",
        }
    }
}

/// A button with a word, and the key that does the same.
#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    on_press: impl Fn(MouseEvent) + 'static,
    #[prop(optional)] weight: Weight,
    #[prop(optional, into)] glyph: Option<Glyph>,
    #[prop(optional)] key: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] test_id: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=weight.class()
            prop:disabled=move || disabled.get()
            data-testid=(!test_id.is_empty()).then_some(test_id)
            aria-keyshortcuts=aria_keys(key)
            on:click=on_press
        >
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            <span class="clip">{move || label.get()}</span>
            {(!key.is_empty()).then(|| view! { <kbd aria-hidden="true">{key}</kbd> })}
        </button>
    }
}

/// A button that is a picture; what it does is said on hovering and to screen readers.
#[component]
pub fn IconButton(
    #[prop(into)] label: Signal<String>,
    glyph: Glyph,
    on_press: impl Fn(MouseEvent) + 'static,
    #[prop(optional)] key: &'static str,
    #[prop(optional, into)] pressed: Option<Signal<bool>>,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    let title = move || if key.is_empty() { label.get() } else { format!("{} ({key})", label.get()) };
    view! {
        <button
            type="button"
            class="icon-button"
            title=title
            aria-label=move || label.get()
            aria-keyshortcuts=aria_keys(key)
            aria-pressed=move || pressed.map(|pressed| pressed.get().to_string())
            prop:disabled=move || disabled.get()
            on:click=on_press
        >
            <Icon glyph />
        </button>
    }
}

/// A chord as ARIA writes it: `Control+Enter`.
pub fn aria_keys(chord: &str) -> Option<String> {
    (!chord.is_empty()).then(|| chord.replace("Ctrl", "Control").replace("Esc", "Escape"))
}
