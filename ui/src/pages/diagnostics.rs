use leptos::prelude::*;

use crate::features::diagnostics::Overview;
use crate::features::frame::TopBar;
use crate::t;

/// What runs, how fast, and whether the database is sound.
#[component]
pub fn Diagnostics() -> impl IntoView {
    super::announce_ready();
    view! {
        <TopBar title=t!(frame.diagnostics) />
        <div class="page-body">
            <div class="page-column is-wide"><Overview /></div>
        </div>
    }
}
