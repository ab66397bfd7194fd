//! News of what was done, with a way back.

use leptos::prelude::*;

use crate::components::button::IconButton;
use crate::components::icon::{Glyph, Icon};
use crate::state::{Toast, ToastKind, use_desk};
use crate::t;

/// The toasts, above everything but a dialog.
#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = use_desk().toasts;
    view! {
        <div class="toasts" role="status" aria-label=t!(frame.news)>
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <ToastLine toast />
            </For>
        </div>
    }
}

#[component]
fn ToastLine(toast: Toast) -> impl IntoView {
    let toasts = use_desk().toasts;
    let Toast { id, kind, text, action, undoes } = toast;
    let (class, glyph) = match kind {
        ToastKind::Done => ("toast appear", Glyph::Check),
        ToastKind::Failed => ("toast is-failed appear", Glyph::Warning),
    };
    let button = action.map(|(label, run)| {
        let press = move |_| {
            toasts.dismiss(id);
            run();
        };
        view! {
            <button type="button" class="toast-action" on:click=press>
                {label}
                {undoes.then(|| view! { <kbd aria-hidden="true">"Ctrl+Z"</kbd> })}
            </button>
        }
    });
    view! {
        <div class=class data-testid="toast">
            <Icon glyph />
            <span class="toast-text">{text}</span>
            {button}
            <IconButton label=t!(action.dismiss).to_owned() glyph=Glyph::Close on_press=move |_| toasts.dismiss(id) />
        </div>
    }
}
