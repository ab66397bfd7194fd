use std::ops::Range;
use std::time::Duration;

use contract::{
    Count, ErrorBody, MatchedBy, Nothing, PatientFacets, PatientFacetsLoad, PatientList, PatientListRequest,
    PatientListResponse, PatientRow, PatientSearch, PatientSearchRequest, PatientSearchResponse,
};
use domain::id::PatientId;
use domain::search::FRAGMENT_MIN_CHARS;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::browser::Debounce;
use crate::state::{Desk, Remote};
use crate::view_model::pages::{PAGE_ROWS, Pages, Wanted};
use crate::view_model::query::ListQuery;
use crate::view_model::selection::Selection;

/// Questions under way at once: more would only be late.
const IN_FLIGHT_MAX: usize = 2;
/// Found at each key press. Drawing rows is most of what a press costs: more of them would come late,
/// and all but the last press's be looked at by nobody.
const HITS_TYPING: u32 = 8;
/// Found once typing has paused.
const HITS: u32 = 50;
const TYPING_PAUSE: Duration = Duration::from_millis(300);

/// What the list knows; cheap to copy.
#[derive(Clone, Copy)]
pub struct ListStore {
    pub desk: Desk,
    pub query: Memo<ListQuery>,
    pub facets: Remote<PatientFacets>,
    pub count: RwSignal<Option<Count>>,
    /// Row that the keyboard is on.
    pub active: RwSignal<usize>,
    pub selection: RwSignal<Selection>,
    pub typed: RwSignal<String>,
    hits: Remote<PatientSearchResponse>,
    /// As many hits as were last asked for.
    limit: RwSignal<u32>,
    pause: StoredValue<Debounce, LocalStorage>,
    pages: RwSignal<Pages<PatientRow>>,
    failure: RwSignal<Option<ErrorBody>>,
    seen: RwSignal<Range<usize>>,
    in_flight: StoredValue<Vec<Wanted>>,
}

/// What there is to show.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Loading,
    Rows,
    Empty,
    Failed(ErrorBody),
}

impl ListStore {
    pub fn new(desk: Desk, query: Memo<ListQuery>) -> Self {
        let store = Self {
            desk,
            query,
            facets: Remote::new(),
            count: RwSignal::new(None),
            active: RwSignal::new(0),
            selection: RwSignal::new(Selection::default()),
            typed: RwSignal::new(String::new()),
            hits: Remote::new(),
            limit: RwSignal::new(HITS_TYPING),
            pause: StoredValue::new_local(Debounce::default()),
            pages: RwSignal::new(Pages::default()),
            failure: RwSignal::new(None),
            seen: RwSignal::new(0..PAGE_ROWS / 2),
            in_flight: StoredValue::new(Vec::new()),
        };
        store.follow();
        store
    }

    /// Asks again whenever the filters, the data or what is in view change.
    fn follow(self) {
        Effect::new(move |before: Option<ListQuery>| {
            let query = self.query.get();
            if before.as_ref().is_some_and(|before| *before != query) {
                self.start_over();
            }
            query
        });
        Effect::new(move |before: Option<u64>| {
            let version = self.desk.changes.follow_patients();
            if before != Some(version) {
                self.refresh();
            }
            version
        });
        Effect::new(move |_| {
            self.seen.track();
            self.fetch();
        });
    }

    fn start_over(self) {
        self.pages.update(Pages::replace);
        self.count.set(None);
        self.active.set(0);
        self.selection.update(Selection::clear);
        self.seen.set(0..PAGE_ROWS / 2);
        self.fetch();
    }

    /// Asks for everything in view again; until it arrives, the old rows stay.
    pub fn refresh(self) {
        self.forget_failure();
        self.pages.try_update(Pages::outdate);
        self.facets.load::<PatientFacetsLoad>(Nothing {});
        if self.is_searching() {
            self.find(self.typed.get_untracked(), HITS);
        }
        self.fetch();
    }

    fn fetch(self) {
        let Some(seen) = self.seen.try_get_untracked() else { return };
        let under_way = self.in_flight.try_get_value().unwrap_or_default();
        let Some(wanted) = self.pages.try_update_untracked(|pages| pages.wanted(seen)) else { return };
        let room = IN_FLIGHT_MAX.saturating_sub(under_way.len());
        for wanted in wanted.into_iter().filter(|wanted| !under_way.contains(wanted)).take(room) {
            self.ask(wanted);
        }
    }

    fn ask(self, wanted: Wanted) {
        let ListQuery { filter, sort } = self.query.get_untracked();
        let request = PatientListRequest {
            filter,
            sort,
            after: wanted.after.clone(),
            skip: wanted.skip,
            limit: u32::try_from(PAGE_ROWS).unwrap_or(100),
        };
        self.in_flight.update_value(|under_way| under_way.push(wanted.clone()));
        spawn_local(async move {
            let answer = api::call::<PatientList>(request).await;
            self.in_flight.try_update_value(|under_way| under_way.retain(|known| *known != wanted));
            match answer {
                Ok(PatientListResponse { page, count }) => {
                    if self.pages.try_update(|pages| pages.store(&wanted, page)) == Some(true) {
                        self.count.try_set(Some(count));
                        self.forget_failure();
                    }
                    self.fetch();
                }
                Err(error) => {
                    self.failure.try_set(Some(error));
                }
            }
        });
    }

    fn forget_failure(self) {
        if self.failure.try_with_untracked(Option::is_some) == Some(true) {
            self.failure.try_set(None);
        }
    }

    /// Tells which rows are in view.
    pub fn look_at(self, rows: Range<usize>) {
        if self.seen.with_untracked(|seen| *seen != rows) {
            self.seen.set(rows);
        }
    }

    /// Searches, or with an empty text shows the list again. The best are there at once, the rest when
    /// typing pauses.
    pub fn search_for(self, text: String) {
        if text.trim().is_empty() {
            self.pause.with_value(Debounce::cancel);
            self.hits.clear();
        } else {
            // Asked before anything is drawn for it.
            self.find(text.clone(), HITS_TYPING);
            self.pause.with_value(|pause| pause.run(TYPING_PAUSE, move || self.find_the_rest()));
        }
        if self.typed.with_untracked(|typed| *typed != text) {
            self.active.set(0);
            self.typed.set(text);
        }
    }

    fn find_the_rest(self) {
        let found =
            self.hits.value.try_with_untracked(|answer| answer.as_ref().map(|answer| answer.hits.len()));
        let is_all = found.flatten().is_some_and(|found| found < to_usize(HITS_TYPING.into()));
        let is_late = self.hits.loading.try_get_untracked() == Some(true);
        if let Some(text) = self.typed.try_get_untracked().filter(|_| is_late || !is_all) {
            self.find(text, HITS);
        }
    }

    fn find(self, text: String, limit: u32) {
        self.hits.load::<PatientSearch>(PatientSearchRequest { text, limit });
        self.limit.set(limit);
    }

    pub fn is_searching(&self) -> bool {
        self.typed.with(|typed| !typed.trim().is_empty())
    }

    /// Whether what was found is shown. Until the first answer is there, the list stays: to empty its
    /// rows only to fill them again a moment later would be most of the work of a key press.
    pub fn shows_hits(&self) -> bool {
        self.is_searching() && self.hits.value.with(Option::is_some)
    }

    /// Whether what is shown is not yet what was asked for.
    pub fn is_busy(&self) -> bool {
        self.is_searching() && self.hits.loading.get()
    }

    /// Whether too few digits of a phone number were typed to look for them.
    pub fn is_short_number(&self) -> bool {
        self.typed.with(|typed| {
            let typed = typed.trim();
            typed.chars().count() < FRAGMENT_MIN_CHARS
                && typed.chars().all(|c| c.is_ascii_digit() || c == '+')
        })
    }

    /// What there is to show.
    pub fn state(&self) -> State {
        if self.is_searching() {
            return match (self.hits.error.get(), self.hits.value.get()) {
                (Some(error), _) => State::Failed(error),
                (None, Some(answer)) if answer.hits.is_empty() => State::Empty,
                (None, Some(_)) => State::Rows,
                (None, None) => self.list_state(),
            };
        }
        self.list_state()
    }

    fn list_state(&self) -> State {
        match (self.failure.get(), self.count.get()) {
            (Some(error), _) => State::Failed(error),
            (None, None) => State::Loading,
            (None, Some(Count { n: 0, .. })) => State::Empty,
            (None, Some(_)) => State::Rows,
        }
    }

    /// How many rows the list has, as far as that is known.
    pub fn length(&self) -> usize {
        if self.shows_hits() {
            return self.hits.value.with(|answer| answer.as_ref().map_or(0, |answer| answer.hits.len()));
        }
        let (reached, ended) = self.pages.with(Pages::reached);
        match self.count.get() {
            None => reached,
            Some(Count { n, or_more: false }) => to_usize(n),
            Some(Count { n, .. }) => {
                let known = self.facets.value.with(|facets| {
                    facets.as_deref().and_then(|facets| self.query.with(|query| query.known_length(facets)))
                });
                match known {
                    Some(known) => to_usize(known),
                    None if ended => reached,
                    None => reached.max(to_usize(n)),
                }
            }
        }
    }

    /// The length as it is written: the number, and whether there may be more.
    pub fn told_length(&self) -> (u64, bool) {
        let length = self.length() as u64;
        match self.count.get() {
            _ if self.shows_hits() => (length, self.may_find_more(length)),
            Some(Count { n, or_more: true }) if length <= n => (n, true),
            Some(Count { or_more: true, .. }) => {
                let known = self.facets.value.with(|facets| {
                    facets.as_deref().and_then(|facets| self.query.with(|query| query.known_length(facets)))
                });
                (length, known.is_none() && !self.pages.with(|pages| pages.reached().1))
            }
            _ => (length, false),
        }
    }

    fn may_find_more(&self, found: u64) -> bool {
        let was_asked_for_all = self.limit.get() == HITS && !self.hits.loading.get();
        found >= u64::from(HITS) || (found == u64::from(HITS_TYPING) && !was_asked_for_all)
    }

    /// The patient in row `index`, if at hand, and why the search found it.
    pub fn row(&self, index: usize) -> Option<(PatientRow, Option<MatchedBy>)> {
        if self.shows_hits() {
            let hit = self.hits.value.with(|answer| answer.as_ref()?.hits.get(index).cloned())?;
            return Some((hit.patient, Some(hit.matched_by)));
        }
        self.pages.with(|pages| pages.row(index).cloned()).map(|row| (row, None))
    }

    /// The record in row `index`, if at hand.
    pub fn id_at(&self, index: usize) -> Option<PatientId> {
        untrack(|| self.row(index)).map(|(row, _)| row.id)
    }
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
