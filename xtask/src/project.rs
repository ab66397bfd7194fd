//! Where things are: the project, the shared build cache, the tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::step::{execute, note};

/// The folder with the workspace's `Cargo.toml`. As cargo says at run time: of two clones with one
/// target directory, either may run what the other compiled.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        manifest.parent().map(Path::to_owned).unwrap_or(manifest)
    });
    &ROOT
}

/// Where the page's sources are.
pub fn page_dir() -> PathBuf {
    root().join("ui")
}

/// Where cargo builds: one folder for every clone, so that a second clone compiles no dependency again.
pub fn target_dir() -> Result<PathBuf> {
    match env::var_os("CARGO_TARGET_DIR") {
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

/// Drops what another clone compiled of the project itself; compiled dependencies stay. Cargo takes a
/// source older than what was compiled for unchanged, which does not hold from one clone to another.
pub fn claim_target_dir() -> Result<()> {
    let owner = target_dir()?.join("clone");
    let this = root().to_string_lossy();
    match fs::read_to_string(&owner) {
        Ok(last) if last == this => return Ok(()),
        Ok(_) => forget_own_crates()?,
        Err(_) => {}
    }
    fs::create_dir_all(target_dir()?)
        .and_then(|()| fs::write(&owner, this.as_bytes()))
        .with_context(|| format!("{} cannot be written", owner.display()))
}

fn forget_own_crates() -> Result<()> {
    note("another clone built last: its own crates are compiled again");
    let page = ["--target", "wasm32-unknown-unknown"];
    let builds: [(&str, &[&str]); 4] =
        [("dev", &[]), ("release", &[]), ("dev", &page), ("wasm-release", &page)];
    for (profile, target) in builds {
        execute(
            cargo("clean")?.args(["--quiet", "--workspace", "--profile", profile]).args(target),
            "Deleting the target directory does the same, and more.",
        )?;
    }
    Ok(())
}

fn cache_dir() -> Result<PathBuf> {
    let dir = dirs::cache_dir().context(
        "there is no cache folder for this user; set HOME, or CARGO_TARGET_DIR to a folder to build in",
    )?;
    Ok(dir.join("frontdesk"))
}

/// Cargo in the project's folder, building into the shared cache.
pub fn cargo(subcommand: &str) -> Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(root()).env("CARGO_TARGET_DIR", target_dir()?);
    Ok(command)
}
