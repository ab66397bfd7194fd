//! A record as it is compared.

use crate::patient::Name;
use crate::text::{FAMILY_SOUND_PREFIX, fold, fold_email, name_words, sound_codes, without_digits};
use chrono::{Datelike, NaiveDate};

/// What of a record tells one person from another, made ready for comparing with many others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub(super) family: Part,
    /// Given name, preferred name, middle name: what somebody may be called by.
    pub(super) given: Vec<Part>,
    pub(super) suffix: String,
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) phones: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) line: String,
    pub(super) postcode: String,
}

/// A part of a name, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// All of it.
    pub text: String,
    /// Its words, without those that most names have.
    pub words: Vec<String>,
    /// Of all of it and of its words.
    pub sounds: Vec<String>,
}

impl Part {
    fn new(written: &str) -> Self {
        let text = without_digits(&fold(written)).to_owned();
        let words: Vec<String> = text.split(' ').filter(|word| word.len() > 3).map(str::to_owned).collect();
        let mut sounds = sound_codes(&text.replace(' ', ""));
        sounds.extend(words.iter().flat_map(|word| sound_codes(word)));
        Self { text, words, sounds }
    }
}

impl Person {
    /// A person with these names, without anything else.
    pub fn new(name: &Name, preferred: &str) -> Self {
        let given = [name.given.as_str(), preferred, name.middle.as_str()].map(Part::new);
        Self {
            family: Part::new(&name.family),
            given: given.into_iter().filter(|part| !part.text.is_empty()).collect(),
            suffix: fold(&name.suffix),
            ..Self::default()
        }
    }

    /// Born on this day, if that is known.
    #[must_use]
    pub fn born(self, birth_date: Option<NaiveDate>) -> Self {
        Self { birth_date, ..self }
    }

    /// With these phone numbers (E.164) and e-mail addresses.
    #[must_use]
    pub fn reached_by<'a>(self, values: impl IntoIterator<Item = &'a str>) -> Self {
        let (emails, phones): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| value.contains('@'));
        let emails = emails.into_iter().map(fold_email).collect();
        let phones = phones.into_iter().map(|phone| phone.trim().to_owned());
        Self { emails, phones: phones.filter(|phone| !phone.is_empty()).collect(), ..self }
    }

    /// Living here: the first address line and the postcode.
    #[must_use]
    pub fn living_at(self, line1: &str, postcode: &str) -> Self {
        Self { line: fold(line1), postcode: fold(postcode), ..self }
    }
}

/// What to look candidates up by: whoever shares one of these may be the same person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockingKeys {
    /// The date of birth, and the one with day and month swapped.
    pub birth_dates: Vec<NaiveDate>,
    /// Phone numbers (E.164).
    pub phones: Vec<String>,
    /// E-mail addresses in lower case.
    pub emails: Vec<String>,
    /// Sounds of the family name, as `text::search_sounds` has them.
    pub family_sounds: Vec<String>,
}

/// What to look up those by who may be this person. A family name that is missing or misspelt
/// beyond its sound is made up for by the other keys.
pub fn blocking_keys(name: &Name, person: &Person) -> BlockingKeys {
    let swapped = |date: &NaiveDate| NaiveDate::from_ymd_opt(date.year(), date.day(), date.month());
    let mut birth_dates: Vec<_> = person.birth_date.into_iter().collect();
    birth_dates.extend(person.birth_date.as_ref().and_then(swapped));
    birth_dates.dedup();
    let mut family_sounds: Vec<String> = Vec::new();
    for code in name_words(&[&name.family]).iter().flat_map(|word| sound_codes(word)) {
        let key = format!("{FAMILY_SOUND_PREFIX}{code}");
        if !family_sounds.contains(&key) {
            family_sounds.push(key);
        }
    }
    BlockingKeys { birth_dates, phones: person.phones.clone(), emails: person.emails.clone(), family_sounds }
}
