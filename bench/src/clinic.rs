//! The clinic that is measured.

use anyhow::{Result, anyhow};
use app::{Desk, DeskOptions};
use chrono::DateTime;
use contract::ErrorBody;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use store::sync::{Pairing, join};
use store::{Context, Usage};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Of the clinic of a server that is not there.
const CLINIC: Uuid = Uuid::from_u128(7);

/// A desk whose changes are captured as on a paired device.
pub async fn open(dir: &Path) -> Result<Desk> {
    let mut options = DeskOptions::new(dir.to_owned());
    options.passphrase = Some(Zeroizing::new(e2e::PASSPHRASE.to_owned()));
    let desk = Desk::start(options).await;
    let store = desk.store().map_err(failed)?;
    let context = Context {
        transaction: CLINIC,
        actor: store.owner(),
        at: DateTime::default(),
        boot_ms: 0,
        boot: None,
        command: "bench",
    };
    let pairing = Pairing {
        clinic: CLINIC,
        address: String::new(),
        token: String::new(),
        authority: None,
        device_name: String::new(),
    };
    join(&store, &Usage::default(), context, &pairing).await?;
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
