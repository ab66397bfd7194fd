//! `cargo xtask bench`: figures, from a release build on real databases.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::build::{self, Profile};
use crate::step::{execute, step};
use crate::{install, page, project};

/// Measure what people wait for, in a release build: `cargo xtask bench patients --json`.
#[derive(Args)]
pub struct Options {
    /// The suite: patients, invoices, sync or fleet.
    suite: String,

    /// One JSON object a line on standard output; progress goes to standard error.
    #[arg(long)]
    json: bool,

    /// Leave out what needs the window.
    #[arg(long)]
    no_window: bool,

    /// Passed on to the suite, for example `--rows 5000`; `--help` behind `--` tells what there is.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SUITE ARGS")]
    suite_args: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    if ["sync", "fleet"].contains(&options.suite.as_str()) {
        return with_server(options);
    }
    // Only the suite of patients opens it.
    let without_window = options.no_window || options.suite == "invoices";
    let driver = step("Install what is missing", || match without_window {
        true => install::for_building().map(|()| None),
        false => install::for_window_tests().map(Some),
    })?;
    if driver.is_none() {
        page::ensure_folder()?;
    } else {
        page::build(Profile::Release)?;
        // By itself: what is measured is what ships, and not a build with features of the benchmark's.
        step("Build the app", || build::app(Profile::Release))?;
    }
    step("Build the benchmark", || {
        execute(
            project::cargo("build")?.args(["--release", "--package", "bench"]),
            "The compiler's messages above say where.",
        )
    })?;
    let app = build::app_binary(Profile::Release)?;
    let mut bench = suite(options)?;
    if let Some(driver) = driver {
        bench.env("FRONTDESK_E2E_APP", app).env("FRONTDESK_E2E_DRIVER", driver);
    }
    execute(&mut bench, "The message above says what is missing.")
}

/// Desks or devices on one server, without a window.
fn with_server(options: &Options) -> Result<()> {
    step("Install what is missing", || {
        install::for_building()?;
        install::postgres()
    })?;
    page::ensure_folder()?;
    step("Build the server and the benchmark", || {
        execute(
            project::cargo("build")?.args(["--release", "--package", "bench", "--package", "sync-server"]),
            "The compiler's messages above say where.",
        )
    })?;
    execute(&mut suite(options)?, "The message above says what is missing.")
}

/// The benchmark with what is passed on to it.
fn suite(options: &Options) -> Result<Command> {
    let app = build::app_binary(Profile::Release)?;
    let mut bench = Command::new(app.with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    bench.arg(&options.suite).args(&options.suite_args);
    if options.json {
        bench.arg("--json");
    }
    Ok(bench)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn what_a_suite_alone_knows_is_passed_on_to_it_with_or_without_dashes_before() {
        for dashes in [&[][..], &["--"]] {
            let line = [&["xtask", "fleet", "--json"], dashes, &["--devices", "20", "--hints"]].concat();
            let options = Cli::try_parse_from(line).expect("it is understood").options;
            assert!(options.json && options.suite == "fleet");
            assert_eq!(options.suite_args, ["--devices", "20", "--hints"]);
        }
    }
}
