//! The process ends while databases are open or being closed.

use crate::support::Desk;
use std::process::Command;

/// Ends of a process that are tried.
const ENDS: usize = 40;

#[test]
fn a_process_may_end_while_its_databases_are_being_closed() {
    for end in 0..ENDS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["ending::databases_are_dropped_and_not_closed", "--exact", "--ignored", "--quiet"])
            .output()
            .unwrap();
        assert!(child.status.success(), "end {end}: {}", child.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "the child of the test above"]
async fn databases_are_dropped_and_not_closed() {
    let mut desks = Vec::new();
    for _ in 0..4 {
        desks.push(Desk::new().await);
    }
    drop(desks);
}
