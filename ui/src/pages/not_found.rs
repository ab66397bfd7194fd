use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::icon::Glyph;
use crate::components::placeholder::Empty;
use crate::features::frame::TopBar;
use crate::t;

/// There is no such page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <TopBar title=t!(frame.not_found) />
        <Empty glyph=Glyph::Search title=t!(frame.not_found) text=t!(frame.not_found_text)>
            <A href="/patients" attr:class="button">{t!(frame.go_patients)}</A>
        </Empty>
    }
}
