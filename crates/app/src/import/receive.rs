//! A file that comes in parts.

use super::ImportError;
use crate::decode::{Decoder, Format, Record};
use contract::{ImportKind, ImportMapping};
use domain::date::DateOrder;
use domain::mapping::{FileKind, Guess, Target, guess, guess_columns};
use domain::patient::Word;
use serde::{Deserialize, Serialize};
use store::import::FileRow;

/// Rows that the columns are guessed from.
const SAMPLE_ROWS: usize = 200;

/// How a file is written, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileFormat {
    pub encoding: String,
    pub delimiter: char,
    pub headers: Vec<String>,
}

/// A file that is being received.
pub struct Receiving {
    decoder: Decoder,
    pub received: u64,
    pub rows: u64,
    size: u64,
    sample: Vec<Vec<String>>,
}

impl Receiving {
    pub fn new(size: u64) -> Self {
        Self { decoder: Decoder::new(), received: 0, rows: 0, size, sample: Vec::new() }
    }

    /// Takes the part that begins at `offset`; returns the rows that are complete.
    pub fn take(&mut self, offset: u64, bytes: &[u8]) -> Result<Vec<FileRow>, ImportError> {
        if offset != self.received {
            return Err(ImportError::OutOfOrder { offset, expected: self.received });
        }
        let received = self.received + bytes.len() as u64;
        if received > self.size {
            return Err(ImportError::OutOfOrder { offset, expected: self.size });
        }
        let mut records = Vec::new();
        self.decoder.push(bytes, received == self.size, &mut records)?;
        self.received = received;
        let missing = SAMPLE_ROWS.saturating_sub(self.sample.len());
        self.sample.extend(records.iter().filter_map(|record| record.cells.clone().ok()).take(missing));
        Ok(records.into_iter().map(|record| self.row(record)).collect())
    }

    fn row(&mut self, record: Record) -> FileRow {
        self.rows += 1;
        FileRow {
            no: i64::try_from(self.rows).unwrap_or(i64::MAX),
            line: i64::try_from(record.line).unwrap_or(i64::MAX),
            // A row error is a number and a word: it always has a JSON form.
            cells: record.cells.map_err(|error| serde_json::to_string(&error).unwrap_or_default()),
        }
    }

    /// Whether all of the file is there.
    pub fn is_complete(&self) -> bool {
        self.received == self.size
    }

    /// How the file is written and how its columns are probably to be understood.
    pub fn finish(&self) -> Result<(FileFormat, ImportMapping), ImportError> {
        let headers = self.decoder.headers().ok_or(crate::decode::DecodeError::Empty)?.to_vec();
        if self.rows == 0 {
            return Err(ImportError::NoRows);
        }
        let Format { encoding, delimiter } =
            self.decoder.detected().ok_or(crate::decode::DecodeError::Empty)?;
        let mapping = mapping(guess(&headers, &self.sample));
        Ok((FileFormat { encoding: encoding.to_owned(), delimiter, headers }, mapping))
    }
}

fn mapping(guess: Guess) -> ImportMapping {
    ImportMapping {
        kind: match guess.kind {
            FileKind::Patients => ImportKind::Patients,
            FileKind::Allergies => ImportKind::Allergies,
        },
        columns: guess
            .columns
            .into_iter()
            .map(|target| target.map(|target| target.word().to_owned()))
            .collect(),
        day_first: guess.date_order.is_day_first(),
    }
}

/// The columns as guessed for another kind of file than was guessed.
pub fn remap(headers: &[String], sample: &[Vec<String>], kind: ImportKind) -> ImportMapping {
    mapping(guess_columns(headers, sample, file_kind(kind)))
}

/// The domain's word for a kind of file.
pub fn file_kind(kind: ImportKind) -> FileKind {
    match kind {
        ImportKind::Patients => FileKind::Patients,
        ImportKind::Allergies => FileKind::Allergies,
    }
}

/// A mapping as the rules read it.
#[derive(Clone, Debug)]
pub struct Columns {
    pub kind: ImportKind,
    pub targets: Vec<Option<Target>>,
    pub date_order: DateOrder,
}

/// Checks a mapping against the file.
pub fn columns(mapping: &ImportMapping, headers: usize) -> Result<Columns, ImportError> {
    let wrong = |what| ImportError::Mapping { what };
    if mapping.columns.len() != headers {
        return Err(wrong("there must be one target per column"));
    }
    let kind = file_kind(mapping.kind);
    let mut targets = Vec::with_capacity(headers);
    for word in &mapping.columns {
        let target = match word {
            None => None,
            Some(word) => Some(Target::from_word(word).ok_or(wrong("a target is not known"))?),
        };
        if let Some(target) = target {
            if target.kind() != kind {
                return Err(wrong("a target belongs to another kind of file"));
            }
            if !target.may_repeat() && targets.contains(&Some(target)) {
                return Err(wrong("two columns go to the same field"));
            }
        }
        targets.push(target);
    }
    let has = |target: Target| targets.contains(&Some(target));
    let complete = match mapping.kind {
        ImportKind::Patients => has(Target::Given) || has(Target::Family) || has(Target::FullName),
        ImportKind::Allergies => has(Target::PatientExternalId) && has(Target::Substance),
    };
    if !complete {
        return Err(wrong("patients need a name; allergies need the patient's number and a substance"));
    }
    Ok(Columns { kind: mapping.kind, targets, date_order: DateOrder::from_day_first(mapping.day_first) })
}
