//! What was acknowledged is there after the process was killed.

use crate::support::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

const DIRECTORY: &str = "FRONTDESK_TEST_JOURNAL";

/// Only does something as a child of the test below: writes until it is killed.
#[test]
fn a_process_that_writes() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    runtime().block_on(async {
        let store = open(std::path::Path::new(&directory).join("frontdesk.db")).await.unwrap();
        for n in 1..u64::MAX {
            let mut write = store.write(&store::Usage::default(), context(n)).await.unwrap();
            let one = patient(n.into(), "Ann Ash").phone("+15550100").tag("VIP");
            store::patient::insert_patients(&mut write, &[one], at(0)).await.unwrap();
            write.commit().await.unwrap();
            println!("saved {n}");
            std::io::stdout().flush().unwrap();
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_that_it_had_acknowledged() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..5 {
        let desk = runtime().block_on(Desk::paired());
        let directory = &desk.directory;
        runtime().block_on(desk.store.close());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::a_process_that_writes", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut saved = 0_u64;
        let mut killed = false;
        for line in output.lines() {
            // The harness writes the test's name before the first line.
            if let Some((_, n)) = line.unwrap().split_once("saved ") {
                saved = n.parse().unwrap();
            }
            if saved > 0 && !killed {
                let wait = Duration::from_micros(random.random_range(0..200_000));
                let id = child.id();
                killed = true;
                std::thread::spawn(move || {
                    std::thread::sleep(wait);
                    Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
                });
            }
        }
        assert!(!child.wait().unwrap().success());
        runtime().block_on(async {
            let store = open(directory.path().join("frontdesk.db")).await.unwrap();
            let mut read = store.read(&store::Usage::default()).await.unwrap();
            let (last, patients, ops, transactions): (i64, i64, i64, i64) = sqlx::query_as(
                "SELECT (SELECT max(last_seq) FROM transaction_log), (SELECT count(*) FROM patient),
                        (SELECT count(*) FROM outbox), (SELECT count(*) FROM transaction_log)",
            )
            .fetch_one(&mut *read)
            .await
            .unwrap();
            read.end().await.unwrap();
            let saved = i64::try_from(saved).unwrap();
            assert!(patients == saved || patients == saved + 1, "{patients} patients, {saved} acknowledged");
            assert_eq!((ops, last, transactions), (patients * 3, patients * 3, patients));
            assert!(store.doctor().await.unwrap().iter().all(|check| check.ok));
        });
    }
}
