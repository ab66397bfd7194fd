//! A real Postgres for a while: a cluster in a temporary folder, reached through a socket in it and by nobody else.
//! The tests of the server, the benchmarks and the demonstration share it.

mod site;

pub use site::{Backup, Certificate, NewClinic, Site, SiteError};

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use headless::Process;
use tempfile::TempDir;

/// How long the server may take to begin.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// Where Debian puts the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Who Debian has Postgres run as: it refuses to run as root.
const USER: &str = "postgres";
/// The role that owns the cluster.
pub const OWNER: &str = "frontdesk_owner";

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error("Postgres is not installed; on Debian it comes with the package postgresql-15")]
    Missing,
    #[error("there is no user {USER} for Postgres to run as; Debian's package postgresql-15 makes it")]
    NoUser,
    #[error("no folder could be made for the cluster")]
    Folder(#[source] io::Error),
    #[error("{program} could not be started")]
    Start {
        program: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("{program} failed: {said}")]
    Failed { program: &'static str, said: String },
    #[error("Postgres did not begin; it said: {0}")]
    Silent(String),
}

/// The ids of a user and of its group.
type Identity = (u32, u32);

/// A running cluster. It ends, and its files go, when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    identity: Option<Identity>,
    settings: Vec<String>,
    // Dropped in this order.
    process: Option<Process>,
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster with these settings (`name=value`) and starts it.
    ///
    /// # Errors
    /// Postgres is missing or does not start.
    pub fn start(settings: &[&str]) -> Result<Self, PostgresError> {
        let folder = tempfile::Builder::new().prefix("pg-").tempdir().map_err(PostgresError::Folder)?;
        let identity = if rustix::process::geteuid().is_root() { Some(user()?) } else { None };
        own(folder.path(), identity).map_err(PostgresError::Folder)?;
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut postgres = Self { programs: programs()?, identity, settings, process: None, folder };
        postgres.initialize()?;
        postgres.resume()?;
        Ok(postgres)
    }

    /// The folder with the socket: the host to connect to.
    pub fn socket_dir(&self) -> &Path {
        self.folder.path()
    }

    /// How to connect to `database` as `role`.
    pub fn url(&self, role: &str, database: &str) -> String {
        let host = self.socket_dir().display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{host}/{database}")
    }

    /// Runs SQL as the role that owns the cluster; returns what it selects, without headings.
    ///
    /// # Errors
    /// It fails, with what Postgres said.
    pub fn execute(&self, database: &str, sql: &str) -> Result<String, PostgresError> {
        self.run("psql", |command| {
            command.args(["-d", database, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        })
    }

    /// Runs one of Postgres' programs as the role that owns the cluster; returns what it writes.
    ///
    /// # Errors
    /// It fails, with what it said.
    pub fn run(
        &self,
        program: &'static str,
        arguments: impl FnOnce(&mut Command),
    ) -> Result<String, PostgresError> {
        let mut command = self.command(program);
        command.arg("-h").arg(self.socket_dir()).args(["-U", OWNER]);
        arguments(&mut command);
        let source = |source| PostgresError::Start { program, source };
        let output = command.stdin(Stdio::null()).output().map_err(source)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(PostgresError::Failed { program, said })
    }

    /// A program that connects to it, as the owner: `createuser`, `pgbench`.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env("PGHOST", self.socket_dir()).env("PGUSER", OWNER).env("PGDATABASE", "postgres");
        command.current_dir("/");
        command
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Gone already is what was wanted.
            let _ = process.kill_with_children();
        }
    }

    /// Starts it again on the same files.
    ///
    /// # Errors
    /// It does not start.
    pub fn resume(&mut self) -> Result<(), PostgresError> {
        let log = self.folder.path().join("log");
        let open =
            fs::OpenOptions::new().create(true).append(true).open(&log).map_err(PostgresError::Folder)?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.socket_dir());
        command.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command.stdout(Stdio::null()).stderr(open);
        let start = |source| PostgresError::Start { program: "postgres", source };
        let mut process = Process::start(command).map_err(start)?;
        let deadline = Instant::now() + START;
        while !self.takes_connections()? {
            if Instant::now() > deadline || process.poll().map_err(start)?.is_some() {
                return Err(PostgresError::Silent(fs::read_to_string(&log).unwrap_or_default()));
            }
            thread::sleep(POLL);
        }
        self.process = Some(process);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn initialize(&self) -> Result<(), PostgresError> {
        let mut command = self.command("initdb");
        command.arg("-D").arg(self.data()).args(["-U", OWNER, "--auth=trust", "--encoding=UTF8"]);
        command.args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"]);
        let source = |source| PostgresError::Start { program: "initdb", source };
        let output = command.stdin(Stdio::null()).output().map_err(source)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(PostgresError::Failed { program: "initdb", said })
    }

    fn takes_connections(&self) -> Result<bool, PostgresError> {
        let mut command = self.command("pg_isready");
        command.arg("-q").arg("-h").arg(self.socket_dir()).args(["-d", "postgres", "-U", OWNER]);
        let source = |source| PostgresError::Start { program: "pg_isready", source };
        Ok(command.status().map_err(source)?.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // It looks at the folder that it is started in, which another user may not enter.
        command.current_dir("/");
        if let Some((user, group)) = self.identity {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nobody reads the files again, and an orderly end would wait for whoever is still connected.
        if let Some(mut process) = self.process.take() {
            let _ = process.abort();
        }
    }
}

/// The newest version that is installed.
fn programs() -> Result<PathBuf, PostgresError> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    newest.map(|(_, programs)| programs).or_else(on_path).ok_or(PostgresError::Missing)
}

fn user() -> Result<Identity, PostgresError> {
    let users = fs::read_to_string("/etc/passwd").map_err(|_| PostgresError::NoUser)?;
    let line = users.lines().find_map(|line| line.strip_prefix(USER)?.strip_prefix(':'));
    let mut ids = line.ok_or(PostgresError::NoUser)?.split(':').skip(1).map(str::parse);
    match (ids.next(), ids.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok((user, group)),
        _ => Err(PostgresError::NoUser),
    }
}

fn own(folder: &Path, identity: Option<Identity>) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    match identity {
        Some((user, group)) => chown(folder, Some(user), Some(group)),
        None => Ok(()),
    }
}
