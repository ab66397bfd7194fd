use super::*;
use domain::mapping::{FileKind, build_allergy, build_patient};
use proptest::prelude::*;

/// Everything that comes out of bytes that come in parts of `part` bytes.
fn read_in_parts(bytes: &[u8], part: usize) -> Result<(Vec<String>, Vec<Record>, Format), DecodeError> {
    let (mut decoder, mut records) = (Decoder::new(), Vec::new());
    for part in bytes.chunks(part.max(1)) {
        decoder.push(part, false, &mut records)?;
    }
    decoder.push(&[], true, &mut records)?;
    let headers = decoder.headers().unwrap_or_default().to_vec();
    Ok((headers, records, decoder.detected().unwrap()))
}

fn read(bytes: &[u8]) -> (Vec<String>, Vec<Record>, Format) {
    read_in_parts(bytes, usize::MAX).unwrap()
}

/// The rows that could be read, with their lines.
fn cells(records: &[Record]) -> Vec<(u64, Vec<&str>)> {
    let readable = records.iter().filter_map(|record| Some((record.line, record.cells.as_ref().ok()?)));
    readable.map(|(line, cells)| (line, cells.iter().map(String::as_str).collect())).collect()
}

fn errors(records: &[Record]) -> Vec<(u64, Option<usize>, Problem)> {
    let failed = records.iter().filter_map(|record| Some((record.line, *record.cells.as_ref().err()?)));
    failed.map(|(line, error)| (line, error.column, error.problem)).collect()
}

fn utf_16(text: &str, big_endian: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

const TEXT: &str = "Name,City\r\nJosé,Boise\r\nMüller,\"Zürich, ZH\"\r\n";

#[test]
fn the_same_text_in_every_encoding_gives_the_same_rows() {
    let utf_8 = read(TEXT.as_bytes());
    assert_eq!(utf_8.0, ["Name", "City"]);
    assert_eq!(cells(&utf_8.1), [(2, vec!["José", "Boise"]), (3, vec!["Müller", "Zürich, ZH"])]);
    for (bytes, encoding) in [
        (TEXT.as_bytes().to_vec(), "UTF-8"),
        (format!("\u{feff}{TEXT}").into_bytes(), "UTF-8"),
        (utf_16(TEXT, false, true), "UTF-16LE"),
        (utf_16(TEXT, true, true), "UTF-16BE"),
        (utf_16(TEXT, false, false), "UTF-16LE"),
        (utf_16(TEXT, true, false), "UTF-16BE"),
        (latin_1(TEXT), "windows-1252"),
    ] {
        let (headers, records, format) = read(&bytes);
        assert_eq!(format, Format { encoding, delimiter: ',' });
        assert_eq!((&headers, &records), (&utf_8.0, &utf_8.1), "{encoding}");
    }
}

#[test]
fn a_first_accent_far_into_the_file_still_tells_the_encoding() {
    let text = format!("a,b\n{}José,x\n", "plain,text\n".repeat(20_000));
    for (bytes, encoding) in [(text.clone().into_bytes(), "UTF-8"), (latin_1(&text), "windows-1252")] {
        let (_, records, format) = read_in_parts(&bytes, 7_000).unwrap();
        assert_eq!(format.encoding, encoding);
        let last = records.last().unwrap();
        assert_eq!((last.line, last.cells.as_ref().unwrap()[0].as_str()), (20_002, "José"));
    }
}

#[test]
fn the_delimiter_is_told_by_the_first_lines() {
    for (text, delimiter) in [
        ("a,b,c\n1,2,3\n", ','),
        ("a;b;c\n1,5;2;3\n", ';'),
        ("a\tb\tc\nx, y\t2\t3\n", '\t'),
        ("a|b|c\n1|2|3", '|'),
        ("\"a;b\",c\n1,2\n", ','),
        ("one\ntwo\n", ','),
        ("Name;Address\n\"Lee, Ann\";\"1, Elm; St\"\n", ';'),
        ("sep=;\r\na,x;b\r\n1;2\r\n", ';'),
        ("a", ','),
    ] {
        assert_eq!(read(text.as_bytes()).2.delimiter, delimiter, "{text:?}");
    }
    let (headers, records, _) = read(b"sep=;\r\na,x;b\r\n1;2\r\n");
    assert_eq!((headers, cells(&records)), (vec!["a,x".to_owned(), "b".into()], vec![(3, vec!["1", "2"])]));
}

#[test]
fn quotes_newlines_and_blank_lines_are_read_as_they_stand_and_lines_counted() {
    let text = "\n a ,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\r\n , \n\n2,\n3\n4,5,6";
    let (headers, records, _) = read(text.as_bytes());
    assert_eq!(headers, ["a", "b"]);
    let expected =
        [(4, vec!["x\r\ny", "say \"hi\""]), (9, vec!["2", ""]), (10, vec!["3"]), (11, vec!["4", "5", "6"])];
    assert_eq!(cells(&records), expected);
}

#[test]
fn a_nul_or_bytes_that_are_no_text_are_an_error_of_their_row_only() {
    let (_, records, format) = read(b"a,b\n1,x\0y\n2,ok\n");
    assert_eq!(errors(&records), [(2, Some(1), Problem::ControlCharacter)]);
    assert_eq!((records.len(), format.encoding), (2, "UTF-8"));

    let mut bytes = "a,b\né,1\nü,2\nö,3\n".as_bytes().to_vec();
    bytes.extend(b"x,\xff\n5,6\n");
    let (_, records, format) = read(&bytes);
    assert_eq!(errors(&records), [(5, Some(1), Problem::NotText)]);
    assert_eq!((records.len(), format.encoding), (5, "UTF-8"));

    let mut bytes = utf_16("a,b\n1,2\n", false, true);
    bytes.extend([0x00, 0xd8, b'\n', 0, b'3', 0]);
    let (_, records, _) = read(&bytes);
    assert_eq!(errors(&records), [(3, Some(0), Problem::NotText)]);
    bytes.push(b'4');
    assert_eq!(errors(&read(&bytes).1), [(3, Some(0), Problem::NotText), (4, Some(0), Problem::NotText)]);
}

#[test]
fn what_is_too_long_is_an_error_of_its_row_and_reading_goes_on() {
    let long_cell = "x".repeat(CELL_MAX_BYTES + 1);
    let longest_cell = "x".repeat(CELL_MAX_BYTES);
    let many = ",".repeat(CELLS_MAX + 1);
    let text = format!(
        "a,b\n1,{long_cell}\n2,{longest_cell}\n{}\n{many}x\n3,4\n",
        format!("{longest_cell},").repeat(20)
    );
    let (_, records, _) = read_in_parts(text.as_bytes(), 50_000).unwrap();
    let expected = [(2, Some(1), Problem::TooLong), (4, None, Problem::TooLong), (5, None, Problem::TooLong)];
    assert_eq!(errors(&records), expected);
    assert_eq!(records.last().map(|last| (last.line, last.cells.is_ok())), Some((6, true)));
}

#[test]
fn a_quote_that_never_closes_is_said_where_it_opens() {
    let (_, records, _) = read(b"a,b\n1,2\n3,\"4\n5,6\n");
    assert_eq!(errors(&records), [(3, None, Problem::UnclosedQuote)]);
    assert_eq!(cells(&records)[0], (2, vec!["1", "2"]));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let fail = |bytes: &[u8]| read_in_parts(bytes, 3).map(|_| ()).unwrap_err();
    assert_eq!(fail(b""), DecodeError::Empty);
    assert_eq!(fail(b"\xef\xbb\xbf\r\n\r\n"), DecodeError::Empty);
    assert_eq!(fail(b" , ,\n"), DecodeError::Empty);
    assert_eq!(fail(b"PK\x03\x04anything"), DecodeError::Workbook);
    let headers = DecodeError::Headers { line: 2, problem: Problem::ControlCharacter };
    assert_eq!(fail(b"\na,b\0c\n1,2\n"), headers);
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    assert_eq!(decoder.push(b"a\n", true, &mut out), Ok(()));
    assert_eq!(decoder.push(b"b\n", true, &mut out), Err(DecodeError::Ended));
}

#[test]
fn memory_stays_bounded_over_a_large_file() {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    let mut rows = 0;
    decoder.push(b"a,b,c\n", false, &mut out).unwrap();
    let part = "José,\"Lee, Ann\",x\n".repeat(5_000);
    for _ in 0..100 {
        decoder.push(part.as_bytes(), false, &mut out).unwrap();
        rows += out.drain(..).filter(|record| record.cells.is_ok()).count();
    }
    decoder.push(b"", true, &mut out).unwrap();
    assert_eq!(rows + out.len(), 500_000);
}

/// A file of the shared data, which is not part of the project: in the folder that
/// `FRONTDESK_SHARED_DATA` names, else in `../shared/data` beside the workspace.
fn shared(file: &str) -> Option<Vec<u8>> {
    let beside = || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FRONTDESK_SHARED_DATA").map_or_else(beside, Into::into);
    std::fs::read(folder.join(file)).ok()
}

#[test]
fn a_synthea_export_goes_in_without_a_wrong_row() {
    let files = (shared("synthea-csv/patients.csv"), shared("synthea-csv/allergies.csv"));
    let (Some(patients), Some(allergies)) = files else {
        println!("skipped: no synthea-csv; set FRONTDESK_SHARED_DATA to the folder of shared data");
        return;
    };
    let today = chrono::NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
    let rows = |bytes: &[u8]| {
        let (headers, records, _) = read(bytes);
        let rows: Vec<_> = records.into_iter().map(|record| record.cells.unwrap()).collect();
        (domain::mapping::guess(&headers, &rows), rows)
    };
    let (guess, patients) = rows(&patients);
    let build = |row: &Vec<String>| build_patient(row, &guess.columns, guess.date_order, today);
    let built: Vec<_> = patients.iter().map(|row| build(row).unwrap()).collect();
    assert_eq!((guess.kind, built.len()), (FileKind::Patients, 27));
    assert!(
        built.iter().zip(&patients).all(|(one, row)| one.name.given == row[7] && one.name.family == row[8])
    );
    assert!(built.iter().all(|one| one.birth_date.is_some() && !one.external_id.is_empty()));

    let (guess, rows) = rows(&allergies);
    let allergies: Vec<_> = rows.iter().map(|row| build_allergy(row, &guess.columns).unwrap()).collect();
    assert_eq!((guess.kind, allergies.len()), (FileKind::Allergies, 40));
    let known = |id: &str| built.iter().any(|one| one.external_id == id);
    assert!(allergies.iter().all(|one| known(&one.patient_external_id)));
    assert!(allergies.iter().all(|one| !one.reaction.contains(|c: char| c.is_ascii_digit())));
}

/// Text with what matters to a parser more often than chance would have it.
fn csv_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just(" ".to_owned()),
        "[a-zé-ü]{1,6}",
        "\\PC{0,3}",
        Just("\0".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_parts_in_which_bytes_come_make_no_difference(text in csv_text(), part in 1usize..9, style in 0..4) {
        let bytes = match style {
            0 => text.into_bytes(),
            1 => utf_16(&text, true, true),
            2 => utf_16(&text, false, false),
            _ => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xe9)).collect(),
        };
        prop_assert_eq!(read_in_parts(&bytes, part), read_in_parts(&bytes, usize::MAX));
    }

    #[test]
    fn any_bytes_are_read_without_failing_the_same_in_any_parts(bytes: Vec<u8>, part in 1usize..9) {
        prop_assert_eq!(read_in_parts(&bytes, part), read_in_parts(&bytes, usize::MAX));
    }

    #[test]
    fn utf_16_and_latin_1_of_a_text_give_the_same_rows(rows in prop::collection::vec("[a-zà-ü\"\n, ]{0,12}", 1..8)) {
        // Enough of each for the encoding to be beyond doubt.
        let text = format!("größe,città,año,übung\nä,ö,ü,é\n{}", rows.join("\n"));
        let (headers, records, _) = read(text.as_bytes());
        for bytes in [utf_16(&text, false, true), utf_16(&text, true, false), latin_1(&text)] {
            let (other_headers, other_records, _) = read(&bytes);
            prop_assert_eq!((&other_headers, &other_records), (&headers, &records));
        }
    }

    #[test]
    fn what_a_csv_writer_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a-zé \",;\n\r]{0,8}", 3), 0..12),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["head,1", "head 2", "head 3"]).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let bytes = writer.into_inner().unwrap();
        let (_, records, format) = read(&bytes);
        if format.delimiter == ',' {
            let kept = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
            prop_assert_eq!(records.into_iter().map(|record| record.cells.unwrap()).collect::<Vec<_>>(),
                kept.cloned().collect::<Vec<_>>());
        }
    }
}
