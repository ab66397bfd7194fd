use contract::{AttentionItem, AttentionList, AttentionPart, AttentionReason, AttentionRef, AttentionSeen};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::inbox::{Inbox, attention_element};
use super::listing::{Listing, Rest};
use super::values::{Values, Whose};
use crate::components::button::Button;
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::Empty;
use crate::features::words;
use crate::state::{Desk, use_desk};
use crate::view_model::record;
use crate::{api, t};

/// Records of one refused change that are shown; a change of many has many alike.
const PARTS_SHOWN: usize = 5;

/// The refused changes, and seeing to them.
#[derive(Clone, Copy)]
struct Seeing {
    desk: Desk,
    listing: Listing<AttentionItem>,
    inbox: Inbox<i64>,
}

impl Seeing {
    /// Somebody has seen to it. The entry goes at once, so that the next key is already about the next one.
    fn seen(self, no: i64) {
        self.inbox.leave(no);
        self.listing.take_out(|item| item.no == no);
        spawn_local(async move {
            match api::call::<AttentionSeen>(AttentionRef { no, seen: true }).await {
                Ok(_) => self.desk.toasts.undoable(t!(sync.seen_done), move || self.take_back(no)),
                Err(error) => {
                    self.desk.toasts.failed(&error);
                    self.listing.refresh::<AttentionList>();
                }
            }
        });
    }

    fn take_back(self, no: i64) {
        spawn_local(async move {
            if let Err(error) = api::call::<AttentionSeen>(AttentionRef { no, seen: false }).await {
                self.desk.toasts.failed(&error);
            }
        });
    }
}

/// What the server refused, with the reason.
#[component]
pub fn Attention() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<AttentionItem>::new();
    Effect::new(move |_| {
        desk.changes.follow(&["attention"]);
        listing.refresh::<AttentionList>();
    });
    let numbers = Memo::new(move |_| listing.all().iter().map(|item| item.no).collect::<Vec<_>>());
    let seeing = Seeing { desk, listing, inbox: Inbox::new(numbers.into(), attention_element) };
    desk.shortcuts.add("s", t!(sync.seen), move || {
        if let Some(no) = untrack(|| seeing.inbox.active()) {
            seeing.seen(no);
        }
    });
    desk.shortcuts.add("u", t!(action.undo_last), move || desk.toasts.undo_last());
    view! {
        <section class="section" aria-label=t!(sync.attention)>
            <Show when=move || !listing.is_empty()>
                <p class="text-muted max-w-2xl mb-3">{t!(sync.attention_text)}</p>
            </Show>
            <Show when=move || listing.is_empty()>
                <Empty glyph=Glyph::Check title=t!(sync.no_attention) text=t!(sync.no_attention_text) />
            </Show>
            <ul class="sync-inbox" on:keydown=move |event| seeing.inbox.on_key(&event)>
                <For each=move || listing.all() key=|item| item.no let:item>
                    <Entry item seeing />
                </For>
            </ul>
            <Rest
                listing
                on_retry={move || listing.refresh::<AttentionList>()}
                on_more={move || listing.more::<AttentionList>()}
            />
        </section>
    }
}

#[component]
fn Entry(item: AttentionItem, seeing: Seeing) -> impl IntoView {
    let AttentionItem { no, reason, filed_at, made_at, parts } = item;
    let element = attention_element(no);
    let title = format!("{element}-title");
    let (word, sentence) = words_of(reason);
    let further = parts.len().saturating_sub(PARTS_SHOWN);
    let times = t!(sync.tried_and_refused, tried = words::moment(made_at), refused = words::moment(filed_at));
    view! {
        <li
            id=element
            class="sync-entry"
            data-testid="attention"
            tabindex=move || if seeing.inbox.is_active(no) { "0" } else { "-1" }
            aria-labelledby=title
            on:focusin=move |_| seeing.inbox.choose(no)
        >
            <div class="sync-entry-head">
                <h2 id=title.clone()><Mark tone=Tone::Waiting label=word /></h2>
                <span class="caption tabular" title=words::exact(made_at)>{times}</span>
                <span class="ml-auto">
                    <Button label=t!(sync.seen).to_owned() key="s" on_press=move |_| seeing.seen(no) />
                </span>
            </div>
            <p class="text-muted max-w-2xl">{sentence}</p>
            {parts.into_iter().take(PARTS_SHOWN).map(|part| view! { <Attempt part /> }).collect_view()}
            {(further > 0).then(|| view! { <p class="caption">{t!(sync.further_parts, count = further)}</p> })}
        </li>
    }
}

/// What was to be written to one record.
#[component]
fn Attempt(part: AttentionPart) -> impl IntoView {
    let AttentionPart { subject, values, is_delete } = part;
    let collection = subject.collection.clone();
    view! {
        <div class="sync-attempt">
            <p class="sync-version-head">
                <strong class="font-medium">{record::kind(&collection)}</strong>
                <Whose subject />
                {is_delete.then(|| view! { <Mark tone=Tone::Danger label=t!(sync.was_deleting) /> })}
            </p>
            <Values collection values />
        </div>
    }
}

/// Why it was refused: in a few words, and what that means.
fn words_of(reason: AttentionReason) -> (&'static str, &'static str) {
    match reason {
        AttentionReason::Guard => (t!(sync.refused_guard), t!(sync.refused_guard_text)),
        AttentionReason::NeverMade => (t!(sync.refused_never_made), t!(sync.refused_never_made_text)),
        AttentionReason::Fact => (t!(sync.refused_fact), t!(sync.refused_fact_text)),
        AttentionReason::TooLarge => (t!(sync.refused_too_large), t!(sync.refused_too_large_text)),
        AttentionReason::Malformed => (t!(sync.refused_malformed), t!(sync.refused_malformed_text)),
    }
}
