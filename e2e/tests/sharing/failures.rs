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

/// A disk of its own, of a size; nothing, with a notice, where this user may not mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(size: &str) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if disk.mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]) {
            return Some(disk);
        }
        eprintln!("skipped: this user may not mount a small disk");
        None
    }

    fn mount(&self, arguments: &[&str]) -> bool {
        let mounted = std::process::Command::new("mount").args(arguments).arg(self.0.path()).output();
        mounted.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_in_the_middle_of_a_first_copy_is_told_and_the_copy_goes_on_with_room() {
    let (Some(site), Some(disk)) = (site(), Disk::new("4m")) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let first = TestDesk::quiet().await;
    first.pair(&site, &clinic.code, "Front").await;
    app::seed_clinic(&first.desk, 2_000, 3, &mut |_, _| {}).await.unwrap();
    first.exchange().await;
    let desk = start(disk.0.path().join("data"), false).await;
    let fresh = TestDesk { desk, dir: tempfile::tempdir().unwrap() };
    fresh.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    let error = app::sync_once(&fresh.desk).await.unwrap_err();
    assert!(error.to_string().contains("no room is left"), "{error}");
    // Half a copy is none: nobody is shown yet.
    assert_eq!(fresh.families().await, [] as [String; 0]);
    assert!(disk.mount(&["-o", "remount,size=200m"]));
    fresh.exchange().await;
    let facets = async |desk: &TestDesk| desk.call("patient_facets", json!({})).await;
    assert_eq!(facets(&fresh).await, facets(&first).await);
    fresh.is_sound().await;
    fresh.desk.close().await;
}

/// Answers every request in the same way, as no sync server does.
pub async fn impostor(answer: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_version_and_what_is_no_server_are_told_apart() {
    if e2e::Programs::find().is_none() {
        return;
    }
    let desk = TestDesk::quiet().await;
    for (answer, says) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "no Frontdesk sync server"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no Frontdesk sync server"),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "no Frontdesk sync server",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "cannot work just now"),
        ("nonsense\r\n\r\n", "nobody answers"),
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: 64\r\n\r\n\
             {\"code\":\"malformed\",\"title\":\"missing field `name`\",\"status\":400}",
            "update whichever is older",
        ),
    ] {
        let request =
            json!({"address": impostor(answer).await, "code": "AAAAA-BBBBB", "device_name": "Front"});
        let error = desk.fails("sync_pair", request).await;
        assert!(error.message.contains(says), "{answer}: {error:?}");
    }
}
