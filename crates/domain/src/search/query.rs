//! What was typed into a search box.

use crate::date::candidate_dates;
use crate::text::{
    NICKNAME_PREFIX, SOUND_PREFIX, fold, fold_email, nickname_groups, sound_codes, without_digits,
};
use chrono::NaiveDate;

/// A shorter fragment of a phone number, an address or a chart number is not looked for.
pub const FRAGMENT_MIN_CHARS: usize = 3;
/// More words than a name has: the rest is not looked at.
const WORDS_MAX: usize = 8;
/// A word is compared up to here.
const WORD_MAX_CHARS: usize = 64;
/// A word of a date: 14 de marzo de 1985.
const DATE_WORDS_MAX: usize = 5;

/// One word of a name that was typed, with what the indexes are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Folded.
    pub word: String,
    /// This word and the next one written together ("mc donald"), unless it is the last.
    pub joined: Option<String>,
    /// Its sound codes as the store indexes them.
    pub sounds: Vec<String>,
    /// Its nickname groups as the store indexes them.
    pub nicknames: Vec<String>,
}

/// What was typed, taken apart.
///
/// `terms`, `digits` and `dates` together are conditions: every term must match the name; if there
/// are digits or dates, one of these must match as well. `email` and `chart` are other readings of
/// the whole text: a patient whom they match is found whatever the rest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The words of a name, at most 8.
    pub terms: Vec<Term>,
    /// A fragment of a phone number: three digits or more.
    pub digits: Option<String>,
    /// A fragment of an e-mail address, in lower case, at least three characters.
    pub email: Option<String>,
    /// What the text means as a date of birth.
    pub dates: Vec<NaiveDate>,
    /// The beginning of a chart number, in lower case.
    pub chart: Option<String>,
}

impl Query {
    /// Takes apart what was typed. `today` tells which dates can be dates of birth.
    pub fn parse(text: &str, today: NaiveDate) -> Self {
        let text = text.trim();
        if let Some(number) = text.strip_prefix('#') {
            let chart = Some(number.trim().to_lowercase()).filter(|number| !number.is_empty());
            return Self { chart, ..Self::default() };
        }
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let (dates, dated) = find_dates(&tokens, today);
        let mut query = Self { dates, ..Self::default() };
        query.read_tokens(&tokens, &dated);
        if let [token] = tokens[..] {
            query.read_single(token);
        }
        query
    }

    /// Whether nothing can be looked for.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The words of a name, folded.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.word.as_str())
    }

    /// Whether anything but `email` and `chart` is asked for.
    pub(super) fn has_conditions(&self) -> bool {
        !self.terms.is_empty() || self.digits.is_some() || !self.dates.is_empty()
    }

    fn read_tokens(&mut self, tokens: &[&str], dated: &std::ops::Range<usize>) {
        let mut digits = String::new();
        let mut words = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if is_phone_like(token) {
                // A date may be a phone number as well, if nothing else is typed.
                if !dated.contains(&at) || dated.len() == tokens.len() {
                    digits.extend(token.chars().filter(char::is_ascii_digit));
                }
            } else if token.contains('@') {
                self.email = Some(fold_email(token));
            } else if !dated.contains(&at) {
                words.extend(fold(token).split(' ').filter(|word| !word.is_empty()).map(clip));
            }
        }
        self.terms = terms(words);
        let fragment = digits.trim_start_matches('0');
        // A national number begins with 0 where the international one has the country.
        let fragment = if fragment.len() >= FRAGMENT_MIN_CHARS { fragment } else { &digits };
        self.digits = Some(fragment.to_owned()).filter(|digits| digits.len() >= FRAGMENT_MIN_CHARS);
    }

    fn read_single(&mut self, token: &str) {
        let long_enough = token.chars().count() >= FRAGMENT_MIN_CHARS;
        if long_enough && token.chars().any(char::is_alphabetic) {
            self.email = Some(fold_email(token));
        }
        if token.contains(|c: char| c.is_ascii_digit()) && !token.starts_with('+') {
            self.chart = Some(token.to_lowercase());
        }
    }
}

/// Whether a word is a part of a phone number.
fn is_phone_like(token: &str) -> bool {
    token.contains(|c: char| c.is_ascii_digit())
        && token.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '(' | ')' | '/'))
}

/// The dates that the whole text or its end or beginning means, and which words say so.
fn find_dates(tokens: &[&str], today: NaiveDate) -> (Vec<NaiveDate>, std::ops::Range<usize>) {
    let longest = tokens.len().min(DATE_WORDS_MAX);
    for length in (1..=longest).rev() {
        for range in [tokens.len() - length..tokens.len(), 0..length] {
            let dates = candidate_dates(&tokens[range.clone()].join(" "), today);
            if !dates.is_empty() {
                return (dates, range);
            }
        }
    }
    (Vec::new(), 0..0)
}

fn clip(word: &str) -> String {
    word.chars().take(WORD_MAX_CHARS).collect()
}

fn terms(words: Vec<String>) -> Vec<Term> {
    let next = words.iter().skip(1).map(Some).chain([None]);
    let term = |(word, next): (&String, Option<&String>)| Term {
        joined: next.map(|next| format!("{word}{next}")),
        sounds: sound_codes(word).iter().map(|code| format!("{SOUND_PREFIX}{code}")).collect(),
        nicknames: nickname_groups(without_digits(word))
            .map(|group| format!("{NICKNAME_PREFIX}{group}"))
            .collect(),
        word: word.clone(),
    };
    words.iter().zip(next).take(WORDS_MAX).map(term).collect()
}
