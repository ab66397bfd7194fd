use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, KeyboardEvent, Node};

use super::status_panel::StatusPanel;
use crate::components::icon::Icon;
use crate::components::mark::Tone;
use crate::features::words;
use crate::state::{Desk, use_desk};
use crate::view_model::sync::{self, Line};

/// Whether the other desks have what this one has, as far as the server has said so.
#[component]
pub fn StatusLine() -> impl IntoView {
    let desk = use_desk();
    let line = Memo::new(move |_| line(desk));
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        if !root.get_untracked().is_some_and(|root| to.is_some_and(|to| root.contains(Some(&to)))) {
            open.set(false);
        }
    };
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            if let Some(button) = button.get_untracked() {
                let _ = button.focus();
            }
            open.set(false);
        }
    };
    // Only what stops sync is read out by itself: the rest changes with every save.
    let alarm =
        move || line.with(|line| if line.tone == Tone::Danger { line.text.clone() } else { String::new() });
    view! {
        <div class="status-root" node_ref=root on:focusout=left on:keydown=keys>
            <button
                type="button"
                node_ref=button
                class=move || format!("status-line {}", line.with(|line| line.tone.class()))
                data-testid="status-line"
                title=move || line.with(|line| line.text.clone())
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {move || view! { <Icon glyph=line.with(|line| line.glyph) /> }}
                <span class="tabular">{move || line.with(|line| line.text.clone())}</span>
            </button>
            <div class="spoken" role="status">{alarm}</div>
            <Show when=move || open.get()>
                <StatusPanel line open />
            </Show>
        </div>
    }
}

fn line(desk: Desk) -> Line {
    let paired = desk.status.value.with(|status| status.as_ref().is_some_and(|status| status.paired));
    desk.sync.value.with(|status| match status {
        Some(status) => sync::status_line(status, words::clock()),
        None => sync::not_known(paired),
    })
}
