//! Text as it is compared: folded names, words, sounds and spelling keys.
//!
//! What the store indexes and what the desk types go through the same functions, so that the two
//! always meet. A change to any of them means that the index must be built again.

mod fold;
mod names;
mod nicknames;
mod typos;

pub use fold::{fold, fold_email, sort_key};
pub use names::{
    FAMILY_SOUND_PREFIX, NICKNAME_PREFIX, SOUND_PREFIX, name_words, search_contacts, search_names,
    search_sounds, sound_codes, without_digits,
};
pub use nicknames::{nickname_groups, share_nickname};
pub use typos::{TYPO_KEY_MAX_CHARS, TYPO_MIN_CHARS, is_typo_of, typo_keys};

#[cfg(test)]
mod tests;
