//! Which rows of a long list are on the screen.

use std::ops::Range;

/// Taller elements are cut off by browsers (WebKit at 2²⁵ px); the scroll bar then stands for more
/// than its own length.
pub const HEIGHT_MAX_PX: f64 = 15_000_000.0;

/// Rows kept above and below what is seen, so that a turn of the wheel shows no gap. Each costs time at
/// every key press of a search.
const OVERSCAN: usize = 2;

/// A list of rows of one height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    pub rows: usize,
    pub row_px: f64,
    pub viewport_px: f64,
}

impl Geometry {
    /// Height of the element that is scrolled.
    pub fn height_px(&self) -> f64 {
        self.real_height().min(HEIGHT_MAX_PX)
    }

    /// The rows to render when the scroll bar stands at `scroll_px`: one for each element, as far as
    /// there are any.
    pub fn visible(&self, scroll_px: f64) -> Range<usize> {
        let seen_first = (self.real_scroll(scroll_px) / self.row_px).floor() as usize;
        let first = seen_first.saturating_sub(OVERSCAN).min(self.rows);
        first..(first + self.slots()).min(self.rows)
    }

    /// Rows that are ever rendered at once.
    pub fn slots(&self) -> usize {
        (self.viewport_px / self.row_px).ceil() as usize + 1 + 2 * OVERSCAN
    }

    /// Where the top of row `index` is, in the scrolled element.
    pub fn top_px(&self, index: usize, scroll_px: f64) -> f64 {
        scroll_px + index as f64 * self.row_px - self.real_scroll(scroll_px)
    }

    /// Where to scroll so that row `index` can be seen below a header of `header_px`; absent if it can be.
    pub fn reveal(&self, index: usize, scroll_px: f64, header_px: f64) -> Option<f64> {
        let top = index as f64 * self.row_px;
        let seen_from = self.real_scroll(scroll_px);
        let room = (self.viewport_px - header_px).max(self.row_px);
        let target = if top < seen_from {
            top
        } else if top + self.row_px > seen_from + room {
            top + self.row_px - room
        } else {
            return None;
        };
        Some(self.scroll_for(target))
    }

    fn real_height(&self) -> f64 {
        self.rows as f64 * self.row_px
    }

    /// Pixels of rows for one pixel of the scroll bar.
    fn stretch(&self) -> f64 {
        let scrollable = (self.height_px() - self.viewport_px).max(1.0);
        ((self.real_height() - self.viewport_px).max(0.0) / scrollable).max(1.0)
    }

    fn real_scroll(&self, scroll_px: f64) -> f64 {
        if self.real_height() <= HEIGHT_MAX_PX { scroll_px } else { scroll_px * self.stretch() }.max(0.0)
    }

    fn scroll_for(&self, real_px: f64) -> f64 {
        if self.real_height() <= HEIGHT_MAX_PX { real_px } else { real_px / self.stretch() }
    }
}

/// The row that the `slot`th of `slots` elements shows when the first row rendered is `first`. An
/// element keeps its row for as long as that one is rendered.
pub fn in_slot(slot: usize, slots: usize, first: usize) -> usize {
    let slots = slots.max(1);
    first + (slot % slots + slots - first % slots) % slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_in_view_has_one_element_and_keeps_it() {
        let (slots, mut before) = (46, Vec::new());
        for first in [0, 1, 45, 46, 47, 30_000] {
            let shown: Vec<usize> = (0..slots).map(|slot| in_slot(slot, slots, first)).collect();
            let mut sorted = shown.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (first..first + slots).collect::<Vec<_>>());
            let kept = shown.iter().zip(&before).filter(|(now, then)| now == then).count();
            if first == 1 {
                assert_eq!(kept, slots - 1);
            }
            before = shown;
        }
    }

    #[test]
    fn every_element_has_a_row_and_every_row_in_view_an_element() {
        let list = list(50_000);
        for scroll in 0..200 {
            let scroll = f64::from(scroll) * 7.0;
            let (rows, bottom) = (list.visible(scroll), scroll + list.viewport_px);
            assert_eq!(rows.len(), list.slots());
            assert!(rows.start as f64 * list.row_px <= scroll && rows.end as f64 * list.row_px >= bottom);
        }
    }

    fn list(rows: usize) -> Geometry {
        Geometry { rows, row_px: 36.0, viewport_px: 720.0 }
    }

    #[test]
    fn only_what_is_seen_is_rendered_however_long_the_list() {
        for rows in [50_000, 5_000_000] {
            let seen = list(rows).visible(list(rows).height_px() / 2.0);
            assert!(seen.len() <= 46, "{}", seen.len());
        }
    }

    #[test]
    fn the_end_of_the_bar_shows_the_last_row() {
        for rows in [21, 50_000, 5_000_000] {
            let list = list(rows);
            let bottom = list.height_px() - list.viewport_px;
            let seen = list.visible(bottom);
            assert_eq!(seen.end, rows);
            let last_bottom = list.top_px(rows - 1, bottom) + 36.0;
            assert!((last_bottom - (bottom + 720.0)).abs() < 1.0, "{last_bottom}");
        }
    }

    #[test]
    fn a_row_that_can_be_seen_is_not_scrolled_to() {
        assert_eq!(list(100).reveal(5, 0.0, 0.0), None);
        assert_eq!(list(100).reveal(0, 360.0, 0.0), Some(0.0));
        assert_eq!(list(100).reveal(20, 0.0, 0.0), Some(36.0));
    }

    #[test]
    fn an_empty_list_has_no_rows() {
        assert_eq!(list(0).visible(0.0), 0..0);
        assert_eq!(list(0).height_px(), 0.0);
    }
}
