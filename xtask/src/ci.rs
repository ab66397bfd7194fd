//! `cargo xtask ci`: what has to be true of the code besides its tests.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::step::{execute, step};
use crate::{install, page, project, tidy};

/// Check format, lints, layering, licences, unused dependencies and documentation.
#[derive(Args)]
pub struct Options {}

pub fn run(_options: &Options) -> Result<()> {
    step("Install what is missing", install::for_building)?;
    page::ensure_folder()?;
    step("Format", format)?;
    step("Layering and habits", tidy::check)?;
    step("Lints", lints)?;
    step("Lints of the page", lints_of_page)?;
    step("Licences and sources", licences)?;
    step("Unused dependencies", unused_dependencies)?;
    step("Documentation", documentation)
}

fn format() -> Result<()> {
    execute(project::cargo("fmt")?.args(["--all", "--check"]), "`cargo fmt --all` puts it right.")
}

const LINT_ADVICE: &str =
    "Each message above says how to put it right, or allow it at that place with the reason.";

fn lints() -> Result<()> {
    execute(
        project::cargo("clippy")?.args(["--workspace", "--all-targets", "--", "--deny", "warnings"]),
        LINT_ADVICE,
    )
}

fn lints_of_page() -> Result<()> {
    execute(
        project::cargo("clippy")?.args([
            "--package",
            "ui",
            "--target",
            "wasm32-unknown-unknown",
            "--",
            "--deny",
            "warnings",
        ]),
        LINT_ADVICE,
    )
}

/// Advisories are left out: they would need a database from a host that a build machine need not reach.
fn licences() -> Result<()> {
    let program = install::cargo_deny()?;
    // Building brings what this machine needs; the crates of the other systems are looked at too.
    execute(
        project::cargo("fetch")?.arg("--locked"),
        "Cargo's messages above say which crate did not come.",
    )?;
    execute(
        Command::new(program).current_dir(project::root()).args([
            "--offline",
            "check",
            "bans",
            "licenses",
            "sources",
        ]),
        "deny.toml lists what is allowed; take another crate, or add to it with the reason.",
    )
}

fn unused_dependencies() -> Result<()> {
    let program = install::cargo_machete()?;
    execute(
        Command::new(program).current_dir(project::root()),
        "Remove what it lists from that Cargo.toml, or name it under [package.metadata.cargo-machete].",
    )
}

fn documentation() -> Result<()> {
    execute(
        project::cargo("doc")?
            .args(["--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links"),
        "The messages above say which comment.",
    )
}
