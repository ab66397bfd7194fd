//! A desk whose clock is wrong by years.

use crate::support::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const FOLDER: &str = "FRONTDESK_TEST_WRONG_CLOCK";
const PATIENT: &str = "FRONTDESK_TEST_PATIENT";
/// The name to write; without one the desk exchanges with the server.
const NAME: &str = "FRONTDESK_TEST_NAME";

/// Only does something as a child of the test below, with a clock of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_another_clock() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let desk = TestDesk { desk: start(folder.into(), false).await, dir: tempfile::tempdir().unwrap() };
    match std::env::var(NAME) {
        Ok(name) => desk.rename(&std::env::var(PATIENT).unwrap(), &name, "Ash").await,
        Err(_) => desk.exchange().await,
    }
    desk.desk.close().await;
}

/// Debian's libfaketime, which sets the wall clock of one process.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let library =
        folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.exists());
    if library.is_none() {
        eprintln!("skipped: there is no libfaketime; `cargo xtask test` installs it");
    }
    library
}

/// Runs the child on a desk's folder with its clock off by `offset`.
async fn run(library: &Path, offset: &str, folder: &Path, rename: Option<(&str, &str)>) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "clocks::a_desk_with_another_clock", "--nocapture"]);
    command.env(FOLDER, folder).env("LD_PRELOAD", library).env("FAKETIME", offset);
    // Waiting takes as long as it takes.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").stdin(Stdio::null());
    if let Some((patient, name)) = rename {
        command.env(PATIENT, patient).env(NAME, name);
    }
    let output = command.output().await.unwrap();
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ten_years_wrong_neither_blocks_nor_favours_a_desk() {
    let (Some(site), Some(library)) = (site(), library()) else { return };
    for offset in ["+10y", "-10y"] {
        let [right, wrong] = TestDesk::two_quiet(&site).await;
        let ann = right.create("Ann", "Ash").await;
        for desk in [&right, &wrong] {
            desk.exchange().await;
        }
        let TestDesk { desk, dir } = wrong;
        desk.close().await;
        drop(desk);
        // The wrong one writes first, the right one after it and is heard first: the later edit wins.
        run(&library, offset, dir.path(), Some((&ann, "Wrong first"))).await;
        right.rename(&ann, "Right later", "Ash").await;
        right.exchange().await;
        run(&library, offset, dir.path(), None).await;
        right.exchange().await;
        assert_eq!(right.given(&ann).await, "Right later", "{offset}");
        // And the other way round.
        run(&library, offset, dir.path(), None).await;
        right.rename(&ann, "Right first", "Ash").await;
        run(&library, offset, dir.path(), Some((&ann, "Wrong later"))).await;
        right.exchange().await;
        run(&library, offset, dir.path(), None).await;
        right.exchange().await;
        assert_eq!(right.given(&ann).await, "Wrong later", "{offset}");
        // Both overwritten values are there to be judged, with times that can be.
        let conflicts = right.conflicts().await;
        assert_eq!(conflicts.len(), 2, "{offset}: {conflicts:?}");
        for conflict in conflicts {
            for side in ["winner", "loser"] {
                let at: chrono::DateTime<chrono::Utc> =
                    serde_json::from_value(conflict[side]["at"].clone()).unwrap();
                let now = app::World::now(&*app::Machine::here());
                assert!((now - at).num_minutes().abs() < 10, "{offset}: {side} at {at}");
            }
        }
        assert_eq!(right.call("doctor", json!({})).await["ok"], true);
    }
}
