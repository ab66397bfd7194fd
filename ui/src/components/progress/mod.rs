//! How far something is.

use leptos::prelude::*;

/// A bar that fills; one that only says that something goes on as long as how far is `unknown`.
#[component]
pub fn Progress(
    #[prop(into)] percent: Signal<u64>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] unknown: Signal<bool>,
) -> impl IntoView {
    view! {
        <div
            class="progress"
            class:is-unknown=move || unknown.get()
            role="progressbar"
            aria-label=move || label.get()
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || (!unknown.get()).then(|| percent.get().to_string())
        >
            <div style:width=move || if unknown.get() { "30%".to_owned() } else { format!("{}%", percent.get()) }></div>
        </div>
    }
}
