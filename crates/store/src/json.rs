//! Sets go to SQLite as one JSON parameter, so that a batch is one statement.

use crate::error::StoreError;
use serde_json::Value;
use uuid::Uuid;

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
