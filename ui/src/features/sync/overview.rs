use contract::SyncState;
use leptos::prelude::*;

use super::connect::Connect;
use super::facts::{Explanation, Facts, ToDo};
use super::joining::Joining;
use super::sync_now;
use crate::components::button::Button;
use crate::components::icon::Glyph;
use crate::components::mark::Mark;
use crate::features::words;
use crate::state::use_desk;
use crate::t;
use crate::view_model::sync;

/// How sync is doing, and what to do if it is not.
#[component]
pub fn Overview() -> impl IntoView {
    let desk = use_desk();
    let line = Memo::new(move |_| {
        desk.sync.value.with(|status| status.as_ref().map(|status| sync::status_line(status, words::clock())))
    });
    let mark = move || line.get().map(|line| view! { <Mark tone=line.tone label=line.text /> });
    let is_joining = Memo::new(move |_| desk.sync_state() == Some(SyncState::Joining));
    let needs_code = Memo::new(move |_| {
        desk.sync.value.with(|status| status.as_ref().is_some_and(|status| sync::needs_code(status)))
    });
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{mark}</h2>
                <Button
                    label=t!(sync.try_now).to_owned()
                    glyph=Glyph::Retry
                    on_press=move |_| sync_now(desk)
                />
            </div>
            <div class="sync-stack">
                <Explanation />
                <Show when=move || is_joining.get()><Joining /></Show>
                <ToDo />
                <Facts brief=false />
            </div>
        </section>
        <Show when=move || needs_code.get()><Connect again=true /></Show>
    }
}
