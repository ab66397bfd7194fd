//! The command line and whoever reads what it writes.

#![cfg(unix)]

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

fn commands() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.arg("commands").stderr(Stdio::piped());
    command
}

#[test]
fn a_reader_who_has_had_enough_is_no_fault() {
    let mut child = commands().stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.status.success());
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_told() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("a disk that is full");
    let ended = commands().stdout(full).output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(told.contains("could not be written"), "{told}");
}
