//! Programs that come from Python packages, each in an environment of its own beside the shared build cache.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project;
use crate::step::{execute, note};

/// A package at a fixed version, and its program.
#[derive(Clone, Copy)]
pub struct Tool {
    package: &'static str,
    version: &'static str,
    program: &'static str,
}

pub const SCHEMATHESIS: Tool = Tool { package: "schemathesis", version: "4.32.5", program: "st" };

/// Installs the package unless this version is there. Gives back where the program is.
pub fn install(tool: Tool) -> Result<PathBuf> {
    let folder = project::tools_dir()?.join(format!("{}-{}", tool.package, tool.version));
    let (program, whole) = (folder.join("bin").join(tool.program), folder.join("whole"));
    if whole.exists() {
        return Ok(program);
    }
    note(&format!("{} {}", tool.package, tool.version));
    let advice =
        "It needs Python 3 with venv and a way to the Python Package Index; run the command again then.";
    execute(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), advice)?;
    let package = format!("{}=={}", tool.package, tool.version);
    let pip = folder.join("bin").join("pip");
    execute(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", &package]), advice)?;
    // An interrupted installation is not taken for one.
    fs::write(&whole, "").with_context(|| format!("{} cannot be written", whole.display()))?;
    Ok(program)
}
