//! The clinic that is measured.

use anyhow::{Result, anyhow};
use app::{Desk, DeskOptions};
use contract::ErrorBody;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A desk whose changes are captured as on a paired device.
pub async fn open(dir: &Path) -> Result<Desk> {
    let mut options = DeskOptions::new(dir.to_owned());
    options.passphrase = Some(Zeroizing::new(e2e::PASSPHRASE.to_owned()));
    let desk = Desk::start(options).await;
    let store = desk.store().map_err(failed)?;
    store.set_paired(true).await?;
    Ok(desk)
}

/// A failed command as an error of the benchmark.
pub fn failed(error: ErrorBody) -> anyhow::Error {
    anyhow!("{:?}: {}", error.code, error.message)
}

/// One call: its answer, how long it took until that was ready to go to a page, and what it cost.
pub async fn timed(desk: &Desk, command: &str, request: Value) -> Result<(Value, Duration, u64, u64)> {
    let started = Instant::now();
    let (answer, cost) = desk.answer(command, request).await;
    let took = started.elapsed();
    let answer = serde_json::from_str(&answer.map_err(failed)?)?;
    Ok((answer, took, cost.statements, cost.vm_steps))
}
