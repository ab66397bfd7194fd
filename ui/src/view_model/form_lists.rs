//! The lists of a patient's form: phones, allergies, alerts, tags.

use domain::difference::Item;
use domain::patient::{Alert, Allergy, Contact, ContactKind, Tag};

/// A line that may have been left empty.
pub trait Line: Item {
    fn is_empty(&self) -> bool;
}

impl Line for Contact {
    fn is_empty(&self) -> bool {
        self.value.trim().is_empty()
    }
}

impl Line for Allergy {
    fn is_empty(&self) -> bool {
        self.substance.trim().is_empty() && self.reaction.trim().is_empty()
    }
}

impl Line for Alert {
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl Line for Tag {
    fn is_empty(&self) -> bool {
        self.label.trim().is_empty()
    }
}

/// A line to type a phone number or an address into.
pub fn blank_contact(kind: ContactKind) -> Contact {
    Contact { id: None, kind, value: String::new(), label: String::new(), primary: false }
}

/// The lines that say something. A saved line that was emptied is thereby removed.
pub fn filled<T: Line>(lines: &[T]) -> Vec<T> {
    lines.iter().filter(|line| !line.is_empty()).cloned().collect()
}

/// Sees to it that one contact of each kind is the primary one.
pub fn with_primaries(mut contacts: Vec<Contact>) -> Vec<Contact> {
    for kind in [ContactKind::Phone, ContactKind::Email] {
        if !contacts.iter().any(|contact| contact.kind == kind && contact.primary)
            && let Some(first) = contacts.iter_mut().find(|contact| contact.kind == kind)
        {
            first.primary = true;
        }
    }
    contacts
}

/// Makes the contact at `index` the primary one of its kind.
pub fn make_primary(contacts: &mut [Contact], index: usize) {
    let Some(kind) = contacts.get(index).map(|contact| contact.kind) else { return };
    for (at, contact) in contacts.iter_mut().enumerate().filter(|(_, contact)| contact.kind == kind) {
        contact.primary = at == index;
    }
}

/// Which line of the form each line of a request was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    all: Vec<usize>,
    added: Vec<usize>,
    changed: Vec<usize>,
}

impl Sent {
    /// For a list that was `before` and is sent as `lines`.
    pub fn of<T: Line>(before: &[T], lines: &[T]) -> Self {
        let mut sent = Self::default();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            sent.all.push(at);
            match before.iter().find(|old| old.id().is_some() && old.id() == line.id()) {
                None => sent.added.push(at),
                Some(old) if old != line => sent.changed.push(at),
                Some(_) => {}
            }
        }
        sent
    }

    fn line(&self, part: Option<&str>, index: &str) -> Option<usize> {
        let list = match part {
            Some("added") => &self.added,
            Some("changed") => &self.changed,
            _ => &self.all,
        };
        list.get(index.parse::<usize>().ok()?).copied()
    }
}

/// Of all lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    pub contacts: Sent,
    pub allergies: Sent,
    pub alerts: Sent,
    pub tags: Sent,
}

impl Places {
    /// A request's field as the form names it: `contacts.added.0` → `contacts.2`. What is not in a
    /// list keeps its name.
    pub fn in_form(&self, field: &str) -> String {
        let parts: Vec<&str> = field.split('.').collect();
        let sent = match parts.first() {
            Some(&"contacts") => &self.contacts,
            Some(&"allergies") => &self.allergies,
            Some(&"alerts") => &self.alerts,
            Some(&"tags") => &self.tags,
            _ => return field.to_owned(),
        };
        let line = match parts.as_slice() {
            [_, part @ ("added" | "changed"), index, ..] => sent.line(Some(part), index),
            [_, index, ..] => sent.line(None, index),
            _ => None,
        };
        line.map_or_else(|| field.to_owned(), |line| format!("{}.{line}", parts[0]))
    }
}
