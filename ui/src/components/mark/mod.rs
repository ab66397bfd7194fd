//! A state: always a dot and a word, never colour alone.

use leptos::prelude::*;

/// What the colour says again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Accent,
    Done,
    Waiting,
    Danger,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Neutral => "mark",
            Self::Accent => "mark is-accent",
            Self::Done => "mark is-done",
            Self::Waiting => "mark is-waiting",
            Self::Danger => "mark is-danger",
        }
    }
}

/// A dot and a word.
#[component]
pub fn Mark(tone: Tone, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <span class=tone.class()>
            <span class="mark-dot" aria-hidden="true"></span>
            {label}
        </span>
    }
}
