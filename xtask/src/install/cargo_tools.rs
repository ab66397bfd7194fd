//! Programs that come from crates, kept beside the shared build cache and out of the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project;
use crate::step::{execute, note};

/// A program to build from a crate, at a fixed version.
#[derive(Clone, Copy)]
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

pub const TAURI_DRIVER: Tool = Tool { name: "tauri-driver", version: "2.1.0" };
pub const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
pub const CARGO_MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2" };

/// Builds the tool unless this version is there. Gives back where the program is.
pub fn install(tool: Tool) -> Result<PathBuf> {
    let tools = project::tools_dir()?;
    let program = tools.join("bin").join(format!("{}{}", tool.name, std::env::consts::EXE_SUFFIX));
    if program.exists() && is_recorded(tool, &tools) {
        return Ok(program);
    }
    note(&format!("{} {} (once; this compiles for a few minutes)", tool.name, tool.version));
    // Not optimised: they wait for others or work for a second, and compile in half the time.
    execute(
        project::cargo("install")?
            .args([
                tool.name,
                "--version",
                tool.version,
                "--locked",
                "--debug",
                "--quiet",
                "--force",
                "--root",
            ])
            .arg(&tools),
        "It needs a way to crates.io; run the command again when there is one.",
    )?;
    Ok(program)
}

/// Cargo keeps a list of what it installed below a root.
fn is_recorded(tool: Tool, tools: &Path) -> bool {
    let entry = format!("\"{} {} ", tool.name, tool.version);
    fs::read_to_string(tools.join(".crates.toml")).is_ok_and(|list| list.contains(&entry))
}
