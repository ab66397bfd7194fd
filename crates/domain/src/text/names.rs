//! What of a patient is indexed for searching.

use super::fold::is_apostrophe;
use super::{fold, fold_email, nickname_groups};
use crate::patient::Name;
use rphonetic::DoubleMetaphone;

/// Before a sound code in [`search_sounds`].
pub const SOUND_PREFIX: char = 's';
/// Before a sound code of the family name in [`search_sounds`].
pub const FAMILY_SOUND_PREFIX: char = 'f';
/// Before a nickname group in [`search_sounds`].
pub const NICKNAME_PREFIX: char = 'n';

/// Longest sound code, in characters. Four, as published, puts too many long names together.
const SOUND_MAX_CHARS: usize = 6;

/// The distinct words by which a name with these parts is found, folded.
///
/// Of each part: its words; these written together if there are several; what follows an
/// apostrophe; and a word without the digits at its end. So "Mary-Jane" gives `mary`, `jane` and
/// `maryjane`; "O'Brien" gives `obrien` and `brien`; "de la Cruz" gives `de`, `la`, `cruz` and
/// `delacruz`. The `o` of "o brien" needs no word of its own: it begins `obrien`.
pub fn name_words(parts: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for part in parts {
        let folded = fold(part);
        for word in folded.split(' ') {
            add(&mut words, word);
            add(&mut words, without_digits(word));
        }
        if folded.contains(' ') {
            add(&mut words, &folded.replace(' ', ""));
        }
        add_after_apostrophes(&mut words, part);
    }
    words
}

fn add_after_apostrophes(words: &mut Vec<String>, part: &str) {
    let mut pieces = part.split(is_apostrophe);
    pieces.next();
    for piece in pieces {
        let folded = fold(piece);
        let first = folded.split(' ').next().unwrap_or_default();
        // A single letter is the s of a possessive: it would find half the clinic.
        if first.chars().nth(1).is_some() {
            add(words, first);
        }
    }
}

fn add(words: &mut Vec<String>, word: &str) {
    if !word.is_empty() && !words.iter().any(|known| known == word) {
        words.push(word.to_owned());
    }
}

/// The word without the digits that some systems put at the end of made-up names; the word itself
/// if it is nothing but digits.
pub fn without_digits(word: &str) -> &str {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.is_empty() { word } else { letters }
}

/// How a folded word sounds: its Double Metaphone codes (L. Philips, 2000), the primary one first,
/// in lower case. Empty for a single letter and for scripts other than Latin.
pub fn sound_codes(word: &str) -> Vec<String> {
    let word = without_digits(word);
    if word.len() < 2 || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Vec::new();
    }
    let both = DoubleMetaphone::new(Some(SOUND_MAX_CHARS)).double_metaphone(word);
    let mut codes = Vec::new();
    add(&mut codes, &without_spaces(&both.primary()));
    add(&mut codes, &without_spaces(&both.alternate()));
    codes
}

/// A J that may be silent is a space in the algorithm's alternate code.
fn without_spaces(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What the store indexes of a patient's name: [`name_words`] of the given, middle, family and
/// preferred name, separated by spaces.
pub fn search_names(name: &Name, preferred: &str) -> String {
    name_words(&[&name.family, &name.given, &name.middle, preferred]).join(" ")
}

/// What the store indexes of how a patient's name sounds and is shortened, separated by spaces:
/// [`SOUND_PREFIX`] and each sound code of every word, [`FAMILY_SOUND_PREFIX`] and each of the
/// family name, [`NICKNAME_PREFIX`] and each nickname group of the others.
pub fn search_sounds(name: &Name, preferred: &str) -> String {
    let family = name_words(&[&name.family]);
    let given = name_words(&[&name.given, &name.middle, preferred]);
    let mut codes = Vec::new();
    for word in &family {
        for code in sound_codes(word) {
            add(&mut codes, &format!("{FAMILY_SOUND_PREFIX}{code}"));
            add(&mut codes, &format!("{SOUND_PREFIX}{code}"));
        }
    }
    for word in &given {
        for code in sound_codes(word) {
            add(&mut codes, &format!("{SOUND_PREFIX}{code}"));
        }
        for group in nickname_groups(without_digits(word)) {
            add(&mut codes, &format!("{NICKNAME_PREFIX}{group}"));
        }
    }
    codes.join(" ")
}

/// What the store indexes of a patient's phones and e-mail addresses, one a line: the digits of a
/// phone number, an address as [`fold_email`] has it. Made for an index of trigrams.
pub fn search_contacts<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut lines = Vec::new();
    for value in values {
        if value.contains('@') {
            add(&mut lines, &fold_email(value));
        } else {
            add(&mut lines, &value.chars().filter(char::is_ascii_digit).collect::<String>());
        }
    }
    lines.join("\n")
}
