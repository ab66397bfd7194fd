//! What the page's build takes from npm, at the versions of `ui/package-lock.json`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::project;
use crate::step::{execute, note};

/// Installs the packages unless they are those of the lock file already.
pub fn install_packages() -> Result<()> {
    let page = project::page_dir();
    if is_current(&page) {
        return Ok(());
    }
    note("npm packages");
    // No package's install script is needed here, so none gets to run.
    execute(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"])
            .current_dir(&page),
        "It needs Node 18 or newer with npm (`node --version`) and a way to the npm registry.",
    )
}

/// npm writes its own lock file into the folder as the last thing that it does.
fn is_current(page: &Path) -> bool {
    let changed = |path: &str| -> Option<SystemTime> { fs::metadata(page.join(path)).ok()?.modified().ok() };
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Some(installed), Some(wanted)) => installed >= wanted,
        _ => false,
    }
}
