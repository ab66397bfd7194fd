//! What can go wrong in a use case.

use crate::sync::SyncError;
use contract::{ErrorBody, ErrorCode, Permission};
use domain::field::FieldError;
use store::StoreError;
use thiserror::Error;

/// A failure of a use case. Nothing was changed.
#[derive(Debug, Error)]
pub enum AppError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("some fields need another look")]
    Invalid(Vec<FieldError>),
    #[error("this {what} is not there any more")]
    NotFound { what: &'static str },
    #[error("somebody else changed the same since you opened it")]
    Stale { fields: Vec<FieldError> },
    #[error("your role does not allow this ({permission:?})")]
    Denied { permission: Permission },
    #[error("the database is not open yet; enter the passphrase first")]
    Locked,
    /// Why the database is not open.
    #[error("{}", .0.message)]
    NotOpen(Box<ErrorBody>),
    #[error("there is no command {name}; `frontdesk commands` lists them")]
    UnknownCommand { name: String },
    #[error("the request has a field that the command does not know: {field}")]
    UnknownField { field: String },
    #[error("the request does not fit the command: {}", without_values(source))]
    Request {
        #[source]
        source: serde_json::Error,
    },
    #[error("the position in the list cannot be read; start from the first page")]
    Cursor,
    #[error("{what} is too large; at most {limit} are possible")]
    TooLarge { what: &'static str, limit: u64 },
    #[error(transparent)]
    Invoice(#[from] crate::invoice::InvoiceError),
    #[error(transparent)]
    Import(#[from] crate::import::ImportError),
    #[error(transparent)]
    Key(#[from] crate::key::KeyError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error("the export would replace a file of Frontdesk's own, or what is no file; choose another name")]
    ExportTarget,
    #[error("the file cannot be written")]
    File(#[source] std::io::Error),
    #[error("the command cost {statements} statements and {vm_steps} steps, more than its budget")]
    Budget { statements: u64, vm_steps: u64 },
}

impl AppError {
    /// The page's code for this.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => store_code(error),
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Stale { .. } => ErrorCode::Stale,
            Self::Denied { .. } => ErrorCode::Denied,
            Self::Locked => ErrorCode::Locked,
            Self::NotOpen(body) => body.code,
            Self::UnknownCommand { .. } | Self::UnknownField { .. } | Self::Request { .. } | Self::Cursor => {
                ErrorCode::BadRequest
            }
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::ExportTarget => ErrorCode::BadFile,
            Self::Invoice(_) => ErrorCode::Refused,
            Self::Import(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Sync(error) => sync_code(error),
            Self::File(error) => io_code(error),
            Self::Budget { .. } => ErrorCode::Internal,
        }
    }
}

fn sync_code(error: &SyncError) -> ErrorCode {
    match error {
        SyncError::Store(error) => store_code(error),
        _ => ErrorCode::Sync,
    }
}

fn store_code(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::NewerDatabase { .. } => ErrorCode::NewerDatabase,
        StoreError::Corrupt(_) => ErrorCode::Corrupt,
        StoreError::DiskFull(_) => ErrorCode::DiskFull,
        StoreError::ReadOnly(_) => ErrorCode::ReadOnly,
        StoreError::Folder(error) => io_code(error),
        StoreError::Busy(_) => ErrorCode::Busy,
        StoreError::TransactionTooLarge { .. } => ErrorCode::TooLarge,
        StoreError::Cursor | StoreError::Versions => ErrorCode::BadRequest,
        StoreError::OtherClinic => ErrorCode::Sync,
        _ => ErrorCode::Internal,
    }
}

/// The code of a failed file operation.
pub(crate) fn io_code(error: &std::io::Error) -> ErrorCode {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorCode::ReadOnly,
        ErrorKind::WouldBlock => ErrorCode::Busy,
        _ => ErrorCode::Internal,
    }
}

impl From<AppError> for ErrorBody {
    fn from(error: AppError) -> Self {
        let code = error.code();
        if code == ErrorCode::Internal && !matches!(error, AppError::File(_)) {
            // Where it is handled: the page gets no details.
            tracing::error!(error = &error as &dyn std::error::Error, "a command failed");
        }
        match error {
            AppError::Invalid(fields) => Self::invalid(fields),
            AppError::NotOpen(body) => *body,
            AppError::Store(StoreError::Folder(source)) => Self::new(
                code,
                format!(
                    "the data folder cannot be used ({source}); check its permissions or choose another with --data-dir"
                ),
            ),
            AppError::Stale { fields } => Self {
                fields,
                ..Self::new(
                    code,
                    "somebody else changed the same since you opened it; look at both and choose",
                )
            },
            AppError::Store(StoreError::ReadOnly(_)) => Self::new(
                code,
                "the data folder cannot be written; check its permissions, nothing was changed",
            ),
            other => Self::new(code, sentence(&other)),
        }
    }
}

/// What does not fit, without the value itself, which may be a patient's.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // "missing field `name`" names our own.
    if text.starts_with("missing field") {
        return text;
    }
    let text = match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &text[..first], &text[last + 1..]),
        _ => text,
    };
    let mut parts = text.splitn(3, '`');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(_), Some(after)) => format!("{before}…{after}"),
        _ => text,
    }
}

/// The failure with its causes, as far as they say more.
fn sentence(error: &AppError) -> String {
    match error {
        AppError::File(source) => {
            format!("{error}: {source}; choose another place, or make room")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_does_not_fit_is_told_without_what_it_held() {
        #[derive(serde::Deserialize)]
        struct Request {
            #[expect(dead_code, reason = "only read")]
            name: Vec<u8>,
        }
        for (request, told) in [
            (serde_json::json!({"name": "Jane \"Doe\""}), "invalid type: string …, expected a sequence"),
            (serde_json::json!({"name": 6_175_557_701_u64}), "invalid type: integer …, expected a sequence"),
            (serde_json::json!({}), "missing field `name`"),
        ] {
            let error = serde_json::from_value::<Request>(request).map(|_| ()).expect_err("it does not fit");
            assert_eq!(without_values(&error), told);
        }
    }
}
