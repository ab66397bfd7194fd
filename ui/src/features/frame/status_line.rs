use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, Node};

use crate::components::icon::{Glyph, Icon};
use crate::state::use_desk;
use crate::t;

/// Where the data is and whether anybody else has it. Honest: without sync there is none.
#[component]
pub fn StatusLine() -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        if !root.get_untracked().is_some_and(|root| to.is_some_and(|to| root.contains(Some(&to)))) {
            open.set(false);
        }
    };
    view! {
        <div
            class="status-root"
            node_ref=root
            on:focusout=left
            on:keydown=move |event| {
                if event.key() == "Escape" && open.get_untracked() {
                    event.stop_propagation();
                    open.set(false);
                }
            }
        >
            <button
                type="button"
                class="status-line"
                data-testid="status-line"
                title=t!(status.device_only)
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon glyph=Glyph::Device />
                <span>{t!(status.device_only)}</span>
            </button>
            <Show when=move || open.get()>
                <About />
            </Show>
        </div>
    }
}

#[component]
fn About() -> impl IntoView {
    let status = use_desk().status;
    let folder = move || {
        status.value.with(|status| status.as_ref().map(|status| status.data_dir.clone()).unwrap_or_default())
    };
    view! {
        <div class="status-about appear" role="dialog" aria-label=t!(status.device_only) tabindex="-1">
            <h2>{t!(status.device_only)}</h2>
            <p>{t!(status.explanation)}</p>
            <p class="caption">{t!(status.backup)}</p>
            <p class="caption break-all">{folder}</p>
        </div>
    }
}
