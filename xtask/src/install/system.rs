//! What comes from the operating system: installed on Debian and its relatives, named elsewhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::step::{execute, note};

/// What one purpose needs: as Debian's packages, and as something to look for on any other system.
pub struct Needs {
    purpose: &'static str,
    debian: &'static [&'static str],
    probes: &'static [Probe],
    elsewhere: &'static str,
}

/// How to find out, on a system whose packages we don't know, whether something is there.
enum Probe {
    Program(&'static str),
    Library(&'static str),
}

pub const BUILDING: Needs = Needs {
    purpose: "building the app",
    debian: &[
        "build-essential",
        "pkg-config",
        "libssl-dev",
        "libwebkit2gtk-4.1-dev",
        "libayatana-appindicator3-dev",
        "librsvg2-dev",
        "libxdo-dev",
        "libdbus-1-dev",
    ],
    probes: &[
        Probe::Program("pkg-config"),
        Probe::Library("webkit2gtk-4.1"),
        Probe::Library("openssl"),
        Probe::Library("dbus-1"),
    ],
    elsewhere: "a C compiler, pkg-config, and the development packages of WebKitGTK 4.1, librsvg, OpenSSL and \
                D-Bus (Fedora: gcc pkgconf webkit2gtk4.1-devel librsvg2-devel openssl-devel dbus-devel; \
                Arch: base-devel webkit2gtk-4.1 librsvg openssl dbus)",
};

pub const VIRTUAL_DISPLAY: Needs = Needs {
    purpose: "a window without a display",
    debian: &["xvfb", "dbus-daemon", "dbus-x11", "imagemagick"],
    probes: &[Probe::Program("Xvfb"), Probe::Program("dbus-daemon"), Probe::Program("import")],
    elsewhere: "Xvfb, dbus-daemon and ImageMagick (Fedora: xorg-x11-server-Xvfb dbus-daemon ImageMagick; \
                Arch: xorg-server-xvfb dbus imagemagick)",
};

pub const WINDOW_TESTS: Needs = Needs {
    purpose: "testing the real window",
    debian: &["webkit2gtk-driver", "faketime"],
    probes: &[Probe::Program("WebKitWebDriver"), Probe::Program("faketime")],
    elsewhere: "WebKitWebDriver of WebKitGTK 4.1 (Fedora and Arch: part of the WebKitGTK packages), and libfaketime",
};

pub const SERVER_TESTS: Needs = Needs {
    purpose: "testing the sync server",
    debian: &["postgresql"],
    probes: &[Probe::Program("initdb"), Probe::Program("postgres"), Probe::Program("pg_isready")],
    elsewhere: "PostgreSQL 15 or newer with initdb on the PATH (Fedora: postgresql-server; Arch: postgresql)",
};

pub const PYTHON: Needs = Needs {
    purpose: "making requests up",
    debian: &["python3", "python3-venv"],
    probes: &[Probe::Program("python3")],
    elsewhere: "Python 3.10 or newer with venv",
};

/// Debian's Node is new enough. Whoever has another one keeps it.
pub const NODE: Needs = Needs {
    purpose: "building the page",
    debian: &["nodejs", "npm"],
    probes: &[Probe::Program("node"), Probe::Program("npm")],
    elsewhere: "Node 18 or newer with npm",
};

/// Postgres for the tests, which make clusters of their own. Debian's package would make and start one besides, on a
/// machine that nobody said should serve a database.
pub fn install_postgres() -> Result<()> {
    let settings = Path::new("/etc/postgresql-common/createcluster.d/frontdesk.conf");
    let debian = is_debian_like(&fs::read_to_string("/etc/os-release").unwrap_or_default());
    if debian && !missing_packages(SERVER_TESTS.debian)?.is_empty() && !settings.exists() {
        let write = "mkdir -p \"${0%/*}\" && echo 'create_main_cluster = false' > \"$0\"";
        execute(
            as_root("sh")?.args(["-c", write]).arg(settings),
            "Postgres's package has to be told to make no cluster.",
        )?;
    }
    install(SERVER_TESTS)
}

/// As [`install`], but programs that came from elsewhere than the system's packages do as well.
pub fn install_unless_there(needs: Needs) -> Result<()> {
    if needs.probes.iter().all(Probe::is_there) { Ok(()) } else { install(needs) }
}

/// Installs what is missing, or says what a person has to install.
pub fn install(needs: Needs) -> Result<()> {
    if cfg!(not(target_os = "linux")) {
        return elsewhere_than_linux(&needs);
    }
    if is_debian_like(&fs::read_to_string("/etc/os-release").unwrap_or_default()) {
        return install_packages(&needs);
    }
    match needs.probes.iter().all(Probe::is_there) {
        true => Ok(()),
        false => {
            bail!("{} needs {}. Install these and run the command again.", needs.purpose, needs.elsewhere)
        }
    }
}

/// Building needs nothing of the system there but a compiler, which Rust brings up by itself.
fn elsewhere_than_linux(needs: &Needs) -> Result<()> {
    match needs.purpose == BUILDING.purpose {
        true => Ok(()),
        false => bail!("{} works on Linux only.", needs.purpose),
    }
}

impl Probe {
    fn is_there(&self) -> bool {
        let mut command = match self {
            Self::Program(name) => {
                let mut which = Command::new("sh");
                which.args(["-c", "command -v \"$0\"", name]);
                which
            }
            Self::Library(name) => {
                let mut pkg_config = Command::new("pkg-config");
                pkg_config.args(["--exists", name]);
                pkg_config
            }
        };
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

fn is_debian_like(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches('"').split_whitespace())
        .any(|name| name == "debian")
}

fn install_packages(needs: &Needs) -> Result<()> {
    let missing = missing_packages(needs.debian)?;
    if missing.is_empty() {
        return Ok(());
    }
    note(&format!("Debian packages for {}: {}", needs.purpose, missing.join(" ")));
    let by_hand = format!("By hand: apt-get update && apt-get install {}", missing.join(" "));
    execute(apt_get()?.args(["update", "--quiet"]), &by_hand)?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    execute(apt_get()?.args(install).args(&missing), &by_hand)
}

fn missing_packages(wanted: &[&'static str]) -> Result<Vec<&'static str>> {
    // It ends with an error when it does not know one of the names, which is an answer too.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
        .args(wanted)
        .output()?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let installed = |name: &str| listed.lines().any(|line| line == format!("{name} installed"));
    Ok(wanted.iter().copied().filter(|name| !installed(name)).collect())
}

/// `apt-get` with the rights that it needs, never asking a question.
fn apt_get() -> Result<Command> {
    let mut command = as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}

/// A program with the rights of the system's administrator.
fn as_root(program: &str) -> Result<Command> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if is_root {
        return Ok(Command::new(program));
    }
    if !Probe::Program("sudo").is_there() {
        bail!("packages have to be installed: run this as root, or install sudo.");
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_descends_from_it_are_told_from_others() {
        assert!(is_debian_like("NAME=\"Debian\"\nID=debian\n"));
        assert!(is_debian_like("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nVARIANT_ID=debian\n"));
        assert!(!is_debian_like(""));
    }
}
