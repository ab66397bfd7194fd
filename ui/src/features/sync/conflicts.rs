use contract::{
    ConflictItem, ConflictList, ConflictRef, ConflictReopen, ConflictResolve, ConflictResolveCall, Keep,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::conflict::ConflictEntry;
use super::inbox::{Inbox, conflict_element};
use super::listing::{Listing, Rest};
use crate::components::icon::Glyph;
use crate::components::placeholder::Empty;
use crate::state::{Desk, use_desk};
use crate::{api, t};

/// Tables that a conflict's entry shows something of.
const SHOWN: [&str; 8] = [
    "conflict",
    "patient",
    "patient_contact",
    "patient_allergy",
    "patient_alert",
    "patient_tag",
    "patient_note",
    "clinic_device",
];

/// The conflicts, and what is done with them.
#[derive(Clone, Copy)]
pub struct Judging {
    desk: Desk,
    listing: Listing<ConflictItem>,
    pub inbox: Inbox<Uuid>,
}

impl Judging {
    /// Keeps one version. The entry goes at once, so that the next key is already about the next one.
    pub fn keep(self, id: Uuid, keep: Keep) {
        self.inbox.leave(id);
        self.listing.take_out(|item| item.id == id);
        spawn_local(async move {
            match api::call::<ConflictResolveCall>(ConflictResolve { id, keep }).await {
                Ok(_) => {
                    let text = match keep {
                        Keep::Winner => t!(sync.kept_winner),
                        Keep::Loser => t!(sync.kept_loser),
                    };
                    self.desk.toasts.undoable(text, move || self.reopen(id));
                }
                Err(error) => {
                    self.desk.toasts.failed(&error);
                    self.listing.refresh::<ConflictList>();
                }
            }
        });
    }

    fn reopen(self, id: Uuid) {
        spawn_local(async move {
            if let Err(error) = api::call::<ConflictReopen>(ConflictRef { id }).await {
                self.desk.toasts.failed(&error);
            }
        });
    }

    fn keep_active(self, keep: Keep) {
        if let Some(id) = untrack(|| self.inbox.active()) {
            self.keep(id, keep);
        }
    }
}

/// What two desks wrote at the same time, for a person to judge.
#[component]
pub fn Conflicts() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<ConflictItem>::new();
    Effect::new(move |_| {
        desk.changes.follow(&SHOWN);
        listing.refresh::<ConflictList>();
    });
    let ids = Memo::new(move |_| listing.all().iter().map(|item| item.id).collect::<Vec<_>>());
    let judging = Judging { desk, listing, inbox: Inbox::new(ids.into(), conflict_element) };
    let keys = desk.shortcuts;
    keys.add("1", t!(sync.keep_winner), move || judging.keep_active(Keep::Winner));
    keys.add("2", t!(sync.keep_loser), move || judging.keep_active(Keep::Loser));
    keys.add("u", t!(action.undo_last), move || desk.toasts.undo_last());
    view! {
        <section class="section" aria-label=t!(sync.conflicts)>
            <Show when=move || !listing.is_empty()>
                <p class="text-muted max-w-2xl mb-3">{t!(sync.conflicts_text)}</p>
            </Show>
            <Show when=move || listing.is_empty()>
                <Empty glyph=Glyph::Check title=t!(sync.no_conflicts) text=t!(sync.no_conflicts_text) />
            </Show>
            <ul class="sync-inbox" on:keydown=move |event| judging.inbox.on_key(&event)>
                <For each=move || listing.all() key=drawn let:item>
                    <ConflictEntry item judging />
                </For>
            </ul>
            <Rest
                listing
                on_retry={move || listing.refresh::<ConflictList>()}
                on_more={move || listing.more::<ConflictList>()}
            />
        </section>
    }
}

/// An entry is drawn anew when any of this differs.
fn drawn(item: &ConflictItem) -> (Uuid, bool, Option<String>, [String; 2]) {
    let devices = [&item.winner, &item.loser].map(|side| format!("{} {}", side.device, side.person));
    (item.id, item.changed_since, item.subject.patient_name.clone(), devices)
}
