//! Benchmarks on what people use: encrypted databases with cipher, capture and FULL; a server on a Postgres that waits
//! for its disk.
//!
//! `cargo xtask bench` builds this in release and runs it.

mod clinic;
mod fleet;
mod invoices;
mod line;
mod patients;
mod startup;
mod sync;
mod window;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures what people wait for.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Lists, search, a patient's page, creating, importing and starting.
    Patients(patients::Options),
    /// Pushing, pulling, an edit from desk to desk, a first copy.
    Sync(sync::Options),
    /// Lines, issuing, payments, lists.
    Invoices(invoices::Options),
    /// Devices on one server, each pushing once a second.
    Fleet(fleet::Options),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().suite {
        Suite::Patients(options) => patients::run(&options).await,
        Suite::Sync(options) => sync::run(&options).await,
        Suite::Invoices(options) => invoices::run(&options).await,
        Suite::Fleet(options) => fleet::run(&options).await,
    }
}
