//! `cargo xtask soak`: what the tests do a few times, many times.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::step::{execute, step};
use crate::{install, page, project};

/// Repeat a test that works by chance.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Kill an import in the middle, again and again; each time whole chunks and a sound database stay.
    Import {
        /// How often.
        #[arg(long, default_value_t = 100)]
        times: u32,
    },
    /// Simulate desks and a server with whatever can go wrong between them; a failing seed can be run again.
    Sim {
        /// How many seeds.
        #[arg(long, default_value_t = 20_000)]
        seeds: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
}

pub fn run(options: &Options) -> Result<()> {
    match options.what {
        What::Import { times } => kill_imports(times),
        What::Sim { seeds, from } => simulate(from, from.saturating_add(seeds)),
    }
}

fn kill_imports(times: u32) -> Result<()> {
    step("Install what is missing", install::for_building)?;
    page::ensure_folder()?;
    step("Kill imports", || {
        execute(
            project::cargo("test")?
                .args(["--workspace", "--test", "import_kill"])
                .env("FRONTDESK_KILLS", times.to_string()),
            "The message above names the kill; the same place again: FRONTDESK_KILLS with the same number.",
        )
    })
}

fn simulate(from: u64, to: u64) -> Result<()> {
    step("Simulate sync", || {
        execute(
            project::cargo("test")?
                .args(["--package", "sync-engine", "--test", "engine", "simulation"])
                .env("FRONTDESK_SEEDS", format!("{from}..{to}")),
            "The message above names the seeds that failed; one of them again: FRONTDESK_SEED=N cargo test -p \
             sync-engine --test engine simulation",
        )
    })
}
