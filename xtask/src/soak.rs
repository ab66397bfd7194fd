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
}

pub fn run(options: &Options) -> Result<()> {
    let What::Import { times } = options.what;
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
