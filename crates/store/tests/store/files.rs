//! The database file: what it is made of, and what is done about one that is not right.

use crate::support::*;
use sqlx::AssertSqlSafe;
use std::path::Path;
use std::process::Command;
use store::{DatabaseKey, Store, StoreError, Usage};
use tempfile::TempDir;
use zeroize::Zeroizing;

const MARKER: &str = "Zebediah Quixotemarker";

fn bytes_of(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn other_key() -> DatabaseKey {
    DatabaseKey(Zeroizing::new([8; 32]))
}

/// A closed database with one patient.
async fn closed_desk() -> Desk {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, MARKER)]).await;
    desk.store.close().await;
    desk
}

#[tokio::test]
async fn sqlite_is_one_without_the_wal_bug_and_with_a_cipher() {
    let desk = Desk::new().await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let (sqlite, cipher) = store::doctor::versions_of(&mut read).await.unwrap();
    let parts: Vec<u32> = sqlite.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{sqlite}");
    assert!(!cipher.is_empty());
}

#[tokio::test]
async fn nothing_in_the_files_can_be_read_without_the_key() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, MARKER).email("zebediah@quixote.example").tag("markertag")]).await;
    for closed in [false, true] {
        if closed {
            desk.store.close().await;
        }
        let files = bytes_of(desk.directory.path());
        assert!(closed || files.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()));
        for (name, bytes) in files {
            assert!(!bytes.starts_with(b"SQLite format 3"), "{name} is not encrypted");
            for text in
                ["Zebediah", "Quixotemarker", "quixote", "markertag", "patient_listing", "CREATE TABLE"]
            {
                assert!(!contains(&bytes, text.as_bytes()), "{text} can be read in {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_at_once_and_changes_nothing() {
    let desk = closed_desk().await;
    let before = bytes_of(desk.directory.path());
    let started = std::time::Instant::now();
    let opened = Store::open(&desk.path(), &other_key(), identity()).await;
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{:?}", opened.err());
    assert!(started.elapsed().as_secs() < 5, "took {:?}", started.elapsed());
    assert_eq!(bytes_of(desk.directory.path()), before);
    open(desk.path()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_key_after_a_crash_loses_nothing_of_the_log() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, MARKER)]).await;
    // What a killed process leaves.
    let crashed = tempfile::tempdir().unwrap();
    for (name, bytes) in
        bytes_of(desk.directory.path()).into_iter().filter(|(name, _)| !name.ends_with("-shm"))
    {
        std::fs::write(crashed.path().join(name), bytes).unwrap();
    }
    let path = crashed.path().join("frontdesk.db");
    let opened = Store::open(&path, &other_key(), identity()).await;
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{:?}", opened.err());
    let store = open(path).await.unwrap();
    let mut read = store.read(&Usage::default()).await.unwrap();
    let family: String =
        sqlx::query_scalar("SELECT family FROM patient").fetch_one(&mut *read).await.unwrap();
    assert_eq!(family, "Quixotemarker");
}

#[tokio::test]
async fn a_damaged_file_is_told_as_such_and_left_alone() {
    let desk = closed_desk().await;
    let whole = std::fs::read(desk.path()).unwrap();
    let damaged: [(&str, Vec<u8>); 5] = [
        ("cut in the first page", whole[..1_000].to_vec()),
        ("cut after the first page", whole[..4_096].to_vec()),
        ("cut in half", whole[..whole.len() / 2].to_vec()),
        ("garbled from the start", whole.iter().map(|byte| byte ^ 0x55).collect()),
        ("another kind of file", b"SQLite format 3\0 but not really, or some text".repeat(200)),
    ];
    for (how, bytes) in damaged {
        std::fs::write(desk.path(), &bytes).unwrap();
        let opened = open(desk.path()).await;
        assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{how}: {:?}", opened.err());
        assert!(std::fs::read(desk.path()).unwrap() == bytes, "{how}: the file was changed");
    }
}

#[tokio::test]
async fn a_garbled_page_is_found_by_the_doctor_or_at_the_door() {
    let desk = closed_desk().await;
    let whole = std::fs::read(desk.path()).unwrap();
    let pages = whole.len() / 4_096;
    for page in (1..pages).step_by(5) {
        let mut bytes = whole.clone();
        bytes[page * 4_096 + 100..page * 4_096 + 200].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(desk.path(), &bytes).unwrap();
        match open(desk.path()).await {
            Err(StoreError::Corrupt(_)) => {}
            Err(other) => panic!("page {page}: {other:?}"),
            Ok(store) => {
                let found = store.doctor().await;
                let found_it = match &found {
                    Ok(checks) => checks.iter().any(|check| check.name == "cipher" && !check.ok),
                    Err(error) => matches!(error, StoreError::Corrupt(_)),
                };
                assert!(found_it, "page {page}: {found:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, MARKER)]).await;
    desk.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'future', 1, x'00', 1)")
        .await
        .unwrap();
    desk.store.close().await;
    let before = bytes_of(desk.directory.path());
    let opened = open(desk.path()).await;
    assert!(matches!(opened, Err(StoreError::NewerDatabase { found: 9999 })), "{:?}", opened.err());
    assert_eq!(bytes_of(desk.directory.path()), before);
}

#[tokio::test]
async fn a_database_opened_again_keeps_its_identity_and_its_rows() {
    let desk = closed_desk().await;
    let other = store::Identity { clinic: id(99), device: id(98), incarnation: id(97), ..identity() };
    let store = Store::open(&desk.path(), &key(), other).await.unwrap();
    let mut read = store.read(&Usage::default()).await.unwrap();
    let (device, patients): (uuid::Uuid, i64) =
        sqlx::query_as("SELECT device, (SELECT count(*) FROM patient) FROM device")
            .fetch_one(&mut *read)
            .await
            .unwrap();
    assert_eq!((device, patients), (id(2), 1));
}

/// A small file system of its own, if this machine lets us make one.
struct Disk(TempDir);

impl Disk {
    fn new(options: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(directory.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: mounting a file system is not permitted here");
        }
        mounted.then_some(Self(directory))
    }

    fn mount_again(&self, options: &str) {
        let done = Command::new("mount").args(["-o", options]).arg(self.0.path()).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_changes_nothing() {
    let Some(disk) = Disk::new("size=2m") else { return };
    let path = disk.0.path().join("frontdesk.db");
    let store = open(path.clone()).await.unwrap();
    let mut saved = 0;
    let error = loop {
        let mut write = store.write(&Usage::default(), context(saved)).await.unwrap();
        let patients: Vec<_> = (0..20).map(|n| patient(u128::from(saved * 20 + n + 1), MARKER)).collect();
        let written = match store::patient::insert_patients(&mut write, &patients, at(0)).await {
            Ok(()) => write.commit().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 1_000, "the disk never fills");
    };
    assert!(matches!(error, StoreError::DiskFull(_)), "{error:?}");
    let count = async |store: &Store| -> i64 {
        let mut read = store.read(&Usage::default()).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM patient").fetch_one(&mut *read).await.unwrap()
    };
    assert_eq!(count(&store).await, i64::try_from(saved * 20).unwrap());
    // With room, work goes on.
    disk.mount_again("remount,size=16m");
    let mut write = store.write(&Usage::default(), context(saved)).await.unwrap();
    store::patient::insert_patients(&mut write, &[patient(999_999, MARKER)], at(0)).await.unwrap();
    write.commit().await.unwrap();
    assert!(store.doctor().await.unwrap().iter().all(|check| check.ok));
    store.close().await;
    let store = open(path).await.unwrap();
    assert_eq!(count(&store).await, i64::try_from(saved * 20 + 1).unwrap());
    store.close().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_as_such_and_changes_nothing() {
    let missing = open("/proc/self/nowhere/frontdesk.db".into()).await;
    assert!(matches!(missing, Err(StoreError::ReadOnly(_))), "{:?}", missing.err());
    let Some(disk) = Disk::new("size=8m") else { return };
    let path = disk.0.path().join("frontdesk.db");
    let store = open(path.clone()).await.unwrap();
    store.close().await;
    let before = bytes_of(disk.0.path());
    disk.mount_again("remount,ro");
    let opened = open(path).await;
    assert!(matches!(opened, Err(StoreError::ReadOnly(_))), "{:?}", opened.err());
    let new = open(disk.0.path().join("new.db")).await;
    assert!(matches!(new, Err(StoreError::ReadOnly(_))), "{:?}", new.err());
    assert_eq!(bytes_of(disk.0.path()), before);
}

#[tokio::test]
async fn closing_empties_the_log() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, MARKER)]).await;
    let log = desk.directory.path().join("frontdesk.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    desk.store.close().await;
    assert!(std::fs::metadata(&log).map_or(true, |file| file.len() == 0));
    let store = open(desk.path()).await.unwrap();
    let mut read = store.read(&Usage::default()).await.unwrap();
    let patients: i64 = sqlx::query_scalar(AssertSqlSafe("SELECT count(*) FROM patient".to_owned()))
        .fetch_one(&mut *read)
        .await
        .unwrap();
    assert_eq!(patients, 1);
}
