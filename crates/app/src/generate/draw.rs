//! Chance that is the same everywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Draws for one patient. ChaCha8 and integers only: no floating point, and no sampling of `rand`,
/// whose results may change with its version.
#[derive(Clone)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The draws for the patient with this number in the clinic with this seed.
    pub(super) fn new(seed: u64, number: u32) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut chance = ChaCha8Rng::from_seed(key);
        chance.set_stream(u64::from(number));
        Self(chance)
    }

    /// A number from 0 to `end` - 1; 0 if there is none.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // The high half of the product is less than `end`.
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// True so many times in a hundred.
    pub(super) fn often(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of these, each as likely as the others.
    pub(super) fn any<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// One of these, the first much more likely than the last, as names are in life.
    pub(super) fn skewed<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.skewed_place(from.len())]
    }

    /// A place in a list of this length, the first much more likely than the last.
    pub(super) fn skewed_place(&mut self, length: usize) -> usize {
        let end = length as u32;
        self.below(end).min(self.below(end)).min(self.below(end)) as usize
    }

    /// So many different ones of these, or fewer, the first ones more likely.
    pub(super) fn some_of<T: Copy + PartialEq>(&mut self, from: &[T], count: u32) -> Vec<T> {
        let mut chosen = Vec::new();
        for _ in 0..count {
            let one = self.skewed(from);
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        chosen
    }
}
