//! Which column is which.

use super::headers::{
    allergy_target, compact, is_spanish_date, patient_target, tells_of_allergies, tells_of_patients,
    without_number,
};
use super::values::{guess_date_order, is_date_like, is_email_like, is_phone_like};
use super::{FileKind, Target};
use crate::date::DateOrder;

/// How a file is understood before anybody has adjusted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    pub kind: FileKind,
    /// One per header; absent: not imported.
    pub columns: Vec<Option<Target>>,
    pub date_order: DateOrder,
}

/// Words of headers whose dates are not dates of birth.
const OTHER_DATES: &[&str] = &[
    "death",
    "died",
    "visit",
    "created",
    "updated",
    "modified",
    "start",
    "stop",
    "end",
    "expir",
    "last",
    "next",
    "first",
    "since",
    "appointment",
    "joined",
    "added",
    "defuncion",
    "visita",
    "alta",
];

/// Guesses what a file holds from its headers and some of its rows.
///
/// Headers decide, in English or Spanish; columns with headers that say nothing are judged by
/// their values. Without evidence the month comes first.
pub fn guess(headers: &[String], sample: &[Vec<String>]) -> Guess {
    let compacted: Vec<String> = headers.iter().map(|header| compact(header)).collect();
    let allergies = compacted.iter().any(|header| tells_of_allergies(header))
        && !compacted.iter().any(|header| tells_of_patients(header));
    guess_columns(headers, sample, if allergies { FileKind::Allergies } else { FileKind::Patients })
}

/// As [`guess`], for a file that is known to be of a kind.
pub fn guess_columns(headers: &[String], sample: &[Vec<String>], kind: FileKind) -> Guess {
    let headers: Vec<String> = headers.iter().map(|header| compact(header)).collect();
    let mut columns = match kind {
        FileKind::Allergies => allergy_columns(&headers, sample),
        FileKind::Patients => patient_columns(&headers, sample),
    };
    let mut seen = Vec::new();
    for (column, header) in columns.iter_mut().zip(&headers) {
        // Two family names stand in columns that are called differently.
        let again = |target: &Target| {
            let known = |(other, name): &(Target, &String)| {
                other == target && (!target.may_repeat() || target.is_name() && *name == header)
            };
            seen.iter().any(known)
        };
        *column = column.filter(|target| !again(target));
        seen.extend(column.map(|target| (target, header)));
    }
    let date_order = date_order(&headers, sample, &columns);
    Guess { kind, columns, date_order }
}

fn allergy_columns(headers: &[String], sample: &[Vec<String>]) -> Vec<Option<Target>> {
    let described = |number: &str| headers.iter().any(|other| *other == format!("description{number}"));
    let column = |(at, header): (usize, &String)| {
        let target = allergy_target(header)?;
        let number = &header[without_number(header).len()..];
        // A coded reaction stands next to its description.
        let coded = header.starts_with("reaction")
            && (!number.is_empty() && described(number) || all(sample, at, is_code));
        (target != Target::Reaction || !coded).then_some(target)
    };
    headers.iter().enumerate().map(column).collect()
}

fn patient_columns(headers: &[String], sample: &[Vec<String>]) -> Vec<Option<Target>> {
    let mut columns: Vec<_> = headers.iter().map(|header| patient_target(header)).collect();
    // "Patient" and "Client" are names in one export and numbers in the next.
    for (at, column) in columns.iter_mut().enumerate() {
        *column = column.filter(|target| !target.is_name() || !all(sample, at, is_identifier));
    }
    settle_names(&mut columns, headers);
    settle_numbers(&mut columns, headers);
    for (at, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.is_none()) {
        *column = if all(sample, at, is_email_like) {
            Some(Target::Email)
        } else {
            all(sample, at, is_phone_like).then_some(Target::Phone)
        };
    }
    if !columns.contains(&Some(Target::BirthDate)) {
        let unnamed = |at: &usize| {
            columns[*at].is_none() && !OTHER_DATES.iter().any(|word| headers[*at].contains(word))
        };
        let dated: Vec<_> =
            (0..columns.len()).filter(unnamed).filter(|at| all(sample, *at, is_date_like)).collect();
        if let [only] = dated[..] {
            columns[only] = Some(Target::BirthDate);
        }
    }
    columns
}

/// A number of the clinic's own is the chart number even where the system has one of its own, too.
fn settle_numbers(columns: &mut [Option<Target>], headers: &[String]) {
    if headers.iter().any(|header| header == "externalid") {
        for (column, header) in columns.iter_mut().zip(headers) {
            *column = column.filter(|target| *target != Target::ExternalId || header == "externalid");
        }
    }
}

/// "Name" next to a family name is the given name; next to both it says nothing new. "Nombre"
/// alone is the whole name.
fn settle_names(columns: &mut [Option<Target>], headers: &[String]) {
    let has = |columns: &[Option<Target>], target| columns.contains(&Some(target));
    let (given, family) = (has(columns, Target::Given), has(columns, Target::Family));
    for (column, header) in columns.iter_mut().zip(headers) {
        *column = match *column {
            Some(Target::FullName) if given && family => None,
            Some(Target::FullName) if family => Some(Target::Given),
            Some(Target::Given) if !family && header == "nombre" => Some(Target::FullName),
            same => same,
        };
    }
}

fn date_order(headers: &[String], sample: &[Vec<String>], columns: &[Option<Target>]) -> DateOrder {
    let born = columns.iter().position(|column| *column == Some(Target::BirthDate));
    let Some(at) = born else { return DateOrder::default() };
    let seen = guess_date_order(sample.iter().filter_map(|row| row.get(at)).map(String::as_str));
    let header = headers[at].as_str();
    let said = if header.contains("ddmm") || is_spanish_date(header) {
        DateOrder::DayFirst
    } else {
        DateOrder::MonthFirst
    };
    seen.unwrap_or(said)
}

/// A number, or a UUID.
fn is_identifier(text: &str) -> bool {
    is_code(text) || uuid::Uuid::parse_str(text).is_ok()
}

fn is_code(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether all values of a column that are there are such, and there is one.
fn all(sample: &[Vec<String>], at: usize, is: impl Fn(&str) -> bool) -> bool {
    let mut values = sample.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim());
    let mut found = false;
    values.by_ref().filter(|value| !value.is_empty()).all(|value| {
        found = true;
        is(value)
    }) && found
}
