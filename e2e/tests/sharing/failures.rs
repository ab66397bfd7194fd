use crate::support::*;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_is_told_what_it_forgot() {
    let Some(mut site) = site() else { return };
    let desks = TestDesk::two_quiet(&site).await;
    desks[0].create("Ann", "Ash").await;
    for desk in &desks {
        desk.exchange().await;
    }
    let backup = site.back_up().unwrap();
    desks[1].create("Bea", "Birch").await;
    for desk in desks.iter().rev() {
        desk.exchange().await;
    }
    // A desk that has not heard of it yet makes something on top of what the server is about to forget.
    desks[0].create("Cleo", "Cedar").await;
    site.restore(&backup).unwrap();
    site.administer(&["new-epoch"]).unwrap();
    site.start_server().unwrap();
    for desk in desks.iter().chain(&desks) {
        desk.exchange().await;
    }
    for desk in &desks {
        assert_eq!(desk.families().await, ["Ash", "Birch", "Cedar"]);
        assert_eq!(desk.conflicts().await.len(), 0);
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_data_folder_goes_on_as_another_incarnation_and_nothing_is_lost() {
    let Some(site) = site() else { return };
    let [desk, other] = TestDesk::two_quiet(&site).await;
    desk.create("Ann", "Ash").await;
    desk.exchange().await;
    let TestDesk { desk, dir } = desk;
    desk.close().await;
    drop(desk);
    let copied = tempfile::TempDir::new().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap().flatten() {
        std::fs::copy(file.path(), copied.path().join(file.file_name())).unwrap();
    }
    let original = TestDesk { desk: start(dir.path().to_owned(), false).await, dir };
    let copy = TestDesk { desk: start(copied.path().to_owned(), false).await, dir: copied };
    original.create("Bea", "Birch").await;
    copy.create("Cleo", "Cedar").await;
    for desk in [&original, &copy, &other, &original, &copy] {
        desk.exchange().await;
    }
    for desk in [&original, &copy, &other] {
        assert_eq!(desk.families().await, ["Ash", "Birch", "Cedar"]);
        assert_eq!(desk.status().await.conflicts, 0);
    }
    let log = copy.call("sync_log", json!({"limit": 50})).await;
    assert!(log["rows"].as_array().unwrap().iter().any(|row| row["event"] == "renewed"), "{log}");
    let log = original.call("sync_log", json!({"limit": 50})).await;
    assert!(!log["rows"].as_array().unwrap().iter().any(|row| row["event"] == "renewed"), "{log}");
}
