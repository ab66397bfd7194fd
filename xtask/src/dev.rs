//! `cargo xtask dev`: the app, built again and restarted at every saved change.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use headless::{Headless, ScreenSize};

use crate::build::{self, Profile};
use crate::interrupt::Interrupt;
use crate::launch::App;
use crate::step::{note, report_failure, step};
use crate::{fingerprint, install, page, project, run};

const POLL: Duration = Duration::from_millis(300);

/// Watch the sources; build and restart the app at every change. Ctrl-C ends it.
#[derive(Args)]
pub struct Options {
    /// Keep the data in this folder. Default: target/dev-data, so that no real data is touched.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::watch()?;
    let headless = prepare()?;
    let data_dir = options.data_dir.clone().unwrap_or_else(|| project::scratch_dir().join("dev-data"));
    let arguments = ["--data-dir".to_owned(), std::path::absolute(data_dir)?.to_string_lossy().into_owned()];
    let sources = sources();
    let mut app = None;
    let mut seen = None;
    while !interrupt.requested() {
        let now = fingerprint::of(&sources);
        if seen != Some(now) {
            seen = Some(now);
            restart(&mut app, &arguments, headless.as_ref());
        } else if app.as_mut().map(App::has_ended).transpose()?.unwrap_or(false) {
            return Ok(());
        }
        thread::sleep(POLL);
    }
    app.map_or(Ok(()), |mut app| app.stop())
}

fn prepare() -> Result<Option<Headless>> {
    install::for_building()?;
    if run::has_display() {
        return Ok(None);
    }
    install::for_virtual_display()?;
    let headless = Headless::start(ScreenSize::LAPTOP)?;
    note(&format!("There is no display here: the window opens on the virtual one {}.", headless.display()));
    Ok(Some(headless))
}

/// A build that fails leaves the last good window open, with the messages in the terminal.
fn restart(app: &mut Option<App>, arguments: &[String], headless: Option<&Headless>) {
    let built =
        page::build(Profile::Debug).and_then(|()| step("Build the app", || build::app(Profile::Debug)));
    let started = built.and_then(|binary| {
        // The old one first: two apps on one data folder would be one instance.
        if let Some(mut old) = app.take() {
            old.stop()?;
        }
        App::start(&binary, arguments, headless)
    });
    match started {
        Ok(new) => *app = Some(new),
        Err(error) => report_failure(&error),
    }
}

fn sources() -> Vec<PathBuf> {
    ["crates", "migrations", "src-tauri", "ui/src", "ui/style", "ui/locales", "ui/index.html", "Cargo.toml"]
        .map(|path| project::root().join(path))
        .to_vec()
}
