use contract::{Command, Cursor, ErrorBody, PAGE_LIMIT_MAX, Page, SyncListRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::Skeleton;
use crate::features::errors::sentence;
use crate::t;

/// Rows that one question brings.
const PAGE_ROWS: u32 = 50;

/// A list that is shown from its beginning, as far as somebody has asked for more.
///
/// The old rows stay while it loads and when that fails; an answer to an older question is dropped.
pub struct Listing<T: Send + Sync + 'static> {
    /// None until the first answer.
    pub rows: RwSignal<Option<Vec<T>>>,
    pub next: RwSignal<Option<Cursor>>,
    pub error: RwSignal<Option<ErrorBody>>,
    asked: StoredValue<u64>,
}

impl<T: Send + Sync + 'static> Clone for Listing<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Listing<T> {}

impl<T: Clone + Send + Sync + 'static> Listing<T> {
    pub fn new() -> Self {
        Self {
            rows: RwSignal::new(None),
            next: RwSignal::new(None),
            error: RwSignal::new(None),
            asked: StoredValue::new(0),
        }
    }

    /// Asks again for as many rows as there are, or as one question may bring.
    pub fn refresh<C>(self)
    where
        C: Command<Request = SyncListRequest, Response = Page<T>>,
    {
        let shown = self.rows.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len));
        let limit = u32::try_from(shown).unwrap_or(PAGE_LIMIT_MAX).clamp(PAGE_ROWS, PAGE_LIMIT_MAX);
        self.ask::<C>(None, limit);
    }

    /// Asks for the rows after the last.
    pub fn more<C>(self)
    where
        C: Command<Request = SyncListRequest, Response = Page<T>>,
    {
        if let Some(after) = self.next.get_untracked() {
            self.ask::<C>(Some(after), PAGE_ROWS);
        }
    }

    fn ask<C>(self, after: Option<Cursor>, limit: u32)
    where
        C: Command<Request = SyncListRequest, Response = Page<T>>,
    {
        let continues = after.is_some();
        let question = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        spawn_local(async move {
            let answer = api::call::<C>(SyncListRequest { after, limit }).await;
            if question.is_none() || self.asked.try_get_value() != question {
                return;
            }
            match answer {
                Ok(page) => self.take(page, continues),
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    fn take(self, page: Page<T>, continues: bool) {
        self.error.try_set(None);
        self.next.try_set(page.next);
        self.rows.try_update(|rows| match rows {
            Some(rows) if continues => rows.extend(page.rows),
            rows => *rows = Some(page.rows),
        });
    }

    /// What is there.
    pub fn all(self) -> Vec<T> {
        self.rows.get().unwrap_or_default()
    }

    /// Whether the answer was that there is nothing.
    pub fn is_empty(self) -> bool {
        self.rows.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))
    }

    /// Whether there are rows: whatever frames them is not drawn anew for each change of theirs.
    pub fn any(self) -> Memo<bool> {
        Memo::new(move |_| self.rows.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty())))
    }

    pub fn is_loading(self) -> bool {
        self.rows.with(Option::is_none) && self.error.with(Option::is_none)
    }

    /// Takes out what somebody has dealt with, before the desk says so.
    pub fn take_out(self, gone: impl Fn(&T) -> bool) {
        self.rows.try_update(|rows| {
            if let Some(rows) = rows {
                rows.retain(|row| !gone(row));
            }
        });
    }
}

/// What stands below a list: that asking failed, or the way to more of it.
#[component]
pub fn Rest<T: Clone + Send + Sync + 'static>(
    listing: Listing<T>,
    on_retry: impl Fn() + Copy + Send + Sync + 'static,
    on_more: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let failure = move || {
        listing.error.get().map(|error| {
            view! {
                <div class="sync-failure" role="alert">
                    <p class="field-problem">{sentence(&error)}</p>
                    <Button
                        label=t!(action.retry).to_owned()
                        glyph=Glyph::Retry
                        on_press=move |_| on_retry()
                    />
                </div>
            }
        })
    };
    view! {
        <Show when=move || listing.is_loading()><Skeleton lines=4 /></Show>
        {failure}
        <Show when=move || listing.next.with(Option::is_some)>
            <div class="mt-2">
                <Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=move |_| on_more() />
            </div>
        </Show>
    }
}
