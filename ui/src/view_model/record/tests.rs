use super::*;
use chrono::TimeZone;
use contract::SyncSubject;
use serde_json::json;
use uuid::Uuid;

fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc()
}

fn value(column: &str, value: Value) -> SyncValue {
    SyncValue { column: column.to_owned(), value }
}

fn text_of(collection: &str, column: &str, content: Value) -> Shown {
    shown(collection, &value(column, content), local)
}

fn text(text: &str) -> Shown {
    Shown::Text(text.to_owned())
}

fn conflict(winner: Option<Vec<SyncValue>>, loser: Option<Vec<SyncValue>>) -> ConflictItem {
    let at = Utc.timestamp_millis_opt(0).single().expect("a time");
    let side = |values| ConflictSide {
        values,
        device: String::new(),
        is_this_device: false,
        person: String::new(),
        at,
    };
    ConflictItem {
        id: Uuid::nil(),
        subject: SyncSubject {
            collection: "patient".to_owned(),
            record: Uuid::nil(),
            patient: None,
            patient_name: None,
        },
        register: "name".to_owned(),
        winner: side(winner),
        loser: side(loser),
        changed_since: false,
    }
}

#[test]
fn fields_are_called_what_people_call_them() {
    assert_eq!(field("patient", "name"), "Name");
    assert_eq!(field("patient", "birth_date"), "Birth date");
    assert_eq!(field("patient_contact", "value"), "Phone or e-mail");
    assert_eq!(field("patient_note", "content"), "Note");
    assert_eq!(field("conflict", "resolution"), "Judgement");
    assert_eq!(field("patient_note", ""), "Note");
    assert_eq!(kind("patient"), "Patient");
}

#[test]
fn what_a_newer_version_brings_is_shown_as_it_is_spelt() {
    assert_eq!(field("invoice", "due_date"), "Due date");
    assert_eq!(field("invoice_line", ""), "Invoice line");
    assert_eq!(column("tax_rate"), "Tax rate");
    assert_eq!(text_of("invoice", "state", json!("half_paid")), text("half_paid"));
    assert_eq!(text_of("invoice", "total", json!(12_50)), text("1250"));
    assert_eq!(text_of("invoice", "parts", json!([1, 2])), text("[1,2]"));
}

#[test]
fn values_are_written_as_people_read_them() {
    assert_eq!(text_of("patient", "birth_date", json!("1985-03-14")), text("Mar 14, 1985"));
    assert_eq!(text_of("patient", "birth_date", json!("unsure")), text("unsure"));
    assert_eq!(text_of("patient_contact", "value", json!("+15550102020")), text("(555) 010-2020"));
    assert_eq!(text_of("patient_contact", "kind", json!("email")), text("E-mail"));
    assert_eq!(text_of("patient_contact", "is_primary", json!(1)), text("Yes"));
    assert_eq!(text_of("patient_note", "pinned", json!(0)), text("No"));
    assert_eq!(text_of("patient_note", "kind", json!("clinical")), text("Clinical"));
    assert_eq!(text_of("patient_alert", "level", json!("do_not_book")), text("Do not book"));
    assert_eq!(text_of("patient", "tier", json!("gold")), text("Gold"));
    assert_eq!(text_of("patient", "archived_at", json!(1_741_952_640_000_i64)), text("Mar 14, 2025, 11:44"));
}

#[test]
fn a_word_that_is_not_known_is_still_readable() {
    assert_eq!(text_of("patient", "tier", json!("double_gold")), text("Double gold"));
}

#[test]
fn nothing_and_another_patient_are_told_apart_from_text() {
    assert_eq!(text_of("patient", "archived_at", Value::Null), Shown::Nothing);
    assert_eq!(text_of("patient", "pronouns", json!(" ")), Shown::Nothing);
    assert_eq!(text_of("patient", "household_id", json!("")), Shown::Nothing);
    let id = Uuid::from_u128(7);
    let written = json!(id.simple().to_string());
    assert_eq!(text_of("patient", "guarantor_id", written), Shown::Patient(PatientId(id)));
}

#[test]
fn both_versions_stand_side_by_side_without_what_is_empty_in_both() {
    let item = conflict(
        Some(vec![value("given", json!("Ana")), value("middle", json!("")), value("family", json!("Ruiz"))]),
        Some(vec![value("given", json!("Anna")), value("middle", json!("")), value("family", json!("Ruiz"))]),
    );
    let lines = compared(&item, local);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].label, "Given name");
    assert_eq!((lines[0].winner.clone(), lines[0].loser.clone()), (text("Ana"), text("Anna")));
    assert!(lines[0].differs());
    assert!(!lines[1].differs());
}

#[test]
fn a_deleted_version_has_nothing_beside_what_the_other_has() {
    let item = conflict(Some(vec![value("given", json!("Ana"))]), None);
    assert_eq!(compared(&item, local).first().map(|line| line.loser.clone()), Some(Shown::Nothing));
    let item = conflict(None, Some(vec![value("given", json!("Ana"))]));
    assert_eq!(compared(&item, local).first().map(|line| line.winner.clone()), Some(Shown::Nothing));
}

#[test]
fn inner_numbers_are_not_shown() {
    let values =
        [value("patient_id", json!("00")), value("label", json!("VIP")), value("severity", json!(""))];
    assert_eq!(lines("patient_tag", &values, local), [("Label".to_owned(), text("VIP"))]);
}
