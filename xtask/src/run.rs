//! `cargo xtask run`: the app, from nothing to an open window.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use headless::{Headless, ScreenSize};

use crate::build::{self, Profile};
use crate::interrupt::Interrupt;
use crate::launch::App;
use crate::step::{note, step};
use crate::{install, page, project};

/// How often a picture is taken anew while the screen still changes, and the pause between two.
const STILL_TRIES: usize = 10;
const STILL_PAUSE: Duration = Duration::from_millis(50);

/// Install what is missing, build the app and open its window.
///
/// Without a display the app runs on a virtual one and a picture of it is taken; Ctrl-C ends it.
#[derive(Args)]
pub struct Options {
    /// Keep the data in this folder instead of the system's place for app data.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Open the window on a virtual display, write a picture of it and exit.
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,

    /// The virtual display's size in pixels.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1440x900", value_parser = parse_size)]
    size: ScreenSize,

    /// Build quickly instead of for use: slower to run.
    #[arg(long)]
    debug: bool,

    /// Passed on to the app.
    #[arg(last = true, value_name = "APP ARGS")]
    app_args: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::watch()?;
    let virtual_display = options.screenshot.is_some() || !has_display();
    step("Install what is missing", || {
        install::for_building()?;
        if virtual_display { install::for_virtual_display() } else { Ok(()) }
    })?;
    let profile = Profile::from_debug_flag(options.debug);
    page::build(profile)?;
    let binary = step("Build the app", || build::app(profile))?;
    let arguments = app_arguments(options)?;
    match virtual_display {
        true => run_on_virtual_display(&binary, &arguments, options, &interrupt),
        false => {
            note("Close the window or press Ctrl-C to end.");
            App::start(&binary, &arguments, None)?.wait(&interrupt)
        }
    }
}

fn run_on_virtual_display(
    binary: &Path,
    arguments: &[String],
    options: &Options,
    interrupt: &Interrupt,
) -> Result<()> {
    let headless = Headless::start(options.size)?;
    let mut app = App::start(binary, arguments, Some(&headless))?;
    if !app.wait_until_ready(interrupt)? {
        return app.stop();
    }
    let picture = options.screenshot.clone().unwrap_or_else(|| project::screens_dir().join("window.png"));
    take_picture(&headless, &picture)?;
    if options.screenshot.is_some() {
        return app.stop();
    }
    note(&format!(
        "There is no display here, so the window is open on the virtual one {}. Ctrl-C ends it.",
        headless.display()
    ));
    app.wait(interrupt)
}

pub fn take_picture(headless: &Headless, file: &Path) -> Result<()> {
    let file = std::path::absolute(file)?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made for the picture", folder.display()))?;
    }
    take_still(headless, &file)?;
    note(&format!("A picture of the window: {}", file.display()));
    Ok(())
}

/// A single picture may catch what is just fading in; the one that is kept equals the one before it.
fn take_still(headless: &Headless, file: &Path) -> Result<()> {
    let mut before = Vec::new();
    for _ in 0..STILL_TRIES {
        headless.take_picture(file)?;
        let now = std::fs::read(file).context("the picture could not be read again")?;
        if now == before {
            break;
        }
        before = now;
        thread::sleep(STILL_PAUSE);
    }
    Ok(())
}

fn app_arguments(options: &Options) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    if let Some(dir) = &options.data_dir {
        let dir = std::path::absolute(dir)?;
        let dir = dir.into_os_string().into_string().ok().context("--data-dir must be a name in UTF-8")?;
        arguments.extend(["--data-dir".to_owned(), dir]);
    }
    arguments.extend(options.app_args.iter().cloned());
    Ok(arguments)
}

/// On macOS and Windows there always is one; elsewhere the session says so.
pub fn has_display() -> bool {
    let named = |variable| std::env::var_os(variable).is_some_and(|name| !name.is_empty());
    cfg!(any(target_os = "macos", windows)) || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

fn parse_size(text: &str) -> Result<ScreenSize, String> {
    let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    match parts {
        Some((width, height)) => Ok(ScreenSize { width, height }),
        None => Err("write it as 1440x900".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_size_is_written_with_an_x() {
        assert_eq!(parse_size("1024x768"), Ok(ScreenSize { width: 1024, height: 768 }));
        assert!(parse_size("1024").is_err());
        assert!(parse_size("wide x high").is_err());
    }
}
