//! Cursors of lists, opaque to the page.

use crate::error::AppError;
use contract::{Cursor, PAGE_LIMIT_MAX};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The cursor after `position`.
pub fn encode<T: Serialize>(position: Option<T>) -> Result<Option<Cursor>, AppError> {
    let text = position.map(|position| serde_json::to_string(&position)).transpose();
    Ok(text.map_err(|source| AppError::Request { source })?.map(Cursor))
}

/// Where a list is to go on.
pub fn decode<T: DeserializeOwned>(cursor: Option<&Cursor>) -> Result<Option<T>, AppError> {
    cursor.map(|cursor| serde_json::from_str(&cursor.0).map_err(|_| AppError::Cursor)).transpose()
}

/// The limit to use for one that was asked for; 0 stands for `usual`.
pub fn limit(asked: u32, usual: u32) -> u32 {
    if asked == 0 { usual } else { asked.min(PAGE_LIMIT_MAX) }
}
