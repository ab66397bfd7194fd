//! How far something is.

use leptos::prelude::*;

/// A bar that fills.
#[component]
pub fn Progress(#[prop(into)] percent: Signal<u64>, #[prop(into)] label: Signal<String>) -> impl IntoView {
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label=move || label.get()
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || percent.get().to_string()
        >
            <div style:width=move || format!("{}%", percent.get())></div>
        </div>
    }
}
