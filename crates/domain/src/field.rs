//! What is wrong with a field, in a form that any language can be made of.

use serde::{Deserialize, Serialize};
use std::fmt;

#[cfg(test)]
mod tests;

/// Why a field's value was not accepted. Closed: the page has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A value is needed.
    Required,
    /// Longer than the field allows.
    TooLong,
    /// Contains a control character.
    ControlCharacter,
    /// Not a date that can be understood.
    NotADate,
    /// A date only if day and month are read the other way round than in the rest of its column.
    OtherDateOrder,
    /// A date after today.
    InTheFuture,
    /// A date more than 130 years ago.
    TooLongAgo,
    /// Not a phone number that can be understood.
    NotAPhone,
    /// Not an e-mail address.
    NotAnEmail,
    /// The same value twice.
    Repeated,
    /// More entries than a list may have.
    TooMany,
    /// Not one of the values to choose from.
    NotAChoice,
    /// Not an amount of money that can be understood.
    NotAnAmount,
    /// More than an amount or a quantity may be.
    TooLarge,
    /// More is taken off than there is.
    TooMuchOff,
    /// More is paid than is due, or given back than was paid.
    AboveDue,
    /// Refers to a record that is not there.
    NoSuchRecord,
    /// Somebody else changed it since it was loaded.
    ChangedMeanwhile,
    /// A row has more cells than the file has headers.
    TooManyCells,
    /// Bytes that are no text in the file's encoding.
    NotText,
    /// A quotation mark opens a cell and none closes it.
    UnclosedQuote,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "is needed",
            Self::TooLong => "is too long",
            Self::ControlCharacter => "contains a character that cannot be shown",
            Self::NotADate => "is not a date; write it as 1985-03-14",
            Self::OtherDateOrder => "is a date only with day and month the other way round",
            Self::InTheFuture => "is in the future",
            Self::TooLongAgo => "is more than 130 years ago",
            Self::NotAPhone => "is not a phone number; write it with its area code",
            Self::NotAnEmail => "is not an e-mail address; write it as name@example.com",
            Self::Repeated => "is there twice",
            Self::TooMany => "has too many entries",
            Self::NotAChoice => "is not one of the choices",
            Self::NotAnAmount => "is not an amount of money; write it as 12.50",
            Self::TooLarge => "is more than can be entered",
            Self::TooMuchOff => "takes off more than there is",
            Self::AboveDue => "is more than there is to pay",
            Self::NoSuchRecord => "refers to a record that is not there",
            Self::ChangedMeanwhile => "was changed by somebody else meanwhile",
            Self::TooManyCells => "has more cells than the file has columns",
            Self::NotText => "contains bytes that are not text in the file's encoding",
            Self::UnclosedQuote => "has a quotation mark that is never closed; nothing after it was read",
        })
    }
}

/// One field's problem. `field` is the request's field, with an index for lists: `contacts.1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name as the request spells it.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl FieldError {
    /// A problem of `field`.
    pub fn new(field: impl Into<String>, problem: Problem) -> Self {
        Self { field: field.into(), problem }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}
