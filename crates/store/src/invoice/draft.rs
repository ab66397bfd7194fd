//! Drafts and their lines.

use crate::capture::Bases;
use crate::error::StoreError;
use crate::json::{self, hex, hex_list, hex_or_null, rows};
use crate::manifest::INVOICE;
use crate::versions::Versions;
use domain::id::{ActorId, CatalogueItemId, DocumentId, InvoiceId, LineId, PatientId};
use domain::invoice::document::LineContent;
use domain::invoice::{Discount, InvoiceKind, Tax, TaxCategory};
use domain::patient::Word;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::BTreeMap;
use sync_protocol::{Guard, Version};
use uuid::Uuid;

/// An invoice to be made.
#[derive(Clone, Debug)]
pub struct NewInvoice {
    pub id: InvoiceId,
    pub patient: PatientId,
    pub kind: InvoiceKind,
    pub corrects: Option<InvoiceId>,
    /// It is issued as it is made; without one it is a draft.
    pub document: Option<DocumentId>,
    pub created_by: ActorId,
    pub created_at_ms: i64,
    pub discount: Discount,
}

/// Makes invoices of patients that are there; how many that were. One statement.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn insert_invoices(
    connection: &mut SqliteConnection,
    invoices: &[NewInvoice],
) -> Result<u64, StoreError> {
    let values = invoices.iter().map(|invoice| {
        let (discount_kind, discount) = invoice.discount.parts();
        vec![
            hex(invoice.id.0),
            hex(invoice.patient.0),
            Value::from(invoice.kind.word()),
            hex_or_null(invoice.corrects.map(|id| id.0)),
            hex(invoice.created_by.0),
            Value::from(invoice.created_at_ms),
            Value::from(if invoice.document.is_some() { "issued" } else { "draft" }),
            hex_or_null(invoice.document.map(|id| id.0)),
            Value::from(discount_kind),
            Value::from(discount),
        ]
    });
    let done = sqlx::query(
        "INSERT INTO invoice (id, patient_id, kind, corrects_id, created_by, created_at, status, document_id, discount_kind, discount)
         SELECT unhex(v.value ->> 0), p.id, v.value ->> 2, unhex(v.value ->> 3), unhex(v.value ->> 4), v.value ->> 5, v.value ->> 6,
           unhex(v.value ->> 7), v.value ->> 8, v.value ->> 9
         FROM json_each(?) v CROSS JOIN patient p ON p.id = unhex(v.value ->> 1)",
    )
    .bind(rows(values)?)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// What a change of an invoice has to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftStanding {
    pub invoice: InvoiceId,
    pub patient: PatientId,
    pub kind: InvoiceKind,
    /// As stored: draft, issued, void, discarded, or what a newer app knows.
    pub status: String,
    pub corrects: Option<InvoiceId>,
    pub document: Option<DocumentId>,
    pub discount: Option<Discount>,
    pub note: String,
    pub last_position: i64,
    /// Of the invoice.
    pub versions: Versions,
}

impl DraftStanding {
    /// Whether lines may change.
    pub fn is_draft(&self) -> bool {
        self.status == "draft"
    }

    /// Demands that nobody issues, voids or discards it meanwhile.
    pub fn guard(&self) -> Option<Guard> {
        let register = INVOICE.register("status")?;
        let at = self.versions.dot(self.invoice.0, register.number)?;
        Some(Guard {
            collection: INVOICE.name.to_owned(),
            record: self.invoice.0,
            register: register.name.to_owned(),
            at,
        })
    }
}

/// The versions of the record whose id the SQL `id` is, as a JSON list of register and version.
fn versions_sql(id: &str) -> String {
    format!(
        "json((SELECT json_group_array(json_array(register, replica || ':' || seq || coalesce(';' || others, '')))
               FROM record_version WHERE record = {id}))"
    )
}

/// What [`versions_sql`] selects.
type StoredVersions = Vec<(i64, String)>;

fn versions(record: Uuid, stored: StoredVersions) -> Result<Versions, StoreError> {
    let mut registers = BTreeMap::<i64, Version>::new();
    for (register, version) in stored {
        let version = version.parse().map_err(|_| StoreError::StoredValue { column: "record_version" })?;
        registers.insert(register, version);
    }
    Ok(Versions(Bases::from([(record, registers)])))
}

/// In the order of [`standing_sql`].
#[derive(Deserialize)]
struct RawStanding {
    invoice: Uuid,
    patient: Uuid,
    kind: String,
    status: String,
    corrects: Option<Uuid>,
    document: Option<Uuid>,
    discount_kind: String,
    discount: i64,
    note: String,
    last_position: i64,
    versions: StoredVersions,
}

fn standing_sql() -> String {
    format!(
        "json_array(hex(i.id), hex(i.patient_id), i.kind, i.status, nullif(hex(i.corrects_id), ''), nullif(hex(i.document_id), ''),
           i.discount_kind, i.discount, i.note,
           coalesce((SELECT max(position) FROM invoice_line l WHERE l.invoice_id = i.id), 0), {})",
        versions_sql("i.id")
    )
}

impl TryFrom<RawStanding> for DraftStanding {
    type Error = StoreError;

    fn try_from(raw: RawStanding) -> Result<Self, StoreError> {
        Ok(Self {
            invoice: InvoiceId(raw.invoice),
            patient: PatientId(raw.patient),
            kind: InvoiceKind::from_word(&raw.kind).unwrap_or_default(),
            status: raw.status,
            corrects: raw.corrects.map(InvoiceId),
            document: raw.document.map(DocumentId),
            discount: Discount::from_parts(&raw.discount_kind, raw.discount),
            note: raw.note,
            last_position: raw.last_position,
            versions: versions(raw.invoice, raw.versions)?,
        })
    }
}

/// How an invoice stands.
///
/// # Errors
/// A damaged file.
pub async fn find_standing(
    connection: &mut SqliteConnection,
    id: InvoiceId,
) -> Result<Option<DraftStanding>, StoreError> {
    let sql = format!("SELECT json_group_array({}) FROM invoice i WHERE i.id = ?", standing_sql());
    let wanted = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.0);
    let found: Vec<RawStanding> = json::fetch(connection, wanted).await?;
    found.into_iter().next().map(DraftStanding::try_from).transpose()
}

/// A line, and how its invoice stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LineStanding {
    pub invoice: DraftStanding,
    pub content: Option<LineContent>,
    /// Of the line.
    pub versions: Versions,
}

/// A line and its invoice. One statement.
///
/// # Errors
/// A damaged file.
pub async fn find_line(
    connection: &mut SqliteConnection,
    id: LineId,
) -> Result<Option<LineStanding>, StoreError> {
    let sql = format!(
        "SELECT json_group_array(json_array({}, {CONTENT}, {}))
         FROM invoice_line l JOIN invoice i ON i.id = l.invoice_id WHERE l.id = ?",
        standing_sql(),
        versions_sql("l.id")
    );
    let wanted = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.0);
    let found: Vec<(RawStanding, RawContent, StoredVersions)> = json::fetch(connection, wanted).await?;
    let Some((invoice, content, stored)) = found.into_iter().next() else { return Ok(None) };
    Ok(Some(LineStanding {
        invoice: invoice.try_into()?,
        content: content.into(),
        versions: versions(id.0, stored)?,
    }))
}

/// What a line bills, as JSON, from `invoice_line l`.
const CONTENT: &str = "json_array(nullif(hex(l.item_id), ''), nullif(hex(l.provider_id), ''), l.description, l.quantity, l.price,
    l.discount_kind, l.discount, l.tax_category, l.tax_rate)";

/// In the order of [`CONTENT`].
#[derive(Deserialize)]
struct RawContent {
    item: Option<Uuid>,
    provider: Option<Uuid>,
    description: String,
    quantity: i64,
    price: i64,
    discount_kind: String,
    discount: i64,
    tax_category: String,
    tax_rate: i64,
}

impl From<RawContent> for Option<LineContent> {
    fn from(raw: RawContent) -> Self {
        Some(LineContent {
            item: raw.item.map(CatalogueItemId),
            provider: raw.provider.map(ActorId),
            description: raw.description,
            quantity: raw.quantity,
            price: raw.price,
            discount: Discount::from_parts(&raw.discount_kind, raw.discount)?,
            tax: Tax {
                category: TaxCategory::from_word(&raw.tax_category)?,
                rate: u32::try_from(raw.tax_rate).ok()?,
            },
        })
    }
}

/// A line to be added.
#[derive(Clone, Debug)]
pub struct NewLine<'a> {
    pub id: LineId,
    pub invoice: InvoiceId,
    pub position: i64,
    pub content: &'a LineContent,
}

/// Adds lines. One statement.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn insert_lines(
    connection: &mut SqliteConnection,
    lines: &[NewLine<'_>],
    at_ms: i64,
) -> Result<(), StoreError> {
    let values = lines.iter().map(|line| {
        let content = line.content;
        let (discount_kind, discount) = content.discount.parts();
        vec![
            hex(line.id.0),
            hex(line.invoice.0),
            Value::from(line.position),
            hex_or_null(content.item.map(|id| id.0)),
            hex_or_null(content.provider.map(|id| id.0)),
            Value::from(content.description.as_str()),
            Value::from(content.quantity),
            Value::from(content.price),
            Value::from(discount_kind),
            Value::from(discount),
            Value::from(content.tax.category.word()),
            Value::from(content.tax.rate),
        ]
    });
    sqlx::query(
        "INSERT INTO invoice_line (id, invoice_id, created_at, position, item_id, provider_id, description, quantity, price,
           discount_kind, discount, tax_category, tax_rate)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), ?1, v.value ->> 2, unhex(v.value ->> 3), unhex(v.value ->> 4),
           v.value ->> 5, v.value ->> 6, v.value ->> 7, v.value ->> 8, v.value ->> 9, v.value ->> 10, v.value ->> 11
         FROM json_each(?2) v",
    )
    .bind(at_ms)
    .bind(rows(values)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what a line bills.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn update_line(
    connection: &mut SqliteConnection,
    id: LineId,
    line: &LineContent,
) -> Result<(), StoreError> {
    let (discount_kind, discount) = line.discount.parts();
    sqlx::query(
        "UPDATE invoice_line SET item_id = ?2, provider_id = ?3, description = ?4, quantity = ?5, price = ?6, discount_kind = ?7,
           discount = ?8, tax_category = ?9, tax_rate = ?10 WHERE id = ?1",
    )
    .bind(id.0)
    .bind(line.item.map(|id| id.0))
    .bind(line.provider.map(|id| id.0))
    .bind(&line.description)
    .bind(line.quantity)
    .bind(line.price)
    .bind(discount_kind)
    .bind(discount)
    .bind(line.tax.category.word())
    .bind(line.tax.rate)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes lines off an invoice; how many of them there were.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn delete_lines(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
    ids: &[LineId],
) -> Result<u64, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let done = sqlx::query(
        "DELETE FROM invoice_line WHERE id IN (SELECT unhex(value) FROM json_each(?)) AND invoice_id = ?",
    )
    .bind(hex_list(&ids)?)
    .bind(invoice.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// A line of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct LineRow {
    pub id: LineId,
    /// None if it cannot be read here.
    pub content: Option<LineContent>,
    pub versions: Versions,
}

/// Where a page of lines ends: position, id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCursor(pub i64, pub Uuid);

pub(crate) fn page_sql() -> String {
    format!(
        "SELECT json_group_array(json_array(hex(l.id), l.position, {CONTENT}, {})) FROM (
           SELECT * FROM invoice_line WHERE invoice_id = ?1 AND (position, id) > (?2, ?3) ORDER BY position, id LIMIT ?4) l",
        versions_sql("l.id")
    )
}

/// A page of an invoice's lines, in one statement.
///
/// # Errors
/// A damaged file.
pub async fn list_lines(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
    after: Option<LineCursor>,
    limit: u32,
) -> Result<(Vec<LineRow>, Option<LineCursor>), StoreError> {
    let LineCursor(position, id) = after.unwrap_or(LineCursor(i64::MIN, Uuid::nil()));
    let page =
        sqlx::query_scalar(AssertSqlSafe(page_sql())).bind(invoice.0).bind(position).bind(id).bind(limit);
    let raw: Vec<(Uuid, i64, RawContent, StoredVersions)> = json::fetch(connection, page).await?;
    let next = raw
        .last()
        .filter(|_| raw.len() == limit as usize)
        .map(|(id, position, ..)| LineCursor(*position, *id));
    let row = |(id, _, content, stored): (Uuid, i64, RawContent, StoredVersions)| {
        Ok(LineRow { id: LineId(id), content: content.into(), versions: versions(id, stored)? })
    };
    Ok((raw.into_iter().map(row).collect::<Result<_, StoreError>>()?, next))
}

/// All lines of an invoice in their order, for issuing; none of a line that cannot be read here.
///
/// # Errors
/// A damaged file.
pub async fn list_contents(
    connection: &mut SqliteConnection,
    invoice: InvoiceId,
) -> Result<Vec<(LineId, Option<LineContent>)>, StoreError> {
    let sql = format!(
        "SELECT json_group_array(json_array(hex(l.id), {CONTENT})) FROM (
           SELECT * FROM invoice_line WHERE invoice_id = ? ORDER BY position, id) l"
    );
    let all = sqlx::query_scalar(AssertSqlSafe(sql)).bind(invoice.0);
    let raw: Vec<(Uuid, RawContent)> = json::fetch(connection, all).await?;
    Ok(raw.into_iter().map(|(id, content)| (LineId(id), content.into())).collect())
}

/// Writes what concerns a draft as a whole; what is none stays.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn update_invoice(
    connection: &mut SqliteConnection,
    id: InvoiceId,
    discount: Option<Discount>,
    note: Option<&str>,
) -> Result<(), StoreError> {
    let parts = discount.map(Discount::parts);
    sqlx::query(
        "UPDATE invoice SET discount_kind = coalesce(?2, discount_kind), discount = coalesce(?3, discount), note = coalesce(?4, note)
         WHERE id = ?1",
    )
    .bind(id.0)
    .bind(parts.map(|(kind, _)| kind))
    .bind(parts.map(|(_, value)| value))
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes how far an invoice is.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn set_status(
    connection: &mut SqliteConnection,
    id: InvoiceId,
    status: &str,
    reason: &str,
    document: Option<DocumentId>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE invoice SET status = ?2, reason = ?3, document_id = ?4 WHERE id = ?1")
        .bind(id.0)
        .bind(status)
        .bind(reason)
        .bind(document.map(|id| id.0))
        .execute(connection)
        .await?;
    Ok(())
}
