//! A patient's form: what it was loaded with, what is typed, what is to be saved.

use contract::{GuarantorChange, HouseholdChange, PatientDetail, PatientDraft, PatientPatch};
use domain::difference::Changes;
use domain::field::FieldError;
use domain::id::PatientId;
use domain::patient::{Address, Alert, Allergy, Contact, Name, Tag, Tier};
use serde::{Deserialize, Serialize};

use super::form_lists::{Places, Sent, blank_contact, filled, with_primaries};

/// Somebody else the record refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PatientId,
    pub name: String,
}

/// The fields as they stand in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    /// As typed.
    pub birth_date: String,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    pub external_id: String,
    /// Somebody of the household: the one to join, or one who is in it.
    pub household: Option<Person>,
    pub guarantor: Option<Person>,
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
    /// Judged to be somebody else while the form was filled in.
    pub not_the_same_as: Vec<PatientId>,
}

impl Form {
    /// An empty form, with a line for a phone and one for an e-mail address.
    pub fn new() -> Self {
        use domain::patient::ContactKind::{Email, Phone};
        Self { contacts: vec![blank_contact(Phone), blank_contact(Email)], ..Self::default() }
    }

    /// The form of a saved record.
    pub fn of(detail: &PatientDetail) -> Self {
        let person =
            |row: &contract::PatientRow| Person { id: row.id, name: row.name.display(&row.preferred_name) };
        let household = detail.household.as_ref().and_then(|household| household.members.first());
        Self {
            name: detail.name.clone(),
            preferred_name: detail.preferred_name.clone(),
            pronouns: detail.pronouns.clone(),
            birth_date: detail.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            address: detail.address.clone(),
            tier: detail.tier,
            source: detail.source.clone(),
            external_id: detail.external_id.clone(),
            household: household.map(person),
            guarantor: detail.guarantor.as_ref().map(person),
            contacts: detail.contacts.clone(),
            allergies: detail.allergies.clone(),
            alerts: detail.alerts.clone(),
            tags: detail.tags.clone(),
            not_the_same_as: Vec::new(),
        }
    }

    /// Whether something was typed that would be lost.
    pub fn is_blank(&self) -> bool {
        self.sendable() == Self::new().sendable()
    }

    /// The form without the lines that were left empty.
    fn sendable(&self) -> Self {
        Self {
            contacts: with_primaries(filled(&self.contacts)),
            allergies: filled(&self.allergies),
            alerts: filled(&self.alerts),
            tags: filled(&self.tags),
            ..self.clone()
        }
    }

    /// What creates this patient.
    pub fn draft(&self) -> PatientDraft {
        let form = self.sendable();
        PatientDraft {
            name: form.name,
            preferred_name: form.preferred_name,
            pronouns: form.pronouns,
            birth_date: form.birth_date,
            address: form.address,
            tier: form.tier,
            source: form.source,
            external_id: form.external_id,
            household_with: form.household.map(|person| person.id),
            guarantor: form.guarantor.map(|person| person.id),
            contacts: form.contacts,
            allergies: form.allergies,
            alerts: form.alerts,
            tags: form.tags,
            not_the_same_as: form.not_the_same_as,
        }
    }

    /// What turns `before` into this form; nothing but what was changed.
    pub fn patch(&self, before: &Self) -> PatientPatch {
        let after = self.sendable();
        PatientPatch {
            name: differing(&before.name, &after.name),
            preferred_name: differing(&before.preferred_name, &after.preferred_name),
            pronouns: differing(&before.pronouns, &after.pronouns),
            birth_date: differing(&before.birth_date, &after.birth_date),
            address: differing(&before.address, &after.address),
            tier: differing(&before.tier, &after.tier),
            source: differing(&before.source, &after.source),
            external_id: differing(&before.external_id, &after.external_id),
            household: differing(&before.household, &after.household).map(|person| {
                person.map_or(HouseholdChange::Leave, |person| HouseholdChange::Join(person.id))
            }),
            guarantor: differing(&before.guarantor, &after.guarantor).map(|person| {
                person.map_or(GuarantorChange::Nobody, |person| GuarantorChange::Person(person.id))
            }),
            contacts: Changes::between(&before.contacts, &after.contacts),
            allergies: Changes::between(&before.allergies, &after.allergies),
            alerts: Changes::between(&before.alerts, &after.alerts),
            tags: Changes::between(&before.tags, &after.tags),
        }
    }

    /// Where each line of the lists went, so that a problem is shown beside the line it is about.
    pub fn places(&self, before: &Self) -> Places {
        Places {
            contacts: Sent::of(&before.contacts, &self.contacts),
            allergies: Sent::of(&before.allergies, &self.allergies),
            alerts: Sent::of(&before.alerts, &self.alerts),
            tags: Sent::of(&before.tags, &self.tags),
        }
    }

    /// Takes what others saved for the field of `error` (`name`, `contacts.…`); additions to a list stay.
    pub fn take_theirs(&mut self, error: &FieldError, theirs: &Self) {
        match error.field.split('.').next().unwrap_or_default() {
            "name" => self.name = theirs.name.clone(),
            "preferred_name" => self.preferred_name = theirs.preferred_name.clone(),
            "pronouns" => self.pronouns = theirs.pronouns.clone(),
            "birth_date" => self.birth_date = theirs.birth_date.clone(),
            "address" => self.address = theirs.address.clone(),
            "tier" => self.tier = theirs.tier,
            "source" => self.source = theirs.source.clone(),
            "external_id" => self.external_id = theirs.external_id.clone(),
            "household" | "household_id" => self.household = theirs.household.clone(),
            "guarantor" | "guarantor_id" => self.guarantor = theirs.guarantor.clone(),
            "contacts" => take_list(&mut self.contacts, &theirs.contacts),
            "allergies" => take_list(&mut self.allergies, &theirs.allergies),
            "alerts" => take_list(&mut self.alerts, &theirs.alerts),
            "tags" => take_list(&mut self.tags, &theirs.tags),
            _ => {}
        }
    }

    /// Brings what was typed onto a newer state: fields that were not touched become theirs.
    pub fn rebase(&mut self, before: &Self, theirs: &Self) {
        macro_rules! untouched {
            ($($field:ident)+) => {$(
                if self.$field == before.$field {
                    self.$field = theirs.$field.clone();
                }
            )+};
        }
        untouched!(name preferred_name pronouns birth_date address tier source external_id household guarantor);
        untouched!(contacts allergies alerts tags);
    }
}

fn differing<T: Clone + PartialEq>(before: &T, after: &T) -> Option<T> {
    (before != after).then(|| after.clone())
}

fn take_list<T: domain::difference::Item>(mine: &mut Vec<T>, theirs: &[T]) {
    let added = mine.iter().filter(|item| item.id().is_none()).cloned();
    *mine = theirs.iter().cloned().chain(added).collect();
}

#[cfg(test)]
mod tests;
