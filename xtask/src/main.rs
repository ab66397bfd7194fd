//! `cargo xtask`: everything that is done with this project, from a fresh clone on.
//!
//! One module per subcommand, and small ones below them for what they share.

mod bench;
mod build;
mod ci;
mod demo;
mod dev;
mod fingerprint;
mod install;
mod interrupt;
mod launch;
mod page;
mod project;
mod run;
mod soak;
mod step;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, run, test and check Frontdesk. Whatever is missing on Debian is installed first.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Options),
    Test(test::Options),
    Ci(ci::Options),
    Bench(bench::Options),
    Demo(demo::Options),
    Dev(dev::Options),
    Page(page::Options),
    Soak(soak::Options),
    Tidy(tidy::Options),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    match project::claim_target_dir().and_then(|()| execute(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::report_failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Ci(options) => ci::run(&options),
        Command::Dev(options) => dev::run(&options),
        Command::Page(options) => page::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Tidy(options) => tidy::run(&options),
    }
}
