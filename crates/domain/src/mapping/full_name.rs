//! Names that came in one cell.

use crate::patient::Name;
use crate::text::fold;

/// What belongs to the family name that follows it.
const PARTICLES: &[&str] = &[
    "de", "del", "la", "las", "los", "da", "das", "do", "dos", "di", "du", "van", "von", "der", "den", "ten",
    "ter", "te", "le", "st", "san", "santa", "bin", "ibn", "al", "el", "mac", "mc",
];
/// What stands before a name.
const PREFIXES: &[&str] =
    &["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "fr", "sr", "sra", "srta", "don", "dona", "hon"];
/// What stands behind a name.
const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "md", "phd", "rn", "esq", "dds", "do"];

/// Takes a whole name apart: "Family, Given" or "Given Family", with "Dr" before and "Jr" behind.
///
/// Without a comma the last word is the family name, with the particles before it (Ana **de la
/// Cruz**). A single word is a given name. The parts are spelt as they were.
pub fn split_full_name(text: &str) -> Name {
    let mut name = Name::default();
    let (before, after) = match text.split_once(',') {
        // "John Smith, Jr": what follows the comma is only a suffix.
        Some((before, after)) if !is_suffix(after) => (before, Some(after)),
        Some((before, suffix)) => {
            name.suffix = suffix.trim().to_owned();
            (before, None)
        }
        None => (text, None),
    };
    let mut words: Vec<&str> = after.unwrap_or(before).split_whitespace().collect();
    if words.len() > 1 && PREFIXES.contains(&fold(words[0]).as_str()) {
        name.prefix = words.remove(0).to_owned();
    }
    if name.suffix.is_empty() && words.len() > 1 && words.last().is_some_and(|word| is_suffix(word)) {
        name.suffix = words.pop().unwrap_or_default().trim_end_matches(',').to_owned();
    }
    if after.is_some() {
        let family: Vec<&str> = before.split_whitespace().collect();
        (name.family, name.given) = (family.join(" "), words.join(" ").replace(',', ""));
    } else {
        let given = words.len() - family_words(&words);
        (name.given, name.family) = (words[..given].join(" "), words[given..].join(" "));
    }
    name
}

/// How many words at the end are the family name.
fn family_words(words: &[&str]) -> usize {
    if words.len() < 2 {
        return 0;
    }
    let is_particle = |word: &&&str| PARTICLES.contains(&fold(word).as_str());
    // The first word is always the given name.
    1 + words[1..words.len() - 1].iter().rev().take_while(is_particle).count()
}

fn is_suffix(text: &str) -> bool {
    SUFFIXES.contains(&fold(text).as_str())
}
