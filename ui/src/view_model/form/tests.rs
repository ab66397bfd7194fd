use super::*;
use domain::field::Problem;
use domain::id::{AllergyId, ContactId};
use domain::patient::{ContactKind, Severity};
use uuid::Uuid;

fn contact(n: u128, kind: ContactKind, value: &str, primary: bool) -> Contact {
    Contact {
        id: (n > 0).then(|| ContactId(Uuid::from_u128(n))),
        kind,
        value: value.to_owned(),
        label: String::new(),
        primary,
    }
}

fn allergy(n: u128, substance: &str) -> Allergy {
    Allergy {
        id: (n > 0).then(|| AllergyId(Uuid::from_u128(n))),
        substance: substance.to_owned(),
        reaction: String::new(),
        severity: Severity::Mild,
    }
}

fn saved() -> Form {
    Form {
        preferred_name: "Liz".into(),
        contacts: vec![contact(1, ContactKind::Phone, "+15550102020", true)],
        allergies: vec![allergy(1, "Latex"), allergy(2, "Nickel")],
        ..Form::default()
    }
}

#[test]
fn a_form_that_was_not_touched_changes_nothing() {
    assert_eq!(saved().patch(&saved()), PatientPatch::default());
}

#[test]
fn only_what_was_changed_is_sent() {
    let mut form = saved();
    form.preferred_name = "Beth".into();
    form.allergies.remove(0);
    form.allergies.push(allergy(0, "Iodine"));
    let patch = form.patch(&saved());
    assert_eq!(patch.preferred_name.as_deref(), Some("Beth"));
    assert_eq!(patch.birth_date, None);
    assert_eq!(patch.allergies.removed, [Uuid::from_u128(1)]);
    assert_eq!(patch.allergies.added, [allergy(0, "Iodine")]);
    assert!(patch.allergies.changed.is_empty() && patch.contacts.is_empty());
}

#[test]
fn empty_lines_are_not_sent_and_an_emptied_one_is_removed() {
    let mut form = saved();
    form.contacts[0].value = " ".into();
    form.contacts.push(contact(0, ContactKind::Email, "", false));
    let patch = form.patch(&saved());
    assert_eq!(patch.contacts.removed, [Uuid::from_u128(1)]);
    assert!(patch.contacts.added.is_empty());
}

#[test]
fn the_first_of_a_kind_is_primary_unless_another_is() {
    let mut form = Form::new();
    form.contacts[0].value = "5550102020".into();
    form.contacts.push(contact(0, ContactKind::Phone, "5550103030", false));
    let draft = form.draft();
    assert_eq!(draft.contacts.iter().map(|contact| contact.primary).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_problem_finds_its_line_past_the_empty_ones() {
    let mut form = saved();
    form.contacts.push(contact(0, ContactKind::Phone, "", false));
    form.contacts.push(contact(0, ContactKind::Phone, "12", false));
    let places = form.places(&saved());
    assert_eq!(places.in_form("contacts.added.0.value"), "contacts.2");
    assert_eq!(places.in_form("contacts.1"), "contacts.2");
    assert_eq!(places.in_form("birth_date"), "birth_date");
}

#[test]
fn leaving_a_household_is_not_joining_one() {
    let person = |n| Person { id: PatientId(Uuid::from_u128(n)), name: "Ana".into() };
    let mut form = saved();
    form.household = Some(person(7));
    assert_eq!(form.patch(&saved()).household, Some(HouseholdChange::Join(person(7).id)));
    assert_eq!(saved().patch(&form).household, Some(HouseholdChange::Leave));
}

#[test]
fn taking_theirs_keeps_what_was_added_here() {
    let mut mine = saved();
    mine.preferred_name = "Beth".into();
    mine.allergies.push(allergy(0, "Iodine"));
    let theirs = Form { allergies: vec![allergy(1, "Latex gloves")], ..saved() };
    mine.take_theirs(&FieldError::new("allergies.0", Problem::Repeated), &theirs);
    assert_eq!(mine.allergies, [allergy(1, "Latex gloves"), allergy(0, "Iodine")]);
    assert_eq!(mine.preferred_name, "Beth");
}

#[test]
fn untouched_fields_follow_a_newer_state() {
    let mut mine = saved();
    mine.preferred_name = "Beth".into();
    let theirs = Form { source: "Walk-in".into(), preferred_name: "Eliza".into(), ..saved() };
    mine.rebase(&saved(), &theirs);
    assert_eq!((mine.preferred_name.as_str(), mine.source.as_str()), ("Beth", "Walk-in"));
}

#[test]
fn a_form_of_spaces_and_empty_lines_is_blank() {
    assert!(Form::new().is_blank());
    assert!(!Form { source: "Walk-in".into(), ..Form::new() }.is_blank());
}
