//! Whether two records are the same person, and why it looks so.
//!
//! The store looks candidates up by [`blocking_keys`]; [`score`] judges each of them. Agreements
//! add to the score, contradictions take away from it (the idea of I. Fellegi and A. Sunter, 1969,
//! with weights chosen by hand and tried on FEBRL's first data set). The sum alone does not decide
//! where people who live together agree in everything but what tells them apart: see [`score`].

mod name;
mod person;

pub use person::{BlockingKeys, Person, blocking_keys};

use crate::patient::{Word, words};
use chrono::{Datelike, NaiveDate};
use name::{Agreement, compare_family, compare_given};
use serde::{Deserialize, Serialize};
use strsim::{jaro_winkler, osa_distance};

#[cfg(test)]
mod tests;

/// From this score on, two records are likely to be the same person.
pub const LIKELY: u8 = 60;
/// From this score on, they hardly can be two people: enough to leave a row of an import out.
pub const NEARLY_CERTAIN: u8 = 75;
/// The most that people can score who contradict each other in what sets people apart.
const UNLIKELY_MAX: u8 = LIKELY - 5;
/// Jaro-Winkler similarity from which two address lines are taken for the same.
const SIMILAR_LINE: f64 = 0.92;

/// What speaks for two records being the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    SameBirthDate,
    /// One digit differs, two neighbours are swapped, or day and month are.
    SimilarBirthDate,
    SamePhone,
    SameEmail,
    /// Given and family name.
    SameName,
    /// One or both are a few letters apart.
    SimilarName,
    SoundsAlike,
    /// The given name of one is short for that of the other.
    Nickname,
    /// Given and family name changed places.
    SwappedNames,
    SameFamilyName,
    SameGivenName,
    SameAddress,
    SimilarAddress,
}

words! {
    Reason {
        SameBirthDate = "same_birth_date", SimilarBirthDate = "similar_birth_date", SamePhone = "same_phone",
        SameEmail = "same_email", SameName = "same_name", SimilarName = "similar_name",
        SoundsAlike = "sounds_alike", Nickname = "nickname", SwappedNames = "swapped_names",
        SameFamilyName = "same_family_name", SameGivenName = "same_given_name",
        SameAddress = "same_address", SimilarAddress = "similar_address",
    }
}

/// How much two records look like the same person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// 0 to 100.
    pub score: u8,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

impl Likeness {
    /// Whether it is likely enough to be shown.
    pub fn is_likely(&self) -> bool {
        self.score >= LIKELY
    }
}

/// Compares two records; the order does not matter.
///
/// Whose birth dates differ by more than a slip are never likely (father and son of one name, at
/// one address), nor are those whose given names differ, unless birth date and address are the
/// same: these are shown as likely, but are never [`NEARLY_CERTAIN`] (twins).
pub fn score(a: &Person, b: &Person) -> Likeness {
    let mut evidence = Evidence::default();
    let names = names(a, b, &mut evidence);
    let dates = birth_dates(a, b, &mut evidence);
    let shared = |mine: &[String], other: &[String]| mine.iter().any(|one| other.contains(one));
    if shared(&a.phones, &b.phones) {
        evidence.add(25, Some(Reason::SamePhone));
    }
    if shared(&a.emails, &b.emails) {
        evidence.add(28, Some(Reason::SameEmail));
    }
    let lives_alike = address(a, b, &mut evidence);
    if a.suffix != b.suffix && !a.suffix.is_empty() && !b.suffix.is_empty() {
        evidence.add(-15, None);
    }
    let twins = dates == Agreement::Same && lives_alike;
    let most = match (names, dates) {
        (_, Agreement::Different) => UNLIKELY_MAX,
        (Agreement::Different, _) if twins => NEARLY_CERTAIN - 10,
        (Agreement::Different, _) => UNLIKELY_MAX,
        _ => 100,
    };
    evidence.likeness(most)
}

#[derive(Default)]
struct Evidence {
    sum: i32,
    reasons: Vec<(i32, Reason)>,
}

impl Evidence {
    fn add(&mut self, weight: i32, reason: Option<Reason>) {
        self.sum += weight;
        self.reasons.extend(reason.map(|reason| (weight, reason)));
    }

    fn likeness(mut self, most: u8) -> Likeness {
        self.reasons.sort_by_key(|(weight, _)| -weight);
        Likeness {
            score: u8::try_from(self.sum.clamp(0, i32::from(most))).unwrap_or(0),
            reasons: self.reasons.into_iter().map(|(_, reason)| reason).collect(),
        }
    }
}

/// Adds what the names say. `Different` if they say that these are different people.
fn names(a: &Person, b: &Person, evidence: &mut Evidence) -> Agreement {
    use Agreement::{Different, Initial, Missing, Nickname, Same, Similar, Sound};
    let (family, given) = (compare_family(a, b), compare_given(a, b));
    if name::are_swapped(a, b) && family.min(given) <= Different {
        evidence.add(32, Some(Reason::SwappedNames));
        return Same;
    }
    let weight = match family {
        Same => 22,
        Nickname | Similar => 18,
        Sound => 13,
        Initial | Missing => 0,
        Different => -12,
    } + match given {
        Same => 18,
        Nickname => 15,
        Similar => 14,
        Sound => 10,
        Initial => 6,
        Missing => 0,
        Different => -14,
    };
    let reason = match (family, given) {
        (Same, Same) => Some(Reason::SameName),
        (Same | Similar, Nickname) => Some(Reason::Nickname),
        (Same | Similar, Same | Similar) => Some(Reason::SimilarName),
        (Same | Similar | Sound, Same | Similar | Sound | Nickname) => Some(Reason::SoundsAlike),
        (Same, _) => Some(Reason::SameFamilyName),
        (_, Same) => Some(Reason::SameGivenName),
        _ => None,
    };
    evidence.add(weight, reason.filter(|_| weight > 0));
    given
}

/// Adds what the dates of birth say.
fn birth_dates(a: &Person, b: &Person, evidence: &mut Evidence) -> Agreement {
    let (Some(one), Some(other)) = (a.birth_date, b.birth_date) else { return Agreement::Missing };
    if one == other {
        evidence.add(38, Some(Reason::SameBirthDate));
        Agreement::Same
    } else if is_slip(one, other) {
        evidence.add(24, Some(Reason::SimilarBirthDate));
        Agreement::Similar
    } else {
        evidence.add(-30, None);
        Agreement::Different
    }
}

/// Whether one date may be the other one written wrongly.
fn is_slip(a: NaiveDate, b: NaiveDate) -> bool {
    let swapped = a.year() == b.year() && a.month() == b.day() && a.day() == b.month();
    let digits = |date: NaiveDate| date.format("%Y%m%d").to_string();
    swapped || osa_distance(&digits(a), &digits(b)) == 1
}

/// Adds what the addresses say. Whether they are the same or nearly so.
fn address(a: &Person, b: &Person, evidence: &mut Evidence) -> bool {
    let same_postcode = !a.postcode.is_empty() && a.postcode == b.postcode;
    let other_postcode = !a.postcode.is_empty() && !b.postcode.is_empty() && !same_postcode;
    let known = !a.line.is_empty() && !b.line.is_empty();
    if known && a.line == b.line {
        let reason = if other_postcode { Reason::SimilarAddress } else { Reason::SameAddress };
        evidence.add(if same_postcode { 26 } else { 20 }, Some(reason));
        return true;
    }
    if known && is_similar_line(&a.line, &b.line) {
        evidence.add(if same_postcode { 20 } else { 16 }, Some(Reason::SimilarAddress));
        return true;
    }
    if same_postcode {
        evidence.add(4, None);
    }
    false
}

/// Close in spelling, or the same street.
fn is_similar_line(a: &str, b: &str) -> bool {
    jaro_winkler(a, b) >= SIMILAR_LINE || without_number(a) == without_number(b)
}

/// A street without the number before it.
fn without_number(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
}
