//! How good a find is.

use super::query::{FRAGMENT_MIN_CHARS, Query, Term};
use crate::text::{fold, is_typo_of, sort_key};
use chrono::NaiveDate;
use std::cmp::Reverse;

/// A patient who may be the one looked for, as the store has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate<'a> {
    /// As written.
    pub given: &'a str,
    /// As written.
    pub middle: &'a str,
    /// As written.
    pub family: &'a str,
    /// As written.
    pub preferred: &'a str,
    /// `text::search_names`.
    pub names: &'a str,
    /// `text::search_sounds`.
    pub sounds: &'a str,
    /// `text::search_contacts`.
    pub contacts: &'a str,
    /// The chart number as written.
    pub external_id: &'a str,
    pub birth_date: Option<NaiveDate>,
    pub archived: bool,
}

/// Why somebody is found; of several words, what the loosest match was. In order, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// A name sounds like it.
    Sound,
    /// A name is one slip of the keyboard away.
    Typo,
    /// A name is short for it, or it is short for a name.
    Nickname,
    /// An e-mail address contains it.
    Email,
    /// A name begins with it.
    Prefix,
    /// A phone number contains it.
    Phone,
    /// It is a name.
    ExactName,
    /// It is the date of birth.
    BirthDate,
    /// The chart number begins with it.
    Chart,
}

/// How good a find is: the greater, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Why it is one; decides first.
    pub matched_by: Match,
    /// Between equal reasons the archived come last.
    pub current: bool,
    /// Between these, how closely it matches: 0 to some hundreds.
    pub closeness: u16,
}

/// Judges one candidate; none if it is not what was typed.
pub fn rank(query: &Query, candidate: &Candidate<'_>) -> Option<Score> {
    let best = [by_chart(query, candidate), by_conditions(query, candidate), by_email(query, candidate)];
    let (matched_by, closeness) = best.into_iter().flatten().max()?;
    Some(Score { matched_by, current: !candidate.archived, closeness })
}

/// The places of the best `limit` candidates with their scores, the best first; equals in order of
/// name, date of birth and place.
pub fn best(query: &Query, candidates: &[Candidate<'_>], limit: usize) -> Vec<(usize, Score)> {
    let scores = candidates.iter().enumerate().filter_map(|(at, one)| Some((at, rank(query, one)?)));
    let mut found: Vec<_> = scores.collect();
    found.sort_by_key(|(_, score)| Reverse(*score));
    // Names are compared only of those who may be among the best.
    if let Some(last) = limit.checked_sub(1).and_then(|last| found.get(last)).map(|(_, score)| *score) {
        found.retain(|(_, score)| *score >= last);
    }
    found.sort_by_cached_key(|(at, score)| {
        let one = &candidates[*at];
        (Reverse(*score), sort_key(one.family, one.given), one.birth_date, *at)
    });
    found.truncate(limit);
    found
}

type Found = Option<(Match, u16)>;

fn by_chart(query: &Query, candidate: &Candidate<'_>) -> Found {
    let typed = query.chart.as_deref()?;
    let number = candidate.external_id.trim().to_lowercase();
    if number == typed {
        return Some((Match::Chart, 1));
    }
    let long_enough = typed.chars().count() >= FRAGMENT_MIN_CHARS;
    (long_enough && number.starts_with(typed)).then_some((Match::Chart, 0))
}

fn by_email(query: &Query, candidate: &Candidate<'_>) -> Found {
    let typed = query.email.as_deref()?;
    let addresses = candidate.contacts.lines().filter(|line| line.contains('@'));
    let closeness = |address: &str| match address.find(typed)? {
        0 if address.len() == typed.len() => Some(200),
        0 => Some(100),
        _ => Some(0),
    };
    addresses.filter_map(closeness).max().map(|closeness| (Match::Email, closeness))
}

/// All terms, and digits or dates if there are any.
fn by_conditions(query: &Query, candidate: &Candidate<'_>) -> Found {
    if !query.has_conditions() {
        return None;
    }
    let mut found = by_names(query, candidate);
    if !query.terms.is_empty() && found.is_none() {
        return None;
    }
    if query.digits.is_some() || !query.dates.is_empty() {
        let number = by_phone(query, candidate).max(by_birth_date(query, candidate))?;
        found = Some(found.map_or(number, |name| (name.0.min(number.0), name.1 + number.1)));
    }
    found
}

fn by_birth_date(query: &Query, candidate: &Candidate<'_>) -> Found {
    let at = query.dates.iter().position(|date| Some(*date) == candidate.birth_date)?;
    // The order that is read first is the usual one.
    Some((Match::BirthDate, u16::from(at == 0)))
}

fn by_phone(query: &Query, candidate: &Candidate<'_>) -> Found {
    let typed = query.digits.as_deref()?;
    let numbers = candidate.contacts.lines().filter(|line| !line.contains('@'));
    let closeness = |number: &str| match number.len().checked_sub(number.rfind(typed)? + typed.len()) {
        // People say the last digits of a number.
        Some(0) if number.len() <= typed.len() + 3 => Some(200),
        Some(0) => Some(100),
        _ => Some(0),
    };
    numbers.filter_map(closeness).max().map(|closeness| (Match::Phone, closeness))
}

fn by_names(query: &Query, candidate: &Candidate<'_>) -> Found {
    if query.terms.is_empty() {
        return None;
    }
    let fields = [candidate.family, candidate.given, candidate.preferred, candidate.middle].map(fold);
    let words = words_of(&fields, candidate.names);
    let terms = &query.terms;
    let mut loosest = Match::ExactName;
    let mut closeness = 0;
    let mut at = 0;
    while at < terms.len() {
        let (found, step) = match_term(terms, at, &words, candidate.sounds)?;
        loosest = loosest.min(found.0);
        closeness += found.1;
        at += step;
    }
    let count = u16::try_from(terms.len()).unwrap_or(u16::MAX);
    let letters = terms.iter().map(|term| term.word.len()).sum();
    Some((loosest, closeness / count + coverage(letters, &fields)))
}

/// How the term at a place matches, and how many terms that uses up: two typed words may be one of
/// the name's ("mc donald").
fn match_term(
    terms: &[Term],
    at: usize,
    words: &[NameWord<'_>],
    sounds: &str,
) -> Option<((Match, u16), usize)> {
    let term = &terms[at];
    let alone = spelt(&term.word, words);
    if let Some(together) = term.joined.as_deref().and_then(|joined| spelt(joined, words)) {
        let next = terms.get(at + 1).and_then(|next| spelt(&next.word, words));
        let apart = alone.zip(next).map(|(one, other)| one.0.min(other.0));
        if Some(together.0) > apart {
            return Some((together, 2));
        }
    }
    alone.or_else(|| loosely(term, words, sounds)).map(|found| (found, 1))
}

/// A word of the candidate's name, and what it is worth that it is that part of the name.
struct NameWord<'a> {
    word: &'a str,
    worth: u16,
}

fn words_of<'a>(fields: &'a [String; 4], names: &'a str) -> Vec<NameWord<'a>> {
    let mut words = Vec::with_capacity(12);
    // Family, given, preferred, middle.
    for (field, worth) in fields.iter().zip([12, 8, 8, 2]) {
        let split = field.split(' ').filter(|word| !word.is_empty());
        words.extend(split.map(|word| NameWord { word, worth }));
    }
    let named = words.len();
    for word in names.split(' ') {
        if !word.is_empty() && !words[..named].iter().any(|known| known.word == word) {
            words.push(NameWord { word, worth: 6 });
        }
    }
    words
}

/// The best word that is or begins with what was typed.
fn spelt(typed: &str, words: &[NameWord<'_>]) -> Found {
    let found = |name: &NameWord<'_>| {
        let rest = name.word.strip_prefix(typed)?;
        let kind = if rest.is_empty() { Match::ExactName } else { Match::Prefix };
        Some((kind, name.worth + share(typed.len(), name.word.len())))
    };
    words.iter().filter_map(found).max()
}

/// Nickname, typo or sound.
fn loosely(term: &Term, words: &[NameWord<'_>], sounds: &str) -> Found {
    let indexed = |codes: &[String]| sounds.split(' ').any(|code| codes.iter().any(|one| one == code));
    if !term.nicknames.is_empty() && indexed(&term.nicknames) {
        return Some((Match::Nickname, 0));
    }
    let typo = words.iter().filter(|name| is_typo_of(&term.word, name.word)).map(|name| {
        // The first letter is seldom the wrong one.
        let first = term.word.chars().next() == name.word.chars().next();
        (Match::Typo, name.worth + if first { 50 } else { 0 })
    });
    typo.max().or_else(|| (!term.sounds.is_empty() && indexed(&term.sounds)).then_some((Match::Sound, 0)))
}

/// How much of the family and given name was typed, 0 to 50.
fn coverage(letters: usize, fields: &[String; 4]) -> u16 {
    let all = fields[0].len() + fields[1].len();
    share(letters.min(all), all) / 2
}

fn share(part: usize, whole: usize) -> u16 {
    u16::try_from(part * 100 / whole.max(1)).unwrap_or(100).min(100)
}
