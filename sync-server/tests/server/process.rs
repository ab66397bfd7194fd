//! The server as whoever runs it starts it.

use crate::site::{SERVER, Site};
use headless::Process;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The server as a process of its own.
pub struct Server {
    pub process: Process,
    pub address: String,
}

impl Server {
    pub fn start(url: &str) -> Self {
        Self::start_with(&["--listen", "127.0.0.1:0", "--database-url", url], &[])
    }

    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sync-server"));
        command.arg("serve").args(arguments).env_clear().envs(environment.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(command).unwrap();
        let mut line = String::new();
        BufReader::new(process.take_stdout().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving on ").unwrap_or_else(|| panic!("it said {line:?}"));
        Self { process, address: address.to_owned() }
    }
}

/// What the command line says when it is asked to serve like this; it must not begin to.
pub fn refusal(site: &Site, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sync-server"));
    command.args(["serve", "--database-url", &site.url(SERVER)]).args(arguments).env_clear();
    let file = tempfile::NamedTempFile::new().unwrap();
    command.stdout(Stdio::null()).stderr(file.reopen().unwrap());
    let mut process = Process::start(command).unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.poll().unwrap() {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it serves: {arguments:?}");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(!status.success(), "{arguments:?}");
    std::fs::read_to_string(file.path()).unwrap()
}
