use contract::{ConsentEntry, ConsentHistory, ConsentHistoryRequest, Page};
use domain::id::PatientId;
use leptos::prelude::*;

use crate::components::button::{Button, Weight};
use crate::components::placeholder::Skeleton;
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::t;

/// Who decided what, when; asked for when it is opened, a page at a time.
#[component]
pub fn History(id: PatientId) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <details class="history" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>{t!(consent.history)}</summary>
            <Show when=move || open.get()><Entries id /></Show>
        </details>
    }
}

#[component]
fn Entries(id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<Page<ConsentEntry>>::new();
    let earlier = RwSignal::new(Vec::<ConsentEntry>::new());
    let load = move |after| {
        remote.load::<ConsentHistory>(ConsentHistoryRequest { patient: id, after, limit: 0 });
    };
    Effect::new(move |_| {
        desk.changes.follow(&["consent_event"]);
        earlier.set(Vec::new());
        load(None);
    });
    let more = move |page: &Page<ConsentEntry>| {
        earlier.update(|earlier| earlier.extend(page.rows.iter().cloned()));
        load(page.next.clone());
    };
    let line = |entry: &ConsentEntry| {
        view! {
            <li>
                <span class="caption tabular" title=words::exact(entry.recorded_at)>{words::moment(entry.recorded_at)}</span>
                <span>{t!(
                    consent.entry,
                    channel = words::channel(entry.channel),
                    purpose = words::purpose(entry.purpose),
                    decision = words::decision(entry.decision)
                )}</span>
                <span class="caption">{[entry.recorded_by.as_str(), entry.source.as_str()].join("  ")}</span>
            </li>
        }
    };
    move || match (remote.value.get(), remote.error.get()) {
        (_, Some(error)) => view! { <p class="field-problem">{sentence(&error)}</p> }.into_any(),
        (None, None) => view! { <Skeleton lines=3 /> }.into_any(),
        (Some(page), None) => {
            let lines: Vec<_> = earlier.with(|earlier| earlier.iter().chain(&page.rows).map(line).collect());
            let empty = lines.is_empty();
            let next = page.next.is_some().then(|| {
                let page = page.clone();
                view! {
                    <Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=move |_| more(&page) />
                }
            });
            view! {
                <ul class="history-list">{lines}</ul>
                {empty.then(|| view! { <p class="caption">{t!(consent.no_history)}</p> })}
                {next}
            }
            .into_any()
        }
    }
}
