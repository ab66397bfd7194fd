//! Why sync does not go on, in sentences that say what to do.

use contract::{SyncProblem, SyncProblemCode};
use store::StoreError;
use sync_engine::Stopped;
use sync_protocol::Refusal;
use thiserror::Error;

/// What went wrong between this desk and its server. What was done stays done.
#[derive(Debug, Error)]
pub enum SyncError {
    #[error("this is no address of a server; it looks like clinic.example.org or https://10.0.0.5:8443")]
    Address,
    #[error(
        "plain http would carry the clinic's data in the open; use https, or run the server on this machine"
    )]
    PlainHttp,
    #[error(
        "nobody answers at the server's address; check the address and the network, work goes on meanwhile"
    )]
    Unreachable,
    #[error("the server did not answer in time; it is tried again")]
    Slow,
    #[error("something answers at this address, but it is no Frontdesk sync server; check the address")]
    NotAServer,
    #[error(
        "the server's certificate is not trusted ({0}); check the address, the date of this computer, or add the certificate of your own authority"
    )]
    Certificate(String),
    #[error(
        "the server's certificate is not trusted: it ended on {until}, and this computer's clock says that today is {today}; if that is wrong, set the clock, otherwise whoever runs the server has to renew the certificate"
    )]
    Expired { until: String, today: String },
    #[error(
        "the server's certificate is not trusted: it begins on {from}, and this computer's clock says that today is {today}; if that is wrong, set the clock, otherwise whoever runs the server has to look at the certificate"
    )]
    NotYetValid { from: String, today: String },
    #[error(
        "the certificate of your own authority cannot be read; it is a PEM file that begins with BEGIN CERTIFICATE"
    )]
    Authority,
    #[error(
        "the clinic shut this device out; its unsent work is kept here, ask for a new code to let it in again"
    )]
    Revoked,
    #[error("the server does not know this device; ask for a new code and connect it again")]
    Unknown,
    #[error("the code is wrong, was used already, or is older than 15 minutes; ask for a new one")]
    Code,
    #[error("too many attempts; wait a minute and try again")]
    TooOften,
    #[error("the server cannot work just now; it is tried again")]
    Busy,
    #[error("the server does not understand this version of Frontdesk ({0}); update whichever is older")]
    Version(String),
    #[error(
        "the sync server is older than this Frontdesk and cannot do what it asks; have the server updated, work goes on meanwhile"
    )]
    OlderServer,
    #[error(
        "the sync server is newer than this Frontdesk, which does not understand its answer; update Frontdesk on this computer, work goes on meanwhile"
    )]
    NewerServer,
    #[error(
        "what this desk has to send is larger than the server takes, so it is kept here; update both, or tell whoever runs the server"
    )]
    TooLarge,
    #[error("the servers at this address do not agree with each other; tell whoever runs them")]
    Restless,
    #[error(
        "the data folder cannot be written, so nothing is sent; check its permissions and the room on the disk"
    )]
    Mark,
    #[error("this desk has no server yet; connect it first")]
    Alone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncError {
    /// The page's code for this.
    pub fn code(&self) -> SyncProblemCode {
        match self {
            Self::Address | Self::PlainHttp | Self::Unreachable | Self::Slow | Self::Alone => {
                SyncProblemCode::Unreachable
            }
            Self::NotAServer => SyncProblemCode::NotAServer,
            Self::Certificate(_) | Self::Expired { .. } | Self::NotYetValid { .. } | Self::Authority => {
                SyncProblemCode::Certificate
            }
            Self::Revoked => SyncProblemCode::Revoked,
            Self::Unknown => SyncProblemCode::Unknown,
            Self::Code => SyncProblemCode::Code,
            Self::TooOften | Self::Busy | Self::Restless => SyncProblemCode::Busy,
            Self::Version(_) | Self::OlderServer | Self::NewerServer => SyncProblemCode::Version,
            Self::TooLarge => SyncProblemCode::TooLarge,
            Self::Store(StoreError::OtherClinic) => SyncProblemCode::OtherClinic,
            Self::Store(_) | Self::Mark => SyncProblemCode::Database,
        }
    }

    /// Whether it may well be over by itself: the network, a restart of the server.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Slow | Self::TooOften | Self::Busy)
    }

    pub fn problem(&self) -> SyncProblem {
        SyncProblem { code: self.code(), message: self.to_string() }
    }
}

impl From<Stopped<StoreError, SyncError>> for SyncError {
    fn from(stopped: Stopped<StoreError, SyncError>) -> Self {
        match stopped {
            Stopped::Replica(error) => Self::Store(error),
            Stopped::Server(error) => error,
            Stopped::Refused(Refusal::Malformed { why }) => Self::Version(why),
            // Those that the engine deals with itself, unless they come back each time.
            Stopped::Refused(Refusal::Epoch { .. } | Refusal::Copied { .. }) | Stopped::Restless => {
                Self::Restless
            }
        }
    }
}
