//! Bytes as text.

use super::{DecodeError, NOT_TEXT, SNIFF_BYTES};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::mem::take;

/// With fewer bytes beyond ASCII a legacy encoding is taken to be that of Western Windows.
const LEGACY_EVIDENCE_BYTES: usize = 50;
/// How workbooks and archives begin: zip (xlsx, ods, numbers), OLE (xls), gzip.
const WORKBOOKS: [&[u8]; 3] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08"];

enum Stage {
    /// The first [`SNIFF_BYTES`] are being collected.
    Start(Vec<u8>),
    /// Nothing but ASCII so far.
    Ascii,
    /// [`SNIFF_BYTES`] from the first byte that is not ASCII are being collected.
    Sniff(Vec<u8>),
    Known(Decoder),
}

pub(super) struct ToText {
    stage: Stage,
    encoding: &'static Encoding,
}

impl ToText {
    pub(super) fn new() -> Self {
        Self { stage: Stage::Start(Vec::new()), encoding: UTF_8 }
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The text of the next bytes, as far as it can be told. Bytes that are no text are
    /// [`NOT_TEXT`].
    pub(super) fn push(&mut self, bytes: &[u8], end: bool) -> Result<String, DecodeError> {
        let mut text = String::new();
        let mut bytes = bytes.to_vec();
        loop {
            match &mut self.stage {
                Stage::Start(held) => {
                    held.append(&mut bytes);
                    if held.len() < SNIFF_BYTES && !end {
                        return Ok(text);
                    }
                    bytes = take(held);
                    self.start(&mut bytes)?;
                }
                Stage::Ascii => {
                    let ascii = Encoding::ascii_valid_up_to(&bytes);
                    text.extend(bytes.drain(..ascii).map(char::from));
                    if bytes.is_empty() {
                        return Ok(text);
                    }
                    self.stage = Stage::Sniff(Vec::new());
                }
                Stage::Sniff(held) => {
                    held.append(&mut bytes);
                    if held.len() < SNIFF_BYTES && !end {
                        return Ok(text);
                    }
                    bytes = take(held);
                    self.settle(told_by_bytes(&bytes[..bytes.len().min(SNIFF_BYTES)]));
                }
                Stage::Known(decoder) => {
                    decode(decoder, &bytes, end, &mut text);
                    return Ok(text);
                }
            }
        }
    }

    /// Looks at the first bytes and takes the byte order mark away.
    fn start(&mut self, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
        if WORKBOOKS.iter().any(|magic| bytes.starts_with(magic)) {
            return Err(DecodeError::Workbook);
        }
        if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
            bytes.drain(..mark);
            self.settle(encoding);
        } else if let Some(encoding) = utf_16_by_nuls(&bytes[..bytes.len().min(SNIFF_BYTES)]) {
            self.settle(encoding);
        } else {
            self.stage = Stage::Ascii;
        }
        Ok(())
    }

    fn settle(&mut self, encoding: &'static Encoding) {
        self.encoding = encoding;
        self.stage = Stage::Known(encoding.new_decoder_without_bom_handling());
    }
}

/// UTF-16 of mostly Latin text has a NUL in every other byte.
fn utf_16_by_nuls(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes.len() / 2;
    let nuls = |side: usize| bytes.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let mostly = |many: usize, few: usize| many * 10 > pairs * 4 && few * 20 <= pairs;
    if pairs < 2 {
        None
    } else if mostly(odd, even) {
        Some(UTF_16LE)
    } else {
        mostly(even, odd).then_some(UTF_16BE)
    }
}

/// UTF-8 if more of it is valid than not; text in another encoding hardly ever is.
fn told_by_bytes(bytes: &[u8]) -> &'static Encoding {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    // A character may be cut off at the end.
    let cut_off = bytes.utf8_chunks().last().is_some_and(|last| !last.invalid().is_empty());
    if valid > invalid || invalid == 0 || (invalid == 1 && cut_off && valid > 0) {
        return UTF_8;
    }
    if bytes.iter().filter(|byte| !byte.is_ascii()).count() < LEGACY_EVIDENCE_BYTES {
        return WINDOWS_1252;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

fn decode(decoder: &mut Decoder, mut bytes: &[u8], end: bool, text: &mut String) {
    loop {
        let needed = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        text.reserve(needed.unwrap_or(bytes.len() * 3 + 16));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, text, end);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => text.push(NOT_TEXT),
        }
    }
}
