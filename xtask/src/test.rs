//! `cargo xtask test`: every test there is, the ones in the real window included.

use anyhow::Result;
use clap::Args;

use crate::build::{self, Profile};
use crate::step::{execute, step};
use crate::{install, page, project};

/// The crates that also have to compile for the page, besides the page itself.
const SHARED_WITH_PAGE: [&str; 2] = ["domain", "contract"];

/// Install what is missing and run every test: unit, store, WebAssembly and the real window.
#[derive(Args)]
pub struct Options {
    /// Passed on to `cargo test`, for example a test's name.
    #[arg(last = true, value_name = "CARGO TEST ARGS")]
    cargo_args: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let driver = step("Install what is missing", install::for_window_tests)?;
    step("Compile for WebAssembly", compile_for_wasm)?;
    page::build(Profile::Debug)?;
    step("Compile the app and the tests", compile_tests)?;
    step("Run the tests", || {
        execute(
            project::cargo("test")?
                .arg("--workspace")
                .args(&options.cargo_args)
                .env("FRONTDESK_E2E_APP", build::app_binary(Profile::Debug)?)
                .env("FRONTDESK_E2E_DRIVER", driver),
            "The failed tests are listed above. One of them alone: `cargo xtask test -- NAME`. Pictures of \
             the window at the time of a failure are in target/screens.",
        )
    })
}

fn compile_for_wasm() -> Result<()> {
    let packages = SHARED_WITH_PAGE.iter().chain(&["ui"]).flat_map(|name| ["--package", name]);
    execute(
        project::cargo("build")?.args(["--target", "wasm32-unknown-unknown"]).args(packages),
        "Only what runs in the window may go into these crates: no files, clock, threads or randomness.",
    )
}

/// The app comes out of the same compilation as the tests: built alone it would have fewer features
/// switched on in what it shares with them, and all of that would be compiled twice.
fn compile_tests() -> Result<()> {
    execute(
        project::cargo("build")?.args(["--workspace", "--bins", "--tests"]),
        "The compiler's messages above say where.",
    )
}
