//! Words within one slip of the keyboard.

use strsim::osa_distance;

/// Two shorter words are never taken for each other: almost every word of three letters is one
/// slip away from every other.
pub const TYPO_MIN_CHARS: usize = 4;
/// A longer word has no keys but itself: nobody types it out.
pub const TYPO_KEY_MAX_CHARS: usize = 32;

/// What a word is looked up by when it may be misspelt: the word itself and, from
/// [`TYPO_MIN_CHARS`] characters, the word without each one of its characters.
///
/// Two words share a key if one letter was left out, added, replaced, or swapped with its
/// neighbour (symmetric deletes, as in SymSpell by W. Garbe). Some words two slips apart share one as well: check with [`is_typo_of`].
pub fn typo_keys(word: &str) -> Vec<String> {
    let mut keys = vec![word.to_owned()];
    let chars = word.chars().count();
    if !(TYPO_MIN_CHARS..=TYPO_KEY_MAX_CHARS).contains(&chars) {
        return keys;
    }
    let mut last = None;
    for (at, c) in word.char_indices() {
        // Leaving out either of two equal neighbours gives the same word.
        if last != Some(c) {
            keys.push([&word[..at], &word[at + c.len_utf8()..]].concat());
        }
        last = Some(c);
    }
    keys
}

/// Whether `typed` is `word` with one letter left out, added, replaced or swapped with its
/// neighbour, and the longer one has [`TYPO_MIN_CHARS`] to [`TYPO_KEY_MAX_CHARS`] characters.
/// Equal words are no typo. Any two words for which this holds share one of their [`typo_keys`].
pub fn is_typo_of(typed: &str, word: &str) -> bool {
    let (shorter, longer) = if typed.len() <= word.len() { (typed, word) } else { (word, typed) };
    // A character is at most four bytes.
    if longer.len() - shorter.len() > 4 {
        return false;
    }
    let (short, long) = (shorter.chars().count(), longer.chars().count());
    let comparable = (TYPO_MIN_CHARS..=TYPO_KEY_MAX_CHARS).contains(&long) && short + 1 >= TYPO_MIN_CHARS;
    comparable && long - short <= 1 && osa_distance(shorter, longer) == 1
}
