//! What runs, how fast, and whether the database is sound.

mod alerts;
mod commands;
mod doctor;
mod facts;
mod plot;

use std::time::Duration;

use contract::{Diagnostics, DiagnosticsLoad, Nothing};
use leptos::prelude::*;
use web_sys::VisibilityState;

use crate::browser;
use crate::components::placeholder::{Failure, Skeleton};
use crate::state::{Remote, use_desk};
use alerts::Alerts;
use commands::Commands;
use doctor::Doctor;
use facts::Facts;
use plot::Plot;

const REFRESH: Duration = Duration::from_secs(2);

/// Everything, refreshed for as long as somebody can see it.
#[component]
pub fn Overview() -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<Diagnostics>::new();
    let load = move || remote.load::<DiagnosticsLoad>(Nothing {});
    Effect::new(move |_| {
        desk.changes.follow(&["alert"]);
        load();
    });
    let ticking = set_interval_with_handle(
        move || {
            let seen = browser::document()
                .is_some_and(|document| document.visibility_state() == VisibilityState::Visible);
            if seen && remote.loading.try_get_untracked() == Some(false) {
                load();
            }
        },
        REFRESH,
    );
    if let Ok(ticking) = ticking {
        on_cleanup(move || ticking.clear());
    }
    let there = Memo::new(move |_| remote.value.with(Option::is_some));
    let commands = Memo::new(move |_| remote.value.get().map(|all| all.commands.clone()).unwrap_or_default());
    let alerts = Memo::new(move |_| remote.value.get().map(|all| all.alerts.clone()).unwrap_or_default());
    move || match (there.get(), remote.error.get()) {
        (_, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
        (false, None) => view! { <Skeleton lines=8 /> }.into_any(),
        (true, None) => view! {
            <Facts remote />
            <Alerts alerts />
            <Plot commands />
            <Commands commands />
            <Doctor />
        }
        .into_any(),
    }
}
