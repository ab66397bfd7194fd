//! What stays on this device: drafts of forms and preferences.

use crate::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

/// Keeps the draft of a form, or with no value forgets it.
pub async fn save_draft(
    connection: &mut SqliteConnection,
    key: &str,
    value: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    match value {
        Some(value) => sqlx::query(
            "INSERT INTO form_draft (key, value, saved_at) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at",
        )
        .bind(key)
        .bind(value)
        .bind(at.timestamp_millis()),
        None => sqlx::query("DELETE FROM form_draft WHERE key = ?").bind(key),
    }
    .execute(connection)
    .await?;
    Ok(())
}

/// The draft of a form.
pub async fn find_draft(connection: &mut SqliteConnection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM form_draft WHERE key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await?)
}

/// Sets a preference of this device.
pub async fn set_preference(
    connection: &mut SqliteConnection,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO preference (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(key)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// A preference of this device.
pub async fn find_preference(
    connection: &mut SqliteConnection,
    key: &str,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM preference WHERE key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await?)
}
