//! One invoice.

use super::list::{ListedInvoice, RawInvoice, row_sql};
use crate::error::StoreError;
use crate::json;
use domain::id::{DocumentId, InvoiceId};
use domain::invoice::{Discount, Tax, TaxCategory};
use domain::patient::Word;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

/// An invoice's own row, and what is derived of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceRecord {
    pub listed: ListedInvoice,
    /// As stored: draft, issued, void or discarded.
    pub status: String,
    pub document: Option<DocumentId>,
    pub discount: Discount,
    pub note: String,
    pub reason: String,
    pub line_count: u64,
    /// The sums of its lines by tax.
    pub sums: Vec<(Tax, i64)>,
    /// The patient's credit.
    pub credit: i64,
}

#[derive(Deserialize)]
struct Raw {
    listed: RawInvoice,
    status: String,
    document: Option<Uuid>,
    discount_kind: String,
    discount: i64,
    note: String,
    reason: String,
    line_count: u64,
    sums: Vec<(String, i64, i64)>,
    credit: i64,
}

/// An invoice, in one statement.
///
/// # Errors
/// A damaged file.
pub async fn find_invoice(
    connection: &mut SqliteConnection,
    id: InvoiceId,
) -> Result<Option<InvoiceRecord>, StoreError> {
    let sql = format!(
        "SELECT json_group_array(json_array({}, i.status, nullif(hex(i.document_id), ''), i.discount_kind, i.discount, i.note, i.reason,
           coalesce(t.lines, 0),
           json((SELECT json_group_array(json_array(category, rate, net)) FROM invoice_tax WHERE invoice_id = i.id)),
           coalesce((SELECT credit FROM patient_account WHERE patient_id = i.patient_id), 0)))
         FROM invoice i JOIN invoice_listing l ON l.invoice_id = i.id
         LEFT JOIN invoice_total t ON t.invoice_id = i.id WHERE i.id = ?",
        row_sql()
    );
    let found = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.0);
    let found: Vec<Raw> = json::fetch(connection, found).await?;
    Ok(found.into_iter().next().map(InvoiceRecord::from))
}

impl From<Raw> for InvoiceRecord {
    fn from(raw: Raw) -> Self {
        let known = |(category, rate, net): (String, i64, i64)| {
            let tax = Tax { category: TaxCategory::from_word(&category)?, rate: u32::try_from(rate).ok()? };
            tax.is_possible().then_some((tax, net))
        };
        Self {
            listed: raw.listed.into(),
            status: raw.status,
            document: raw.document.map(DocumentId),
            // One that is not known here counts as none, and is flagged.
            discount: Discount::from_parts(&raw.discount_kind, raw.discount).unwrap_or_default(),
            note: raw.note,
            reason: raw.reason,
            line_count: raw.line_count,
            sums: raw.sums.into_iter().filter_map(known).collect(),
            credit: raw.credit,
        }
    }
}
