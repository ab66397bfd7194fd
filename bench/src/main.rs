//! Benchmarks on real encrypted databases: cipher on, capture on, FULL.
//!
//! `cargo xtask bench` builds this in release and runs it.

mod clinic;
mod line;
mod patients;
mod startup;
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
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().suite {
        Suite::Patients(options) => patients::run(&options).await,
    }
}
