//! Consent: a ledger of events, read as the domain's rule says.

use crate::error::StoreError;
use crate::listing::time;
use chrono::{DateTime, Utc};
use domain::consent::{Channel, Decision, Purpose};
use domain::id::{ActorId, ConsentEventId, PatientId};
use domain::patient::Word;
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// One event of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    pub id: ConsentEventId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    pub source: String,
    pub recorded_by: ActorId,
    pub recorded_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct RawConsent {
    id: Uuid,
    channel: String,
    purpose: String,
    decision: String,
    source: String,
    recorded_by: Uuid,
    recorded_at: i64,
}

impl TryFrom<RawConsent> for ConsentRow {
    type Error = StoreError;

    fn try_from(raw: RawConsent) -> Result<Self, StoreError> {
        let stored = |column| StoreError::StoredValue { column };
        Ok(Self {
            id: ConsentEventId(raw.id),
            channel: Channel::from_word(&raw.channel).ok_or(stored("channel"))?,
            purpose: Purpose::from_word(&raw.purpose).ok_or(stored("purpose"))?,
            decision: Decision::from_word(&raw.decision).ok_or(stored("decision"))?,
            source: raw.source,
            recorded_by: ActorId(raw.recorded_by),
            recorded_at: time(raw.recorded_at)?,
        })
    }
}

const COLUMNS: &str = "e.id, e.channel, e.purpose, e.decision, e.source, e.recorded_by, e.recorded_at";

/// The events of a patient that no later one took account of: at most a few per channel and
/// purpose, more only where desks decided apart.
pub async fn list_standing(
    connection: &mut SqliteConnection,
    patient: PatientId,
) -> Result<Vec<ConsentRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM consent_standing s CROSS JOIN consent_event e ON e.id = s.event_id
         WHERE s.patient_id = ? ORDER BY s.recorded_at DESC, s.event_id DESC LIMIT 200"
    );
    let rows: Vec<RawConsent> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(patient.0).fetch_all(connection).await?;
    // An event of a newer version's channel is none of this version's lines.
    Ok(rows.into_iter().filter_map(|raw| raw.try_into().ok()).collect())
}

/// Where a page of the history ends: time in milliseconds, id.
pub type ConsentCursor = (i64, Uuid);

/// A page of a patient's history, the newest first.
pub async fn list_events(
    connection: &mut SqliteConnection,
    patient: PatientId,
    after: Option<ConsentCursor>,
    limit: u32,
) -> Result<(Vec<ConsentRow>, Option<ConsentCursor>), StoreError> {
    let (at, id) = after.unwrap_or((i64::MAX, Uuid::max()));
    let sql = format!(
        "SELECT {COLUMNS} FROM consent_event e WHERE patient_id = ? AND (recorded_at, id) < (?, ?)
         ORDER BY recorded_at DESC, id DESC LIMIT ?"
    );
    let rows: Vec<RawConsent> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(patient.0)
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|last| (last.recorded_at, last.id));
    Ok((rows.into_iter().filter_map(|raw| raw.try_into().ok()).collect(), next))
}

/// A decision to be recorded.
#[derive(Clone, Debug)]
pub struct NewConsent {
    pub id: ConsentEventId,
    pub patient: PatientId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    pub source: String,
    pub recorded_by: ActorId,
    pub recorded_at: DateTime<Utc>,
}

/// Records decisions. Each takes account of what stands in the database now. One statement.
pub async fn insert_consents(
    connection: &mut SqliteConnection,
    events: &[NewConsent],
) -> Result<(), StoreError> {
    use crate::json::{hex, rows};
    use serde_json::Value;
    let events = events.iter().map(|event| {
        vec![
            hex(event.id.0),
            hex(event.patient.0),
            Value::from(event.channel.word()),
            Value::from(event.purpose.word()),
            Value::from(event.decision.word()),
            Value::from(event.source.as_str()),
            hex(event.recorded_by.0),
            Value::from(event.recorded_at.timestamp_millis()),
        ]
    });
    sqlx::query(
        "INSERT INTO consent_event (id, patient_id, channel, purpose, decision, source, recorded_by, recorded_at, supersedes)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), v.value ->> 2, v.value ->> 3, v.value ->> 4, v.value ->> 5,
                unhex(v.value ->> 6), v.value ->> 7,
                (SELECT json_group_array(lower(hex(e.id))) FROM consent_standing s CROSS JOIN consent_event e ON e.id = s.event_id
                 WHERE s.patient_id = unhex(v.value ->> 1) AND e.channel = v.value ->> 2 AND e.purpose = v.value ->> 3)
         FROM json_each(?) AS v",
    )
    .bind(rows(events)?)
    .execute(connection)
    .await?;
    Ok(())
}
