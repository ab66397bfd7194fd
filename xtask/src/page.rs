//! The page: WebAssembly, its JavaScript, styles, fonts, all into `ui/dist`, which goes into the app.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::build::Profile;
use crate::fingerprint::Stamp;
use crate::step::{execute, note, step};
use crate::{install, project};

/// Build the page alone, into ui/dist.
#[derive(Args)]
pub struct Options {
    /// Build quickly instead of for use: larger and slower to run.
    #[arg(long)]
    debug: bool,
}

pub fn run(options: &Options) -> Result<()> {
    install::for_building()?;
    build(Profile::from_debug_flag(options.debug))
}

/// Builds what changed of it.
pub fn build(profile: Profile) -> Result<()> {
    step("Build the page", || {
        ensure_folder()?;
        // Two builds at a time would leave a module and a script that do not belong together.
        fs::create_dir_all(project::scratch_dir())?;
        let lock = File::create(project::scratch_dir().join("page.lock"))?;
        lock.lock()?;
        copy_static_files()?;
        compile_styles(profile)?;
        let module = compile_module(profile)?;
        bind_module(&module, profile)
    })
}

/// The app's code refers to the folder, so that even a check of it needs one.
pub fn ensure_folder() -> Result<()> {
    fs::create_dir_all(dist()).with_context(|| format!("{} cannot be made", dist().display()))
}

fn dist() -> PathBuf {
    project::page_dir().join("dist")
}

fn npm_program(path: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(project::page_dir().join("node_modules").join(path));
    node
}

fn stamp(step: &str, profile: Profile, inputs: &[PathBuf]) -> Stamp {
    let file = project::scratch_dir().join("page").join(format!("{step}.stamp"));
    Stamp::new(file, profile.page(), inputs)
}

/// The HTML, the script that loads the module, and the fonts of the font package's style sheet.
fn copy_static_files() -> Result<()> {
    let page = project::page_dir();
    for name in ["index.html", "boot.js"] {
        copy_if_changed(&page.join(name), &dist().join(name))?;
    }
    let fonts = page.join("node_modules/@fontsource-variable/inter/files");
    let listed =
        fs::read_dir(&fonts).with_context(|| format!("there are no fonts in {}", fonts.display()))?;
    for entry in listed {
        let name = entry?.file_name();
        // Upright, with the weight as its one axis: what the style sheet below asks for.
        if name.to_string_lossy().ends_with("wght-normal.woff2") {
            copy_if_changed(&fonts.join(&name), &dist().join("files").join(&name))?;
        }
    }
    Ok(())
}

fn compile_styles(profile: Profile) -> Result<()> {
    let page = project::page_dir();
    let output = dist().join("style.css");
    let inputs = ["src", "style", "index.html", "package-lock.json"].map(|path| page.join(path));
    stamp("styles", profile, &inputs).unless_fresh(std::slice::from_ref(&output), || {
        let mut tailwind = npm_program("@tailwindcss/cli/dist/index.mjs");
        tailwind.args(["--input", "style/main.css", "--output"]).arg(&output);
        if profile == Profile::Release {
            tailwind.arg("--minify");
        }
        execute(tailwind.current_dir(&page), "ui/style/main.css is where the styles begin.")
    })?;
    Ok(())
}

fn compile_module(profile: Profile) -> Result<PathBuf> {
    execute(
        project::cargo("build")?.args([
            "--package",
            "ui",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile.page(),
        ]),
        "The compiler's messages above say where.",
    )?;
    let folder = project::target_dir()?.join("wasm32-unknown-unknown").join(profile.page_folder());
    Ok(folder.join("ui.wasm"))
}

/// Writes the module with its JavaScript next to the page, smaller still for a release.
fn bind_module(module: &Path, profile: Profile) -> Result<()> {
    let outputs = ["ui_bg.wasm", "ui.js", "snippets"].map(|name| dist().join(name));
    let inputs = [module.to_owned(), project::root().join("Cargo.lock")];
    let changed = stamp("module", profile, &inputs).unless_fresh(&outputs, || {
        let made = project::scratch_dir().join("page/module");
        execute(
            project::cargo("run")?.args(["--quiet", "--package", "bindgen", "--"]).arg(module).arg(&made),
            "The version of wasm-bindgen has to be the same in Cargo.toml and ui/Cargo.toml.",
        )?;
        if profile == Profile::Release {
            optimise(&made.join("ui_bg.wasm"))?;
        }
        copy_tree(&made, &dist())
    })?;
    if changed {
        note(&format!("ui_bg.wasm: {} kB", fs::metadata(&outputs[0])?.len() / 1000));
    }
    Ok(())
}

/// What rustc's WebAssembly uses by itself. With `--all-features` a larger module comes out in an
/// encoding that WebKitGTK does not read, and the window stays blank.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

fn optimise(module: &Path) -> Result<()> {
    execute(
        npm_program("binaryen/bin/wasm-opt")
            .args(WASM_FEATURES)
            .args(["-O2", "--strip-debug", "--strip-producers", "--output"])
            .args([module, module]),
        "wasm-opt is part of the npm package binaryen.",
    )
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_tree(&entry.path(), &target)?,
            false => copy_if_changed(&entry.path(), &target)?,
        }
    }
    Ok(())
}

/// A file that is the same keeps its time, so that the app is not compiled again for it.
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("{} cannot be read", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, content).with_context(|| format!("{} cannot be written", to.display()))
}
