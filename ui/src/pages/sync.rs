use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::not_found::NotFound;
use crate::features::frame::TopBar;
use crate::features::sync::{Part, SyncPart};
use crate::t;

/// Whether the other desks have what this one has, and what a person has to judge of it.
#[component]
pub fn Sync() -> impl IntoView {
    super::announce_ready();
    let params = use_params_map();
    let asked = Memo::new(move |_| params.with(|params| Part::from_path(params.get("part").as_deref())));
    let known = Memo::new(move |_| asked.get().is_some());
    let part = Memo::new(move |_| asked.get().unwrap_or(Part::Overview));
    move || match known.get() {
        true => view! {
            <TopBar title=t!(frame.sync) />
            <div class="page-body">
                <div class="page-column is-wide"><SyncPart part /></div>
            </div>
        }
        .into_any(),
        false => view! { <NotFound /> }.into_any(),
    }
}
