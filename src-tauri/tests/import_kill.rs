//! `kill -9` in the middle of an import leaves whole chunks and a sound database.
//!
//! Five times in the suite; `cargo xtask soak import` does it a hundred times.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Rows of the file: some seconds of work.
const ROWS: u64 = 6_000;
/// Rows of one transaction, as the import has them.
const CHUNK_ROWS: u64 = 500;

#[test]
fn a_killed_import_leaves_whole_chunks_and_goes_on_where_it_was() {
    let kills: u32 = std::env::var("FRONTDESK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("passphrase"), "correct horse battery").expect("written");
    std::fs::write(folder.path().join("clinic.csv"), csv()).expect("written");
    let whole = time_of_a_whole_import(folder.path());
    for kill in 0..kills {
        let data = folder.path().join(format!("data-{kill}"));
        // From before the first chunk to after the last, evenly, so that few runs meet them all.
        let at = whole.mul_f64((f64::from(kill) + 0.5) / f64::from(kills));
        kill_import(folder.path(), &data, at);
        check(folder.path(), &data, kill, at);
        // The earliest kills are before there is a folder.
        if data.exists() {
            std::fs::remove_dir_all(&data).expect("removed");
        }
    }
}

fn csv() -> String {
    let mut file = String::from("Id,First,Last,Birth date,Phone\n");
    for i in 0..ROWS {
        let (month, day) = (i % 12 + 1, i % 28 + 1);
        writeln!(
            file,
            "{i},Given{i},Family{},19{:02}-{month:02}-{day:02},617555{:04}",
            i % 97,
            i % 90 + 10,
            i % 10_000
        )
        .expect("text");
    }
    file
}

fn frontdesk(folder: &Path, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.arg("--data-dir").arg(data).env("FRONTDESK_PASSPHRASE_FILE", folder.join("passphrase"));
    command.stdin(Stdio::null());
    command
}

fn import(folder: &Path, data: &Path) -> Command {
    let mut command = frontdesk(folder, data);
    command
        .args(["import", "csv"])
        .arg(folder.join("clinic.csv"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn time_of_a_whole_import(folder: &Path) -> Duration {
    let data = folder.join("whole");
    let started = Instant::now();
    assert!(import(folder, &data).status().expect("a run").success());
    started.elapsed()
}

fn kill_import(folder: &Path, data: &Path, at: Duration) {
    let mut running = import(folder, data).spawn().expect("a process");
    std::thread::sleep(at);
    // It may have ended already; then there is nothing to kill.
    let _ = running.kill();
    running.wait().expect("an end");
}

fn call(folder: &Path, data: &Path, command: &str, request: &str) -> Value {
    let Output { stdout, stderr, status } =
        frontdesk(folder, data).args(["call", command, request]).output().expect("a run");
    assert!(status.success(), "{command}: {}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).expect("JSON")
}

fn check(folder: &Path, data: &Path, kill: u32, at: Duration) {
    if !data.join("key.json").exists() {
        // Killed before there was anything: the next start begins anew.
        return;
    }
    let place = format!("kill {kill} after {at:?}");
    let doctor = frontdesk(folder, data).args(["doctor", "--json"]).output().expect("a run");
    assert!(doctor.status.success(), "{place}: {}", String::from_utf8_lossy(&doctor.stdout));
    let patients = call(folder, data, "patient_list", r#"{"limit": 1}"#)["count"]["n"].clone();
    let imports = call(folder, data, "import_list", "{}");
    let Some(job) = imports["rows"].get(0) else {
        assert_eq!(patients, 0, "{place}");
        return;
    };
    assert_eq!(job["added"], patients, "{place}: {job}");
    let done = job["rows_done"].as_u64().expect("a number");
    assert!(done % CHUNK_ROWS == 0 || done == ROWS, "{place}: {job}");
    if job["phase"] == "paused" {
        call(folder, data, "import_run", &json!({"id": job["id"]}).to_string());
        let resumed = call(folder, data, "import_progress", &json!({"id": job["id"]}).to_string());
        assert_eq!(
            (&resumed["phase"], &resumed["added"]),
            (&json!("done"), &json!(ROWS)),
            "{place}: {resumed}"
        );
    }
}
