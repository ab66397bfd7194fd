//! What can go wrong in the store.

use thiserror::Error;

/// A failure of the store. The data is as it was before the call.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the database was written by a newer version of Frontdesk (schema {found}); update the app")]
    NewerDatabase { found: i64 },
    #[error("the database file is damaged or is not a Frontdesk database; restore it from a backup")]
    Corrupt(#[source] sqlx::Error),
    #[error("the database was built without encryption; this installation of Frontdesk is faulty")]
    NotEncrypted,
    #[error(
        "SQLite {found} has a bug that can damage the database; this installation of Frontdesk is faulty"
    )]
    UnsafeSqlite { found: String },
    #[error("no room is left on the disk; nothing was changed; free some space and try again")]
    DiskFull(#[source] sqlx::Error),
    #[error("the database cannot be written; check the permissions of the data folder")]
    ReadOnly(#[source] sqlx::Error),
    #[error("the data folder cannot be used")]
    Folder(#[source] std::io::Error),
    #[error("the database is busy with longer work; try again in a moment")]
    Busy(#[source] sqlx::Error),
    #[error(
        "this changes {rows} rows ({bytes} bytes) at once, more than one action may; do it in smaller parts"
    )]
    TransactionTooLarge { rows: u64, bytes: u64 },
    #[error("a change was attempted without saying who makes it")]
    NoTransactionContext,
    #[error("a change was attempted without saying which version it is based on")]
    NoBase,
    #[error("the stored value of {column} is not one that this version understands")]
    StoredValue { column: &'static str },
    #[error(
        "this desk shares the data of another clinic already; start with a data folder of its own (--data-dir)"
    )]
    OtherClinic,
    #[error("the position in the list is not one of this list")]
    Cursor,
    #[error("the version that came with the change cannot be read")]
    Versions,
    #[error("the database could not do this")]
    Database(#[source] sqlx::Error),
    #[error("the schema could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Primary result codes of SQLite that a person can do something about.
const SQLITE_PERM: i32 = 3;
const SQLITE_BUSY: i32 = 5;
const SQLITE_READONLY: i32 = 8;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match primary_code(&error) {
            Some(SQLITE_FULL) => Self::DiskFull(error),
            Some(SQLITE_READONLY | SQLITE_PERM | SQLITE_CANTOPEN) => Self::ReadOnly(error),
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Corrupt(error),
            Some(SQLITE_BUSY) => Self::Busy(error),
            _ if matches!(error, sqlx::Error::PoolTimedOut) => Self::Busy(error),
            _ => Self::from_trigger(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(found) => Self::NewerDatabase { found },
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => Self::Migration(other),
        }
    }
}

impl StoreError {
    /// The capture functions abort a statement with one of two texts.
    fn from_trigger(error: sqlx::Error) -> Self {
        let message = error.as_database_error().map(|e| e.message().to_owned()).unwrap_or_default();
        match message.as_str() {
            // SQLCipher's answer to a page whose authentication code is wrong; any other error of
            // this number says what it is about.
            "SQL logic error" => Self::Corrupt(error),
            crate::capture::NO_CONTEXT => Self::NoTransactionContext,
            crate::capture::NO_BASE => Self::NoBase,
            _ => Self::Database(error),
        }
    }
}

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// Whether the statement failed over the values it was given, and not over the machine or the file.
pub(crate) fn concerns_values(error: &sqlx::Error) -> bool {
    /// SQL logic, too big, constraint, type mismatch.
    const OVER_VALUES: [i32; 4] = [1, 18, 19, 20];
    primary_code(error).is_some_and(|code| OVER_VALUES.contains(&code))
}
