//! Lists come in bounded pages, found by key rather than by number.

use serde::{Deserialize, Serialize};

/// The most rows that one page holds.
pub const PAGE_LIMIT_MAX: u32 = 200;

/// Where a page ends. Opaque to the page; only the desk makes and reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// How many rows there are in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub n: u64,
    /// There are more than `n`: shown as "1,000+".
    pub or_more: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Continues after the last row; absent at the end.
    pub next: Option<Cursor>,
}
