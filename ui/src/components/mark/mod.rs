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
    /// The class of what has this tone, beside the class that says what it is.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "",
            Self::Accent => "is-accent",
            Self::Done => "is-done",
            Self::Waiting => "is-waiting",
            Self::Danger => "is-danger",
        }
    }
}

/// A dot and a word.
#[component]
pub fn Mark(tone: Tone, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <span class=format!("mark {}", tone.class())>
            <span class="mark-dot" aria-hidden="true"></span>
            {label}
        </span>
    }
}
