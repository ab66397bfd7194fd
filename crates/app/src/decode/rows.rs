//! Text as records.

use super::delimiter::{guess_delimiter, told_by_excel};
use super::{CELL_MAX_BYTES, CELLS_MAX, DecodeError, NOT_TEXT, RECORD_MAX_BYTES, Record, SNIFF_BYTES};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use domain::field::Problem;
use domain::mapping::RowError;
use std::mem::take;

pub(super) struct Rows {
    /// What came before the delimiter was known.
    held: String,
    parser: Option<Parser>,
    delimiter: Option<u8>,
    headers: Option<Vec<String>>,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { held: String::new(), parser: None, delimiter: None, headers: None }
    }

    pub(super) fn headers(&self) -> Option<&[String]> {
        self.headers.as_deref()
    }

    pub(super) fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    pub(super) fn push(&mut self, text: &str, end: bool, out: &mut Vec<Record>) -> Result<(), DecodeError> {
        let mut records = Vec::new();
        if let Some(parser) = &mut self.parser {
            parser.push(text.as_bytes(), end, &mut records);
        } else {
            self.held.push_str(text);
            if self.held.len() < SNIFF_BYTES && !end {
                return Ok(());
            }
            self.start(end, &mut records);
        }
        for record in records {
            if self.headers.is_some() {
                out.push(record);
                continue;
            }
            match record.cells {
                Ok(cells) => self.headers = Some(cells.iter().map(|cell| cell.trim().to_owned()).collect()),
                Err(error) => {
                    return Err(DecodeError::Headers { line: record.line, problem: error.problem });
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, end: bool, records: &mut Vec<Record>) {
        let held = take(&mut self.held);
        // Always the same part, however much has come.
        let seen = &held[..held.floor_char_boundary(SNIFF_BYTES)];
        let hint = told_by_excel(seen);
        let delimiter = hint.unwrap_or_else(|| guess_delimiter(seen));
        let mut parser = Parser::new(delimiter);
        let hint_end = hint.and_then(|_| held.find(['\r', '\n'])).unwrap_or(0);
        parser.push(&held.as_bytes()[hint_end..], end, records);
        self.delimiter = Some(delimiter);
        self.parser = Some(parser);
    }
}

struct Parser {
    reader: Reader,
    fields: Vec<u8>,
    fields_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    /// The record is longer than allowed: the rest of it is passed over.
    too_long: bool,
    /// The line of the next byte.
    line: u64,
    after_cr: bool,
    /// The line on which the record being read began.
    began: Option<u64>,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            fields: vec![0; 8 << 10],
            fields_len: 0,
            ends: vec![0; 64],
            ends_len: 0,
            too_long: false,
            line: 1,
            after_cr: false,
            began: None,
        }
    }

    fn push(&mut self, bytes: &[u8], end: bool, out: &mut Vec<Record>) {
        self.read(bytes, out);
        if end && self.began.is_some() {
            // A last line need not end; if this does not end it, a quote is open.
            self.read(b"\n", out);
            if let Some(line) = self.began.take() {
                out.push(Record { line, cells: Err(row_error(Problem::UnclosedQuote)) });
            }
        }
    }

    fn read(&mut self, mut bytes: &[u8], out: &mut Vec<Record>) {
        while !bytes.is_empty() {
            if self.began.is_none() {
                // The parser passes over line ends between records; so that they are counted to
                // none of them, it does not get them.
                let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                self.count_lines(&bytes[..blank]);
                bytes = &bytes[blank..];
                if bytes.is_empty() {
                    return;
                }
                self.began = Some(self.line);
            }
            let (result, read, written, ended) = self.reader.read_record(
                bytes,
                &mut self.fields[self.fields_len..],
                &mut self.ends[self.ends_len..],
            );
            self.count_lines(&bytes[..read]);
            bytes = &bytes[read..];
            self.fields_len += written;
            self.ends_len += ended;
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => self.make_room(),
                ReadRecordResult::Record => out.extend(self.take_record()),
            }
        }
    }

    fn count_lines(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\r' || (*byte == b'\n' && !self.after_cr) {
                self.line += 1;
            }
            self.after_cr = *byte == b'\r';
        }
    }

    fn make_room(&mut self) {
        self.too_long |= self.fields_len > RECORD_MAX_BYTES || self.ends_len > CELLS_MAX;
        if self.too_long {
            (self.fields_len, self.ends_len) = (0, 0);
            return;
        }
        if self.fields_len == self.fields.len() {
            self.fields.resize(self.fields.len() * 2, 0);
        }
        if self.ends_len == self.ends.len() {
            self.ends.resize(self.ends.len() * 2, 0);
        }
    }

    /// The record that has been read; none if there is nothing in it.
    fn take_record(&mut self) -> Option<Record> {
        let line = self.began.take()?;
        let too_long =
            take(&mut self.too_long) || self.fields_len > RECORD_MAX_BYTES || self.ends_len > CELLS_MAX;
        let cells = if too_long {
            Err(row_error(Problem::TooLong))
        } else {
            cells(&self.fields[..self.fields_len], &self.ends[..self.ends_len])
        };
        (self.fields_len, self.ends_len) = (0, 0);
        let blank = cells.as_ref().is_ok_and(|cells| cells.iter().all(|cell| cell.trim().is_empty()));
        (!blank).then_some(Record { line, cells })
    }
}

fn cells(fields: &[u8], ends: &[usize]) -> Result<Vec<String>, RowError> {
    let starts = [0].into_iter().chain(ends.iter().copied());
    let cell = |(column, (start, end)): (usize, (usize, &usize))| {
        let fail = |problem| RowError { column: Some(column), problem };
        let bytes = fields.get(start..*end).ok_or_else(|| fail(Problem::NotText))?;
        if bytes.len() > CELL_MAX_BYTES {
            return Err(fail(Problem::TooLong));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| fail(Problem::NotText))?;
        if text.contains(NOT_TEXT) {
            Err(fail(Problem::NotText))
        } else if bytes.contains(&0) {
            Err(fail(Problem::ControlCharacter))
        } else {
            Ok(text.to_owned())
        }
    };
    starts.zip(ends).enumerate().map(cell).collect()
}

fn row_error(problem: Problem) -> RowError {
    RowError { column: None, problem }
}
