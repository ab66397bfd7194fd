//! What stands where there is nothing to show: yet, at all, or because something went wrong.

use contract::ErrorBody;
use leptos::prelude::*;

use crate::components::button::{Button, Weight};
use crate::components::icon::{Glyph, Icon};
use crate::features::errors::{sentence, title};
use crate::t;

/// Nothing there: why, and what to do.
#[component]
pub fn Empty(
    glyph: Glyph,
    #[prop(into)] title: String,
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="placeholder appear">
            <span class="placeholder-icon"><Icon glyph /></span>
            <h2>{title}</h2>
            <p>{move || text.get()}</p>
            {children.map(|children| view! { <div class="placeholder-actions">{children()}</div> })}
        </div>
    }
}

/// It did not work: what happened, what to do, and a way to try again.
#[component]
pub fn Failure(error: ErrorBody, retry: impl Fn() + 'static) -> impl IntoView {
    view! {
        <div class="placeholder appear" role="alert">
            <span class="placeholder-icon is-danger"><Icon glyph=Glyph::Warning /></span>
            <h2>{title(&error)}</h2>
            <p>{sentence(&error)}</p>
            <div class="placeholder-actions">
                <Button
                    label=t!(action.retry).to_owned()
                    glyph=Glyph::Retry
                    weight=Weight::Plain
                    on_press=move |_| retry()
                />
            </div>
        </div>
    }
}

/// Lines where text will be. They show after a moment only.
#[component]
pub fn Skeleton(#[prop(default = 4)] lines: usize) -> impl IntoView {
    view! {
        <div class="skeleton late" role="status" aria-label=t!(state.loading)>
            {(0..lines).map(|_| view! { <span></span> }).collect_view()}
        </div>
    }
}
