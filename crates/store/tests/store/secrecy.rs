//! The key is nowhere but in memory.

use crate::support::*;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use store::Usage;
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const NAME: &str = "a_process_that_logs_everything";

/// Only does something as a child of the test below: a subscriber is for a whole process.
#[test]
fn a_process_that_logs_everything() {
    if std::env::var_os("FRONTDESK_TEST_CHILD").is_none() {
        return;
    }
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).init();
    runtime().block_on(async {
        tracing::trace!("everything is logged");
        let desk = Desk::new().await;
        desk.insert(&[patient(1, "Ann Ash")]).await;
        let mut write = desk.begin().await;
        assert!(execute(&mut write, "SELECT * FROM no_such_table").await.is_err());
        let shown = format!("{:?} {:?} {:?}", desk.store, write.context(), Usage::default());
        log.clone().write_all(shown.as_bytes()).unwrap();
        drop(write);
        let read = desk.store.read(&Usage::default()).await.unwrap();
        read.end().await.unwrap();
        let _ = store::Store::open(
            &desk.path(),
            &store::DatabaseKey(zeroize::Zeroizing::new([8; 32])),
            identity(),
        )
        .await;
        desk.store.close().await;
    });
    let log = log.0.lock().unwrap().clone();
    std::io::stdout().write_all(&log).unwrap();
}

#[test]
fn the_key_is_in_no_log_and_in_nothing_that_is_shown() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("secrecy::{NAME}"), "--nocapture"])
        .env("FRONTDESK_TEST_CHILD", "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).to_lowercase();
    assert!(text.contains("everything is logged"), "nothing was logged:\n{text}");
    for key in ["07070707", "08080808", "7, 7, 7", "8, 8, 8", "7,7,7", "pragma key"] {
        assert!(!text.contains(key), "{key} is in the log");
    }
}
