//! A patient's notes.

use crate::error::StoreError;
use crate::listing::time;
use chrono::{DateTime, Utc};
use domain::id::{ActorId, NoteId, PatientId};
use domain::patient::{NoteKind, Word};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRow {
    pub id: NoteId,
    pub patient: PatientId,
    pub kind: NoteKind,
    pub body: String,
    pub pinned: bool,
    pub created_at: DateTime<Utc>,
    pub author: ActorId,
}

#[derive(FromRow)]
struct RawNote {
    id: Uuid,
    patient_id: Uuid,
    kind: String,
    body: String,
    pinned: bool,
    created_at: i64,
    author_id: Vec<u8>,
}

impl TryFrom<RawNote> for NoteRow {
    type Error = StoreError;

    fn try_from(raw: RawNote) -> Result<Self, StoreError> {
        Ok(Self {
            id: NoteId(raw.id),
            patient: PatientId(raw.patient_id),
            // A newer app may know more kinds; the text matters more than its kind.
            kind: NoteKind::from_word(&raw.kind).unwrap_or(NoteKind::General),
            body: raw.body,
            pinned: raw.pinned,
            created_at: time(raw.created_at)?,
            author: ActorId(Uuid::from_slice(&raw.author_id).unwrap_or_default()),
        })
    }
}

const COLUMNS: &str = "id, patient_id, kind, body, pinned, created_at, author_id";

/// Where a page ends: pinned, time in milliseconds, id.
pub type NoteCursor = (bool, i64, Uuid);

pub(crate) const PAGE_SQL: &str =
    "SELECT id, patient_id, kind, body, pinned, created_at, author_id FROM patient_note
 WHERE patient_id = ? AND removed_at IS NULL AND (pinned, created_at, id) < (?, ?, ?)
 ORDER BY pinned DESC, created_at DESC, id DESC LIMIT ?";

/// A page of a patient's notes: pinned ones first, then the newest.
pub async fn list_notes(
    connection: &mut SqliteConnection,
    patient: PatientId,
    after: Option<NoteCursor>,
    limit: u32,
) -> Result<(Vec<NoteRow>, Option<NoteCursor>), StoreError> {
    let (pinned, at, id) =
        after.map_or((i64::MAX, i64::MAX, Uuid::max()), |(pinned, at, id)| (pinned.into(), at, id));
    let rows: Vec<RawNote> = sqlx::query_as(PAGE_SQL)
        .bind(patient.0)
        .bind(pinned)
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit as usize)
        .map(|last| (last.pinned, last.created_at, last.id));
    Ok((rows.into_iter().map(NoteRow::try_from).collect::<Result<_, _>>()?, next))
}

/// A note, removed or not.
pub async fn find_note(connection: &mut SqliteConnection, id: NoteId) -> Result<Option<NoteRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM patient_note WHERE id = ?");
    let row: Option<RawNote> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(connection).await?;
    row.map(NoteRow::try_from).transpose()
}

/// Writes new notes. One statement.
pub async fn insert_notes(connection: &mut SqliteConnection, notes: &[NoteRow]) -> Result<(), StoreError> {
    use crate::json::{hex, rows};
    use serde_json::Value;
    let notes = notes.iter().map(|note| {
        vec![
            hex(note.id.0),
            hex(note.patient.0),
            hex(note.author.0),
            Value::from(note.created_at.timestamp_millis()),
            Value::from(note.kind.word()),
            Value::from(note.body.as_str()),
            Value::from(i64::from(note.pinned)),
        ]
    });
    sqlx::query(
        "INSERT INTO patient_note (id, patient_id, author_id, created_at, kind, body, pinned)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), unhex(v.value ->> 2), v.value ->> 3, v.value ->> 4, v.value ->> 5, v.value ->> 6
         FROM json_each(?) AS v",
    )
    .bind(rows(notes)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// What changes of a note.
#[derive(Clone, Debug, Default)]
pub struct NotePatch<'a> {
    pub content: Option<(NoteKind, &'a str)>,
    pub pinned: Option<bool>,
    /// Removed at this time, or brought back.
    pub removed: Option<Option<DateTime<Utc>>>,
}

/// Changes a note; whether there is one.
pub async fn update_note(
    connection: &mut SqliteConnection,
    id: NoteId,
    patch: &NotePatch<'_>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE patient_note SET kind = coalesce(?2, kind), body = coalesce(?3, body), pinned = coalesce(?4, pinned),
                removed_at = iif(?5, ?6, removed_at) WHERE id = ?1",
    )
    .bind(id.0)
    .bind(patch.content.map(|(kind, _)| kind.word()))
    .bind(patch.content.map(|(_, body)| body))
    .bind(patch.pinned)
    .bind(patch.removed.is_some())
    .bind(patch.removed.flatten().map(|at| at.timestamp_millis()))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
