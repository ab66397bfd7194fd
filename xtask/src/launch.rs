//! Starts the app and learns from it when its first content is on the screen.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use headless::{Headless, Process};

use crate::interrupt::Interrupt;

/// What the app prints when the page has rendered its first content.
const READY: &str = "frontdesk: ready";
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// The running app.
pub struct App {
    process: Process,
    ready: Receiver<()>,
}

impl App {
    /// Starts `binary`; on the virtual display if there is one, else on the person's own.
    pub fn start(binary: &Path, arguments: &[String], headless: Option<&Headless>) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(arguments).stdout(Stdio::piped());
        if let Some(headless) = headless {
            headless.apply_to(&mut command);
        }
        let mut process =
            Process::start(command).with_context(|| format!("{} could not be started", binary.display()))?;
        let output = process.take_stdout().context("the app's output could not be read")?;
        Ok(Self { process, ready: pass_on(output) })
    }

    /// Waits until the first content is on the screen. False: somebody asked us to end meanwhile.
    pub fn wait_until_ready(&mut self, interrupt: &Interrupt) -> Result<bool> {
        let deadline = Instant::now() + READY_TIMEOUT;
        while Instant::now() < deadline {
            match self.ready.recv_timeout(POLL) {
                Ok(()) => return Ok(true),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.process.stop()?;
                    bail!("the app ended ({status}) before it showed anything; what it said stands above");
                }
                Err(RecvTimeoutError::Timeout) if interrupt.requested() => return Ok(false),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        bail!(
            "the app is running but showed nothing within {} s; `cargo xtask run --debug` says more",
            READY_TIMEOUT.as_secs()
        )
    }

    /// Waits until it ends by itself or somebody asks for it.
    pub fn wait(&mut self, interrupt: &Interrupt) -> Result<()> {
        loop {
            if let Some(status) = self.process.poll()? {
                return ended(status);
            }
            if interrupt.requested() {
                return self.stop();
            }
            thread::sleep(POLL);
        }
    }

    /// Lets it put its data in order and end.
    pub fn stop(&mut self) -> Result<()> {
        ended(self.process.stop()?)
    }

    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.poll()?.is_some())
    }
}

fn ended(status: ExitStatus) -> Result<()> {
    match status.success() {
        true => Ok(()),
        false => bail!("the app ended with {status}; what it said stands above"),
    }
}

/// Passes the app's output on to ours, line by line, and tells when the line comes that it is ready.
fn pass_on(output: impl Read + Send + 'static) -> Receiver<()> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            if line == READY {
                // Nobody listens any more once the window has been shown.
                let _ = sender.send(());
            }
        }
    });
    receiver
}
