//! One tauri-driver with its WebKitWebDriver, which together hold one session.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use headless::{Headless, Process};

use crate::data::DataFolder;
use crate::stage::Programs;

const READY_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);
/// Between asking for a free port and using it, somebody else may take it.
const ATTEMPTS: usize = 3;

/// The running driver. Ending it ends the app too, which is in its process group.
#[derive(Debug)]
pub struct Driver {
    pub process: Process,
    port: u16,
}

impl Driver {
    /// Starts both programs on free ports and waits until they take connections. The app inherits
    /// the environment that is set here.
    pub async fn start(programs: &Programs, display: &Headless, data: &DataFolder) -> Result<Self> {
        // The client that drives it can speak TLS and asks for a provider of ciphers, which it does not use here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        for _ in 0..ATTEMPTS {
            let ports = (free_port()?, free_port()?);
            let mut command = Command::new(&programs.driver);
            command
                .args(["--port", &ports.0.to_string(), "--native-port", &ports.1.to_string()])
                .env("FRONTDESK_PASSPHRASE_FILE", data.passphrase_file())
                .env_remove("FRONTDESK_DATA_DIR")
                .stdout(Stdio::null());
            display.apply_to(&mut command);
            let mut process = Process::start(command)
                .with_context(|| format!("{} could not be started", programs.driver.display()))?;
            if wait_for_ports(&mut process, [ports.1, ports.0]).await? {
                return Ok(Self { process, port: ports.0 });
            }
        }
        bail!("tauri-driver did not start in {ATTEMPTS} attempts; what it said stands above")
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}

/// False when the driver ended instead.
async fn wait_for_ports(process: &mut Process, ports: [u16; 2]) -> Result<bool> {
    let deadline = Instant::now() + READY_TIMEOUT;
    for port in ports {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if process.poll()?.is_some() {
                return Ok(false);
            }
            if Instant::now() > deadline {
                bail!("tauri-driver is running but does not answer on port {port}");
            }
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(true)
}
