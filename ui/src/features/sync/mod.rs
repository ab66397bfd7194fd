//! Sharing the clinic's data with other desks, and what a person has to judge of it.

mod arrivals;
mod attention;
mod conflict;
mod conflicts;
mod connect;
mod devices;
mod facts;
mod inbox;
mod invite;
mod joining;
mod listing;
mod log;
mod overview;
mod parked;
mod revoke;
mod tabs;
mod unsent;
mod values;

pub use facts::{Explanation, Facts, ToDo};
pub use tabs::Part;

use contract::{ErrorBody, Nothing, SyncNow, SyncState};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::placeholder::{Failure, Skeleton};
use crate::state::{Desk, use_desk};
use arrivals::Arrivals;
use attention::Attention;
use conflicts::Conflicts;
use connect::Connect;
use devices::Devices;
use log::Log;
use overview::Overview;
use parked::Parked;
use tabs::Tabs;
use unsent::Unsent;

/// What the page can show, as far as is known.
#[derive(Clone, PartialEq)]
enum Stage {
    Asking,
    Failed(ErrorBody),
    Alone,
    Connected,
}

/// One part of the page; a desk without a server has only the way to one.
#[component]
pub fn SyncPart(part: Memo<Part>) -> impl IntoView {
    let desk = use_desk();
    // Drawn anew only for another of these, so that what is being typed stays.
    let shown = Memo::new(move |_| match (desk.sync_state(), desk.sync.error.get()) {
        (Some(SyncState::Alone), _) => Stage::Alone,
        (Some(_), _) => Stage::Connected,
        (None, Some(error)) => Stage::Failed(error),
        (None, None) => Stage::Asking,
    });
    move || match shown.get() {
        Stage::Failed(error) => view! { <Failure error retry=move || desk.load_sync() /> }.into_any(),
        Stage::Asking => view! { <Skeleton lines=6 /> }.into_any(),
        Stage::Alone => view! { <Connect again=false /> }.into_any(),
        Stage::Connected => view! {
            <Tabs />
            {move || content(part.get())}
        }
        .into_any(),
    }
}

fn content(part: Part) -> AnyView {
    match part {
        Part::Overview => view! { <Overview /> }.into_any(),
        Part::Conflicts => view! { <Conflicts /> }.into_any(),
        Part::Attention => view! {
            <Attention />
            <Parked />
        }
        .into_any(),
        Part::Unsent => view! { <Unsent /> }.into_any(),
        Part::Arrivals => view! { <Arrivals /> }.into_any(),
        Part::Devices => view! { <Devices /> }.into_any(),
        Part::Log => view! { <Log /> }.into_any(),
    }
}

/// Tries now instead of waiting for the next time.
pub fn sync_now(desk: Desk) {
    spawn_local(async move {
        if let Err(error) = api::call::<SyncNow>(Nothing {}).await {
            desk.toasts.failed_with_retry(&error, move || sync_now(desk));
        }
    });
}
