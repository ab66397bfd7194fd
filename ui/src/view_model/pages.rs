//! A long list, of which a bounded number of pages is kept.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use contract::{Cursor, Page};

/// Rows of one page.
pub const PAGE_ROWS: usize = 100;
/// Pages that are kept. What was seen longest ago goes first.
const PAGES_MAX: usize = 20;
/// The most rows that one request passes over.
const SKIP_MAX: usize = 100_000;

/// The pages at hand and where each known one begins.
#[derive(Clone, Debug)]
pub struct Pages<T> {
    kept: HashMap<usize, Kept<T>>,
    /// Page number → what it continues after. The first page continues after nothing.
    begins: BTreeMap<usize, Cursor>,
    /// Rises when the list itself changes: answers to older questions are dropped.
    generation: u32,
    clock: u64,
    /// Rows that are known to be there.
    reached: usize,
    ended: bool,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    rows: Arc<[T]>,
    generation: u32,
    used: u64,
}

/// A question to the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub page: usize,
    pub after: Option<Cursor>,
    pub skip: u32,
    generation: u32,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            kept: HashMap::new(),
            begins: BTreeMap::new(),
            generation: 0,
            clock: 0,
            reached: 0,
            ended: false,
        }
    }
}

impl<T: Clone> Pages<T> {
    /// The row, if its page is at hand.
    pub fn row(&self, index: usize) -> Option<&T> {
        self.kept.get(&(index / PAGE_ROWS))?.rows.get(index % PAGE_ROWS)
    }

    /// Where the first row that `matches` is, among those at hand.
    pub fn position(&self, matches: impl Fn(&T) -> bool) -> Option<usize> {
        self.kept
            .iter()
            .filter_map(|(page, kept)| kept.rows.iter().position(&matches).map(|at| page * PAGE_ROWS + at))
            .min()
    }

    /// How many rows the list has at least, and whether that is all.
    pub fn reached(&self) -> (usize, bool) {
        (self.reached, self.ended)
    }

    /// The pages that `rows` need and that are not at hand as they are now.
    pub fn wanted(&mut self, rows: Range<usize>) -> Vec<Wanted> {
        let pages = rows.start / PAGE_ROWS..rows.end.max(rows.start + 1).div_ceil(PAGE_ROWS);
        let mut wanted = Vec::new();
        for page in pages {
            self.clock += 1;
            match self.kept.get_mut(&page) {
                Some(kept) if kept.generation == self.generation => kept.used = self.clock,
                _ => wanted.push(self.question(page)),
            }
        }
        wanted
    }

    fn question(&self, page: usize) -> Wanted {
        let nearest = self.begins.range(..=page).next_back();
        let (from, after) = nearest.map_or((0, None), |(from, cursor)| (*from, Some(cursor.clone())));
        let skip = ((page - from) * PAGE_ROWS).min(SKIP_MAX);
        Wanted { page, after, skip: u32::try_from(skip).unwrap_or(u32::MAX), generation: self.generation }
    }

    /// Takes an answer in; false if the list has changed since the question.
    pub fn store(&mut self, wanted: &Wanted, answer: Page<T>) -> bool {
        if wanted.generation != self.generation {
            return false;
        }
        let begin = wanted.page * PAGE_ROWS;
        let end = begin + answer.rows.len();
        match answer.next {
            Some(next) => {
                self.begins.insert(wanted.page + 1, next);
                // One more page, so that there is something to scroll to.
                self.reached = self.reached.max(end + PAGE_ROWS);
            }
            None if !answer.rows.is_empty() || wanted.page == 0 => {
                self.reached = end;
                self.ended = true;
            }
            None => self.reached = self.reached.min(begin),
        }
        self.clock += 1;
        let kept = Kept { rows: answer.rows.into(), generation: self.generation, used: self.clock };
        self.kept.insert(wanted.page, kept);
        self.forget_oldest();
        true
    }

    /// Somebody changed the list: what is at hand is shown until newer rows arrive.
    pub fn outdate(&mut self) {
        self.generation += 1;
        self.begins.clear();
        self.ended = false;
    }

    /// Another list altogether (filter, order), whose rows take the place of these.
    pub fn replace(&mut self) {
        self.outdate();
        self.reached = 0;
        // The first screen stays until its successor is there.
        self.kept.retain(|page, _| *page == 0);
    }

    fn forget_oldest(&mut self) {
        while self.kept.len() > PAGES_MAX {
            let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(page, _)| *page)
            else {
                return;
            };
            self.kept.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: usize, rows: usize, next: bool) -> Page<usize> {
        Page {
            rows: (from..from + rows).collect(),
            next: next.then(|| Cursor(format!("after {}", from + rows))),
        }
    }

    fn fetch(pages: &mut Pages<usize>, rows: Range<usize>, of: usize) {
        for wanted in pages.wanted(rows) {
            let from = wanted.page * PAGE_ROWS;
            let length = of.saturating_sub(from).min(PAGE_ROWS);
            pages.store(&wanted, page(from, length, from + length < of));
        }
    }

    #[test]
    fn the_next_page_continues_after_the_last_cursor() {
        let mut pages = Pages::default();
        fetch(&mut pages, 0..40, 1_000);
        let wanted = pages.wanted(90..130);
        assert_eq!(wanted.len(), 1);
        assert_eq!((wanted[0].page, wanted[0].skip), (1, 0));
        assert_eq!(wanted[0].after, Some(Cursor("after 100".into())));
    }

    #[test]
    fn a_jump_passes_over_rows_from_the_nearest_cursor() {
        let mut pages = Pages::default();
        fetch(&mut pages, 0..40, 50_000);
        let wanted = pages.wanted(30_000..30_010);
        assert_eq!((wanted[0].page, wanted[0].skip), (300, 29_900));
        assert_eq!(wanted[0].after, Some(Cursor("after 100".into())));
    }

    #[test]
    fn no_more_than_twenty_pages_are_kept_and_the_newest_stay() {
        let mut pages = Pages::default();
        for at in 0..60 {
            fetch(&mut pages, at * 100..at * 100 + 10, 50_000);
        }
        assert_eq!(pages.kept.len(), PAGES_MAX);
        assert_eq!(pages.row(5_950), Some(&5_950));
        assert_eq!(pages.row(0), None);
    }

    #[test]
    fn an_answer_from_before_a_change_is_dropped_and_old_rows_stay() {
        let mut pages = Pages::default();
        fetch(&mut pages, 0..40, 150);
        let wanted = pages.wanted(100..140);
        pages.outdate();
        assert!(!pages.store(&wanted[0], page(100, 50, false)));
        assert_eq!(pages.row(3), Some(&3));
        assert_eq!(pages.wanted(0..40).len(), 1);
    }

    #[test]
    fn the_length_grows_as_pages_arrive_and_is_exact_at_the_end() {
        let mut pages = Pages::default();
        fetch(&mut pages, 0..40, 130);
        assert_eq!(pages.reached(), (200, false));
        fetch(&mut pages, 100..140, 130);
        assert_eq!(pages.reached(), (130, true));
    }
}
