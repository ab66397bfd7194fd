//! The end of a day: what should be in the drawer and on the terminal, and what is.

use crate::field::Problem;
use crate::invoice::payment::Method;
use crate::money::AMOUNT_MAX;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Most denominations, and most of one, that are counted.
const DENOMINATIONS_MAX: usize = 50;
const PIECES_MAX: u32 = 1_000_000;

/// The cash in a drawer: denominations in minor units, and how many there are of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Drawer(pub Vec<(i64, u32)>);

impl Drawer {
    /// What is in it.
    ///
    /// # Errors
    /// [`Problem::TooMany`], [`Problem::TooLarge`]; [`Problem::NotAChoice`]: a denomination that is nothing;
    /// [`Problem::Repeated`]: one that is there twice.
    pub fn total(&self) -> Result<i64, Problem> {
        if self.0.len() > DENOMINATIONS_MAX {
            return Err(Problem::TooMany);
        }
        let mut total = 0_i64;
        for (at, (denomination, pieces)) in self.0.iter().enumerate() {
            if *denomination <= 0 {
                return Err(Problem::NotAChoice);
            }
            if self.0[..at].iter().any(|(other, _)| other == denomination) {
                return Err(Problem::Repeated);
            }
            if *pieces > PIECES_MAX {
                return Err(Problem::TooLarge);
            }
            let value = denomination.checked_mul(i64::from(*pieces)).ok_or(Problem::TooLarge)?;
            total = total.checked_add(value).filter(|sum| *sum <= AMOUNT_MAX).ok_or(Problem::TooLarge)?;
        }
        Ok(total)
    }
}

/// What one method should have brought, and what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub method: Method,
    pub expected: i64,
    pub counted: i64,
}

impl Counted {
    /// Above nothing: more than there should be.
    pub fn difference(&self) -> i64 {
        self.counted.saturating_sub(self.expected)
    }
}
