//! The server as whoever runs it starts it.

use headless::Process;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The server as a process of its own.
pub struct Server {
    pub process: Process,
    pub address: String,
}

impl Server {
    pub fn start(url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sync-server"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(command).unwrap();
        let mut line = String::new();
        BufReader::new(process.take_stdout().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving on ").unwrap_or_else(|| panic!("it said {line:?}"));
        Self { process, address: address.to_owned() }
    }
}
