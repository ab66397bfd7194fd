//! Identifiers. Each entity has its own type, so that a patient's id is never taken for a note's.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

#[cfg(test)]
mod tests;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A patient.
    PatientId,
    /// A patient's phone number or e-mail address.
    ContactId,
    /// An allergy of a patient.
    AllergyId,
    /// An alert on a patient.
    AlertId,
    /// A tag on a patient; UUIDv5 of patient and folded label.
    TagId,
    /// A note on a patient.
    NoteId,
    /// One event in a patient's consent history.
    ConsentEventId,
    /// People who live together and may share a bill.
    HouseholdId,
    /// A person who works with the app.
    ActorId,
    /// An import of a file.
    ImportId,
    /// A tax and its rate, as the clinic calls it.
    TaxRateId,
    /// A service, a product or a package that the clinic sells.
    CatalogueItemId,
    /// An invoice or a credit note, from its draft on.
    InvoiceId,
    /// A line of an invoice.
    LineId,
    /// What was issued of an invoice, under its number.
    DocumentId,
    /// A payment or a refund: one method of it.
    PaymentId,
    /// The end of a day.
    CloseId,
    /// One action of a person, which is done once however often it is asked for.
    ActionId,
}

/// The namespace of every natural key (rule 14 of the sync design): what is naturally unique has
/// the id UUIDv5 of its key, so that two desks which create it apart create the same record.
const NATURAL_KEYS: Uuid = Uuid::from_u128(0x6c1f_2c0b_8a1e_5f0e_9d53_7f4f_26a1_0b77);

/// The id of the tag `label_folded` on `patient`.
pub fn tag_id(patient: PatientId, label_folded: &str) -> TagId {
    TagId(natural_key(&["patient_tag", &patient.to_string(), label_folded]))
}

/// The id of the statement that two records are not the same person; the order does not matter.
pub fn distinct_id(a: PatientId, b: PatientId) -> Uuid {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    natural_key(&["patient_distinct", &low.to_string(), &high.to_string()])
}

/// The id of the clinic's own particulars, of which there is one.
pub fn clinic_profile_id() -> Uuid {
    natural_key(&["clinic_profile"])
}

/// The id of the `n`th record that an action makes: done again, it makes the same ones.
pub fn made_by(action: ActionId, what: &str, n: usize) -> Uuid {
    natural_key(&["action", &action.to_string(), what, &n.to_string()])
}

fn natural_key(parts: &[&str]) -> Uuid {
    // U+001F cannot be typed into any part, so two different keys never read the same.
    Uuid::new_v5(&NATURAL_KEYS, parts.join("\u{1f}").as_bytes())
}
