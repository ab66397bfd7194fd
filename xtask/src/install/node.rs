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
        &format!(
            "It needs Node {OLDEST_NODE} or newer with npm (`node --version`) and a way to the npm registry."
        ),
    )
}

/// Debian 12's. Newer ones are taken too.
const OLDEST_NODE: u32 = 18;

/// npm writes its own lock file into the folder as the last thing that it does.
fn is_current(page: &Path) -> bool {
    let changed = |path: &str| -> Option<SystemTime> { fs::metadata(page.join(path)).ok()?.modified().ok() };
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Some(installed), Some(wanted)) => installed >= wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The oldest Node that a range like `^18.0.0 || >= 20` lets in.
    fn oldest(range: &str) -> Option<u32> {
        let first_number = |part: &str| {
            let digits = part.trim_start_matches(|c: char| !c.is_ascii_digit());
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        range.split("||").filter_map(first_number).min()
    }

    /// Where Node is too old for a package, npm leaves out the binary of the platform without a word.
    #[test]
    fn every_package_runs_on_the_oldest_node() {
        let lock = fs::read_to_string(project::page_dir().join("package-lock.json")).expect("read");
        let lock: Value = serde_json::from_str(&lock).expect("JSON");
        let packages = lock["packages"].as_object().expect("packages");
        let wants = |package: &Value| package["engines"]["node"].as_str().and_then(oldest);
        let too_new: Vec<_> = packages
            .iter()
            .filter(|(_, package)| wants(package).is_some_and(|node| node > OLDEST_NODE))
            .map(|(name, _)| name)
            .collect();
        assert!(packages.len() > 20 && too_new.is_empty(), "{too_new:?}");
    }
}
