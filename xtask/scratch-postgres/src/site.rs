//! A sync server as whoever sets one up would: a Postgres, a role of its own for serving, and the program.

use crate::{OWNER, Postgres, PostgresError};
use headless::Process;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use thiserror::Error;

const DATABASE: &str = "frontdesk";
/// The role that serves: it has nothing but the rights of serving.
const SERVER: &str = "frontdesk_serving";

/// Why there is no server.
#[derive(Debug, Error)]
pub enum SiteError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error("no port is free")]
    Port(#[source] io::Error),
    #[error("{program} could not be run")]
    Run {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} failed: {said}")]
    Failed { program: String, said: String },
}

/// A running server with a database of its own. Both end when this is dropped.
#[derive(Debug)]
pub struct Site {
    program: PathBuf,
    port: u16,
    certificate: Option<Certificate>,
    // Dropped in this order.
    server: Option<Process>,
    pub postgres: Postgres,
}

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A backup of the database.
#[derive(Clone, Debug)]
pub struct Backup(PathBuf);

/// A clinic, and the code for its first device.
#[derive(Clone, Debug)]
pub struct NewClinic {
    pub id: String,
    pub code: String,
}

impl Site {
    /// Starts a Postgres with these settings (`name=value`) and the server `program` on it.
    ///
    /// # Errors
    /// Postgres is missing; the server does not start, with what it said.
    pub fn start(program: &Path, settings: &[&str]) -> Result<Self, SiteError> {
        Self::start_behind(program, settings, None)
    }

    /// The same behind a certificate.
    ///
    /// # Errors
    /// As [`Site::start`].
    pub fn start_behind(
        program: &Path,
        settings: &[&str],
        certificate: Option<Certificate>,
    ) -> Result<Self, SiteError> {
        let postgres = Postgres::start(settings)?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(SiteError::Port)?.port();
        let mut site = Self { program: program.to_owned(), port, certificate, server: None, postgres };
        site.postgres.execute("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        site.administer(&["migrate"])?;
        let role = format!("CREATE ROLE {SERVER} LOGIN IN ROLE frontdesk_server");
        site.postgres.execute(DATABASE, &role)?;
        site.start_server()?;
        Ok(site)
    }

    /// Where desks reach it.
    pub fn address(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Starts the server, at the address that it always had.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_server(&mut self) -> Result<(), SiteError> {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.args(["--database-url", &self.postgres.url(SERVER, DATABASE)]);
        if let Some(Certificate { certificate, key }) = &self.certificate {
            command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let failed = |source| SiteError::Run { program: "sync-server serve".to_owned(), source };
        let mut process = Process::start(command).map_err(failed)?;
        let mut line = String::new();
        if let Some(output) = process.take_stdout() {
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
        }
        if !line.starts_with("serving on ") {
            return Err(SiteError::Failed { program: "sync-server serve".to_owned(), said: line });
        }
        self.server = Some(process);
        Ok(())
    }

    /// Ends the server at once, as a crash would.
    pub fn kill_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Gone already is what was wanted.
            let _ = server.kill_with_children();
        }
    }

    /// The server's process.
    pub fn server_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Process::id)
    }

    /// Makes a clinic.
    ///
    /// # Errors
    /// The database is not there.
    pub fn create_clinic(&self, name: &str) -> Result<NewClinic, SiteError> {
        let said = self.administer(&["clinic", "create", name])?;
        let word = |label: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(label));
            line.map(|word| word.trim().to_owned()).unwrap_or_default()
        };
        Ok(NewClinic { id: word("clinic "), code: word("code ") })
    }

    /// A code for one more device.
    ///
    /// # Errors
    /// There is no such clinic.
    pub fn invite(&self, clinic: &str) -> Result<String, SiteError> {
        Ok(self.administer(&["device", "invite", "--clinic", clinic])?.trim().to_owned())
    }

    /// Runs the server's program as the role that owns the tables; returns what it says.
    ///
    /// # Errors
    /// It fails, with what it said.
    pub fn administer(&self, arguments: &[&str]) -> Result<String, SiteError> {
        let program = || format!("sync-server {}", arguments.join(" "));
        let output = Command::new(&self.program)
            .args(arguments)
            .args(["--database-url", &self.postgres.url(OWNER, DATABASE)])
            .env("RUST_LOG", "error")
            .output()
            .map_err(|source| SiteError::Run { program: program(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(SiteError::Failed { program: program(), said })
    }

    /// A backup of the whole database, as whoever runs a server makes one.
    ///
    /// # Errors
    /// Postgres failed.
    pub fn back_up(&self) -> Result<Backup, SiteError> {
        static BACKUPS: AtomicU32 = AtomicU32::new(1);
        let number = BACKUPS.fetch_add(1, Ordering::Relaxed);
        let file = self.postgres.socket_dir().join(format!("backup-{number}"));
        self.postgres.run("pg_dump", |command| {
            command.args(["--format=custom", "--file"]).arg(&file).arg(DATABASE);
        })?;
        Ok(Backup(file))
    }

    /// Puts a backup back. The server is ended for it, and is to be started again.
    ///
    /// # Errors
    /// Postgres failed.
    pub fn restore(&mut self, backup: &Backup) -> Result<(), SiteError> {
        self.kill_server();
        self.postgres.execute("postgres", &format!("DROP DATABASE {DATABASE} WITH (FORCE)"))?;
        self.postgres.execute("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        self.postgres.run("pg_restore", |command| {
            command.args(["--dbname", DATABASE]).arg(&backup.0);
        })?;
        Ok(())
    }

    /// What a commit of one row takes on average, in milliseconds, by Postgres' own measure, with a pause before each.
    ///
    /// # Errors
    /// Postgres failed.
    pub fn postgres_commit_ms(&self, commits: u32, pause: Duration) -> Result<f64, SiteError> {
        self.query("CREATE TABLE IF NOT EXISTS commits (n int)")?;
        let script = self.postgres.socket_dir().join("commit.sql");
        let failed = |source| SiteError::Run { program: "pgbench".to_owned(), source };
        let pause = pause.as_millis();
        let text = format!("\\set n 1\n\\sleep {pause} ms\nINSERT INTO commits VALUES (:n);\n");
        std::fs::write(&script, text).map_err(failed)?;
        let said = self.postgres.run("pgbench", |command| {
            command.args(["--no-vacuum", "--protocol", "prepared", "--report-per-command"]);
            command.args(["--transactions", &commits.to_string(), "--file"]).arg(&script).arg(DATABASE);
        })?;
        // Of each line of the script: milliseconds, and the line.
        let average = said.lines().find(|line| line.contains("INSERT INTO commits"));
        let average = average.and_then(|line| line.split_whitespace().next()?.parse().ok());
        average.ok_or(SiteError::Failed { program: "pgbench".to_owned(), said })
    }

    /// Runs SQL as the role that owns the tables; returns its first column.
    ///
    /// # Errors
    /// It fails.
    pub fn query(&self, sql: &str) -> Result<String, SiteError> {
        Ok(self.postgres.execute(DATABASE, sql)?)
    }
}
