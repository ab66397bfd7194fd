use contract::{SyncState, SyncStatus};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::icon::{Glyph, Icon};
use crate::features::words;
use crate::state::use_desk;
use crate::t;
use crate::view_model::sync;

/// What the state means, and what is wrong if something is.
#[component]
pub fn Explanation() -> impl IntoView {
    let desk = use_desk();
    let status = desk.sync;
    let meaning = move || status.value.with(|status| status.as_ref().map(|status| sync::explanation(status)));
    let problem = Memo::new(move |_| {
        status.value.with(|status| status.as_ref()?.problem.as_ref().map(|problem| problem.message.clone()))
    });
    // What goes on by itself is no danger: it only waits.
    let waits = move || desk.sync_state() != Some(SyncState::Stopped);
    let shown = move || {
        problem.get().filter(|problem| !problem.is_empty()).map(|problem| {
            view! {
                <p class="sync-problem" class:is-waiting=waits data-testid="sync-problem">
                    <Icon glyph=Glyph::Warning />
                    <span>{problem}</span>
                </p>
            }
        })
    };
    let wrong_clock = Memo::new(move |_| {
        status.value.with(|status| status.as_ref().and_then(|status| sync::wrong_clock(status)))
    });
    let clock_shown = move || {
        wrong_clock.get().map(|text| {
            view! {
                <p class="sync-problem is-waiting" data-testid="sync-clock">
                    <Icon glyph=Glyph::Warning />
                    <span>{text}</span>
                </p>
            }
        })
    };
    view! {
        {shown}
        {clock_shown}
        <p class="text-muted max-w-2xl">{meaning}</p>
    }
}

/// Where the data goes, what has not gone yet, when the server last answered.
#[component]
pub fn Facts(
    /// Without what is the same every day.
    brief: bool,
) -> impl IntoView {
    let status = use_desk().sync;
    let told = move |read: fn(&SyncStatus) -> String| {
        move || status.value.with(|status| status.as_deref().map(read).unwrap_or_default())
    };
    let name =
        |status: &SyncStatus| server(status).map_or_else(String::new, |server| server.device_name.clone());
    let address =
        |status: &SyncStatus| server(status).map_or_else(String::new, |server| server.address.clone());
    let paired =
        |status: &SyncStatus| server(status).map_or_else(String::new, |server| words::day(server.paired_at));
    view! {
        <dl class="sync-facts">
            <dt>{t!(sync.unsent)}</dt>
            <dd class="tabular" data-testid="sync-unsent">{told(|status| sync::unsent(status, words::clock()))}</dd>
            <dt>{t!(sync.last_contact)}</dt>
            <dd class="tabular">{told(|status| sync::contact(status, words::clock()))}</dd>
            {(!brief).then(|| view! {
                <dt>{t!(sync.server)}</dt>
                <dd class="break-all">{told(address)}</dd>
                <dt>{t!(sync.device_name)}</dt>
                <dd>{told(name)}</dd>
                <dt>{t!(sync.paired_at)}</dt>
                <dd class="tabular">{told(paired)}</dd>
            })}
        </dl>
    }
}

fn server(status: &SyncStatus) -> Option<&contract::SyncServer> {
    status.server.as_ref()
}

/// What waits for a person, each with the way there. Nothing at all if nothing does.
#[component]
pub fn ToDo() -> impl IntoView {
    let status = use_desk().sync;
    let lines = move || {
        let counts = status.value.with(|status| {
            let status = status.as_ref()?;
            Some((status.attention, status.conflicts, status.parked, status.waiting))
        });
        let Some((attention, conflicts, parked, waiting)) = counts else { return Vec::new() };
        let lines = [
            (attention, Glyph::Warning, "/sync/attention", t!(sync.todo_attention, count = attention)),
            (conflicts, Glyph::Conflict, "/sync/conflicts", t!(sync.todo_conflicts, count = conflicts)),
            (parked, Glyph::File, "/sync/attention", t!(sync.todo_parked, count = parked)),
            (waiting, Glyph::Person, "/sync/attention", t!(sync.todo_waiting, count = waiting)),
        ];
        lines.into_iter().filter(|(n, ..)| *n > 0).collect()
    };
    let known = Memo::new(move |_| lines());
    let line = |(_, glyph, path, text): (u64, Glyph, &'static str, String)| {
        view! {
            <li>
                <Icon glyph />
                <A href=path attr:class="link">{text}</A>
            </li>
        }
    };
    move || {
        let lines = known.get();
        (!lines.is_empty())
            .then(|| view! { <ul class="sync-todo">{lines.into_iter().map(line).collect_view()}</ul> })
    }
}
