use super::support::{TestDesk, text_of};
use contract::{ErrorCode, ImportPhase};
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

const SMALL: &str = "\
Id,First,Last,Birth date,Mobile,Email,Tags,Note
1,Ana,Ruiz,3/14/1985,(617) 555-7701,ana@example.com,Botox; Laser,Likes tea
2,Sean,O'Brien,1990-01-02,617-555-7702,,,
3,,,1990-01-02,,,,
4,Bad,Phone,1/1/1990,12,,,
5,Future,Born,1/1/2999,,,,
6,<script>alert(1)</script>,Tag,,,,,
";

#[tokio::test]
async fn a_dry_run_tells_everything_and_changes_nothing() {
    let test = TestDesk::empty().await;
    let import = test.send(SMALL.as_bytes(), 1 << 20).await.expect("a file");
    let checked = test.work("import_check", import).await;
    assert_eq!((checked.phase, checked.rows, checked.added, checked.wrong), (ImportPhase::Checked, 6, 3, 3));
    let problems = test.call("import_problems", json!({"id": import.id})).await;
    let told: Vec<_> = problems["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            format!("{} {} {}", row["line"], text_of(&row["header"]), text_of(&row["reason"]["problem"]))
        })
        .collect();
    assert!(told.contains(&"5 Mobile not_a_phone".to_owned()), "{told:?}");
    assert!(told.contains(&"6 Birth date in_the_future".to_owned()), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("4 ") && line.ends_with("required")), "{told:?}");
    assert_eq!(test.count().await, 0);
}

#[tokio::test]
async fn the_same_person_twice_in_a_file_is_added_once() {
    let test = TestDesk::empty().await;
    let file = "First,Last,DOB,Phone\nAnn,Lee,1980-01-01,2125550101\nann,LEE,1/1/1980,(212) 555-0101\nAnn,Lee,,\nAnn,Lee,,\n";
    let import = test.send(file.as_bytes(), 1 << 20).await.expect("a file");
    let done = test.work("import_run", import).await;
    // Of the last two nothing says that they are the same.
    assert_eq!((done.added, done.likely_duplicates, done.wrong), (3, 1, 0));
}

#[tokio::test]
async fn a_dry_run_may_build_on_another() {
    let test = TestDesk::empty().await;
    let patients = test.send(SMALL.as_bytes(), 1 << 20).await.expect("a file");
    test.work("import_check", patients).await;
    let file = "Patient Id,Allergy,Reaction\n1,Latex,\n1,Latex,\n2,Nickel,\n4,Pollen,\n9,Dust,\n";
    let allergies = test.send(file.as_bytes(), 1 << 20).await.expect("a file");
    let alone = test.work("import_check", allergies).await;
    assert_eq!((alone.added, alone.already_there, alone.wrong), (0, 0, 5));
    test.call("import_check", json!({"id": allergies.id, "after": [patients.id]})).await;
    app::wait_for_import(&test.desk, allergies.id).await.expect("work that ends well");
    // The fourth patient's row is wrong, and nobody has the number 9.
    let after = test.progress(allergies).await;
    assert_eq!((after.added, after.already_there, after.wrong), (2, 1, 2));
    assert_eq!(test.count().await, 0);
}

#[tokio::test]
async fn columns_can_be_understood_otherwise_and_a_file_that_was_not_run_be_forgotten() {
    let test = TestDesk::empty().await;
    let file = "Id,First,Last,Birth date\n1,Ana,Ruiz,03/04/1985\n";
    let import = test.send(file.as_bytes(), 1 << 20).await.expect("a file");
    let mut mapping = test.call("import_preview", json!(import)).await["mapping"].clone();
    assert_eq!(mapping["day_first"], false);
    mapping["day_first"] = json!(true);
    mapping["columns"][1] = json!("preferred_name");
    test.call("import_map", json!({"id": import.id, "mapping": mapping})).await;
    let done = test.work("import_run", import).await;
    assert_eq!((done.added, done.wrong), (1, 0));
    let row = test.call("patient_list", json!({"limit": 1})).await["rows"][0].clone();
    assert_eq!((text_of(&row["preferred_name"]), text_of(&row["birth_date"])), ("Ana", "1985-04-03"));
    // What was taken over is undone, not forgotten.
    assert_eq!(test.fails("import_discard", json!(import)).await.code, ErrorCode::Busy);
    let other = test.send(file.as_bytes(), 1 << 20).await.expect("a file");
    test.call("import_discard", json!(other)).await;
    assert_eq!(test.fails("import_preview", json!(other)).await.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn an_import_adds_what_is_right_and_is_undone_whole() {
    let test = TestDesk::with_patients(30).await;
    let before = test.count().await;
    let import = test.send(SMALL.as_bytes(), 7).await.expect("a file");
    let done = test.work("import_run", import).await;
    assert_eq!((done.phase, done.added, done.wrong), (ImportPhase::Done, 3, 3));
    assert_eq!(test.count().await, before + 3);
    assert_eq!(test.search("obrien sean").await[0], "Sean O'Brien");
    let undone = test.work("import_undo", import).await;
    assert_eq!((undone.phase, undone.kept), (ImportPhase::Undone, 0));
    assert_eq!(test.count().await, before);
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn an_undo_keeps_whom_somebody_has_worked_on_since() {
    let test = TestDesk::empty().await;
    let import = test.send(SMALL.as_bytes(), 1 << 20).await.expect("a file");
    test.work("import_run", import).await;
    let found = test.call("patient_search", json!({"text": "ruiz"})).await;
    let ana = text_of(&found["hits"][0]["id"]).to_owned();
    test.call("note_create", json!({"patient": ana, "kind": "general", "body": "Called"})).await;
    let undone = test.work("import_undo", import).await;
    assert_eq!(undone.kept, 1);
    assert_eq!(test.count().await, 1);
    assert_eq!(test.load(&ana).await["notes"]["rows"].as_array().map(Vec::len), Some(2));
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn the_same_file_twice_adds_nobody_twice() {
    let test = TestDesk::empty().await;
    for expected in [(3, 0), (0, 3)] {
        let import = test.send(SMALL.as_bytes(), 1 << 20).await.expect("a file");
        let done = test.work("import_run", import).await;
        assert_eq!((done.added, done.already_there), expected);
    }
    assert_eq!(test.count().await, 3);
}

#[tokio::test]
async fn whoever_looks_like_a_patient_is_left_out_unless_wanted() {
    let test = TestDesk::empty().await;
    let draft = json!({"name": {"given": "Ana", "family": "Ruiz"}, "birth_date": "1985-03-14"});
    test.call("patient_create", draft).await;
    let import = test.send(SMALL.as_bytes(), 1 << 20).await.expect("a file");
    let done = test.work("import_run", import).await;
    assert_eq!((done.added, done.likely_duplicates), (2, 1));
}

fn large(rows: usize) -> String {
    let mut file = String::from("Id,First,Last,Phone\n");
    for i in 0..rows {
        writeln!(file, "{i},Given{i},Family{},617555{:04}", i % 97, i % 10_000).expect("text");
    }
    file
}

#[tokio::test]
async fn a_stopped_import_goes_on_after_a_restart_without_the_file() {
    let test = TestDesk::empty().await;
    let import = test.send(large(2_600).as_bytes(), 1 << 20).await.expect("a file");
    test.call("import_run", json!({"id": import.id})).await;
    test.call("import_cancel", json!({"id": import.id})).await;
    app::wait_for_import(&test.desk, import.id).await.expect("a stop");
    let paused = test.progress(import).await;
    assert_eq!(paused.phase, ImportPhase::Paused);
    assert_eq!(test.count().await, paused.added);
    let test = test.restart().await;
    let done = test.work("import_run", import).await;
    assert_eq!((done.phase, done.added), (ImportPhase::Done, 2_600));
    assert_eq!(test.count().await, 2_600);
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn a_desk_that_closes_in_an_import_ends_its_chunk_and_goes_on_when_it_is_open_again() {
    let test = TestDesk::empty().await;
    let import = test.send(large(5_000).as_bytes(), 1 << 20).await.expect("a file");
    test.call("import_run", json!({"id": import.id})).await;
    while test.progress(import).await.added == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let work = tokio::spawn({
        let desk = test.desk.clone();
        async move { app::wait_for_import(&desk, import.id).await }
    });
    tokio::task::yield_now().await;
    let test = test.restart().await;
    assert_eq!(work.await.expect("an end"), Ok(()));
    let paused = test.progress(import).await;
    assert_eq!(paused.phase, ImportPhase::Paused);
    assert!(paused.added > 0 && paused.added < 5_000, "{} were added", paused.added);
    assert_eq!(test.count().await, paused.added);
    let done = test.work("import_run", import).await;
    assert_eq!((done.phase, done.added, test.count().await), (ImportPhase::Done, 5_000, 5_000));
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn other_encodings_are_read_as_they_are_meant() {
    let text = "Nombre;Apellido\r\nJosé;Núñez\r\n";
    let utf16: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for bytes in [text.as_bytes().to_vec(), utf16, latin1] {
        let test = TestDesk::empty().await;
        let import = test.send(&bytes, 5).await.expect("a file");
        let done = test.work("import_run", import).await;
        assert_eq!((done.added, done.wrong), (1, 0));
        assert_eq!(test.search("nunez").await, ["José Núñez"]);
    }
}

#[tokio::test]
async fn a_file_that_is_no_table_is_refused_and_leaves_nothing() {
    let test = TestDesk::empty().await;
    for bytes in [&b"PK\x03\x04 a workbook"[..], b"Id,First,Last\n"] {
        let error = test.send(bytes, 1 << 20).await.expect_err("no table");
        assert_eq!(error.code, ErrorCode::BadFile, "{error:?}");
    }
    let list = test.call("import_list", json!({})).await;
    assert_eq!(list["rows"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn rows_with_nuls_or_too_many_cells_are_wrong_and_the_rest_goes_in() {
    let test = TestDesk::empty().await;
    let file = b"First,Last\nAna,Ruiz\nB\0d,Row\nToo,Many,Cells,Here\nShort\n";
    let import = test.send(file, 1 << 20).await.expect("a file");
    let done = test.work("import_run", import).await;
    assert_eq!((done.added, done.wrong), (2, 2));
}

#[tokio::test]
async fn a_synthea_export_goes_in_without_a_wrong_row_and_with_its_names_unaltered() {
    let Some(folder) = shared_data() else {
        println!("skipped: the folder with sample data is not here");
        return;
    };
    let test = TestDesk::empty().await;
    let patients = std::fs::read(folder.join("patients.csv")).expect("read");
    let import = test.send(&patients, 1 << 20).await.expect("a file");
    let done = test.work("import_run", import).await;
    assert_eq!((done.added, done.wrong, done.likely_duplicates), (27, 0, 0));
    let allergies = std::fs::read(folder.join("allergies.csv")).expect("read");
    let import = test.send(&allergies, 1 << 20).await.expect("a file");
    let done = test.work("import_run", import).await;
    assert_eq!((done.added, done.wrong), (40, 0));
    let mut reader = csv::Reader::from_reader(patients.as_slice());
    let headers = reader.headers().expect("headers").clone();
    let at = |name: &str| headers.iter().position(|header| header == name).expect("a column");
    for row in reader.records() {
        let row = row.expect("a row");
        let name = format!("{} {}", &row[at("FIRST")], &row[at("LAST")]);
        assert!(test.search(&name).await.contains(&name), "{name}");
    }
    assert!(test.is_sound().await);
}

fn shared_data() -> Option<PathBuf> {
    let root = std::env::var_os("FRONTDESK_SHARED_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    Some(root.unwrap_or_else(beside).join("synthea-csv")).filter(|folder| folder.is_dir())
}

#[tokio::test]
async fn whoever_asks_late_hears_that_an_import_failed() {
    let test = TestDesk::empty().await;
    let import = test.send(large(2_600).as_bytes(), 1 << 20).await.expect("a file");
    test.call("import_run", json!({"id": import.id})).await;
    test.desk.store().expect("an open database").close().await;
    let heard = app::wait_for_import(&test.desk, import.id).await.expect_err("no database, no import");
    assert_eq!(app::wait_for_import(&test.desk, import.id).await, Err(heard));
}
