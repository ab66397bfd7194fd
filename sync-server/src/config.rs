//! The command line. Each setting is a flag, an environment variable, or a line of a file, in this order; a file has
//! the variables' names, as systemd's `EnvironmentFile`.

use crate::connections::Timeouts;
use crate::error::SetupError;
use crate::serve::{Settings, Tls};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use ipnet::IpNet;
use sqlx::postgres::PgConnectOptions;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Keeps the desks of one or more clinics in step.
#[derive(Debug, Parser)]
#[command(name = "sync-server", version)]
pub struct Cli {
    /// A file with settings, one `NAME=value` a line, named as the environment variables
    #[arg(long, global = true, value_name = "FILE", env = "FRONTDESK_SERVER_CONFIG")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve devices until SIGTERM
    Serve(Serve),
    /// Install or update the schema; as the role that owns the database
    Migrate(Connection),
    /// Clinics; as the role that owns the database
    #[command(subcommand)]
    Clinic(Clinic),
    /// The devices of a clinic; as the role that owns the database
    #[command(subcommand)]
    Device(Device),
    /// After the database was restored from a backup: has every device tell what the backup lacks
    NewEpoch(Connection),
}

/// What to do about clinics.
#[derive(Debug, Subcommand)]
pub enum Clinic {
    /// Make a clinic and a code for its first device
    Create {
        /// What people call it
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Every clinic with its id
    List(Connection),
}

/// What to do about devices.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// A code that lets one device in, for 15 minutes
    Invite {
        /// The clinic's id
        #[arg(long)]
        clinic: Uuid,
        #[command(flatten)]
        connection: Connection,
    },
    /// The clinic's devices and when they were last heard of
    List {
        /// The clinic's id
        #[arg(long)]
        clinic: Uuid,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shut a device out, within seconds
    Revoke {
        /// The clinic's id
        #[arg(long)]
        clinic: Uuid,
        /// The device's id
        device: Uuid,
        #[command(flatten)]
        connection: Connection,
    },
}

/// Where the database is.
#[derive(Debug, Args)]
pub struct Connection {
    /// postgres://user:password@host/database, or host=/run/postgresql for a socket
    #[arg(long, value_name = "URL", env = "FRONTDESK_SERVER_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// A file with that URL, so that the password shows nowhere
    #[arg(long, value_name = "FILE", env = "FRONTDESK_SERVER_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    connection: Connection,
    /// Where devices connect to
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "FRONTDESK_SERVER_LISTEN",
        default_value = "127.0.0.1:8787"
    )]
    listen: SocketAddr,
    /// The certificate with its chain, PEM; without one only this machine itself is served
    #[arg(long, value_name = "FILE", env = "FRONTDESK_SERVER_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, PEM
    #[arg(long, value_name = "FILE", env = "FRONTDESK_SERVER_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Where Prometheus asks for /metrics, in plain HTTP and without a credential: let nobody else reach it; nowhere
    /// unless it is told
    #[arg(long, value_name = "ADDRESS:PORT", env = "FRONTDESK_SERVER_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Connections to the database at most
    #[arg(long, value_name = "N", env = "FRONTDESK_SERVER_CONNECTIONS", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(3..=1000))]
    connections: u32,
    /// Connections of devices and whoever else comes at most; more are refused
    #[arg(long, value_name = "N", env = "FRONTDESK_SERVER_MAX_CLIENTS", default_value_t = 4_096,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_clients: u32,
    /// A proxy or balancer, by its address or network, whose `X-Forwarded-For` tells where requests come from; may be
    /// given several times, or as a list with commas
    #[arg(
        long,
        value_name = "ADDRESS|NETWORK",
        env = "FRONTDESK_SERVER_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = network
    )]
    trusted_proxy: Vec<IpNet>,
}

/// A single address is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse::<IpNet>().or_else(|_| address());
    network.map_err(|_| "neither an address nor a network such as 10.0.0.0/8".to_owned())
}

impl Connection {
    /// How to connect.
    ///
    /// # Errors
    /// No URL is given, or one that is none.
    pub fn options(&self) -> Result<PgConnectOptions, SetupError> {
        let setting = "--database-url";
        let url = match (&self.database_url, &self.database_url_file) {
            (Some(url), _) => url.clone(),
            (None, Some(path)) => read("the database's URL", path)?.trim().to_owned(),
            (None, None) => {
                let why = "is needed, or FRONTDESK_SERVER_DATABASE_URL, or --database-url-file".to_owned();
                return Err(SetupError::Setting { setting, why });
            }
        };
        // The parser's own text could quote the password.
        url.parse().map_err(|_| SetupError::Setting {
            setting,
            why: "is not of the form postgres://user:password@host/database".to_owned(),
        })
    }
}

impl Serve {
    /// # Errors
    /// The database's URL is missing or wrong.
    pub fn settings(self) -> Result<Settings, SetupError> {
        Ok(Settings {
            database: self.connection.options()?,
            connections: self.connections,
            listen: self.listen,
            metrics: self.metrics_listen,
            max_clients: self.max_clients.try_into().unwrap_or(usize::MAX),
            trusted_proxies: self.trusted_proxy,
            timeouts: Timeouts::default(),
            tls: self.tls_cert.zip(self.tls_key).map(|(certificate, key)| Tls { certificate, key }),
        })
    }
}

fn read(what: &'static str, path: &Path) -> Result<String, SetupError> {
    std::fs::read_to_string(path).map_err(|source| SetupError::File { what, path: path.to_owned(), source })
}

impl Cli {
    /// Reads the command line, the environment, and the file that they name.
    ///
    /// # Errors
    /// The file cannot be read or has a line that is no setting. A wrong command line ends the process, as clap does.
    pub fn read() -> Result<Self, SetupError> {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        // What is wrong with the rest is told below, when the file is known.
        let early = Self::command().ignore_errors(true).get_matches_from(&arguments);
        let mut command = Self::command();
        if let Some(path) = early.get_one::<PathBuf>("config") {
            let settings = parse(path, &read("the settings", path)?)?;
            let known = names(&command);
            if let Some(unknown) = settings.keys().find(|name| !known.contains(name)) {
                let why = format!("{} is not a setting", unknown);
                return Err(SetupError::Setting { setting: "--config", why });
            }
            command = with_defaults(command, &settings);
        }
        Ok(Self::from_arg_matches(&command.get_matches_from(&arguments)).unwrap_or_else(|error| error.exit()))
    }
}

fn env_of(argument: &clap::Arg) -> Option<String> {
    argument.get_env().map(|name| name.to_string_lossy().into_owned())
}

/// The variables of all subcommands.
fn names(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(env_of);
    own.chain(command.get_subcommands().flat_map(names)).collect()
}

/// What the file says is a default: the environment and the command line come first.
fn with_defaults(command: clap::Command, settings: &BTreeMap<String, String>) -> clap::Command {
    let command = command.mut_args(|argument| match env_of(&argument).and_then(|name| settings.get(&name)) {
        Some(value) => argument.default_value(value.clone()),
        None => argument,
    });
    command.mut_subcommands(|subcommand| with_defaults(subcommand, settings))
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, String>, SetupError> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    let settings =
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| {
            let (name, value) = line.split_once('=').ok_or_else(|| SetupError::Setting {
                setting: "--config",
                why: format!("line {number} of {} is not NAME=value", path.display()),
            })?;
            Ok((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
        });
    settings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_example_names_every_setting_and_no_other() {
        let example = include_str!("../.env.example");
        let lines = example.lines().map(|line| {
            line.strip_prefix("# FRONTDESK").map_or(line.to_owned(), |rest| format!("FRONTDESK{rest}"))
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let named: BTreeSet<_> = parse(Path::new(".env.example"), &text).unwrap().into_keys().collect();
        let mut known: BTreeSet<_> = names(&Cli::command()).into_iter().collect();
        // It cannot stand in the file that it names.
        assert!(known.remove("FRONTDESK_SERVER_CONFIG"));
        assert_eq!(named, known);
    }

    #[test]
    fn the_example_can_be_served_with_as_it_is() {
        let example = parse(Path::new(".env.example"), include_str!("../.env.example")).unwrap();
        let command = with_defaults(Cli::command(), &example);
        let read = Cli::from_arg_matches(&command.try_get_matches_from(["sync-server", "serve"]).unwrap());
        let Command::Serve(serve) = read.unwrap().command else { panic!("it serves") };
        let settings = serve.settings().unwrap();
        assert_eq!(settings.listen, "0.0.0.0:8787".parse().unwrap());
        assert_eq!((settings.max_clients, settings.trusted_proxies), (4_096, Vec::new()));
    }
}
