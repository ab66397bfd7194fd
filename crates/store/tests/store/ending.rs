//! The process ends while databases are open, being opened or being closed.

use crate::support::Desk;
use std::process::Command;
use tokio::sync::mpsc;

/// Ends of a process that are tried.
const ENDS: usize = 40;
/// Databases that are in use at the end.
const DESKS: usize = 4;

#[test]
fn a_process_may_end_while_its_databases_are_being_closed() {
    ends_well("ending::databases_are_dropped_and_not_closed");
}

#[test]
fn a_process_may_end_while_its_databases_are_opened_and_read() {
    ends_well("ending::databases_are_opened_and_read_to_the_end");
}

fn ends_well(child: &str) {
    // A process that ends by the way leaves its files.
    let directory = tempfile::tempdir().unwrap();
    for end in 0..ENDS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([child, "--exact", "--ignored", "--quiet"])
            .env("TMPDIR", directory.path())
            .output()
            .unwrap();
        assert!(child.status.success(), "end {end}: {}", child.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "the child of a test above"]
async fn databases_are_dropped_and_not_closed() {
    let mut desks = Vec::new();
    for _ in 0..DESKS {
        desks.push(Desk::new().await);
    }
    drop(desks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of a test above"]
async fn databases_are_opened_and_read_to_the_end() {
    let (read, mut reads) = mpsc::unbounded_channel();
    for _ in 0..DESKS {
        let read = read.clone();
        tokio::spawn(async move {
            loop {
                let desk = Desk::new().await;
                read.send(desk.synced().await.len()).unwrap();
            }
        });
    }
    // By now the tasks are at all there is to be at.
    for _ in 0..2 * DESKS {
        reads.recv().await.unwrap();
    }
    std::process::exit(0);
}
