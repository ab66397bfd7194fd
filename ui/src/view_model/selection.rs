//! Rows that were picked for an action on all of them.

use domain::id::PatientId;

/// The picked records, in the order they were picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    picked: Vec<PatientId>,
    /// Where a range begins.
    anchor: Option<usize>,
}

/// The most records that one action takes.
pub const SELECTION_MAX: usize = 1_000;

impl Selection {
    pub fn contains(&self, id: PatientId) -> bool {
        self.picked.contains(&id)
    }

    pub fn len(&self) -> usize {
        self.picked.len()
    }

    pub fn is_empty(&self) -> bool {
        self.picked.is_empty()
    }

    pub fn ids(&self) -> &[PatientId] {
        &self.picked
    }

    /// Picks one row, or takes it out again.
    pub fn toggle(&mut self, at: usize, id: PatientId) {
        self.anchor = Some(at);
        match self.picked.iter().position(|picked| *picked == id) {
            Some(place) => {
                self.picked.remove(place);
            }
            None => self.add(id),
        }
    }

    /// Picks everything between the row picked last (or `from`) and `to`. `id_at` knows the rows at hand.
    pub fn extend(&mut self, from: usize, to: usize, id_at: impl Fn(usize) -> Option<PatientId>) {
        let anchor = *self.anchor.get_or_insert(from);
        for id in (anchor.min(to)..=anchor.max(to)).filter_map(id_at) {
            self.add(id);
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, id: PatientId) {
        if self.picked.len() < SELECTION_MAX && !self.picked.contains(&id) {
            self.picked.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: usize) -> PatientId {
        PatientId(Uuid::from_u128(n as u128))
    }

    #[test]
    fn a_range_reaches_from_the_row_picked_last() {
        let mut selection = Selection::default();
        selection.toggle(4, id(4));
        selection.extend(9, 2, |at| Some(id(at)));
        assert_eq!(selection.len(), 3);
        assert!(selection.contains(id(2)) && !selection.contains(id(5)));
    }

    #[test]
    fn picking_twice_takes_out() {
        let mut selection = Selection::default();
        selection.toggle(1, id(1));
        selection.toggle(1, id(1));
        assert!(selection.is_empty());
    }

    #[test]
    fn no_more_is_picked_than_one_action_takes() {
        let mut selection = Selection::default();
        selection.extend(0, 5_000, |at| Some(id(at)));
        assert_eq!(selection.len(), SELECTION_MAX);
    }
}
