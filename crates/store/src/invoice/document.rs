//! What was issued.

use crate::error::StoreError;
use crate::json::{hex, hex_or_null, rows};
use crate::listing::time;
use chrono::{DateTime, Utc};
use domain::id::{ActorId, DocumentId, InvoiceId, PatientId};
use domain::invoice::InvoiceKind;
use domain::invoice::document::{Document, number};
use domain::patient::Word;
use serde_json::Value;
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// A document to be issued.
#[derive(Clone, Debug)]
pub struct DocumentRow<'a> {
    pub id: DocumentId,
    pub invoice: InvoiceId,
    pub patient: PatientId,
    pub corrects: Option<InvoiceId>,
    pub series: &'a str,
    pub number: i64,
    pub issued_at_ms: i64,
    pub issued_by: ActorId,
    pub content: &'a Document,
}

/// Issues documents. One statement.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn insert_documents(
    connection: &mut SqliteConnection,
    documents: &[DocumentRow<'_>],
) -> Result<(), StoreError> {
    let mut values = Vec::with_capacity(documents.len());
    for document in documents {
        let content = document.content;
        values.push(vec![
            hex(document.id.0),
            hex(document.invoice.0),
            hex(document.patient.0),
            Value::from(content.kind.word()),
            hex_or_null(document.corrects.map(|id| id.0)),
            Value::from(document.series),
            Value::from(document.number),
            Value::from(document.issued_at_ms),
            Value::from(content.issued_on.to_string()),
            hex(document.issued_by.0),
            Value::from(content.totals.net),
            Value::from(content.totals.tax),
            Value::from(content.totals.gross),
            Value::from(serde_json::to_string(content)?),
        ]);
    }
    sqlx::query(
        "INSERT INTO invoice_document (id, invoice_id, patient_id, kind, corrects_id, series, number, issued_at, issued_on, issued_by,
           net, tax, gross, content)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), unhex(v.value ->> 2), v.value ->> 3, unhex(v.value ->> 4), v.value ->> 5,
           v.value ->> 6, v.value ->> 7, v.value ->> 8, unhex(v.value ->> 9), v.value ->> 10, v.value ->> 11, v.value ->> 12,
           v.value ->> 13
         FROM json_each(?) v",
    )
    .bind(rows(values)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// A document with this id, whole; none also of one that a newer app wrote and this one cannot read.
///
/// # Errors
/// A damaged file.
pub async fn find_document(
    connection: &mut SqliteConnection,
    id: DocumentId,
) -> Result<Option<Document>, StoreError> {
    let content: Option<String> = sqlx::query_scalar("SELECT content FROM invoice_document WHERE id = ?")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    Ok(content.and_then(|content| serde_json::from_str(&content).ok()))
}

/// One of the documents of an invoice, without what is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDocument {
    pub id: DocumentId,
    pub invoice: InvoiceId,
    pub number: String,
    pub kind: InvoiceKind,
    pub issued_at: DateTime<Utc>,
    pub gross: i64,
    /// The invoice names another one.
    pub is_duplicate: bool,
}

#[derive(FromRow)]
struct RawDocument {
    id: Uuid,
    invoice_id: Uuid,
    series: String,
    number: i64,
    kind: String,
    issued_at: i64,
    gross: i64,
    is_duplicate: bool,
}

/// Most documents of one invoice that are read.
const DOCUMENTS_MAX: u32 = 200;

/// What was issued of an invoice beside the document that stands, and what corrects it, the oldest first.
///
/// # Errors
/// A damaged file.
pub async fn list_documents(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
) -> Result<Vec<ListedDocument>, StoreError> {
    let rows: Vec<RawDocument> = sqlx::query_as(
        "SELECT d.id, d.invoice_id, d.series, d.number, d.kind, d.issued_at, d.gross, d.id IS NOT i.document_id AS is_duplicate
         FROM (SELECT id FROM invoice_document WHERE invoice_id = ?1
               UNION SELECT id FROM invoice_document WHERE corrects_id = ?1) found
         JOIN invoice_document d ON d.id = found.id
         LEFT JOIN invoice i ON i.id = d.invoice_id
         WHERE d.invoice_id <> ?1 OR d.id IS NOT i.document_id
         ORDER BY d.issued_at, d.id LIMIT ?2",
    )
    .bind(invoice.0)
    .bind(DOCUMENTS_MAX)
    .fetch_all(connection)
    .await?;
    let row = |raw: RawDocument| {
        Ok(ListedDocument {
            id: DocumentId(raw.id),
            invoice: InvoiceId(raw.invoice_id),
            number: number(&raw.series, raw.number),
            kind: InvoiceKind::from_word(&raw.kind).unwrap_or_default(),
            issued_at: time(raw.issued_at)?,
            gross: raw.gross,
            is_duplicate: raw.is_duplicate,
        })
    };
    rows.into_iter().map(row).collect()
}

/// How an invoice stands, and the document that stands for it: none of one that this app cannot read.
///
/// # Errors
/// A damaged file.
pub async fn find_standing_document(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
) -> Result<Option<(String, Option<Document>)>, StoreError> {
    let found: Option<(String, String)> = sqlx::query_as(
        "SELECT i.status, d.content FROM invoice i JOIN invoice_document d ON d.id = i.document_id WHERE i.id = ?",
    )
    .bind(invoice.0)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(status, content)| (status, serde_json::from_str(&content).ok())))
}

/// The credit notes of an invoice, the oldest first; none if one of them cannot be read by this app, or if there are more than
/// are read.
///
/// # Errors
/// A damaged file.
pub async fn list_credit_notes(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
) -> Result<Option<Vec<Document>>, StoreError> {
    let contents: Vec<String> = sqlx::query_scalar(
        "SELECT content FROM invoice_document WHERE corrects_id = ? AND kind = 'credit_note' ORDER BY issued_at, id LIMIT ?",
    )
    .bind(invoice.0)
    .bind(DOCUMENTS_MAX)
    .fetch_all(connection)
    .await?;
    if contents.len() == DOCUMENTS_MAX as usize {
        return Ok(None);
    }
    Ok(contents.iter().map(|content| serde_json::from_str(content).ok()).collect())
}
