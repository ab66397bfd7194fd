use contract::{ImportDiscard, ImportRef};
use domain::id::ImportId;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;
use web_sys::{DragEvent, File};

use super::feed::Feed;
use crate::components::button::{Button, Weight};
use crate::components::icon::{Glyph, Icon};
use crate::components::progress::Progress;
use crate::features::errors::sentence;
use crate::view_model::format;
use crate::view_model::parts::percent;
use crate::{api, t};

/// A place to drop a file, or to choose one.
#[component]
pub fn Choose(
    /// An import whose file did not arrive as a whole.
    #[prop(optional)]
    again: Option<ImportId>,
) -> impl IntoView {
    let feed = Feed::new();
    let navigate = use_navigate();
    let take = move |file: File| {
        let navigate = navigate.clone();
        spawn_local(async move {
            let Some(id) = feed.send(file).await else { return };
            if let Some(id) = again {
                let _ = api::call::<ImportDiscard>(ImportRef { id }).await;
            }
            navigate(&format!("/import/{id}"), Default::default());
        });
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(import.title)}</h2></div>
            {again.map(|_| view! { <p class="sheet-problem mb-3">{t!(import.incomplete)}</p> })}
            {move || match feed.under_way.get() {
                true => view! { <Sending feed /> }.into_any(),
                false => view! { <DropZone take=take.clone() /> }.into_any(),
            }}
            {move || feed.failure.get().map(|error| {
                view! { <p class="field-problem mt-2" role="alert">{sentence(&error)}</p> }
            })}
        </section>
    }
}

#[component]
fn DropZone(take: impl Fn(File) + Clone + 'static) -> impl IntoView {
    let over = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let taken = take.clone();
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0))
        {
            taken(file);
        }
    };
    let chosen = move |_| {
        if let Some(file) =
            input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0))
        {
            take(file);
        }
    };
    view! {
        <label
            class="drop-zone"
            class:is-over=move || over.get()
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <Icon glyph=Glyph::File />
            <span><strong class="font-medium">{t!(import.choose)}</strong>" "{t!(import.or_drop)}</span>
            <span class="caption">{t!(import.formats)}</span>
            <input
                node_ref=input
                type="file"
                accept=".csv,.tsv,.txt,text/csv"
                class="spoken"
                data-testid="import-file"
                on:change=chosen
            />
        </label>
    }
}

#[component]
fn Sending(feed: Feed) -> impl IntoView {
    let done = move || percent(feed.sent.get(), feed.size.get());
    let label = move || {
        t!(
            import.sending,
            file = feed.name.get(),
            sent = format::bytes(feed.sent.get()),
            size = format::bytes(feed.size.get())
        )
    };
    view! {
        <div class="import-working" role="status">
            <div class="flex items-center gap-3">
                <span class="flex-1 tabular">{label}</span>
                <Button
                    label=t!(action.cancel).to_owned()
                    weight=Weight::Quiet
                    on_press=move |_| feed.cancelled.set(true)
                />
            </div>
            <Progress percent=Signal::derive(done) label=Signal::derive(label) />
        </div>
    }
}
