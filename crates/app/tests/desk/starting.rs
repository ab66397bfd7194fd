use super::support::{PASSPHRASE, TestDesk, start};
use app::files;
use contract::{AppState, ErrorCode};
use serde_json::json;
use std::fs;
use tempfile::TempDir;

#[tokio::test]
async fn a_passphrase_opens_what_it_was_chosen_for_and_nothing_else_does() {
    let test = TestDesk::empty().await;
    test.create("Ana", "Ruiz").await;
    let dir = test.close().await;
    let wrong = start(dir.path(), Some("another passphrase")).await;
    let AppState::Failed { error } = wrong.status().state else { panic!("it opened") };
    assert_eq!(error.code, ErrorCode::WrongPassphrase);
    drop(wrong);
    let right = start(dir.path(), Some(PASSPHRASE)).await;
    assert_eq!(right.status().state, AppState::Ready);
}

#[tokio::test]
async fn a_locked_desk_is_opened_by_its_passphrase_after_a_wrong_try() {
    let test = TestDesk::empty().await;
    let dir = test.close().await;
    let desk = start(dir.path(), None).await;
    assert_eq!(desk.status().state, AppState::Locked);
    let refused = desk.call("patient_list", json!({})).await.expect_err("a locked desk");
    assert_eq!(refused.code, ErrorCode::Locked);
    let wrong =
        desk.call("app_unlock", json!({"passphrase": "not this one at all"})).await.expect_err("a wrong one");
    assert_eq!(wrong.code, ErrorCode::WrongPassphrase);
    desk.call("app_unlock", json!({"passphrase": PASSPHRASE})).await.expect("opened");
    assert_eq!(desk.status().state, AppState::Ready);
}

#[tokio::test]
async fn a_short_passphrase_is_refused_and_nothing_is_made() {
    let dir = TempDir::new().expect("a folder");
    let desk = start(dir.path(), Some("short")).await;
    let AppState::Failed { error } = desk.status().state else { panic!("it opened") };
    assert_eq!(error.code, ErrorCode::Invalid);
    assert!(!dir.path().join(files::DATABASE).exists());
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_told_so() {
    let test = TestDesk::empty().await;
    let second = start(test.dir.path(), Some(PASSPHRASE)).await;
    let AppState::Failed { error } = second.status().state else { panic!("it opened") };
    assert_eq!(error.code, ErrorCode::Busy);
}

#[tokio::test]
async fn a_key_without_its_database_is_not_taken_for_a_first_start() {
    for emptied in [false, true] {
        let test = TestDesk::empty().await;
        let dir = test.close().await;
        let database = dir.path().join(files::DATABASE);
        if emptied {
            fs::write(&database, "").expect("emptied");
        } else {
            fs::remove_file(&database).expect("removed");
        }
        for passphrase in [Some(PASSPHRASE), None] {
            let desk = start(dir.path(), passphrase).await;
            let AppState::Failed { error } = desk.status().state else { panic!("it opened") };
            assert_eq!(error.code, ErrorCode::Corrupt);
        }
        assert_eq!(database.exists(), emptied);
    }
}

#[tokio::test]
async fn a_first_start_that_made_a_key_and_no_database_goes_on() {
    let test = TestDesk::empty().await;
    let dir = test.close().await;
    fs::remove_file(dir.path().join(files::DATABASE)).expect("removed");
    let key = fs::read_to_string(dir.path().join(files::KEY)).expect("read");
    fs::write(dir.path().join(files::KEY), key.replace("\"in_use\": true", "\"in_use\": false"))
        .expect("written");
    let desk = start(dir.path(), Some(PASSPHRASE)).await;
    assert_eq!(desk.status().state, AppState::Ready);
}

#[tokio::test]
async fn a_database_without_its_key_is_not_replaced_by_an_empty_one() {
    let test = TestDesk::empty().await;
    test.desk.close().await;
    fs::remove_file(test.dir.path().join(files::KEY)).expect("removed");
    let before = fs::read(test.dir.path().join(files::DATABASE)).expect("read");
    drop(test.desk);
    let desk = start(test.dir.path(), Some(PASSPHRASE)).await;
    let AppState::Failed { error } = desk.status().state else { panic!("it opened") };
    assert_eq!(error.code, ErrorCode::Corrupt);
    assert_eq!(fs::read(test.dir.path().join(files::DATABASE)).expect("read"), before);
}

#[tokio::test]
async fn a_damaged_database_is_told_and_left_as_it_is() {
    let test = TestDesk::empty().await;
    test.desk.close().await;
    let path = test.dir.path().join(files::DATABASE);
    let mut bytes = fs::read(&path).expect("read");
    bytes[..4096].fill(0x5a);
    fs::write(&path, &bytes).expect("written");
    drop(test.desk);
    let desk = start(test.dir.path(), Some(PASSPHRASE)).await;
    let AppState::Failed { error } = desk.status().state else { panic!("it opened") };
    assert_eq!(error.code, ErrorCode::Corrupt, "{error:?}");
    assert_eq!(fs::read(&path).expect("read"), bytes);
}

#[tokio::test]
async fn a_folder_that_is_a_file_is_told() {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("a file");
    fs::write(&path, "x").expect("written");
    let desk = start(&path, Some(PASSPHRASE)).await;
    let AppState::Failed { error } = desk.status().state else { panic!("it opened") };
    assert!(error.message.contains("data folder"), "{error:?}");
}

#[tokio::test]
async fn an_unknown_command_and_a_wrong_request_are_refused_by_name() {
    let test = TestDesk::empty().await;
    assert_eq!(test.fails("patient_explode", json!({})).await.code, ErrorCode::BadRequest);
    assert_eq!(test.fails("patient_load", json!({"id": "not an id"})).await.code, ErrorCode::BadRequest);
    assert_eq!(
        test.fails("patient_list", json!({"after": "not a cursor"})).await.code,
        ErrorCode::BadRequest
    );
}

#[tokio::test]
async fn a_draft_and_a_preference_survive_a_restart() {
    let test = TestDesk::empty().await;
    test.call("draft_save", json!({"key": "patient_new", "value": {"given": "Jo"}})).await;
    test.call("preference_set", json!({"key": "theme", "value": "dark"})).await;
    let test = test.restart().await;
    assert_eq!(test.call("draft_load", json!({"key": "patient_new"})).await["value"]["given"], "Jo");
    assert_eq!(test.call("preference_load", json!({"key": "theme"})).await["value"], "dark");
    test.call("draft_save", json!({"key": "patient_new", "value": null})).await;
    assert!(test.call("draft_load", json!({"key": "patient_new"})).await["value"].is_null());
}

#[tokio::test]
async fn diagnostics_count_what_ran() {
    let test = TestDesk::with_patients(20).await;
    test.search("a").await;
    test.search("b").await;
    let found = test.call("diagnostics", json!({})).await;
    let commands = found["commands"].as_array().expect("commands");
    let search = commands.iter().find(|line| line["name"] == "patient_search").expect("a line");
    assert_eq!(search["calls"], 2);
    assert!(search["statements"].as_u64().expect("a number") <= 3);
    assert!(search["vm_steps"].as_u64().expect("a number") > 0);
}
