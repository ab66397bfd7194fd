//! Where things are: the project, the shared build cache, the tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The folder with the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Where the page's sources are.
pub fn page_dir() -> PathBuf {
    root().join("ui")
}

/// Where cargo builds: one folder for every clone, so that a second clone compiles no dependency again.
pub fn target_dir() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => Ok(std::path::absolute(PathBuf::from(dir))?),
        None => Ok(cache_dir()?.join("target")),
    }
}

/// Where the programs are that `cargo install` put there for us.
pub fn tools_dir() -> Result<PathBuf> {
    Ok(cache_dir()?.join("tools"))
}

/// What belongs to this clone alone: stamps, pictures. Ignored by git.
pub fn scratch_dir() -> PathBuf {
    root().join("target")
}

/// Where pictures of the window go.
pub fn screens_dir() -> PathBuf {
    scratch_dir().join("screens")
}

fn cache_dir() -> Result<PathBuf> {
    let dir = dirs::cache_dir().context(
        "there is no cache folder for this user; set HOME, or CARGO_TARGET_DIR to a folder to build in",
    )?;
    Ok(dir.join("frontdesk"))
}

/// Cargo in the project's folder, building into the shared cache.
pub fn cargo(subcommand: &str) -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(root()).env("CARGO_TARGET_DIR", target_dir()?);
    Ok(command)
}
