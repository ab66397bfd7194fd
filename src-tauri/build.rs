//! Lists the commands that a page may be allowed to call: any other is refused, whatever the page says.

use std::io;
use std::path::Path;

/// Where the built page lies, as in `tauri.conf.json`.
const PAGE: &str = "../ui/dist";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    provide_page_folder()?;
    println!("cargo:rerun-if-changed={PAGE}");
    let commands = tauri_build::AppManifest::new().commands(&["call", "shell"]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))?;
    Ok(())
}

/// The page goes into the binary. A check or a lint of the code does without one.
fn provide_page_folder() -> io::Result<()> {
    std::fs::create_dir_all(Path::new(PAGE))
}
