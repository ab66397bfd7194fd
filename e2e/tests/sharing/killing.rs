//! A desk that is killed in the middle of saving and syncing.

use crate::support::*;
use headless::Process;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "FRONTDESK_TEST_KILLED_DESK";
const FIRST: &str = "FRONTDESK_TEST_FIRST_NUMBER";
/// Saving, sending, answered, fetched: each happens within this time of a save.
const WITHIN_MS: u64 = 120;

/// How often the desk is killed: more often with `cargo xtask soak kill`.
fn kills() -> u32 {
    std::env::var("FRONTDESK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// Only does something as a child of another test: syncs, and if it is to, makes patients and renames them, until it is
/// killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_saves_and_syncs() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let desk = TestDesk { desk: start(folder.clone().into(), true).await, dir: tempfile::tempdir().unwrap() };
    let Ok(first) = std::env::var(FIRST) else { return std::future::pending().await };
    let first: u64 = first.parse().unwrap();
    for n in first.. {
        let id = desk.create("New", &format!("Number {n:06}")).await;
        desk.rename(&id, "Saved", &format!("Number {n:06}")).await;
        println!("saved {n}");
        std::io::stdout().flush().unwrap();
    }
}

/// A desk of its own on a folder, that saves from this number on.
pub fn child(folder: &Path, first: Option<u64>) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killing::a_desk_that_saves_and_syncs", "--nocapture"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(first) = first {
        command.env(FIRST, first.to_string());
    }
    Process::start(command).unwrap()
}

/// Lets the desk work for a moment; returns the numbers that it said were saved.
fn work_and_kill(folder: &Path, first: u64, random: &mut ChaCha8Rng) -> Vec<u64> {
    let mut child = child(folder, Some(first));
    let output = BufReader::new(child.take_stdout().unwrap());
    let mut saved = Vec::new();
    let after = random.random_range(1..4);
    for line in output.lines().map_while(Result::ok) {
        // The harness writes the test's name before the first line.
        if let Some((_, n)) = line.split_once("saved ") {
            saved.push(n.parse().unwrap());
        }
        if saved.len() == after {
            std::thread::sleep(Duration::from_millis(random.random_range(0..WITHIN_MS)));
            child.kill_with_children().unwrap();
        }
    }
    saved
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_killed_in_the_middle_of_syncing_loses_and_doubles_nothing() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let other = TestDesk::open().await;
    other.pair(&site, &clinic.code, "Other").await;
    let TestDesk { desk, dir } = TestDesk::quiet().await;
    let request =
        json!({"address": site.address(), "code": site.invite(&clinic.id).unwrap(), "device_name": "Killed"});
    desk.call("sync_pair", request).await.unwrap();
    desk.close().await;
    drop(desk);
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut saved = BTreeSet::new();
    for kill in 0..u64::from(kills()) {
        saved.extend(work_and_kill(dir.path(), kill * 1_000, &mut random));
    }
    let killed = TestDesk { desk: start(dir.path().to_owned(), true).await, dir };
    killed.until_up_to_date().await;
    let made = numbers(&killed).await;
    other.until("everything", async |desk| numbers(desk).await == made).await;
    other.until_up_to_date().await;
    let distinct: BTreeSet<_> = made.iter().map(|(number, _)| *number).collect();
    assert_eq!(distinct.len(), made.len(), "a patient is there twice");
    for n in &saved {
        assert!(made.contains(&(*n, "Saved".to_owned())), "{n} was acknowledged, and is not there");
    }
    for desk in [&killed, &other] {
        assert_eq!(desk.status().await.conflicts, 0);
        desk.is_sound().await;
    }
}

/// Number and given name of every patient.
async fn numbers(desk: &TestDesk) -> Vec<(u64, String)> {
    let number = |(family, given): (String, String)| (family["Number ".len()..].parse().unwrap(), given);
    desk.names().await.into_iter().map(number).collect()
}
