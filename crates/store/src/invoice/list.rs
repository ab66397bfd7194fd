//! Lists of invoices, from the derived listing.

use crate::clinic::{currency, currency_sql};
use crate::error::StoreError;
use crate::json;
use crate::listing::{COUNT_BOUND, time};
use chrono::{DateTime, Utc};
use domain::id::{InvoiceId, PatientId};
use domain::invoice::{InvoiceKind, InvoiceStatus};
use domain::money::Currency;
use domain::patient::Word;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

/// Most lines of an invoice that a list reads.
const SUMMARY_LINES: u32 = 10;

/// Which invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    #[default]
    All,
    /// Something is due on them.
    Due,
    Status(InvoiceStatus),
    /// All of a patient.
    Of(PatientId),
    /// Those of a patient on which something is due.
    DueOf(PatientId),
}

/// What a page is to hold: invoices of a time, the newest first.
#[derive(Clone, Debug, Default)]
pub struct InvoiceQuery {
    pub which: Which,
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub to: Option<DateTime<Utc>>,
    pub after: Option<InvoiceCursor>,
    pub limit: u32,
}

/// Where a page ends: time in milliseconds, id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceCursor(i64, Uuid);

/// An invoice as a list shows one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInvoice {
    pub id: InvoiceId,
    pub patient: PatientId,
    pub patient_name: String,
    pub kind: InvoiceKind,
    pub status: InvoiceStatus,
    pub at: DateTime<Utc>,
    pub number: String,
    pub gross: i64,
    pub paid: i64,
    pub credited: i64,
    pub balance: i64,
    pub faulty: bool,
    pub summary: Vec<String>,
}

/// One page of a list, how long the list is, and what it counts in.
#[derive(Clone, Debug)]
pub struct InvoicePage {
    pub rows: Vec<ListedInvoice>,
    pub next: Option<InvoiceCursor>,
    pub count: i64,
    pub more_than_counted: bool,
    pub currency: Currency,
}

/// A [`RawInvoice`] as a JSON list, from `invoice_listing l`.
pub(super) fn row_sql() -> String {
    format!(
        "json_array(hex(l.invoice_id), hex(l.patient_id),
           coalesce((SELECT trim(coalesce(nullif(p.preferred_name, ''), p.given) || ' ' || p.family)
                     FROM patient p WHERE p.id = l.patient_id), ''),
           l.kind, l.status, l.at, l.number, l.gross, l.paid, l.credited, l.balance, l.faulty,
           json((SELECT json_group_array(description) FROM (
             SELECT description FROM invoice_line WHERE invoice_id = l.invoice_id ORDER BY position, id LIMIT {SUMMARY_LINES}))))"
    )
}

/// In the order of [`row_sql`].
#[derive(Deserialize)]
pub(super) struct RawInvoice {
    id: Uuid,
    patient: Uuid,
    patient_name: String,
    kind: String,
    status: String,
    at: i64,
    number: String,
    gross: i64,
    paid: i64,
    credited: i64,
    balance: i64,
    faulty: i64,
    summary: Vec<String>,
}

impl From<RawInvoice> for ListedInvoice {
    fn from(raw: RawInvoice) -> Self {
        Self {
            id: InvoiceId(raw.id),
            patient: PatientId(raw.patient),
            patient_name: raw.patient_name,
            kind: InvoiceKind::from_word(&raw.kind).unwrap_or_default(),
            // A discarded draft is a draft that no list shows.
            status: InvoiceStatus::from_word(&raw.status).unwrap_or_default(),
            // A list is no place to fail over one row.
            at: time(raw.at).unwrap_or_default(),
            number: raw.number,
            gross: raw.gross,
            paid: raw.paid,
            credited: raw.credited,
            balance: raw.balance,
            faulty: raw.faulty != 0,
            summary: raw.summary,
        }
    }
}

fn condition(which: Which) -> String {
    match which {
        Which::All => "status <> 'discarded'".to_owned(),
        Which::Due => "balance > 0".to_owned(),
        Which::Status(status) => format!("status = '{}'", status.word()),
        Which::Of(_) => "status <> 'discarded' AND patient_id = ?1".to_owned(),
        Which::DueOf(_) => "status <> 'discarded' AND patient_id = ?1 AND balance > 0".to_owned(),
    }
}

/// The statement of a page. The end of the time is where the first page begins, so that no page passes over what is newer.
pub(crate) fn page_sql(which: Which) -> String {
    let (condition, row) = (condition(which), row_sql());
    format!(
        "SELECT json_array(
           json((SELECT json_group_array({row}) FROM (
             SELECT invoice_id AS id FROM invoice_listing
             WHERE {condition} AND at >= ?2 AND (at, invoice_id) < (?3, ?4) ORDER BY at DESC, invoice_id DESC LIMIT ?5) AS wanted
             CROSS JOIN invoice_listing l ON l.invoice_id = wanted.id)),
           (SELECT count(*) FROM (
             SELECT 1 FROM invoice_listing WHERE {condition} AND at >= ?2 AND at < ?6 LIMIT ?7)),
           {currency})",
        currency = currency_sql(),
    )
}

/// One page of a list, in one statement.
///
/// # Errors
/// A damaged file.
pub async fn list_invoices(
    connection: &mut SqliteConnection,
    query: &InvoiceQuery,
) -> Result<InvoicePage, StoreError> {
    let patient = match query.which {
        Which::Of(patient) | Which::DueOf(patient) => Some(patient.0),
        _ => None,
    };
    let (from, to) = (
        query.from.map_or(i64::MIN, |from| from.timestamp_millis()),
        query.to.map_or(i64::MAX, |to| to.timestamp_millis()),
    );
    let InvoiceCursor(at, id) = query.after.unwrap_or(InvoiceCursor(to, Uuid::nil()));
    let page = sqlx::query_scalar(AssertSqlSafe(page_sql(query.which)))
        .bind(patient)
        .bind(from)
        .bind(at)
        .bind(id)
        .bind(query.limit)
        .bind(to)
        .bind(COUNT_BOUND + 1);
    let (raw, count, code): (Vec<RawInvoice>, i64, String) = json::fetch(connection, page).await?;
    let full = raw.len() == query.limit as usize;
    let next = raw.last().filter(|_| full).map(|last| InvoiceCursor(last.at, last.id));
    Ok(InvoicePage {
        rows: raw.into_iter().map(ListedInvoice::from).collect(),
        next,
        count: count.min(COUNT_BOUND),
        more_than_counted: count > COUNT_BOUND,
        currency: currency(&code),
    })
}

#[cfg(test)]
impl InvoiceCursor {
    /// Before everything of a time, in milliseconds.
    pub(super) fn at(ms: i64) -> Self {
        Self(ms, Uuid::nil())
    }
}
