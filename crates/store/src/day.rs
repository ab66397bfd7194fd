//! The end of a day: what should be in the drawer and on the terminal, and what was.

use crate::error::StoreError;
use crate::json;
use crate::listing::time;
use chrono::{DateTime, NaiveDate, Utc};
use domain::day::{Counted, Drawer};
use domain::id::{ActorId, CloseId};
use domain::invoice::payment::Method;
use domain::patient::Word;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// What came in by one method and is in no close yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub method: Method,
    pub amount: i64,
    pub payments: u64,
}

/// What a day's close would cover.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenDay {
    pub expected: Vec<Expected>,
    /// Payments of earlier days, which came from a desk that was offline.
    pub late: u64,
    pub payments: Vec<Uuid>,
    /// The newest day that was closed.
    pub last_closed: Option<NaiveDate>,
    /// What the last close left in the drawer.
    pub float: i64,
}

/// Most payments of one close: as many as fit into one transaction with room to spare.
pub const PAYMENTS_MAX: u32 = 100_000;

#[derive(Deserialize)]
struct RawOpen {
    payments: Vec<(String, String, i64, i64)>,
    last: Option<(String, i64)>,
}

/// What a close of `day` would cover. One statement.
///
/// # Errors
/// A damaged file.
pub async fn load_open(connection: &mut SqliteConnection, day: NaiveDate) -> Result<OpenDay, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT json_array(
           json((SELECT json_group_array(json_array(hex(o.payment_id), p.method, p.amount, o.taken_on < ?1)) FROM (
             SELECT * FROM open_payment WHERE taken_on <= ?1 ORDER BY taken_on, payment_id LIMIT ?2) o
             CROSS JOIN payment p ON p.id = o.payment_id)),
           json((SELECT json_array(day, float) FROM day_close ORDER BY day DESC, closed_at DESC, id DESC LIMIT 1)))",
    )
    .bind(day.to_string())
    .bind(PAYMENTS_MAX);
    let raw: RawOpen = json::fetch(connection, found).await?;
    let mut open = OpenDay {
        expected: Vec::new(),
        late: 0,
        payments: Vec::with_capacity(raw.payments.len()),
        last_closed: raw.last.as_ref().and_then(|(day, _)| day.parse().ok()),
        float: raw.last.map_or(0, |(_, float)| float),
    };
    for (id, method, amount, late) in raw.payments {
        // As a list of payments shows one that a newer app wrote.
        let method = Method::from_word(&method).unwrap_or(Method::Transfer);
        match open.expected.iter_mut().find(|of| of.method == method) {
            Some(of) => {
                of.amount = of.amount.saturating_add(amount);
                of.payments += 1;
            }
            None => open.expected.push(Expected { method, amount, payments: 1 }),
        }
        open.late += u64::from(late != 0);
        open.payments.push(id.parse().map_err(|_| StoreError::StoredValue { column: "payment_id" })?);
    }
    open.expected.sort_by_key(|of| of.method);
    Ok(open)
}

/// The end of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct CloseRow {
    pub id: CloseId,
    pub day: NaiveDate,
    pub closed_at: DateTime<Utc>,
    pub closed_by: ActorId,
    pub float: i64,
    pub drawer: Drawer,
    pub methods: Vec<Counted>,
    pub explanation: String,
}

/// Closes a day.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn insert_close(
    connection: &mut SqliteConnection,
    close: &CloseRow,
    payments: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO day_close (id, day, closed_at, closed_by, float, drawer, methods, explanation, payments)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(close.id.0)
    .bind(close.day.to_string())
    .bind(close.closed_at.timestamp_millis())
    .bind(close.closed_by.0)
    .bind(close.float)
    .bind(serde_json::to_string(&close.drawer)?)
    .bind(serde_json::to_string(&close.methods)?)
    .bind(&close.explanation)
    .bind(json::hex_list(payments)?)
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct RawClose {
    id: Uuid,
    day: String,
    closed_at: i64,
    closed_by: Vec<u8>,
    float: i64,
    drawer: String,
    methods: String,
    explanation: String,
}

impl TryFrom<RawClose> for CloseRow {
    type Error = StoreError;

    fn try_from(raw: RawClose) -> Result<Self, StoreError> {
        let closed_at = time(raw.closed_at)?;
        Ok(Self {
            id: CloseId(raw.id),
            day: raw.day.parse().unwrap_or_else(|_| closed_at.date_naive()),
            closed_at,
            closed_by: ActorId(Uuid::from_slice(&raw.closed_by).unwrap_or_default()),
            float: raw.float,
            // What a newer app wrote otherwise is not shown by this one.
            drawer: serde_json::from_str(&raw.drawer).unwrap_or_default(),
            methods: serde_json::from_str(&raw.methods).unwrap_or_default(),
            explanation: raw.explanation,
        })
    }
}

/// Where a page of closes ends: day, time in milliseconds, id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseCursor(String, i64, Uuid);

/// A page of closes, the newest first.
///
/// # Errors
/// A damaged file.
pub async fn list_closes(
    connection: &mut SqliteConnection,
    after: Option<&CloseCursor>,
    limit: u32,
) -> Result<(Vec<CloseRow>, Option<CloseCursor>), StoreError> {
    let rows: Vec<RawClose> = sqlx::query_as(
        "SELECT id, day, closed_at, closed_by, float, drawer, methods, explanation FROM day_close
         WHERE (day, closed_at, id) < (?, ?, ?) ORDER BY day DESC, closed_at DESC, id DESC LIMIT ?",
    )
    // After every date.
    .bind(after.map_or("~", |after| after.0.as_str()))
    .bind(after.map_or(i64::MAX, |after| after.1))
    .bind(after.map_or(Uuid::max(), |after| after.2))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit as usize)
        .map(|last| CloseCursor(last.day.clone(), last.closed_at, last.id));
    Ok((rows.into_iter().map(CloseRow::try_from).collect::<Result<_, _>>()?, next))
}

/// The close with this id.
///
/// # Errors
/// A damaged file.
pub async fn find_close(
    connection: &mut SqliteConnection,
    id: CloseId,
) -> Result<Option<CloseRow>, StoreError> {
    let row: Option<RawClose> = sqlx::query_as(
        "SELECT id, day, closed_at, closed_by, float, drawer, methods, explanation FROM day_close WHERE id = ?",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await?;
    row.map(CloseRow::try_from).transpose()
}

/// Whether `day` was closed, or a later one.
///
/// # Errors
/// A damaged file.
pub async fn is_closed(connection: &mut SqliteConnection, day: NaiveDate) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM day_close WHERE day >= ?)")
        .bind(day.to_string())
        .fetch_one(connection)
        .await?)
}
