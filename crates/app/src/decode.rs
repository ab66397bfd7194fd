//! Bytes of a file, in parts of any size, as rows of cells.
//!
//! Bytes → text ([`encoding`]) → records ([`rows`]). The parts in which the bytes come make no
//! difference to what comes out. Memory is bounded by the largest record, whatever the file.

mod delimiter;
mod encoding;
mod rows;

use domain::field::Problem;
use domain::mapping::RowError;
use encoding::ToText;
use rows::Rows;

#[cfg(test)]
mod tests;

/// A longer cell is an error of its row, in bytes of UTF-8.
pub const CELL_MAX_BYTES: usize = 1 << 20;
/// A longer record is an error of its row, in bytes of UTF-8.
pub const RECORD_MAX_BYTES: usize = 4 << 20;
/// A record with more cells is an error of its row.
pub const CELLS_MAX: usize = 10_000;
/// How much of a file is looked at to tell its encoding and delimiter, in bytes.
const SNIFF_BYTES: usize = 64 << 10;

/// Stands in decoded text for bytes that are none. A noncharacter: no sound file has it.
const NOT_TEXT: char = '\u{fdd0}';

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name in the WHATWG Encoding Standard: `UTF-8`, `UTF-16LE`, `windows-1252`, …
    pub encoding: &'static str,
    pub delimiter: char,
}

/// One row below the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line of the file that it begins on, from 1.
    pub line: u64,
    /// The cells as they stand, or why they cannot be read.
    pub cells: Result<Vec<String>, RowError>,
}

/// Why a file cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is no row of headers.
    #[error("the file is empty")]
    Empty,
    /// A spreadsheet or an archive.
    #[error("the file is not a CSV file but a workbook or an archive; save it as CSV first")]
    Workbook,
    /// The headers cannot be read.
    #[error("the headers on line {line}: a cell {problem}")]
    Headers { line: u64, problem: Problem },
    /// More came after the end.
    #[error("the file has already ended")]
    Ended,
}

/// Reads a file that comes in parts.
///
/// The encoding is told by a byte order mark, by UTF-16's pattern of NULs, or else by the first
/// 64 KiB from the first byte that is not ASCII: UTF-8 if most of these bytes are valid in it,
/// else a legacy encoding (`windows-1252` unless there is much evidence for another). The
/// delimiter (`,` `;` tab `|`) is told by the first lines, or by Excel's `sep=;`.
///
/// A row with a NUL, with bytes that are no text, with a cell or in all too long, or with a quote
/// that never closes is an error of that row; nothing is ever replaced silently. Rows without any
/// content are left out. Lines end with LF, CRLF or CR.
pub struct Decoder {
    to_text: ToText,
    rows: Rows,
    ended: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the start of a file.
    pub fn new() -> Self {
        Self { to_text: ToText::new(), rows: Rows::new(), ended: false }
    }

    /// Takes the next bytes, with `end` the last ones, and adds the rows that are complete to
    /// `out`.
    ///
    /// # Errors
    /// The file cannot be read; `out` may have got rows before that.
    pub fn push(&mut self, bytes: &[u8], end: bool, out: &mut Vec<Record>) -> Result<(), DecodeError> {
        if self.ended {
            return Err(DecodeError::Ended);
        }
        self.ended = end;
        let text = self.to_text.push(bytes, end)?;
        self.rows.push(&text, end, out)?;
        if end && self.rows.headers().is_none() { Err(DecodeError::Empty) } else { Ok(()) }
    }

    /// The first row, each header trimmed; absent until it has been read.
    pub fn headers(&self) -> Option<&[String]> {
        self.rows.headers()
    }

    /// How the file is written; absent until that is known. As long as there was nothing but
    /// ASCII the encoding reads `UTF-8` and may change.
    pub fn detected(&self) -> Option<Format> {
        let delimiter = char::from(self.rows.delimiter()?);
        Some(Format { encoding: self.to_text.encoding(), delimiter })
    }
}
