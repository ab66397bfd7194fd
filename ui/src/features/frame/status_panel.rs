use contract::SyncState;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::button::Button;
use crate::components::icon::Glyph;
use crate::features::errors::sentence;
use crate::features::sync::{Explanation, Facts, ToDo, sync_now};
use crate::state::use_desk;
use crate::t;
use crate::view_model::sync::Line;

/// What the status line stands for, and what can be done about it.
#[component]
pub fn StatusPanel(line: Memo<Line>, open: RwSignal<bool>) -> impl IntoView {
    let desk = use_desk();
    let title = move || line.with(|line| line.text.clone());
    let shared = Memo::new(move |_| desk.sync_state().is_some_and(|state| state != SyncState::Alone));
    let failure =
        move || desk.sync.error.get().map(|error| view! { <p class="field-problem">{sentence(&error)}</p> });
    view! {
        <div class="status-about appear" role="dialog" aria-label=title tabindex="-1" data-testid="status-panel">
            <h2>{title}</h2>
            {move || match shared.get() {
                true => view! { <Shared open /> }.into_any(),
                false => view! { <Alone open /> }.into_any(),
            }}
            {failure}
        </div>
    }
}

/// Nobody else has what is saved here.
#[component]
fn Alone(open: RwSignal<bool>) -> impl IntoView {
    let status = use_desk().status;
    let paired = move || status.value.with(|status| status.as_ref().is_some_and(|status| status.paired));
    let folder = move || {
        status.value.with(|status| status.as_ref().map(|status| status.data_dir.clone()).unwrap_or_default())
    };
    view! {
        // A desk that is connected but has not said how it is doing yet is not alone.
        <Show when=move || !paired()>
            <p>{t!(status.explanation)}</p>
            <p class="caption">{t!(status.backup)}</p>
        </Show>
        <p class="caption break-all">{folder}</p>
        <p on:click=move |_| open.set(false)>
            <A href="/sync" attr:class="link">{move || if paired() { t!(sync.details) } else { t!(sync.connect_others) }}</A>
        </p>
    }
}

/// The clinic has a server.
#[component]
fn Shared(open: RwSignal<bool>) -> impl IntoView {
    let desk = use_desk();
    view! {
        <Explanation />
        <Facts brief=true />
        <div on:click=move |_| open.set(false)><ToDo /></div>
        <div class="flex items-center gap-3">
            <Button
                label=t!(sync.try_now).to_owned()
                glyph=Glyph::Retry
                test_id="sync-now"
                on_press=move |_| sync_now(desk)
            />
            <span on:click=move |_| open.set(false)>
                <A href="/sync" attr:class="link">{t!(sync.details)}</A>
            </span>
        </div>
    }
}
