//! Where the fleet works: Postgres, the server, and the clinics with their devices.

use super::SUITE;
use super::device::Device;
use crate::line::{Samples, round};
use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use headless::Process;
use scratch_postgres::{OWNER, Postgres};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The role that serves.
const SERVER: &str = "frontdesk";
/// How long Postgres's own commits are measured, in seconds.
const COMMITS: &str = "5";
/// The pause between two codes that a device asks for.
const INVITE_EVERY: Duration = Duration::from_millis(25);

pub struct Site {
    // Dropped in this order.
    server: Process,
    address: SocketAddr,
    postgres: Postgres,
    let_in: AtomicU32,
}

impl Site {
    pub fn start() -> Result<Self> {
        // As it comes: every commit waits for the disk.
        let postgres = Postgres::start(&["fsync=on", "synchronous_commit=on", "full_page_writes=on"])?;
        output(program()?.args(["migrate", "--database-url", &postgres.url(OWNER, "postgres")]))?;
        output(postgres.client("createuser").args(["--login", "--role", "frontdesk_server", SERVER]))?;
        let mut command = program()?;
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--database-url", &postgres.url(SERVER, "postgres")]);
        command.env("RUST_LOG", "warn").stdout(Stdio::piped());
        let mut server = Process::start(command).context("the server could not be started")?;
        let mut line = String::new();
        let stdout = server.take_stdout().context("the server's output could not be read")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("serving on http://").context("the server did not begin")?;
        let address = address.parse()?;
        Ok(Self { server, address, postgres, let_in: AtomicU32::new(0) })
    }

    /// What a small transaction takes Postgres itself: one after the other, and eight at once.
    pub fn commits(&self, json: bool) -> Result<()> {
        output(self.postgres.client("pgbench").args(["--initialize", "--quiet", "--scale", "10"]))?;
        for (scenario, clients) in [("postgres_commit", "1"), ("postgres_commits_8", "8")] {
            let mut pgbench = self.postgres.client("pgbench");
            pgbench.args(["--no-vacuum", "--builtin", "simple-update", "--protocol", "prepared"]);
            let said = output(pgbench.args(["--time", COMMITS, "--client", clients, "--jobs", "2"]))?;
            let number = |label: &str| {
                let rest = said.lines().find_map(|line| line.strip_prefix(label))?;
                rest.split_whitespace().next()?.parse::<f64>().ok()
            };
            let (latency, rate) = (number("latency average = "), number("tps = "));
            let (latency, rate) = latency.zip(rate).context("pgbench said something else than usual")?;
            let line = Samples::default().line(SUITE, scenario, 0);
            line.with("mean_ms", round(latency)).with("per_s", round(rate)).print(json);
        }
        Ok(())
    }

    /// Makes clinics and lets devices into them, equally many into each; each has an address of its own, as desks in
    /// several places have.
    pub async fn let_in(&self, clinics: usize, devices: usize) -> Result<Vec<Arc<Device>>> {
        eprintln!("letting {devices} devices into {clinics} clinics");
        let mut places = Vec::new();
        for clinic in 0..clinics {
            let url = self.postgres.url(OWNER, "postgres");
            let said = output(program()?.args(["clinic", "create", "Clinic", "--database-url", &url]))?;
            let code = said.lines().find_map(|line| line.strip_prefix("code "));
            let first = self.pair(code.context("the server told no code")?.trim().to_owned()).await?;
            let more = (devices + clinics - 1 - clinic) / clinics - 1;
            places.push((first, more));
        }
        let all = places.into_iter().map(|(first, more)| async move {
            let mut devices = vec![first];
            for _ in 0..more {
                // Below what a device may ask.
                tokio::time::sleep(INVITE_EVERY).await;
                let code = devices[0].invite().await?;
                devices.push(self.pair(code).await?);
            }
            anyhow::Ok(devices)
        });
        Ok(try_join_all(all).await?.into_iter().flatten().map(Arc::new).collect())
    }

    async fn pair(&self, code: String) -> Result<Device> {
        let number = self.let_in.fetch_add(1, Ordering::Relaxed);
        let [_, b, c, d] = (number + 1).to_be_bytes();
        Device::pair(self.address, IpAddr::V4(Ipv4Addr::new(127, b + 1, c, d)), code).await
    }

    /// The server's memory in kB, and how many TCP connections it has.
    pub fn server(&self) -> Result<(u64, usize)> {
        let memory = self.server.memory_kb(|_| true)?;
        let open = std::fs::read_to_string("/proc/net/tcp")?;
        // The second column is the local address, the fourth the state, of which 01 is an open one.
        let port = format!(":{:04X}", self.address.port());
        let is_ours = |line: &&str| {
            let columns: Vec<_> = line.split_whitespace().collect();
            columns.get(1).is_some_and(|local| local.ends_with(&port)) && columns.get(3) == Some(&"01")
        };
        Ok((memory, open.lines().filter(is_ours).count()))
    }
}

/// The server's binary lies beside this one.
fn program() -> Result<Command> {
    let name = format!("sync-server{}", std::env::consts::EXE_SUFFIX);
    let path: PathBuf = std::env::current_exe()?.with_file_name(name);
    Ok(Command::new(path))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
