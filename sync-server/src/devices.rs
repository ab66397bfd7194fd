//! Clinics, their devices, and the invites that let devices in.

use crate::database::Database;
use crate::error::{ServerError, SetupError};
use crate::secrets::{Code, Token};
use crate::sync::Caller;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

/// A device as its clinic sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Device {
    #[sqlx(rename = "device_id")]
    pub id: Uuid,
    pub name: String,
    pub paired_at: DateTime<Utc>,
    pub last_contact: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A clinic as whoever runs the server sees it.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct ClinicRow {
    #[sqlx(rename = "clinic_id")]
    pub id: Uuid,
    pub name: String,
    pub devices: i64,
}

/// How long a code lets a device in.
pub const INVITE_MINUTES: i32 = 15;

const INSERT_INVITE: &str = "INSERT INTO invite (clinic_id, code_hash, expires_at)
    VALUES ($1, $2, now() + make_interval(mins => $3))";
const LIST: &str = "SELECT device_id, name, paired_at, last_contact, revoked_at FROM device
    WHERE clinic_id = $1 ORDER BY paired_at, device_id LIMIT 1000";
const REVOKE: &str =
    "UPDATE device SET revoked_at = coalesce(revoked_at, now()) WHERE clinic_id = $1 AND device_id = $2";

/// Lets a device in by its code, which is spent then.
pub async fn pair(database: &Database, code: &Code, device: Uuid, name: &str) -> Result<Token, ServerError> {
    let token = Token::draw(Uuid::nil())?;
    let clinic: Option<Uuid> = sqlx::query_scalar("SELECT redeem_invite($1, $2, $3, $4)")
        .bind(code.hash())
        .bind(device)
        .bind(name)
        .bind(token.hash())
        .fetch_one(database.pool())
        .await?;
    clinic.map(|clinic| token.of(clinic)).ok_or(ServerError::Code)
}

/// Whose token it is, and whether it is still welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Welcome(Caller),
    Revoked,
    Unknown,
}

/// Looks a token up, and notes the contact.
pub async fn standing(database: &Database, token: &Token) -> Result<Standing, ServerError> {
    let mut transaction = database.write(token.clinic).await?;
    let found: Option<(Uuid, bool)> = sqlx::query_as(
        "UPDATE device SET last_contact = now() WHERE clinic_id = $1 AND token_hash = $2
         RETURNING device_id, revoked_at IS NOT NULL",
    )
    .bind(token.clinic)
    .bind(token.hash())
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(match found {
        Some((device, false)) => Standing::Welcome(Caller { clinic: token.clinic, device }),
        Some((_, true)) => Standing::Revoked,
        None => Standing::Unknown,
    })
}

/// The devices of the caller's clinic.
pub async fn list(database: &Database, caller: Caller) -> Result<Vec<Device>, ServerError> {
    let mut transaction = database.read(caller.clinic).await?;
    Ok(sqlx::query_as(LIST).bind(caller.clinic).fetch_all(&mut *transaction).await?)
}

/// A code for one more device of the caller's clinic.
pub async fn invite(database: &Database, caller: Caller) -> Result<Code, ServerError> {
    let code = Code::draw()?;
    let mut transaction = database.write(caller.clinic).await?;
    sqlx::query(INSERT_INVITE)
        .bind(caller.clinic)
        .bind(code.hash())
        .bind(INVITE_MINUTES)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(code)
}

/// Shuts a device of the caller's clinic out.
pub async fn revoke(database: &Database, caller: Caller, device: Uuid) -> Result<(), ServerError> {
    let mut transaction = database.write(caller.clinic).await?;
    let revoked = sqlx::query(REVOKE).bind(caller.clinic).bind(device).execute(&mut *transaction).await?;
    transaction.commit().await?;
    if revoked.rows_affected() == 0 { Err(ServerError::NoDevice) } else { Ok(()) }
}

/// The devices of all clinics that were shut out since `moment`, and the moment to ask from next time.
pub async fn revoked_since(
    database: &Database,
    moment: DateTime<Utc>,
) -> Result<(Vec<Caller>, DateTime<Utc>), ServerError> {
    // A transaction may have begun before it was seen: the next question goes back a little.
    let rows: Vec<(DateTime<Utc>, Option<Uuid>, Option<Uuid>)> = sqlx::query_as(
        "SELECT now() - interval '30 seconds', r.clinic_id, r.device_id
         FROM (SELECT 1) AS one LEFT JOIN devices_revoked_since($1) AS r ON true",
    )
    .bind(moment)
    .fetch_all(database.pool())
    .await?;
    let next = rows.first().map_or(moment, |(next, _, _)| *next);
    let callers =
        rows.into_iter().filter_map(|(_, clinic, device)| Some(Caller { clinic: clinic?, device: device? }));
    Ok((callers.collect(), next))
}

/// What whoever runs the server does, as the role that owns the tables.
pub mod admin {
    use super::*;

    /// Makes a clinic; returns its id.
    pub async fn create_clinic(pool: &PgPool, name: &str) -> Result<Uuid, SetupError> {
        Ok(sqlx::query_scalar(
            "INSERT INTO clinic (clinic_id, name, epoch) VALUES (gen_random_uuid(), $1, gen_random_uuid())
             RETURNING clinic_id",
        )
        .bind(name)
        .fetch_one(pool)
        .await?)
    }

    /// Every clinic, by name.
    pub async fn list_clinics(pool: &PgPool) -> Result<Vec<ClinicRow>, SetupError> {
        Ok(sqlx::query_as(
            "SELECT c.clinic_id, c.name, count(d.device_id) AS devices
             FROM clinic c LEFT JOIN device d ON d.clinic_id = c.clinic_id AND d.revoked_at IS NULL
             GROUP BY c.clinic_id ORDER BY c.name, c.clinic_id LIMIT 10000",
        )
        .fetch_all(pool)
        .await?)
    }

    async fn expect_clinic(pool: &PgPool, clinic: Uuid) -> Result<(), SetupError> {
        let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM clinic WHERE clinic_id = $1")
            .bind(clinic)
            .fetch_optional(pool)
            .await?;
        known.map(|_| ()).ok_or(SetupError::NoClinic(clinic))
    }

    /// A code for one more device.
    pub async fn invite(pool: &PgPool, clinic: Uuid) -> Result<Code, SetupError> {
        expect_clinic(pool, clinic).await?;
        let code = Code::draw()?;
        sqlx::query(INSERT_INVITE).bind(clinic).bind(code.hash()).bind(INVITE_MINUTES).execute(pool).await?;
        Ok(code)
    }

    /// The devices of a clinic.
    pub async fn list(pool: &PgPool, clinic: Uuid) -> Result<Vec<Device>, SetupError> {
        expect_clinic(pool, clinic).await?;
        Ok(sqlx::query_as(LIST).bind(clinic).fetch_all(pool).await?)
    }

    /// Shuts a device out.
    pub async fn revoke(pool: &PgPool, clinic: Uuid, device: Uuid) -> Result<(), SetupError> {
        expect_clinic(pool, clinic).await?;
        let revoked = sqlx::query(REVOKE).bind(clinic).bind(device).execute(pool).await?;
        if revoked.rows_affected() == 0 { Err(SetupError::NoDevice(device)) } else { Ok(()) }
    }

    /// Every clinic begins a new epoch: to be called once whenever the database was restored from a backup.
    /// Returns how many clinics there are.
    pub async fn new_epoch(pool: &PgPool) -> Result<u64, SetupError> {
        let mut turn = pool.begin().await?;
        let clinics: Vec<Uuid> =
            sqlx::query_scalar("UPDATE clinic SET epoch = gen_random_uuid() RETURNING clinic_id")
                .fetch_all(&mut *turn)
                .await?;
        // Rejected in the epoch in which the device had sent it: that stands. Answers show themselves clinic by clinic.
        for clinic in &clinics {
            sqlx::query("SELECT set_config('frontdesk.clinic', $1, true)")
                .bind(clinic.to_string())
                .execute(&mut *turn)
                .await?;
            sqlx::query(
                "UPDATE answer SET in_earlier_epoch = true
                 WHERE clinic_id = $1 AND rejected IS NOT NULL AND NOT in_earlier_epoch",
            )
            .bind(clinic)
            .execute(&mut *turn)
            .await?;
        }
        turn.commit().await?;
        Ok(clinics.len() as u64)
    }
}
