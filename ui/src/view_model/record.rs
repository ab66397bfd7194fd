//! Records of any table in words: what a field is called, what stands in it.
//!
//! Newer versions of the app have tables and columns that this one does not know. They are shown as they are
//! spelt, which is better than not at all.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use contract::{ConflictItem, ConflictSide, SyncValue};
use domain::id::PatientId;
use serde_json::Value;

use crate::i18n;
use crate::t;
use crate::view_model::format;

#[cfg(test)]
mod tests;

/// Columns that name a patient.
const PATIENTS: [&str; 4] = ["household_id", "guarantor_id", "first_id", "second_id"];
/// Columns that say nothing to a person: whose record it is stands above it, and the rest are inner numbers.
const HIDDEN: [&str; 5] = ["patient_id", "author_id", "recorded_by", "supersedes", "record"];
/// Columns that are one of two.
const FLAGS: [&str; 2] = ["is_primary", "pinned"];

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Text(String),
    /// Another patient, whose name has to be asked for.
    Patient(PatientId),
}

/// A column of both versions of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub label: String,
    pub winner: Shown,
    pub loser: Shown,
}

impl Compared {
    pub fn differs(&self) -> bool {
        self.winner != self.loser
    }
}

/// What kind of record a table holds: "Note".
pub fn kind(collection: &str) -> String {
    i18n::named("record", collection).map_or_else(|| humanised(collection), str::to_owned)
}

/// What a field, or a group of them, is called; the record itself if there is no `register`.
pub fn field(collection: &str, register: &str) -> String {
    if register.is_empty() {
        return kind(collection);
    }
    let name = format!("{collection}_{register}");
    i18n::named("register", &name).map_or_else(|| humanised(register), str::to_owned)
}

/// What a column is called.
pub fn column(column: &str) -> String {
    i18n::named("column", column).map_or_else(|| humanised(column), str::to_owned)
}

/// What stands in a column; `local` tells the time on this desk's wall.
pub fn shown(collection: &str, value: &SyncValue, local: fn(DateTime<Utc>) -> NaiveDateTime) -> Shown {
    let column = value.column.as_str();
    let text = match &value.value {
        Value::Null => return Shown::Nothing,
        Value::String(text) if text.trim().is_empty() => return Shown::Nothing,
        Value::String(text) if PATIENTS.contains(&column) => {
            return text.parse().map_or_else(|_| Shown::Text(text.clone()), Shown::Patient);
        }
        Value::String(text) => word(collection, column, text),
        Value::Bool(yes) => yes_or_no(*yes).to_owned(),
        Value::Number(number) => match number.as_i64() {
            Some(n) if FLAGS.contains(&column) => yes_or_no(n != 0).to_owned(),
            Some(ms) if column.ends_with("_at") => moment(ms, local),
            _ => number.to_string(),
        },
        // A list or an object of a newer version.
        other => other.to_string(),
    };
    Shown::Text(text)
}

fn word(collection: &str, column: &str, text: &str) -> String {
    let group = match (collection, column) {
        (_, "tier") => "tier",
        (_, "severity") => "severity",
        (_, "level") => "alert",
        ("patient_note", "kind") => "note",
        ("patient_contact", "kind") => "contact",
        (_, "channel" | "purpose" | "decision") => "consent",
        (_, "birth_date") => {
            return text.parse::<NaiveDate>().map_or_else(|_| text.to_owned(), format::date);
        }
        (_, "value") => return format::phone(text),
        _ => return text.to_owned(),
    };
    i18n::named(group, text).map_or_else(|| humanised(text), str::to_owned)
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { t!(record.yes) } else { t!(record.no) }
}

fn moment(ms: i64, local: fn(DateTime<Utc>) -> NaiveDateTime) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |at| format::exact(local(at)))
}

/// `preferred_name` as `Preferred name`.
fn humanised(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The columns of one version that say something, with their names.
pub fn lines(
    collection: &str,
    values: &[SyncValue],
    local: fn(DateTime<Utc>) -> NaiveDateTime,
) -> Vec<(String, Shown)> {
    values
        .iter()
        .filter(|value| !HIDDEN.contains(&value.column.as_str()))
        .map(|value| (column(&value.column), shown(collection, value, local)))
        .filter(|(_, shown)| *shown != Shown::Nothing)
        .collect()
}

/// Both versions column by column; what is empty in both is left out. A version that was deleted has nothing.
pub fn compared(item: &ConflictItem, local: fn(DateTime<Utc>) -> NaiveDateTime) -> Vec<Compared> {
    let collection = item.subject.collection.as_str();
    let of = |side: &ConflictSide, column: &str| {
        let values = side.values.as_deref().unwrap_or_default();
        values
            .iter()
            .find(|value| value.column == column)
            .map_or(Shown::Nothing, |value| shown(collection, value, local))
    };
    let mut columns: Vec<&str> = Vec::new();
    for value in [&item.winner, &item.loser].into_iter().flat_map(|side| side.values.iter().flatten()) {
        let name = value.column.as_str();
        if !columns.contains(&name) && !HIDDEN.contains(&name) {
            columns.push(name);
        }
    }
    columns
        .into_iter()
        .map(|name| Compared {
            label: column(name),
            winner: of(&item.winner, name),
            loser: of(&item.loser, name),
        })
        .filter(|line| line.winner != Shown::Nothing || line.loser != Shown::Nothing)
        .collect()
}
