use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};
use crate::state::use_desk;
use crate::t;

/// The page's title, the way to everything, and what the page is for.
#[component]
pub fn TopBar(#[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let desk = use_desk();
    view! {
        <header class="top-bar">
            <h1>{title}</h1>
            <button
                type="button"
                class="top-search"
                aria-keyshortcuts="Control+K"
                on:click=move |_| desk.palette.set(true)
            >
                <Icon glyph=Glyph::Search />
                <span class="clip">{t!(palette.placeholder)}</span>
                <kbd aria-hidden="true">"Ctrl K"</kbd>
            </button>
            <div class="top-actions">{children.map(|children| children())}</div>
        </header>
    }
}
