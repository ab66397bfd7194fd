//! `cargo xtask tidy`: what the architecture promises, read off the code.

mod layers;
mod proofs;
mod sources;
mod tables;

use anyhow::{Result, bail};
use clap::Args;

/// Check who imports whom, and the habits that no lint knows.
#[derive(Args)]
pub struct Options {}

pub fn run(_options: &Options) -> Result<()> {
    crate::step::step("Layering and habits", check)
}

/// Every breach, each as one line that says where and what to do.
pub fn check() -> Result<()> {
    let mut breaches = layers::breaches(&layers::read_workspace()?);
    let files = sources::files(crate::project::root())?;
    breaches.extend(sources::breaches(&files));
    breaches.extend(proofs::breaches(&files));
    breaches.extend(tables::breaches(crate::project::root())?);
    if breaches.is_empty() {
        return Ok(());
    }
    breaches.iter().for_each(|breach| eprintln!("  {breach}"));
    bail!("{} found; each line above says where and what to do", breaches.len())
}
