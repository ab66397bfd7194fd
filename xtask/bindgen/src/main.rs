//! `bindgen MODULE.wasm OUT_DIR`: writes the JavaScript that loads the page's WebAssembly.
//!
//! A program of its own, because this library takes longer to compile than the whole of xtask, and
//! in the workspace, because its version has to be the one that the page was compiled with.

use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let module = arguments.next().context("say which .wasm file to read: bindgen MODULE.wasm OUT_DIR")?;
    let out_dir = arguments.next().context("say which folder to write to: bindgen MODULE.wasm OUT_DIR")?;

    Bindgen::new()
        .input_path(&module)
        .out_name("ui")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&out_dir)
        .with_context(|| format!("{} could not be turned into a page", module.display()))
}
