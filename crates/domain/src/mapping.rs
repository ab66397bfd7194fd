//! Another system's columns as our fields: guessing which is which, and reading a row by it.

mod allergy;
mod full_name;
mod guess;
mod headers;
mod patient;
mod values;

pub use allergy::{ImportedAllergy, build_allergy};
pub use full_name::split_full_name;
pub use guess::{Guess, guess, guess_columns};
pub use patient::{ImportedContact, ImportedPatient, build_patient};
pub use values::{guess_date_order, is_email_like, is_phone_like};

use crate::field::Problem;
use crate::patient::{LINE_MAX_CHARS, Word, words};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Patients,
    /// Refers to patients by their number in the other system.
    Allergies,
}

/// A field that a column can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    ExternalId,
    Prefix,
    /// Several columns are written one after the other, as with middle and family.
    Given,
    Middle,
    Family,
    /// Taken apart by [`split_full_name`]; parts that have a column of their own win.
    FullName,
    Suffix,
    PreferredName,
    Pronouns,
    BirthDate,
    Phone,
    MobilePhone,
    HomePhone,
    WorkPhone,
    Email,
    AddressLine1,
    AddressLine2,
    City,
    Region,
    Postcode,
    Country,
    Tier,
    /// Separated by semicolons or bars.
    Tags,
    Source,
    Alert,
    Note,
    /// The patient an allergy belongs to.
    PatientExternalId,
    Substance,
    /// Several columns are listed one after the other.
    Reaction,
    /// Of several columns the gravest counts.
    Severity,
}

words! {
    Target {
        ExternalId = "external_id", Prefix = "prefix", Given = "given", Middle = "middle", Family = "family",
        FullName = "full_name", Suffix = "suffix", PreferredName = "preferred_name", Pronouns = "pronouns",
        BirthDate = "birth_date", Phone = "phone", MobilePhone = "mobile_phone", HomePhone = "home_phone",
        WorkPhone = "work_phone", Email = "email", AddressLine1 = "address_line1",
        AddressLine2 = "address_line2", City = "city", Region = "region", Postcode = "postcode",
        Country = "country", Tier = "tier", Tags = "tags", Source = "source", Alert = "alert", Note = "note",
        PatientExternalId = "patient_external_id", Substance = "substance", Reaction = "reaction",
        Severity = "severity",
    }
}

impl FileKind {
    /// The fields that a column of such a file can go to, in the order people are shown them.
    pub fn targets(self) -> impl Iterator<Item = Target> {
        Target::WORDS.iter().map(|(target, _)| *target).filter(move |target| target.kind() == self)
    }
}

impl Target {
    /// The kind of file that has such a column.
    pub fn kind(self) -> FileKind {
        if self >= Self::PatientExternalId { FileKind::Allergies } else { FileKind::Patients }
    }

    /// Whether it is a part of somebody's name.
    pub fn is_name(self) -> bool {
        matches!(self, Self::Given | Self::Middle | Self::Family | Self::FullName)
    }

    /// Whether several columns make sense: they are joined, listed or kept apart.
    pub fn may_repeat(self) -> bool {
        matches!(
            self,
            Self::Given
                | Self::Middle
                | Self::Family
                | Self::Phone
                | Self::MobilePhone
                | Self::HomePhone
                | Self::WorkPhone
                | Self::Email
                | Self::AddressLine2
                | Self::Tags
                | Self::Alert
                | Self::Note
                | Self::Reaction
                | Self::Severity
        )
    }
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The cell, from 0; absent if it concerns the whole row.
    pub column: Option<usize>,
    pub problem: Problem,
}

/// A row with the columns' meanings; collects what is wrong.
struct Row<'a> {
    cells: &'a [String],
    columns: &'a [Option<Target>],
    errors: Vec<RowError>,
}

impl<'a> Row<'a> {
    fn new(cells: &'a [String], columns: &'a [Option<Target>]) -> Self {
        let mut row = Self { cells, columns, errors: Vec::new() };
        // Missing cells at the end are empty ones; what has no header has no meaning.
        if let Some(extra) = cells.iter().skip(columns.len()).position(|cell| !cell.trim().is_empty()) {
            row.fail(columns.len() + extra, Problem::TooManyCells);
        }
        row
    }

    fn fail(&mut self, column: usize, problem: Problem) {
        self.errors.push(RowError { column: Some(column), problem });
    }

    /// A value is missing: of the first column that could have had it, else of the row.
    fn require(&mut self, targets: &[Target]) {
        let is_one = |column: &Option<Target>| column.is_some_and(|target| targets.contains(&target));
        let column = self.columns.iter().position(is_one);
        self.errors.push(RowError { column, problem: Problem::Required });
    }

    /// The columns of a field with their values, trimmed, without the empty ones.
    fn values(&self, target: Target) -> Vec<(usize, &'a str)> {
        self.columns
            .iter()
            .zip(self.cells)
            .enumerate()
            .filter(|(_, (column, _))| **column == Some(target))
            .map(|(at, (_, cell))| (at, cell.trim()))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// The first value of a field of one line; empty if there is none.
    fn line(&mut self, target: Target) -> String {
        let values = self.values(target);
        let Some((column, value)) = values.first() else { return String::new() };
        self.check_line(*column, value);
        (*value).to_owned()
    }

    /// All values of a field of one line, one after the other.
    fn joined(&mut self, target: Target, separator: &str) -> String {
        self.lines(target).join(separator)
    }

    /// Each value of a field of one line.
    fn lines(&mut self, target: Target) -> Vec<String> {
        let values = self.values(target);
        values.iter().for_each(|(column, value)| self.check_line(*column, value));
        values.into_iter().map(|(_, value)| value.to_owned()).collect()
    }

    fn check_line(&mut self, column: usize, value: &str) {
        if value.contains(char::is_control) {
            self.fail(column, Problem::ControlCharacter);
        } else if value.chars().count() > LINE_MAX_CHARS {
            self.fail(column, Problem::TooLong);
        }
    }

    /// What was built, unless something is wrong with it.
    fn finish<T>(mut self, built: T) -> Result<T, Vec<RowError>> {
        if self.errors.is_empty() {
            return Ok(built);
        }
        self.errors.sort_by_key(|error| error.column);
        Err(self.errors)
    }
}
