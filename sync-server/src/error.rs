//! What can go wrong, for people who set the server up and for devices.

use sync_protocol::{Envelope, Refusal, UnknownReplica};
use thiserror::Error;

/// Why the server cannot be set up or started. Each says what to do.
#[derive(Debug, Error)]
pub enum SetupError {
    #[error("the database has no schema yet: run `sync-server migrate` as the role that owns the tables")]
    NoSchema,
    #[error(
        "the role {role} owns the tables or bypasses row-level security, so that clinics would not be kept apart: \
         serve as a role of its own that is only a member of frontdesk_server"
    )]
    RoleTooMighty { role: String },
    #[error("a table of the database does not force row-level security: run `sync-server migrate` again")]
    TablesOpen,
    #[error("there is no clinic {0}; `sync-server clinic list` names them")]
    NoClinic(uuid::Uuid),
    #[error("there is no device {0} in this clinic; `sync-server device list` names them")]
    NoDevice(uuid::Uuid),
    #[error(
        "plain HTTP is only served on this machine itself: give --tls-cert and --tls-key, or listen on 127.0.0.1"
    )]
    PlainHttp,
    #[error("{what} {path} cannot be read")]
    File {
        what: &'static str,
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} has no {what} in PEM")]
    NotPem { path: std::path::PathBuf, what: &'static str },
    #[error("the certificate and its key do not belong together, or are of a kind that cannot be used")]
    Certificate(#[source] rustls::Error),
    #[error("{setting}: {why}")]
    Setting { setting: &'static str, why: String },
    #[error("{address} cannot be listened on")]
    Listen {
        address: std::net::SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the system has no randomness to give")]
    Randomness(#[from] getrandom::Error),
    #[error("the schema could not be installed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database cannot be used")]
    Database(#[from] sqlx::Error),
}

/// Why a request was not done.
#[derive(Debug, Error)]
pub enum ServerError {
    #[error("{}", .0.message)]
    Refused(Envelope<Refusal>),
    #[error(transparent)]
    Wire(#[from] UnknownReplica),
    #[error("operation {0} was made by another device")]
    ForeignAuthor(sync_protocol::Dot),
    #[error("the code is wrong, was used already, or is older than 15 minutes")]
    Code,
    #[error("there is no such device")]
    NoDevice,
    #[error("the database could not be reached a moment ago")]
    NotReady,
    /// What the server itself wrote cannot be read.
    #[error("a stored value cannot be read")]
    Stored(#[from] serde_json::Error),
    #[error("a number is larger than the database can hold")]
    TooLarge(#[from] std::num::TryFromIntError),
    #[error("the system has no randomness to give")]
    Randomness(#[from] getrandom::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// One that names no op.
impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Envelope { replicas: Vec::new(), message: refusal })
    }
}
