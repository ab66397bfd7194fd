//! How far names agree.

use super::person::{Part, Person};
use crate::text::share_nickname;
use strsim::{jaro_winkler, osa_distance};

/// Jaro-Winkler similarity from which two names are taken for spellings of one.
const SIMILAR_NAME: f64 = 0.9;

/// How far a part of a name agrees, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    Different,
    Missing,
    /// One is the first letter of the other.
    Initial,
    Sound,
    Similar,
    Nickname,
    Same,
}

pub(super) fn compare_family(a: &Person, b: &Person) -> Agreement {
    compare(&a.family, &b.family)
}

/// The best agreement of what they may be called by. A middle name alone is no contradiction.
pub(super) fn compare_given(a: &Person, b: &Person) -> Agreement {
    let pairs = a.given.iter().flat_map(|one| b.given.iter().map(move |other| (one, other)));
    let compared = pairs.map(|(one, other)| match compare(one, other) {
        Agreement::Different if share_nickname(&one.text, &other.text) => Agreement::Nickname,
        lower if lower < Agreement::Similar && share_nickname(&one.text, &other.text) => Agreement::Nickname,
        found => found,
    });
    compared.max().unwrap_or(Agreement::Missing)
}

/// Whether given and family name changed places.
pub(super) fn are_swapped(a: &Person, b: &Person) -> bool {
    let first = |person: &Person| person.given.first().cloned().unwrap_or_default();
    let similar = |one: &Part, other: &Part| compare(one, other) >= Agreement::Similar;
    similar(&a.family, &first(b)) && similar(&first(a), &b.family)
}

fn compare(a: &Part, b: &Part) -> Agreement {
    if a.text.is_empty() || b.text.is_empty() {
        Agreement::Missing
    } else if a.text == b.text {
        Agreement::Same
    } else if is_similar(&a.text, &b.text) || a.words.iter().any(|word| b.words.contains(word)) {
        Agreement::Similar
    } else if a.sounds.iter().any(|code| b.sounds.contains(code)) {
        Agreement::Sound
    } else if is_initial(&a.text, &b.text) || is_initial(&b.text, &a.text) {
        Agreement::Initial
    } else {
        Agreement::Different
    }
}

/// Close in spelling, or the same letters with other spaces.
fn is_similar(a: &str, b: &str) -> bool {
    let short = a.len().min(b.len()) < 4;
    let distance = osa_distance(a, b);
    (!short && distance <= 1)
        || (a.len().min(b.len()) >= 6 && distance <= 2)
        || jaro_winkler(a, b) >= SIMILAR_NAME
        || a.replace(' ', "") == b.replace(' ', "")
}

fn is_initial(short: &str, long: &str) -> bool {
    let mut chars = short.chars();
    chars.next().is_some_and(|first| long.starts_with(first)) && chars.next().is_none()
}
