//! A made-up clinic, the same for the same seed on every machine: for benchmarks, demos, tests.
//!
//! Nobody in it exists. Phone numbers are in the exchange 555, which has no subscribers; e-mail
//! addresses are in the domains that RFC 2606 keeps for examples.

mod draw;
mod invoices;
mod names;
mod places;
mod words;

use chrono::NaiveDate;
use domain::consent::{Channel, Decision, Purpose};
use domain::patient::{
    Address, Alert, AlertLevel, Allergy, Contact, ContactKind, Name, NoteKind, Severity, Tag, Tier,
};
use draw::Draw;
pub use invoices::{GeneratedInvoice, GeneratedItem, ITEMS, Settled, TAX_RATE, invoices};

#[cfg(test)]
mod tests;

/// Days from the start of our era to the first date of birth, 1 January 1935; the last is in 2020.
const FIRST_BIRTH_DAY: i32 = 706_379;
/// Days from the first to the last date of birth.
const BIRTH_DAYS: u32 = 31_411;

/// A patient who does not exist, with everything that belongs to one. No record has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedPatient {
    /// The chart number, from 100001.
    pub external_id: String,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: NaiveDate,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    /// Phones (E.164, the first one primary), then e-mail addresses (the first one primary).
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
    pub notes: Vec<GeneratedNote>,
    /// What was decided, in order.
    pub consent: Vec<(Channel, Purpose, Decision)>,
    pub archived: bool,
}

/// A note on a patient who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedNote {
    pub kind: NoteKind,
    pub body: String,
    pub pinned: bool,
}

/// The first `count` patients of the clinic with this seed. A larger clinic of the same seed
/// begins with the same patients.
pub fn patients(count: u32, seed: u64) -> impl Iterator<Item = GeneratedPatient> {
    (0..count).map(move |number| patient(number, seed))
}

fn patient(number: u32, seed: u64) -> GeneratedPatient {
    let mut draw = Draw::new(seed, number);
    let person = names::person(&mut draw);
    GeneratedPatient {
        external_id: (100_001 + u64::from(number)).to_string(),
        birth_date: birth_date(&mut draw),
        address: places::address(&mut draw),
        tier: tier(&mut draw),
        source: if draw.often(70) { draw.skewed(words::SOURCES).to_owned() } else { String::new() },
        contacts: contacts(&mut draw, number, &person.name),
        allergies: allergies(&mut draw),
        alerts: alerts(&mut draw),
        tags: tags(&mut draw),
        notes: notes(&mut draw),
        consent: consent(&mut draw),
        archived: draw.often(2),
        name: person.name,
        preferred_name: person.preferred,
        pronouns: person.pronouns,
    }
}

/// More people of middle age than very young or very old ones.
fn birth_date(draw: &mut Draw) -> NaiveDate {
    let days = (draw.below(BIRTH_DAYS) + draw.below(BIRTH_DAYS)) / 2;
    NaiveDate::from_num_days_from_ce_opt(FIRST_BIRTH_DAY + days.cast_signed()).unwrap_or_default()
}

fn tier(draw: &mut Draw) -> Tier {
    match draw.below(100) {
        0..80 => Tier::Standard,
        80..92 => Tier::Silver,
        92..98 => Tier::Gold,
        _ => Tier::Platinum,
    }
}

fn contacts(draw: &mut Draw, number: u32, name: &Name) -> Vec<Contact> {
    let contact = |kind, value, label: &str, primary| Contact {
        id: None,
        kind,
        value,
        label: label.to_owned(),
        primary,
    };
    let phones = [1, 1, 1, 1, 1, 2, 2, 3][draw.below(8) as usize];
    let emails = [0, 1, 1, 1, 1, 1, 1, 2][draw.below(8) as usize];
    let labels = ["Mobile", "Home", "Work"];
    let phone =
        |at: u32| contact(ContactKind::Phone, places::phone(number, at), labels[at as usize], at == 0);
    let mut contacts: Vec<_> = (0..phones).map(phone).collect();
    for at in 0..emails {
        let value = names::email(draw, name, at);
        contacts.push(contact(ContactKind::Email, value, if at == 0 { "" } else { "Work" }, at == 0));
    }
    contacts
}

fn allergies(draw: &mut Draw) -> Vec<Allergy> {
    let count = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3][draw.below(12) as usize];
    let severities = [Severity::Mild, Severity::Moderate, Severity::Unknown, Severity::Severe];
    let substances = draw.some_of(words::SUBSTANCES, count);
    let allergy = |substance: &str| Allergy {
        id: None,
        substance: substance.to_owned(),
        reaction: draw.skewed(words::REACTIONS).to_owned(),
        severity: draw.skewed(&severities),
    };
    substances.into_iter().map(allergy).collect()
}

fn alerts(draw: &mut Draw) -> Vec<Alert> {
    if !draw.often(4) {
        return Vec::new();
    }
    let (level, text) = if draw.often(25) {
        (AlertLevel::DoNotBook, draw.skewed(words::DO_NOT_BOOK))
    } else {
        (AlertLevel::AlertOnly, draw.skewed(words::ALERTS))
    };
    vec![Alert { id: None, level, text: text.to_owned() }]
}

fn tags(draw: &mut Draw) -> Vec<Tag> {
    let count = [0, 0, 1, 1, 2, 3][draw.below(6) as usize];
    let labels = draw.some_of(words::TAGS, count);
    labels.into_iter().map(|label| Tag { id: None, label: label.to_owned() }).collect()
}

fn notes(draw: &mut Draw) -> Vec<GeneratedNote> {
    let count = [0, 0, 0, 1, 1, 2][draw.below(6) as usize];
    let chosen = draw.some_of(words::NOTES, count);
    let note =
        |(kind, body): (NoteKind, &str)| GeneratedNote { kind, body: body.to_owned(), pinned: draw.often(8) };
    chosen.into_iter().map(note).collect()
}

fn consent(draw: &mut Draw) -> Vec<(Channel, Purpose, Decision)> {
    let mut decisions = Vec::new();
    for (channel, purpose, asked, granted) in [
        (Channel::Sms, Purpose::Appointments, 90, 95),
        (Channel::Sms, Purpose::Marketing, 70, 55),
        (Channel::Email, Purpose::Appointments, 80, 95),
        (Channel::Email, Purpose::Marketing, 70, 60),
        (Channel::Phone, Purpose::Appointments, 50, 90),
    ] {
        if draw.often(asked) {
            let decision = if draw.often(granted) { Decision::Granted } else { Decision::Denied };
            decisions.push((channel, purpose, decision));
        }
    }
    decisions
}
