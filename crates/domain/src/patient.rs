//! A patient and what belongs to one.

use crate::id::{AlertId, AllergyId, ContactId, TagId};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Longest name part, label or other one-line text, in characters.
pub const LINE_MAX_CHARS: usize = 200;
/// Most phones and addresses, allergies, alerts or tags that one save may bring.
pub const LIST_MAX_ITEMS: usize = 100;
/// Longest note, in characters.
pub const NOTE_MAX_CHARS: usize = 20_000;

/// The parts of a name, as the person writes them. An empty part is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Name {
    pub prefix: String,
    pub given: String,
    pub middle: String,
    pub family: String,
    pub suffix: String,
}

impl Name {
    /// The name as a list shows it: preferred name first where there is one.
    pub fn display(&self, preferred: &str) -> String {
        let first = if preferred.is_empty() { &self.given } else { preferred };
        [self.prefix.as_str(), first, self.family.as_str(), self.suffix.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A postal address. An empty line is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub region: String,
    pub postcode: String,
    pub country: String,
}

impl Address {
    /// Whether nothing of it is known.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// How much the clinic goes out of its way for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[default]
    Standard,
    Silver,
    Gold,
    Platinum,
}

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    Phone,
    Email,
}

/// A phone number (E.164, `+15550102020`) or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Absent while it is not saved.
    pub id: Option<ContactId>,
    pub kind: ContactKind,
    /// As typed in a request; E.164 or an address in a response.
    pub value: String,
    /// "Mobile", "Work": what the clinic calls it.
    #[serde(default)]
    pub label: String,
    /// The one to use unless another is asked for; one of each kind.
    #[serde(default)]
    pub primary: bool,
}

/// How badly somebody reacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[default]
    Unknown,
    Mild,
    Moderate,
    Severe,
}

/// What somebody must not be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allergy {
    /// Absent while it is not saved.
    pub id: Option<AllergyId>,
    pub substance: String,
    #[serde(default)]
    pub reaction: String,
    #[serde(default)]
    pub severity: Severity,
}

/// How far an alert goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Shown wherever the patient is.
    AlertOnly,
    /// Shown, and no appointment is made without an override.
    DoNotBook,
}

/// Something that whoever deals with the patient must see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Absent while it is not saved.
    pub id: Option<AlertId>,
    pub level: AlertLevel,
    pub text: String,
}

/// A word the clinic groups its patients by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Absent while it is not saved.
    pub id: Option<TagId>,
    pub label: String,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    General,
    Clinical,
    Billing,
    Scheduling,
}

/// A value that the database keeps as a word.
pub trait Word: Sized + Copy + 'static {
    /// Every value with its word, in the order people are shown them.
    const WORDS: &'static [(Self, &'static str)];

    /// The word of this value.
    fn word(self) -> &'static str;

    /// The value of `word`, if it is one.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
    }
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        impl Word for $name {
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    )+};
}
pub(crate) use words;

words! {
    Tier { Standard = "standard", Silver = "silver", Gold = "gold", Platinum = "platinum" }
    ContactKind { Phone = "phone", Email = "email" }
    Severity { Unknown = "unknown", Mild = "mild", Moderate = "moderate", Severe = "severe" }
    AlertLevel { AlertOnly = "alert_only", DoNotBook = "do_not_book" }
    NoteKind { General = "general", Clinical = "clinical", Billing = "billing", Scheduling = "scheduling" }
}
