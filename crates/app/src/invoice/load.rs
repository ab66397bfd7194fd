//! An invoice's page.

use super::InvoiceError;
use super::list::row;
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use contract::{
    DocumentLoaded, DocumentRef, InvoiceDetail, InvoiceLine, InvoiceRef, LineListRequest, Page,
    PatientAccount, PatientRef, Payment, Versions as VersionsText,
};
use domain::id::InvoiceId;
use domain::invoice::document::{Document, DocumentLine, LineContent};
use domain::invoice::{Discount, Totals, totals};
use store::clinic::load_clinic;
use store::day::is_closed;
use store::invoice::{self as invoices, InvoiceRecord, LineCursor, LineRow, ListedDocument};
use store::payment::{self as payments, PaymentRow};
use store::sync::unsent_of;
use store::{Connection, load_versions};

/// Lines of an invoice before more are asked for.
const LINES_FIRST: u32 = 100;

/// An invoice's page.
pub async fn invoice_load(call: &Call, request: InvoiceRef) -> Result<InvoiceDetail, AppError> {
    let mut read = call.read().await?;
    let record = invoices::find_invoice(&mut read, request.id).await?;
    let record = record.ok_or(AppError::NotFound { what: "invoice" })?;
    let document = match record.document {
        Some(id) => Some(invoices::find_document(&mut read, id).await?.ok_or(InvoiceError::Unreadable)?),
        None => None,
    };
    let lines = lines(&mut read, request.id, document.as_ref(), None, LINES_FIRST).await?;
    let payments = payments::list_of_invoice(&mut read, request.id).await?;
    let documents = invoices::list_documents(&mut read, request.id).await?;
    let clinic = load_clinic(&mut read).await?;
    let versions = load_versions(&mut read, &[request.id.0]).await?;
    let is_unsent = !unsent_of(&mut read, &versions).await?.is_empty();
    let is_void = record.status == "void";
    let can_reinstate = is_void && !is_closed(&mut read, call.day_of(record.listed.at)).await?;
    read.end().await?;
    let issued = document.as_ref().map_or(0, |document| document.lines.len() as u64);
    let (totals, line_count, left_over) = match &document {
        Some(document) => (document.totals.clone(), issued, record.line_count.saturating_sub(issued)),
        None => (draft_totals(&record), record.line_count, 0),
    };
    Ok(InvoiceDetail {
        currency: document.as_ref().map_or(clinic.currency, |document| document.currency),
        discount: document.as_ref().map_or(record.discount, |document| document.discount),
        note: document.map_or(record.note, |document| document.note),
        can_reinstate,
        reason: record.reason,
        totals,
        lines,
        line_count,
        payments: payments.into_iter().map(payment).collect(),
        documents: documents.into_iter().map(reference).collect(),
        left_over,
        credit: record.credit,
        is_unsent,
        versions: VersionsText(versions.encode()?),
        row: row(record.listed),
    })
}

/// A discount that is too much by now counts as none, and the invoice is flagged.
fn draft_totals(record: &InvoiceRecord) -> Totals {
    let sums = &record.sums;
    totals(sums, record.discount).or_else(|_| totals(sums, Discount::None)).unwrap_or_default()
}

/// A page of an invoice's lines.
pub async fn line_list(call: &Call, request: LineListRequest) -> Result<Page<InvoiceLine>, AppError> {
    let limit = cursor::limit(request.limit, LINES_FIRST);
    let mut read = call.read().await?;
    let record = invoices::find_standing(&mut read, request.invoice).await?;
    let record = record.ok_or(AppError::NotFound { what: "invoice" })?;
    let document = match record.document {
        Some(id) => invoices::find_document(&mut read, id).await?,
        None => None,
    };
    let page = lines(&mut read, request.invoice, document.as_ref(), request.after.as_ref(), limit).await?;
    read.end().await?;
    Ok(page)
}

/// Of what was issued, the lines as they were issued; else as the draft has them.
async fn lines(
    connection: &mut Connection,
    invoice: InvoiceId,
    document: Option<&Document>,
    after: Option<&contract::Cursor>,
    limit: u32,
) -> Result<Page<InvoiceLine>, AppError> {
    match document {
        Some(document) => issued_lines(document, after, limit),
        None => {
            let after: Option<LineCursor> = cursor::decode(after)?;
            let (rows, next) = invoices::list_lines(connection, invoice, after, limit).await?;
            let rows = rows.into_iter().map(draft_line).collect::<Result<_, AppError>>()?;
            Ok(Page { rows, next: cursor::encode(next)? })
        }
    }
}

fn issued_lines(
    document: &Document,
    after: Option<&contract::Cursor>,
    limit: u32,
) -> Result<Page<InvoiceLine>, AppError> {
    let from: usize = cursor::decode(after)?.unwrap_or(0);
    let all = document.lines.get(from..).unwrap_or_default();
    let rows: Vec<_> = all.iter().take(limit as usize).map(issued_line).collect();
    let next = (rows.len() < all.len()).then_some(from + rows.len());
    Ok(Page { rows, next: cursor::encode(next)? })
}

fn issued_line(line: &DocumentLine) -> InvoiceLine {
    let DocumentLine { id, item, provider, description, quantity, price, discount, tax, net } = line.clone();
    InvoiceLine {
        id,
        content: LineContent { item, provider, description, quantity, price, discount, tax },
        net: Some(net),
        versions: VersionsText::default(),
    }
}

fn draft_line(row: LineRow) -> Result<InvoiceLine, AppError> {
    let versions = VersionsText(row.versions.encode()?);
    let net = row.content.as_ref().and_then(|content| content.net().ok());
    let content = row.content.unwrap_or_else(unreadable);
    Ok(InvoiceLine { id: row.id, content, net, versions })
}

/// Stands for a line that a newer app wrote in a way that this one cannot read.
fn unreadable() -> LineContent {
    LineContent {
        item: None,
        provider: None,
        description: String::new(),
        quantity: 0,
        price: 0,
        discount: Discount::None,
        tax: domain::invoice::Tax::default(),
    }
}

fn payment(row: PaymentRow) -> Payment {
    let PaymentRow { id, method, amount, change, reference, taken_at, .. } = row;
    // Names come with sign-in.
    Payment { id, method, amount, change, reference, taken_at, taken_by: String::new() }
}

fn reference(row: ListedDocument) -> DocumentRef {
    let ListedDocument { id, invoice, number, kind, issued_at, gross, is_duplicate } = row;
    DocumentRef { id, invoice, number, kind, issued_at, gross, is_duplicate }
}

/// What was issued, as it was issued.
pub async fn document_load(call: &Call, request: InvoiceRef) -> Result<DocumentLoaded, AppError> {
    let mut read = call.read().await?;
    let found = invoices::find_standing_document(&mut read, request.id).await?;
    read.end().await?;
    let (status, document) = found.ok_or(InvoiceError::NotIssued)?;
    let document = document.ok_or(InvoiceError::Unreadable)?;
    Ok(DocumentLoaded { document, is_void: status == "void" })
}

/// How a patient stands with the clinic.
pub async fn patient_account(call: &Call, request: PatientRef) -> Result<PatientAccount, AppError> {
    let mut read = call.read().await?;
    let (owed, credit, currency) = payments::load_account(&mut read, request.id).await?;
    read.end().await?;
    Ok(PatientAccount { owed, credit, currency })
}
