//! From the start of the process to the first patient on the screen.

use crate::line::{Line, Samples};
use anyhow::{Context, Result, bail};
use e2e::DataFolder;
use headless::{Headless, Process, ScreenSize};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What the app prints when the page has rendered its first content.
const READY: &str = "frontdesk: ready";
const STARTS: usize = 7;

/// Starts the app some times on a virtual display; the first start, which warms the page cache, does
/// not count.
pub fn measure(app: &Path, data: &DataFolder, suite: &'static str, rows: u64) -> Result<Line> {
    let display = Headless::start(ScreenSize::LARGE)?;
    let mut samples = Samples::default();
    for start in 0..=STARTS {
        let mut command = Command::new(app);
        command
            .arg("--data-dir")
            .arg(data.data_dir())
            .env("FRONTDESK_PASSPHRASE_FILE", data.passphrase_file())
            .stdout(Stdio::piped());
        display.apply_to(&mut command);
        let started = Instant::now();
        let mut process = Process::start(command).context("the app could not be started")?;
        let output = process.take_stdout().context("the app's output could not be read")?;
        let ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line == READY);
        let took = started.elapsed();
        process.stop()?;
        if !ready {
            bail!("the app ended before it showed anything");
        }
        if start > 0 {
            samples.add(took, 0, 0);
        }
    }
    Ok(samples.line(suite, "startup_to_interactive", rows))
}
