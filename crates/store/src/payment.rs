//! The ledger of payments.

use crate::clinic::{currency, currency_sql};
use crate::error::StoreError;
use crate::json::{hex, hex_or_null, rows};
use crate::listing::time;
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ActionId, ActorId, InvoiceId, PatientId, PaymentId};
use domain::invoice::payment::Method;
use domain::money::Currency;
use domain::patient::Word;
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};
use uuid::Uuid;

/// Money taken, or given back if its amount is below nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    pub id: PaymentId,
    pub action: ActionId,
    pub patient: PatientId,
    /// Without one it is the patient's credit.
    pub invoice: Option<InvoiceId>,
    pub method: Method,
    pub amount: i64,
    pub change: i64,
    pub reference: String,
    pub taken_at: DateTime<Utc>,
    pub taken_on: NaiveDate,
    pub taken_by: ActorId,
}

/// Books payments. One statement.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn insert_payments(
    connection: &mut SqliteConnection,
    payments: &[PaymentRow],
) -> Result<(), StoreError> {
    let values = payments.iter().map(|payment| {
        vec![
            hex(payment.id.0),
            hex(payment.action.0),
            hex(payment.patient.0),
            hex_or_null(payment.invoice.map(|id| id.0)),
            Value::from(payment.method.word()),
            Value::from(payment.amount),
            Value::from(payment.change),
            Value::from(payment.reference.as_str()),
            Value::from(payment.taken_at.timestamp_millis()),
            Value::from(payment.taken_on.to_string()),
            hex(payment.taken_by.0),
        ]
    });
    sqlx::query(
        "INSERT INTO payment (id, action_id, patient_id, invoice_id, method, amount, change, reference, taken_at, taken_on, taken_by)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), unhex(v.value ->> 2), unhex(v.value ->> 3), v.value ->> 4,
           v.value ->> 5, v.value ->> 6, v.value ->> 7, v.value ->> 8, v.value ->> 9, unhex(v.value ->> 10)
         FROM json_each(?) v",
    )
    .bind(rows(values)?)
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct RawPayment {
    id: Uuid,
    action_id: Vec<u8>,
    patient_id: Uuid,
    invoice_id: Option<Uuid>,
    method: String,
    amount: i64,
    change: i64,
    reference: String,
    taken_at: i64,
    taken_on: String,
    taken_by: Vec<u8>,
}

impl TryFrom<RawPayment> for PaymentRow {
    type Error = StoreError;

    fn try_from(raw: RawPayment) -> Result<Self, StoreError> {
        let taken_at = time(raw.taken_at)?;
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap_or_default();
        Ok(Self {
            id: PaymentId(raw.id),
            action: ActionId(id(&raw.action_id)),
            patient: PatientId(raw.patient_id),
            invoice: raw.invoice_id.map(InvoiceId),
            // A newer app may know more ways to pay; that it was paid matters more.
            method: Method::from_word(&raw.method).unwrap_or(Method::Transfer),
            amount: raw.amount,
            change: raw.change,
            reference: raw.reference,
            taken_at,
            taken_on: raw.taken_on.parse().unwrap_or_else(|_| taken_at.date_naive()),
            taken_by: ActorId(id(&raw.taken_by)),
        })
    }
}

/// Most payments of one invoice that are read.
const PAYMENTS_MAX: u32 = 200;

/// The payments of an invoice, the newest last.
///
/// # Errors
/// A damaged file.
pub async fn list_of_invoice(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
) -> Result<Vec<PaymentRow>, StoreError> {
    let raw: Vec<RawPayment> = sqlx::query_as(
        "SELECT id, action_id, patient_id, invoice_id, method, amount, change, reference, taken_at, taken_on, taken_by
         FROM payment WHERE invoice_id = ? ORDER BY taken_at, id LIMIT ?",
    )
    .bind(invoice.0)
    .bind(PAYMENTS_MAX)
    .fetch_all(connection)
    .await?;
    raw.into_iter().map(PaymentRow::try_from).collect()
}

/// The payments with these ids.
///
/// # Errors
/// A damaged file.
pub async fn find_payments(
    connection: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<Vec<PaymentRow>, StoreError> {
    let raw: Vec<RawPayment> = sqlx::query_as(
        "SELECT p.id, action_id, patient_id, invoice_id, method, amount, change, reference, taken_at, taken_on, taken_by
         FROM json_each(?) wanted JOIN payment p ON p.id = unhex(wanted.value) ORDER BY wanted.key",
    )
    .bind(crate::json::hex_list(ids)?)
    .fetch_all(connection)
    .await?;
    raw.into_iter().map(PaymentRow::try_from).collect()
}

/// What a patient has in credit.
///
/// # Errors
/// A damaged file.
pub async fn find_credit(connection: &mut SqliteConnection, patient: PatientId) -> Result<i64, StoreError> {
    let credit = sqlx::query_scalar("SELECT credit FROM patient_account WHERE patient_id = ?")
        .bind(patient.0)
        .fetch_optional(connection)
        .await?;
    Ok(credit.unwrap_or(0))
}

/// How a patient stands with the clinic: what is owed, what is in credit, and what both count in.
///
/// # Errors
/// A damaged file.
pub async fn load_account(
    connection: &mut SqliteConnection,
    patient: PatientId,
) -> Result<(i64, i64, Currency), StoreError> {
    let sql = format!(
        "SELECT coalesce(owed, 0), coalesce(credit, 0), {} FROM (SELECT 1) LEFT JOIN patient_account ON patient_id = ?",
        currency_sql()
    );
    let (owed, credit, code): (i64, i64, String) =
        sqlx::query_as(AssertSqlSafe(sql)).bind(patient.0).fetch_one(connection).await?;
    Ok((owed, credit, currency(&code)))
}
