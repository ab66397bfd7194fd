//! A row of a file of patients.

use super::{Row, RowError, Target, split_full_name};
use crate::date::{DateOrder, column_birth_date};
use crate::field::Problem;
use crate::patient::{Address, NOTE_MAX_CHARS, Name, Tier, Word};
use crate::text::fold;
use chrono::NaiveDate;

/// A phone number or an e-mail address as it stands in the file, to be judged by the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedContact {
    /// Where it stands, from 0, for what is wrong with it.
    pub column: usize,
    pub value: String,
    /// "Mobile", "Home", "Work", or nothing.
    pub label: &'static str,
}

/// A patient as another system has one. Empty text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedPatient {
    pub external_id: String,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<NaiveDate>,
    pub phones: Vec<ImportedContact>,
    pub emails: Vec<ImportedContact>,
    pub address: Address,
    pub tier: Tier,
    pub tags: Vec<String>,
    pub source: String,
    pub alerts: Vec<String>,
    pub notes: Vec<String>,
}

/// Reads a row of patients. Values lose the white space around them and are otherwise unaltered.
///
/// # Errors
/// Everything that is wrong with the row, in order of column: neither given nor family name
/// ([`Problem::Required`]), a birth date that is none, a tier that is none, cells that are too
/// long or hold control characters, and cells without a header.
pub fn build_patient(
    cells: &[String],
    columns: &[Option<Target>],
    date_order: DateOrder,
    today: NaiveDate,
) -> Result<ImportedPatient, Vec<RowError>> {
    let mut row = Row::new(cells, columns);
    let patient = ImportedPatient {
        external_id: row.line(Target::ExternalId),
        name: name(&mut row),
        preferred_name: row.line(Target::PreferredName),
        pronouns: row.line(Target::Pronouns),
        birth_date: born(&mut row, date_order, today),
        phones: phones(&mut row),
        emails: contacts(&mut row, Target::Email, "", &[';', ',', '|', '\n']),
        address: address(&mut row),
        tier: tier(&mut row),
        tags: tags(&mut row),
        source: row.line(Target::Source),
        alerts: row.lines(Target::Alert),
        notes: notes(&mut row),
    };
    if patient.name.given.is_empty() && patient.name.family.is_empty() {
        row.require(&[Target::Family, Target::Given, Target::FullName]);
    }
    row.finish(patient)
}

fn name(row: &mut Row<'_>) -> Name {
    let whole = split_full_name(&row.line(Target::FullName));
    let or = |part: String, of_whole: String| if part.is_empty() { of_whole } else { part };
    Name {
        prefix: or(row.line(Target::Prefix), whole.prefix),
        given: or(row.joined(Target::Given, " "), whole.given),
        middle: or(row.joined(Target::Middle, " "), whole.middle),
        family: or(row.joined(Target::Family, " "), whole.family),
        suffix: or(row.line(Target::Suffix), whole.suffix),
    }
}

fn born(row: &mut Row<'_>, order: DateOrder, today: NaiveDate) -> Option<NaiveDate> {
    let (column, text) = *row.values(Target::BirthDate).first()?;
    // Some databases write no date like this.
    if text.starts_with("0000-00-00") || says_nothing(text) {
        return None;
    }
    column_birth_date(text, order, today).map_err(|problem| row.fail(column, problem)).ok()
}

fn phones(row: &mut Row<'_>) -> Vec<ImportedContact> {
    let kinds = [
        (Target::MobilePhone, "Mobile"),
        (Target::Phone, ""),
        (Target::HomePhone, "Home"),
        (Target::WorkPhone, "Work"),
    ];
    let separators = [';', '|', '\n'];
    kinds.into_iter().flat_map(|(target, label)| contacts(row, target, label, &separators)).collect()
}

fn contacts(
    row: &mut Row<'_>,
    target: Target,
    label: &'static str,
    separators: &[char],
) -> Vec<ImportedContact> {
    let mut contacts = Vec::new();
    for (column, cell) in row.values(target) {
        let values = cell.split(separators).map(str::trim);
        for value in values.filter(|value| !value.is_empty() && !says_nothing(value)) {
            row.check_line(column, value);
            contacts.push(ImportedContact { column, value: value.to_owned(), label });
        }
    }
    contacts
}

/// Whether a cell is filled in only because it had to be.
fn says_nothing(text: &str) -> bool {
    matches!(fold(text).as_str(), "" | "n a" | "na" | "none" | "no" | "null" | "nil" | "unknown")
}

fn address(row: &mut Row<'_>) -> Address {
    let mut lines = row.values(Target::AddressLine1);
    lines.truncate(1);
    // An address in one cell may have several lines.
    let mut lines: Vec<_> =
        lines.iter().flat_map(|(at, cell)| cell.lines().map(|line| (*at, line.trim()))).collect();
    lines.extend(row.values(Target::AddressLine2));
    lines.retain(|(_, line)| !line.is_empty());
    lines.iter().for_each(|(column, line)| row.check_line(*column, line));
    let mut lines = lines.into_iter().map(|(_, line)| line);
    Address {
        line1: lines.next().unwrap_or_default().to_owned(),
        line2: lines.collect::<Vec<_>>().join(", "),
        city: row.line(Target::City),
        region: row.line(Target::Region),
        postcode: row.line(Target::Postcode),
        country: row.line(Target::Country),
    }
}

fn tier(row: &mut Row<'_>) -> Tier {
    let Some((column, text)) = row.values(Target::Tier).first().copied() else { return Tier::default() };
    let word = fold(text);
    match word.as_str() {
        "none" | "no" | "regular" | "basic" | "normal" | "n a" | "" => Tier::Standard,
        "vip" | "yes" | "diamond" => Tier::Platinum,
        _ => Tier::from_word(&word).unwrap_or_else(|| {
            row.fail(column, Problem::NotAChoice);
            Tier::default()
        }),
    }
}

fn tags(row: &mut Row<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (column, cell) in row.values(Target::Tags) {
        for tag in cell.split([';', '|', '\n']).map(str::trim).filter(|tag| !tag.is_empty()) {
            row.check_line(column, tag);
            if !tags.iter().any(|known| fold(known) == fold(tag)) {
                tags.push(tag.to_owned());
            }
        }
    }
    tags
}

fn notes(row: &mut Row<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for (column, note) in row.values(Target::Note) {
        let note = note.replace("\r\n", "\n");
        if note.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
            row.fail(column, Problem::ControlCharacter);
        } else if note.chars().count() > NOTE_MAX_CHARS {
            row.fail(column, Problem::TooLong);
        }
        notes.push(note);
    }
    notes
}
