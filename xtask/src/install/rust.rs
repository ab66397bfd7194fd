//! The compiler's part for WebAssembly.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::step::{execute, output_of};

const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target to the toolchain, unless it is there: asked of the compiler, so that a Rust that
/// did not come from rustup serves as well.
pub fn install_wasm_target() -> Result<()> {
    let installed = output_of(
        Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]),
        "Install Rust 1.95 or newer with rustup.",
    )?;
    if Path::new(installed.trim()).exists() {
        return Ok(());
    }
    execute(
        Command::new("rustup").args(["target", "add", TARGET]),
        "Without rustup, install your system's WebAssembly part of Rust (Debian: rust-std for wasm32).",
    )
}
