//! `cargo xtask bench`: figures, from a release build on real databases.

use anyhow::Result;
use clap::Args;

use crate::build::{self, Profile};
use crate::step::{execute, step};
use crate::{install, page, project};

/// Measure what people wait for, in a release build: `cargo xtask bench patients --json`.
#[derive(Args)]
pub struct Options {
    /// The suite: patients.
    suite: String,

    /// One JSON object a line on standard output; progress goes to standard error.
    #[arg(long)]
    json: bool,

    /// Leave out what needs the window.
    #[arg(long)]
    no_window: bool,

    /// Passed on to the suite, for example `--rows 5000`.
    #[arg(last = true, value_name = "SUITE ARGS")]
    suite_args: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let driver = step("Install what is missing", || match options.no_window {
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
    let mut bench =
        std::process::Command::new(app.with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    bench.arg(&options.suite).args(&options.suite_args);
    if options.json {
        bench.arg("--json");
    }
    if let Some(driver) = driver {
        bench.env("FRONTDESK_E2E_APP", app).env("FRONTDESK_E2E_DRIVER", driver);
    }
    execute(&mut bench, "The message above says what is missing.")
}
