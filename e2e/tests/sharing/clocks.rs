//! A desk whose clock is wrong by years, or was until it was corrected.

use crate::support::*;
use app::{Machine, World};
use chrono::{DateTime, NaiveDate, Utc};
use scratch_postgres::Site;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

const FOLDER: &str = "FRONTDESK_TEST_WRONG_CLOCK";
const DOES: &str = "FRONTDESK_TEST_DOES";
const BOOTLESS: &str = "FRONTDESK_TEST_BOOTLESS";

/// A machine that cannot tell which start this is, as where the system does not say.
#[derive(Debug)]
struct Bootless(Arc<Machine>);

impl World for Bootless {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
    fn today(&self) -> NaiveDate {
        self.0.today()
    }

    fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.0.start_of(day)
    }

    fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        self.0.day_of(at)
    }
    fn boot_ms(&self) -> i64 {
        self.0.boot_ms()
    }
    fn boot(&self) -> Option<Uuid> {
        None
    }
    fn next_id(&self) -> Uuid {
        self.0.next_id()
    }
}

/// Only does something as a child of the tests below, with a clock of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_another_clock() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let does: Value = serde_json::from_str(&std::env::var(DOES).unwrap()).unwrap();
    let world: Arc<dyn World> = match std::env::var_os(BOOTLESS) {
        Some(_) => Arc::new(Bootless(Machine::here())),
        None => Machine::here(),
    };
    let desk = start_in(world, folder.into(), does == "status").await;
    let desk = TestDesk { desk, dir: tempfile::tempdir().unwrap() };
    if does == "exchange" {
        desk.exchange().await;
    } else if does == "status" {
        desk.until_up_to_date().await;
        println!("status {}", desk.call("sync_status", json!({})).await);
    } else {
        desk.rename(does["patient"].as_str().unwrap(), does["name"].as_str().unwrap(), "Ash").await;
    }
    desk.desk.close().await;
}

/// libfaketime, which sets the wall clock of one process.
fn library() -> PathBuf {
    let folders = ["/usr/lib", "/usr/lib64"].iter().flat_map(|folder| {
        let within = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|folder| folder.path());
        within.chain([PathBuf::from(folder)])
    });
    let mut files = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let found = files.find(|file| file.exists());
    found.unwrap_or_else(|| panic!("there is no libfaketime; `cargo xtask test` installs it"))
}

/// A desk that is only ever opened by processes with clocks of their own.
struct Wrong {
    dir: TempDir,
    bootless: bool,
}

impl Wrong {
    async fn of(desk: TestDesk, bootless: bool) -> Self {
        let TestDesk { desk, dir } = desk;
        desk.close().await;
        Self { dir, bootless }
    }

    /// Runs the child, its clock off by `offset` or right; returns what it says.
    async fn run(&self, offset: Option<&str>, does: Value) -> String {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "clocks::a_desk_with_another_clock", "--nocapture"]);
        command.env(FOLDER, self.dir.path()).env(DOES, does.to_string()).stdin(Stdio::null());
        if let Some(offset) = offset {
            command.env("LD_PRELOAD", library()).env("FAKETIME", offset);
            // Waiting takes as long as it takes.
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        if self.bootless {
            command.env(BOOTLESS, "1");
        }
        let output = command.output().await.unwrap();
        let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
        said.into_owned()
    }

    async fn rename(&self, offset: Option<&str>, patient: &str, name: &str) {
        self.run(offset, json!({"patient": patient, "name": name})).await;
    }

    async fn exchange(&self, offset: Option<&str>) {
        self.run(offset, json!("exchange")).await;
    }
}

/// A desk with a right clock, one with a wrong one, and a patient that both have.
async fn right_and_wrong(site: &Site, bootless: bool) -> (TestDesk, Wrong, String) {
    let [right, wrong] = TestDesk::two_quiet(site).await;
    let ann = right.create("Ann", "Ash").await;
    for desk in [&right, &wrong] {
        desk.exchange().await;
    }
    (right, Wrong::of(wrong, bootless).await, ann)
}

fn minutes_from_now(at: &Value) -> i64 {
    let at: DateTime<Utc> = serde_json::from_value(at.clone()).unwrap();
    (Machine::here().now() - at).num_minutes()
}

/// Both overwritten values are there to be judged, with times that can be.
async fn both_are_there_with_times(right: &TestDesk, about: &str) {
    let conflicts = right.conflicts().await;
    assert_eq!(conflicts.len(), 2, "{about}: {conflicts:?}");
    for conflict in conflicts {
        for side in ["winner", "loser"] {
            let at = &conflict[side]["at"];
            assert!(minutes_from_now(at).abs() < 10, "{about}: {side} at {at}");
        }
    }
    right.is_sound().await;
}

/// The wrong clock shows `made` when it edits and `sent` when it exchanges.
async fn neither_blocked_nor_favoured(site: &Site, made: Option<&str>, sent: Option<&str>, bootless: bool) {
    let about = format!("made at {made:?}, sent at {sent:?}, without a boot: {bootless}");
    let (right, wrong, ann) = right_and_wrong(site, bootless).await;
    // The wrong one writes first, the right one after it and is heard first: the later edit wins.
    wrong.rename(made, &ann, "Wrong first").await;
    right.rename(&ann, "Right later", "Ash").await;
    right.exchange().await;
    wrong.exchange(sent).await;
    right.exchange().await;
    assert_eq!(right.given(&ann).await, "Right later", "{about}");
    // And the other way round.
    wrong.exchange(sent).await;
    right.rename(&ann, "Right first", "Ash").await;
    wrong.rename(made, &ann, "Wrong later").await;
    right.exchange().await;
    wrong.exchange(sent).await;
    right.exchange().await;
    assert_eq!(right.given(&ann).await, "Wrong later", "{about}");
    both_are_there_with_times(&right, &about).await;
}

const OFFSETS: [&str; 2] = ["+10y", "-10y"];

/// Rule 4.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ten_years_wrong_neither_blocks_nor_favours_a_desk() {
    let Some(site) = site() else { return };
    for offset in OFFSETS {
        for bootless in [false, true] {
            neither_blocked_nor_favoured(&site, Some(offset), Some(offset), bootless).await;
        }
    }
}

/// Rule 4; clock drift stops sync with no explanation (actual#3786), and the device's clock as watermark (dynos-sync#93).
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_corrected_between_edit_and_push_neither_blocks_nor_favours_a_desk() {
    let Some(site) = site() else { return };
    for offset in OFFSETS {
        neither_blocked_nor_favoured(&site, Some(offset), None, false).await;
        // Or it went wrong only then.
        neither_blocked_nor_favoured(&site, None, Some(offset), false).await;
    }
}

/// Rule 4, where only the wall clock is known: nobody can tell how old the edit is, and it is never later than its receipt.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_boot_clock_an_edit_from_the_future_counts_as_of_its_receipt_and_one_from_the_past_is_taken()
 {
    let Some(site) = site() else { return };
    // Ten years ahead, then corrected: what is edited elsewhere after it was received wins, though nobody had seen it.
    let (right, wrong, ann) = right_and_wrong(&site, true).await;
    wrong.rename(Some("+10y"), &ann, "From the future").await;
    wrong.exchange(None).await;
    right.rename(&ann, "Right later", "Ash").await;
    right.exchange().await;
    wrong.exchange(None).await;
    right.exchange().await;
    assert_eq!(right.given(&ann).await, "Right later");
    let conflicts = right.conflicts().await;
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert!(minutes_from_now(&conflicts[0]["loser"]["at"]).abs() < 10, "{conflicts:?}");
    // Ten years behind, then corrected: taken, where nobody wrote against it.
    wrong.rename(Some("-10y"), &ann, "From the past").await;
    wrong.exchange(None).await;
    right.exchange().await;
    assert_eq!(right.given(&ann).await, "From the past");
    // And with the clock right it counts as any other.
    right.rename(&ann, "Right first", "Ash").await;
    wrong.rename(None, &ann, "Right again").await;
    right.exchange().await;
    wrong.exchange(None).await;
    right.exchange().await;
    assert_eq!(right.given(&ann).await, "Right again");
    right.is_sound().await;
}

/// Rules 4 and 19; clock drift stops sync with no explanation (actual#3786).
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_a_wrong_clock_says_so_and_goes_on() {
    let Some(site) = site() else { return };
    let (right, wrong, ann) = right_and_wrong(&site, false).await;
    const TEN_YEARS: i64 = 3_650 * 86_400;
    for (offset, ahead) in [(Some("+10y"), TEN_YEARS), (Some("-10y"), -TEN_YEARS), (None, 0)] {
        let name = format!("Ahead {ahead}");
        wrong.rename(offset, &ann, &name).await;
        let said = wrong.run(offset, json!("status")).await;
        let (_, status) = said.split_once("status {").unwrap_or_else(|| panic!("{said}"));
        let status = format!("{{{}", status.lines().next().unwrap());
        let status: contract::SyncStatus = serde_json::from_str(&status).unwrap();
        match status.clock_ahead_s {
            Some(told) => assert!((told - ahead).abs() < 30 * 86_400 && ahead != 0, "{offset:?}: {told}"),
            None => assert_eq!(ahead, 0),
        }
        assert_eq!((status.unsent, status.problem), (0, None));
        right.exchange().await;
        assert_eq!(right.given(&ann).await, name);
    }
}
