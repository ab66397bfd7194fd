//! A display and a session bus on a machine that has neither, and child processes that end with
//! whoever started them. The run command, the window tests and the benchmarks share it.
//!
//! Readiness is told, never guessed: the display server writes its number and the bus its address
//! once they take connections, and that line is what [`Headless::start`] waits for.

mod group;
mod process;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

pub use process::Process;
use tempfile::TempDir;

/// Why no display could be had.
#[derive(Debug, thiserror::Error)]
pub enum HeadlessError {
    #[error("{program} could not be started; on Debian it comes with the package {package}")]
    Start {
        program: &'static str,
        package: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{program} ended before it was ready; run it by hand to see what it says")]
    Silent { program: &'static str },
    #[error("no folder could be made for the session's sockets in the system's temporary folder")]
    RuntimeDir(#[source] std::io::Error),
    #[error("the picture could not be taken with ImageMagick's `import` (Debian: imagemagick)")]
    Picture(#[source] std::io::Error),
    #[error("ImageMagick's `import` failed to take a picture of display {display}")]
    PictureFailed { display: String },
}

/// The size of a virtual screen in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenSize {
    pub width: u32,
    pub height: u32,
}

impl ScreenSize {
    /// A common laptop: what the design is judged at first.
    pub const LAPTOP: Self = Self { width: 1440, height: 900 };
    /// Room for the largest window that the tests ask for.
    pub const LARGE: Self = Self { width: 2560, height: 1440 };
}

/// A virtual display, with a session bus and a runtime folder of its own: without that folder, two
/// sessions of one user would share the accessibility bus's socket. All end when this is dropped.
#[derive(Debug)]
pub struct Headless {
    display: String,
    bus_address: String,
    // Dropped in this order: the bus first, so that nothing is left that draws.
    _bus: Process,
    _server: Process,
    runtime_dir: TempDir,
}

impl Headless {
    /// Starts both on a display number and a socket that are free.
    pub fn start(size: ScreenSize) -> Result<Self, HeadlessError> {
        let (server, number) = start_display_server(size)?;
        // As the XDG base directory specification wants it, nobody else may enter: tempfile sees to that.
        let runtime_dir = tempfile::tempdir().map_err(HeadlessError::RuntimeDir)?;
        let (bus, bus_address) = start_session_bus(runtime_dir.path())?;
        Ok(Self { display: format!(":{number}"), bus_address, _bus: bus, _server: server, runtime_dir })
    }

    /// The display's name, as `DISPLAY` wants it.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Makes `command` draw here, whatever desktop it was started from.
    pub fn apply_to(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env("XDG_RUNTIME_DIR", self.runtime_dir.path())
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY");
    }

    /// Writes a picture of the whole screen to `file`, in the format that its ending says. Two pictures of one and the
    /// same screen are the same file.
    pub fn take_picture(&self, file: &Path) -> Result<(), HeadlessError> {
        let status = Command::new("import")
            .args(["-display", &self.display, "-window", "root", "-strip"])
            .arg(file)
            .status()
            .map_err(HeadlessError::Picture)?;
        match status.success() {
            true => Ok(()),
            false => Err(HeadlessError::PictureFailed { display: self.display.clone() }),
        }
    }
}

fn start_display_server(size: ScreenSize) -> Result<(Process, String), HeadlessError> {
    let mut command = Command::new("Xvfb");
    command
        .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
        .arg(format!("{}x{}x24", size.width, size.height));
    start_and_read_line(command, "Xvfb", "xvfb")
}

fn start_session_bus(runtime_dir: &Path) -> Result<(Process, String), HeadlessError> {
    let mut command = Command::new("dbus-daemon");
    command.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
    // Whatever the bus starts belongs to the same session.
    command.env("XDG_RUNTIME_DIR", runtime_dir);
    start_and_read_line(command, "dbus-daemon", "dbus-daemon")
}

/// Starts a server that says on its first line of output where it is, and waits for that line.
fn start_and_read_line(
    mut command: Command,
    program: &'static str,
    package: &'static str,
) -> Result<(Process, String), HeadlessError> {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process =
        Process::start(command).map_err(|source| HeadlessError::Start { program, package, source })?;
    let mut line = String::new();
    if let Some(output) = process.take_stdout() {
        // A read error is the same to us as an early end: there is no line.
        let _ = BufReader::new(output).read_line(&mut line);
    }
    match line.trim() {
        "" => Err(HeadlessError::Silent { program }),
        told => {
            let told = told.to_owned();
            Ok((process, told))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_ready_when_start_returns_and_gone_after_the_drop() {
        if Command::new("Xvfb").arg("-version").output().is_err() {
            eprintln!("skipped: Xvfb is not installed; `cargo xtask test` installs it");
            return;
        }
        let headless = Headless::start(ScreenSize::LAPTOP).expect("a display");
        let socket = format!("/tmp/.X11-unix/X{}", headless.display().trim_start_matches(':'));
        assert!(Path::new(&socket).exists());
        drop(headless);
        assert!(!Path::new(&socket).exists());
    }
}
