//! Sets go to SQLite as one JSON parameter, so that a batch is one statement, and pages come back as
//! one JSON value: sqlx hands row after row from thread to thread, which takes ten times as long as
//! SQLite needs for them.

use crate::error::StoreError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::query::QueryScalar;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
use uuid::Uuid;

/// The one JSON value that a statement selects.
pub(crate) async fn fetch<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    statement: QueryScalar<'_, Sqlite, String, SqliteArguments>,
) -> Result<T, StoreError> {
    Ok(serde_json::from_str(&statement.fetch_one(connection).await?)?)
}

/// A JSON list of rows, each a list of values.
pub(crate) fn rows(rows: impl IntoIterator<Item = Vec<Value>>) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&rows.into_iter().collect::<Vec<_>>())?)
}

/// An id as SQL's `unhex` reads it.
pub(crate) fn hex(id: Uuid) -> Value {
    Value::String(id.simple().to_string())
}

/// An id that may be absent.
pub(crate) fn hex_or_null(id: Option<Uuid>) -> Value {
    id.map_or(Value::Null, hex)
}

/// Ids as a JSON list.
pub(crate) fn hex_list(ids: &[Uuid]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&ids.iter().copied().map(hex).collect::<Vec<_>>())?)
}
