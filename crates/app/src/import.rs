//! Taking over another system's files.
//!
//! The file's rows are kept in the database until they are taken over, so that an import goes on
//! after a restart without the file. Chunks of rows are judged and, unless it is a dry run,
//! written, each with its progress in one transaction: nothing is taken over twice or half.

mod chunk;
pub mod handlers;
mod jobs;
mod receive;

use contract::{ErrorCode, ImportPhase};
use thiserror::Error;

pub(crate) use chunk::CHUNK;
pub use jobs::{Jobs, pause_interrupted, wait_for_import, wait_for_imports};

/// What can go wrong with an import as a whole. What is wrong with a row is a problem of the row.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("this import is not there any more")]
    NoSuchImport,
    #[error("the file is {size} bytes long; at most {limit} can be imported: split it")]
    FileTooLarge { size: u64, limit: u64 },
    #[error("this part begins at byte {offset}, but {expected} was expected; send the file again")]
    OutOfOrder { offset: u64, expected: u64 },
    #[error("the part is not base64, or longer than a part may be")]
    Part,
    #[error("{0}")]
    Unreadable(#[from] crate::decode::DecodeError),
    #[error("the file has headers but no rows")]
    NoRows,
    #[error("this cannot be done while the import is {phase:?}")]
    Phase { phase: ImportPhase },
    #[error("the columns do not fit the file: {what}")]
    Mapping { what: &'static str },
    #[error("other work on this import is running; wait for it or cancel it")]
    Running,
}

impl ImportError {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchImport => ErrorCode::NotFound,
            Self::FileTooLarge { .. } => ErrorCode::TooLarge,
            Self::OutOfOrder { .. } | Self::Part | Self::Mapping { .. } => ErrorCode::BadRequest,
            Self::Unreadable(_) | Self::NoRows => ErrorCode::BadFile,
            Self::Phase { .. } | Self::Running => ErrorCode::Busy,
        }
    }
}
