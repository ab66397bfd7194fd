//! From what a form holds to what is kept: every field judged, all problems told at once.

use crate::call::Call;
use crate::contact;
use chrono::NaiveDate;
use contract::{PatientDraft, PatientPatch};
use domain::date::{DateOrder, birth_date};
use domain::difference::Changes;
use domain::field::{FieldError, Problem};
use domain::id::{AlertId, AllergyId, ContactId};
use domain::patient::{
    Address, Alert, Allergy, Contact, ContactKind, LINE_MAX_CHARS, LIST_MAX_ITEMS, Name, Tag,
};
use domain::text::fold;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Form {
    problems: Vec<FieldError>,
}

impl Form {
    pub(crate) fn add(&mut self, field: &str, problem: Problem) {
        self.problems.push(FieldError::new(field, problem));
    }

    /// `value` without the white space around it.
    pub(crate) fn line(&mut self, field: &str, value: &str) -> String {
        clean_line(value).unwrap_or_else(|problem| {
            self.add(field, problem);
            String::new()
        })
    }

    /// As [`Form::line`], but it must not be empty.
    pub(crate) fn required_line(&mut self, field: &str, value: &str) -> String {
        let value = self.line(field, value);
        if value.is_empty() && !self.problems.iter().any(|problem| problem.field == field) {
            self.add(field, Problem::Required);
        }
        value
    }

    fn name(&mut self, name: &Name) -> Name {
        let cleaned = Name {
            prefix: self.line("name.prefix", &name.prefix),
            given: self.line("name.given", &name.given),
            middle: self.line("name.middle", &name.middle),
            family: self.line("name.family", &name.family),
            suffix: self.line("name.suffix", &name.suffix),
        };
        if name.given.trim().is_empty() && name.family.trim().is_empty() {
            self.add("name.family", Problem::Required);
        }
        cleaned
    }

    pub(crate) fn address(&mut self, address: &Address) -> Address {
        Address {
            line1: self.line("address.line1", &address.line1),
            line2: self.line("address.line2", &address.line2),
            city: self.line("address.city", &address.city),
            region: self.line("address.region", &address.region),
            postcode: self.line("address.postcode", &address.postcode),
            country: self.line("address.country", &address.country),
        }
    }

    fn birth_date(&mut self, typed: &str, today: NaiveDate) -> Option<NaiveDate> {
        if typed.trim().is_empty() {
            return None;
        }
        match birth_date(typed, DateOrder::MonthFirst, today) {
            Ok(date) => Some(date),
            Err(problem) => {
                self.add("birth_date", problem);
                None
            }
        }
    }

    fn contact(&mut self, field: &str, contact: &Contact) -> Contact {
        match checked_contact(contact) {
            Ok(checked) => checked,
            Err(problem) => {
                self.add(&format!("{field}.value"), problem);
                contact.clone()
            }
        }
    }

    fn allergy(&mut self, field: &str, allergy: &Allergy) -> Allergy {
        Allergy {
            substance: self.required_line(&format!("{field}.substance"), &allergy.substance),
            reaction: self.line(&format!("{field}.reaction"), &allergy.reaction),
            ..allergy.clone()
        }
    }

    fn alert(&mut self, field: &str, alert: &Alert) -> Alert {
        Alert { text: self.required_line(&format!("{field}.text"), &alert.text), ..alert.clone() }
    }

    fn tag(&mut self, field: &str, tag: &Tag) -> Tag {
        let label = self.required_line(&format!("{field}.label"), &tag.label);
        if !label.is_empty() && fold(&label).is_empty() {
            self.add(&format!("{field}.label"), Problem::Required);
        }
        Tag { label, ..tag.clone() }
    }

    /// The items of a list, each judged by `check`.
    fn list<T>(&mut self, field: &str, items: &[T], check: fn(&mut Self, &str, &T) -> T) -> Vec<T> {
        if items.len() > LIST_MAX_ITEMS {
            self.add(field, Problem::TooMany);
            return Vec::new();
        }
        items.iter().enumerate().map(|(i, item)| check(self, &format!("{field}.{i}"), item)).collect()
    }

    fn changes<T: Clone>(
        &mut self,
        field: &str,
        changes: &Changes<T>,
        check: fn(&mut Self, &str, &T) -> T,
    ) -> Changes<T> {
        Changes {
            added: self.list(&format!("{field}.added"), &changes.added, check),
            changed: self.list(&format!("{field}.changed"), &changes.changed, check),
            removed: self.list(&format!("{field}.removed"), &changes.removed, |_, _, id| *id),
        }
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T, crate::error::AppError> {
        if self.problems.is_empty() { Ok(value) } else { Err(crate::error::AppError::Invalid(self.problems)) }
    }
}

/// One line of text: no control characters, not longer than a line may be.
pub(crate) fn clean_line(value: &str) -> Result<String, Problem> {
    let value = value.trim();
    if value.chars().any(char::is_control) {
        return Err(Problem::ControlCharacter);
    }
    if value.chars().count() > LINE_MAX_CHARS {
        return Err(Problem::TooLong);
    }
    Ok(value.to_owned())
}

/// A contact in the form in which it is kept.
pub(crate) fn checked_contact(contact: &Contact) -> Result<Contact, Problem> {
    let value = contact::normalise(contact.kind, &contact.value)?;
    Ok(Contact { value, label: clean_line(&contact.label)?, ..contact.clone() })
}

/// Refuses what says the same as another contact.
fn check_contacts(form: &mut Form, field: &str, contacts: &[Contact]) {
    for (i, contact) in contacts.iter().enumerate() {
        if contacts[..i].iter().any(|other| is_same(other, contact)) {
            form.add(&format!("{field}.{i}.value"), Problem::Repeated);
        }
    }
}

fn is_same(one: &Contact, other: &Contact) -> bool {
    one.kind == other.kind && one.value == other.value
}

/// Refuses a change that says the same as another of the patient's `contacts`, as they are with it,
/// or marks a second one as the one to use. What two desks brought together that way is no reason to
/// refuse a change of something else.
pub(crate) fn changed_contacts(
    changes: &Changes<Contact>,
    contacts: &[Contact],
) -> Result<(), crate::error::AppError> {
    let mut form = Form::default();
    for (list, items) in [("added", &changes.added), ("changed", &changes.changed)] {
        for (i, item) in items.iter().enumerate() {
            let mut others = contacts.iter().filter(|other| other.id != item.id && other.kind == item.kind);
            if others.clone().any(|other| is_same(other, item)) {
                form.add(&format!("contacts.{list}.{i}.value"), Problem::Repeated);
            } else if item.primary && others.any(|other| other.primary) {
                form.add(&format!("contacts.{list}.{i}.primary"), Problem::Repeated);
            }
        }
    }
    form.finish(())
}

/// A new patient as it is to be kept, the items of its lists with ids.
pub(crate) fn draft(
    call: &Call,
    draft: &PatientDraft,
) -> Result<store::patient::NewPatient, crate::error::AppError> {
    let mut form = Form::default();
    let contacts = form.list("contacts", &draft.contacts, Form::contact);
    check_contacts(&mut form, "contacts", &contacts);
    let allergies = form.list("allergies", &draft.allergies, Form::allergy);
    let alerts = form.list("alerts", &draft.alerts, Form::alert);
    let tags = form.list("tags", &draft.tags, Form::tag);
    let patient = store::patient::NewPatient {
        id: call.next_id(),
        name: form.name(&draft.name),
        preferred_name: form.line("preferred_name", &draft.preferred_name),
        pronouns: form.line("pronouns", &draft.pronouns),
        birth_date: form.birth_date(&draft.birth_date, call.today()),
        address: form.address(&draft.address),
        tier: draft.tier,
        source: form.line("source", &draft.source),
        external_id: form.line("external_id", &draft.external_id),
        guarantor: draft.guarantor,
        contacts: one_primary(contacts)
            .into_iter()
            .map(|item| Contact { id: Some(ContactId(call.next_id())), ..item })
            .collect(),
        allergies: allergies
            .into_iter()
            .map(|item| Allergy { id: Some(AllergyId(call.next_id())), ..item })
            .collect(),
        alerts: alerts.into_iter().map(|item| Alert { id: Some(AlertId(call.next_id())), ..item }).collect(),
        tags,
        ..store::patient::NewPatient::default()
    };
    form.finish(patient)
}

/// The first of each kind is the one to use, unless another is marked.
fn one_primary(mut contacts: Vec<Contact>) -> Vec<Contact> {
    for kind in [ContactKind::Phone, ContactKind::Email] {
        let chosen = contacts.iter().position(|c| c.kind == kind && c.primary);
        let first = chosen.or_else(|| contacts.iter().position(|c| c.kind == kind));
        for (i, contact) in contacts.iter_mut().enumerate().filter(|(_, c)| c.kind == kind) {
            contact.primary = Some(i) == first;
        }
    }
    contacts
}

/// A patch as it is to be kept.
pub(crate) struct CheckedPatch {
    pub own: store::patient::PatientPatch,
    pub contacts: Changes<Contact>,
    pub allergies: Changes<Allergy>,
    pub alerts: Changes<Alert>,
    pub tags: Changes<Tag>,
}

/// Judges a patch. Household and guarantor are looked up by the caller.
pub(crate) fn patch(call: &Call, patch: &PatientPatch) -> Result<CheckedPatch, crate::error::AppError> {
    let mut form = Form::default();
    let own = store::patient::PatientPatch {
        name: patch.name.as_ref().map(|name| form.name(name)),
        preferred_name: patch.preferred_name.as_ref().map(|value| form.line("preferred_name", value)),
        pronouns: patch.pronouns.as_ref().map(|value| form.line("pronouns", value)),
        birth_date: patch.birth_date.as_ref().map(|typed| form.birth_date(typed, call.today())),
        address: patch.address.as_ref().map(|address| form.address(address)),
        tier: patch.tier,
        source: patch.source.as_ref().map(|value| form.line("source", value)),
        external_id: patch.external_id.as_ref().map(|value| form.line("external_id", value)),
        household: None,
        guarantor: None,
    };
    let mut contacts = form.changes("contacts", &patch.contacts, Form::contact);
    let mut allergies = form.changes("allergies", &patch.allergies, Form::allergy);
    let mut alerts = form.changes("alerts", &patch.alerts, Form::alert);
    let tags = form.changes("tags", &patch.tags, Form::tag);
    contacts.added.iter_mut().for_each(|item| item.id = Some(ContactId(call.next_id())));
    allergies.added.iter_mut().for_each(|item| item.id = Some(AllergyId(call.next_id())));
    alerts.added.iter_mut().for_each(|item| item.id = Some(AlertId(call.next_id())));
    form.finish(CheckedPatch { own, contacts, allergies, alerts, tags })
}
