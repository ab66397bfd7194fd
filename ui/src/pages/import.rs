use domain::id::ImportId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::components::button::Button;
use crate::components::icon::Glyph;
use crate::features::frame::TopBar;
use crate::features::imports::{ImportFile, ImportsOverview, export_patients};
use crate::state::use_desk;
use crate::t;

/// Taking another system's files over.
#[component]
pub fn Import() -> impl IntoView {
    super::announce_ready();
    let desk = use_desk();
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<ImportId>().ok())));
    view! {
        <TopBar title=t!(frame.import)>
            <Button
                label=t!(import.export).to_owned()
                glyph=Glyph::Export
                on_press=move |_| export_patients(desk)
            />
        </TopBar>
        <div class="page-body">
            <div class="page-column is-wide">
                {move || match id.get() {
                    Some(id) => view! { <ImportFile id /> }.into_any(),
                    None => view! { <ImportsOverview /> }.into_any(),
                }}
            </div>
        </div>
    }
}
