//! Puts on the machine what is missing, and only that.

mod cargo_tools;
mod node;
mod python_tools;
mod rust;
mod system;

use std::path::PathBuf;

use anyhow::Result;

/// What building the page and the app needs.
pub fn for_building() -> Result<()> {
    system::install(system::BUILDING)?;
    rust::install_wasm_target()?;
    system::install_unless_there(system::NODE)?;
    node::install_packages()
}

/// What opening a window on a virtual display needs.
pub fn for_virtual_display() -> Result<()> {
    system::install(system::VIRTUAL_DISPLAY)
}

/// What building the app and driving its window needs. Gives back where tauri-driver is.
pub fn for_window_tests() -> Result<PathBuf> {
    for_building()?;
    for_virtual_display()?;
    system::install(system::WINDOW_TESTS)?;
    postgres()?;
    cargo_tools::install(cargo_tools::TAURI_DRIVER)
}

/// What testing the server needs.
pub fn postgres() -> Result<()> {
    system::install_postgres()
}

/// The program that makes requests up from a description of an API.
pub fn schemathesis() -> Result<PathBuf> {
    system::install(system::PYTHON)?;
    python_tools::install(python_tools::SCHEMATHESIS)
}

/// The checker of licences and sources.
pub fn cargo_deny() -> Result<PathBuf> {
    cargo_tools::install(cargo_tools::CARGO_DENY)
}

/// The finder of unused dependencies.
pub fn cargo_machete() -> Result<PathBuf> {
    cargo_tools::install(cargo_tools::CARGO_MACHETE)
}
