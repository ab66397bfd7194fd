//! Finding a patient by what was typed: what to look up, and how good a find is.
//!
//! The store looks candidates up by the parts of a [`Query`] in its indexes and has them judged
//! by [`fn@rank`]; so what is found for a text depends on this module only.

mod query;
mod rank;

pub use query::{FRAGMENT_MIN_CHARS, Query, Term};
pub use rank::{Candidate, Match, Score, best, rank};

#[cfg(test)]
mod tests;
