//! One spelling for everything that reads the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Stands between family and given name in a sort key: sorts before the space and every letter.
const SORT_SEPARATOR: char = '\u{1f}';
/// The sort key of nobody: after every letter of every script.
const SORT_LAST: char = '\u{10ffff}';

/// The text in lower case without accents, for comparing and finding.
///
/// Letters are decomposed (Unicode NFKD) and lose their marks: José → `jose`, Müller → `muller`;
/// letters that do not decompose are spelt out: ß → `ss`, ø → `o`, ł → `l`, æ → `ae`, đ → `d`.
/// Apostrophes and periods vanish (O'Brien → `obrien`, J.R. → `jr`); any other punctuation and
/// white space becomes one space; none is left at the ends. Letters of other scripts stay, in
/// lower case. Folding what is folded changes nothing.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), gap: false };
    if text.is_ascii() {
        text.chars().filter(|c| !is_silent(*c)).for_each(|c| folded.push(c.to_ascii_lowercase()));
    } else {
        text.chars()
            .filter(|c| !is_silent(*c))
            .nfkd()
            .filter(|c| !is_silent(*c) && canonical_combining_class(*c) == 0)
            .flat_map(char::to_lowercase)
            .for_each(|c| folded.push(c));
    }
    folded.text
}

/// An e-mail address as it is compared: in lower case, without surrounding white space.
pub fn fold_email(address: &str) -> String {
    address.trim().to_lowercase()
}

/// The key that puts people in order of family name, then given name.
///
/// Who has only one name is sorted by it; who has none comes last. All Smiths come before the
/// first Smith-Jones.
pub fn sort_key(family: &str, given: &str) -> String {
    let (family, given) = (fold(family), fold(given));
    match (family.is_empty(), given.is_empty()) {
        (true, true) => SORT_LAST.to_string(),
        (true, false) => given,
        (false, true) => family,
        (false, false) => format!("{family}{SORT_SEPARATOR}{given}"),
    }
}

struct Folded {
    text: String,
    /// A space is due before the next letter.
    gap: bool,
}

impl Folded {
    fn push(&mut self, c: char) {
        if !c.is_alphanumeric() {
            self.gap = true;
            return;
        }
        if self.gap && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.gap = false;
        match spelt_out(c) {
            Some(letters) => self.text.push_str(letters),
            None => self.text.push(c),
        }
    }
}

/// Apostrophes of all kinds.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2b9}'..='\u{2bf}'
            | '\u{2c8}'
            | '\u{2018}'..='\u{201b}'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{a78b}'
            | '\u{a78c}'
            | '\u{ff07}'
    )
}

/// What vanishes without leaving a space: apostrophes, periods, and what has no width.
fn is_silent(c: char) -> bool {
    is_apostrophe(c)
        || matches!(c, '.' | '\u{b7}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}')
}

/// Lower-case letters that Unicode does not decompose.
fn spelt_out(c: char) -> Option<&'static str> {
    if c.is_ascii() {
        return None;
    }
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ŋ' => "ng",
        'ø' => "o",
        'ł' | 'ƚ' | 'ɫ' => "l",
        'đ' | 'ð' | 'ɗ' | 'ɖ' => "d",
        'ı' | 'ɨ' => "i",
        'ħ' => "h",
        'ŧ' | 'ƭ' => "t",
        'ĸ' | 'ƙ' => "k",
        'ƀ' | 'ɓ' => "b",
        'ƈ' => "c",
        'ə' | 'ǝ' | 'ɛ' => "e",
        'ƒ' => "f",
        'ǥ' | 'ɠ' => "g",
        'ɲ' => "n",
        'ɔ' | 'ɵ' => "o",
        'ʉ' | 'ʊ' => "u",
        'ƴ' => "y",
        'ƶ' => "z",
        'ς' => "σ",
        _ => return None,
    })
}
