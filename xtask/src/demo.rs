//! `cargo xtask demo`: a server and two desks that share a made-up clinic, to be looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use headless::{Headless, ScreenSize};
use scratch_postgres::{NewClinic, Site};

use crate::build::{self, Profile};
use crate::interrupt::Interrupt;
use crate::launch::App;
use crate::run::{has_display, take_picture};
use crate::step::{execute, note, step};
use crate::{install, page, project};

/// Protects nothing: the folder goes with the demonstration.
const PASSPHRASE: &str = "a demonstration of Frontdesk";
const POLL: Duration = Duration::from_millis(100);
/// What a change needs from one desk to a drawn window of another, with room for a slow machine.
const SHOWN: Duration = Duration::from_secs(5);

/// Start a throwaway Postgres, the sync server and two desks that share a made-up clinic; Ctrl-C ends all of it.
///
/// Change something in one window and watch it appear in the other. Without a display both windows run on virtual
/// ones, a third desk changes something, and pictures of both windows are taken.
#[derive(Args)]
pub struct Options {
    /// How many patients the clinic has.
    #[arg(long, value_name = "N", default_value_t = 500)]
    patients: u32,

    /// Take pictures of both windows on virtual displays into this folder, and end.
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,

    /// Build quickly instead of for use: slower to run.
    #[arg(long)]
    debug: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::watch()?;
    let virtual_display = options.screenshots.is_some() || !has_display();
    step("Install what is missing", || {
        install::for_building()?;
        install::postgres()?;
        if virtual_display { install::for_virtual_display() } else { Ok(()) }
    })?;
    let profile = Profile::from_debug_flag(options.debug);
    page::build(profile)?;
    let app = step("Build the app", || build::app(profile))?;
    let server = step("Build the server", || build::server(profile))?;
    let site = step("Start Postgres and the server", || Ok(Site::start(&server, &[])?))?;
    let clinic = site.create_clinic("Demonstration")?;
    let folder = project::scratch_dir().join(format!("demo-{}", std::process::id()));
    Demo { app, folder, site, clinic }.show(options, virtual_display, &interrupt)?;
    note("The demonstration is over; its data is gone.");
    Ok(())
}

struct Demo {
    app: PathBuf,
    folder: PathBuf,
    site: Site,
    clinic: NewClinic,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // What is left is in the build's own scratch folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Demo {
    fn show(&self, options: &Options, virtual_display: bool, interrupt: &Interrupt) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::write(self.passphrase(), PASSPHRASE)?;
        step("Make the clinic on the first desk and connect both", || {
            self.frontdesk("front", &["generate", "--patients", &options.patients.to_string()])?;
            self.connect("front", "Front desk", &self.clinic.code)?;
            self.connect("back", "Back office", &self.site.invite(&self.clinic.id)?)
        })?;
        if virtual_display {
            self.on_virtual_displays(options, interrupt)
        } else {
            self.on_the_display(interrupt)
        }
    }

    fn passphrase(&self) -> PathBuf {
        self.folder.join("passphrase")
    }

    fn connect(&self, desk: &str, name: &str, code: &str) -> Result<()> {
        self.frontdesk(desk, &["sync", "pair", &self.site.address(), code, "--name", name])?;
        self.frontdesk(desk, &["sync", "once"])
    }

    fn frontdesk(&self, desk: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.app);
        command.args(self.arguments(desk)).args(arguments);
        execute(&mut command, "What it said stands above.")
    }

    fn arguments(&self, desk: &str) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let data = text(&self.folder.join(desk));
        vec!["--data-dir".into(), data, "--passphrase-file".into(), text(&self.passphrase())]
    }

    fn on_the_display(&self, interrupt: &Interrupt) -> Result<()> {
        let mut desks = [self.window("front", None)?, self.window("back", None)?];
        note(
            "Both windows show one clinic. Change something in one of them; end with Ctrl-C or by closing both.",
        );
        while !interrupt.requested() {
            let mut open = 0;
            for desk in &mut desks {
                open += usize::from(!desk.has_ended()?);
            }
            if open == 0 {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        desks.iter_mut().try_for_each(App::stop)
    }

    fn window(&self, desk: &str, display: Option<&Headless>) -> Result<App> {
        let mut arguments = self.arguments(desk);
        arguments.extend(["--window-size".to_owned(), "1280x800".to_owned()]);
        App::start(&self.app, &arguments, display)
    }

    fn on_virtual_displays(&self, options: &Options, interrupt: &Interrupt) -> Result<()> {
        let size = ScreenSize { width: 1280, height: 800 };
        let displays = [Headless::start(size)?, Headless::start(size)?];
        let mut desks = [self.window("front", Some(&displays[0]))?, self.window("back", Some(&displays[1]))?];
        for desk in &mut desks {
            if !desk.wait_until_ready(interrupt)? {
                bail!("stopped before the windows were there");
            }
        }
        step("A third desk makes a patient", || {
            self.connect("tablet", "Tablet", &self.site.invite(&self.clinic.id)?)?;
            let patient = r#"{"name": {"given": "Aaliyah", "family": "Aardvark"}}"#;
            self.frontdesk("tablet", &["call", "patient_create", patient])?;
            self.frontdesk("tablet", &["sync", "once"])
        })?;
        thread::sleep(SHOWN);
        let folder = options.screenshots.clone().unwrap_or_else(project::screens_dir);
        for (display, name) in displays.iter().zip(["demo-front.png", "demo-back.png"]) {
            take_picture(display, &folder.join(name))?;
        }
        note("Aaliyah Aardvark, whom the third desk made, is the first in both lists.");
        if options.screenshots.is_none() {
            note("There is no display here, so the windows are on virtual ones. Ctrl-C ends them.");
            while !interrupt.requested() {
                thread::sleep(POLL);
            }
        }
        desks.iter_mut().try_for_each(App::stop).context("a desk did not end in order")
    }
}
