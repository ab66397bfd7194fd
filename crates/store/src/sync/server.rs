//! The server that this device was let in by.

use crate::error::StoreError;
use crate::transaction::Write;
use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// What pairing brought.
#[derive(Clone)]
pub struct Pairing {
    pub clinic: Uuid,
    pub address: String,
    /// The device's credential.
    pub token: String,
    /// PEM of who vouches for the server, if the system does not.
    pub authority: Option<String>,
    /// What the other devices call this one.
    pub device_name: String,
}

/// The server, and when it was last heard of.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub address: String,
    pub token: String,
    pub authority: Option<String>,
    pub device_name: String,
    pub paired_at: DateTime<Utc>,
    pub last_contact: Option<DateTime<Utc>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Which device this is, of which clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Own {
    pub clinic: Uuid,
    pub device: Uuid,
    pub paired: bool,
}

/// Which device this is, of which clinic.
///
/// # Errors
/// A damaged file.
pub async fn own(connection: &mut SqliteConnection) -> Result<Own, StoreError> {
    Ok(sqlx::query_as("SELECT clinic, device, paired FROM device").fetch_one(connection).await?)
}

pub(crate) fn time(ms: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(ms).ok_or(StoreError::StoredValue { column: "at" })
}

/// The server, if there is one.
///
/// # Errors
/// A damaged file.
pub async fn server(connection: &mut SqliteConnection) -> Result<Option<Server>, StoreError> {
    type Row = (String, String, Option<String>, String, i64, Option<i64>);
    let row: Option<Row> =
        sqlx::query_as("SELECT address, token, authority, device_name, paired_at, last_contact FROM server")
            .fetch_optional(connection)
            .await?;
    let Some((address, token, authority, device_name, paired_at, last_contact)) = row else {
        return Ok(None);
    };
    Ok(Some(Server {
        address,
        token,
        authority,
        device_name,
        paired_at: time(paired_at)?,
        last_contact: last_contact.map(time).transpose()?,
    }))
}

pub(super) async fn keep(write: &mut Write, pairing: &Pairing) -> Result<(), StoreError> {
    let at = write.context().at.timestamp_millis();
    sqlx::query(
        "INSERT INTO server (one, address, token, authority, device_name, paired_at) VALUES (1, ?, ?, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET address = excluded.address, token = excluded.token,
           authority = excluded.authority, device_name = excluded.device_name, paired_at = excluded.paired_at",
    )
    .bind(&pairing.address)
    .bind(&pairing.token)
    .bind(&pairing.authority)
    .bind(&pairing.device_name)
    .bind(at)
    .execute(&mut **write)
    .await?;
    // The other devices are told as of any change.
    write.stop_applying();
    write.declare_current();
    sqlx::query(
        "INSERT INTO clinic_device (id, name) SELECT device, ? FROM device WHERE true
         ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    )
    .bind(&pairing.device_name)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Notes that the server answered just now.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn note_contact(write: &mut Write) -> Result<(), StoreError> {
    let at = write.context().at.timestamp_millis();
    sqlx::query("UPDATE server SET last_contact = ?").bind(at).execute(&mut **write).await?;
    Ok(())
}

/// The names of the clinic's devices.
///
/// # Errors
/// A damaged file.
pub async fn device_names(connection: &mut SqliteConnection) -> Result<BTreeMap<Uuid, String>, StoreError> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, name FROM clinic_device LIMIT 1000").fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}
