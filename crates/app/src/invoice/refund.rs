//! Crediting what was issued, and giving the money back, in one step.

use super::InvoiceError;
use super::issue::{Place, addressee, issue};
use crate::call::Call;
use crate::error::AppError;
use crate::patient::Form;
use contract::{InvoiceRefundRequest, InvoiceRefunded};
use domain::field::{FieldError, Problem};
use domain::id::{DocumentId, InvoiceId, PatientId, PaymentId, made_by};
use domain::invoice::InvoiceKind;
use domain::invoice::document::{Credit, Document, credit};
use domain::invoice::payment::Method;
use store::Write;
use store::clinic;
use store::invoice::{self as invoices, NewInvoice};
use store::payment::{self as payments, PaymentRow};

/// Credits an invoice, and gives the money back.
pub async fn invoice_refund(call: &Call, request: InvoiceRefundRequest) -> Result<InvoiceRefunded, AppError> {
    let mut form = Form::default();
    let reason = form.required_line("reason", &request.reason);
    if request.method == Method::GiftCard {
        form.add("method", Problem::NotAChoice);
    }
    let reason = form.finish(reason)?;
    let id = DocumentId(made_by(request.action, "document", 0));
    let mut write = call.write().await?;
    if let Some(issued) = invoices::find_document(&mut write, id).await? {
        return done_before(&mut write, &request, issued).await;
    }
    let record = invoices::find_invoice(&mut write, request.invoice).await?;
    let record = record.ok_or(AppError::NotFound { what: "invoice" })?;
    let Some(document) = record.document.filter(|_| record.listed.kind == InvoiceKind::Invoice) else {
        return Err(InvoiceError::NotIssued.into());
    };
    if record.status == "void" {
        return Err(InvoiceError::Void.into());
    }
    let of = invoices::find_document(&mut write, document).await?.ok_or(InvoiceError::Unreadable)?;
    let earlier = invoices::list_credit_notes(&mut write, request.invoice).await?;
    let earlier = earlier.ok_or(InvoiceError::Unreadable)?;
    let wanted: Vec<_> = request.lines.iter().map(|line| (line.line, line.quantity)).collect();
    let credit = credit(&of, &earlier, (!wanted.is_empty()).then_some(wanted.as_slice()))
        .map_err(|problem| AppError::Invalid(vec![FieldError::new("lines", problem)]))?;
    let gross = credit.totals.gross;
    let patient = record.listed.patient;
    let note = note(call, &mut write, patient, &of, credit, reason).await?;
    let number = credit_note(call, &mut write, (id, patient), &request, note).await?;
    // What was paid beyond what is left to pay, as far as it was paid on this invoice.
    let refunded = gross.saturating_sub(record.listed.balance).clamp(0, record.listed.paid.max(0)).min(gross);
    if refunded > 0 {
        give_back(call, &mut write, &request, patient, refunded).await?;
    }
    write.commit().await?;
    Ok(InvoiceRefunded { number, credited: gross, refunded })
}

async fn done_before(
    write: &mut Write,
    request: &InvoiceRefundRequest,
    issued: Document,
) -> Result<InvoiceRefunded, AppError> {
    let rows = payments::find_payments(write, &[made_by(request.action, "payment", 0)]).await?;
    let refunded = rows.first().map_or(0, |row| row.amount.saturating_neg());
    Ok(InvoiceRefunded { number: issued.number, credited: issued.totals.gross, refunded })
}

/// What is printed of it.
async fn note(
    call: &Call,
    write: &mut Write,
    patient: PatientId,
    of: &Document,
    credit: Credit,
    reason: String,
) -> Result<Document, AppError> {
    let clinic = clinic::load_clinic(write).await?;
    Ok(Document {
        number: String::new(),
        kind: InvoiceKind::CreditNote,
        issued_on: call.today(),
        currency: of.currency,
        seller: clinic.letterhead,
        buyer: addressee(write, patient).await?,
        corrects: Some(of.number.clone()),
        lines: credit.lines,
        discount: credit.discount,
        totals: credit.totals,
        note: reason,
    })
}

/// Makes the credit note and issues it; tells its number.
async fn credit_note(
    call: &Call,
    write: &mut Write,
    (id, patient): (DocumentId, PatientId),
    request: &InvoiceRefundRequest,
    note: Document,
) -> Result<String, AppError> {
    let invoice = InvoiceId(made_by(request.action, "invoice", 0));
    let new = NewInvoice {
        id: invoice,
        patient,
        kind: InvoiceKind::CreditNote,
        corrects: Some(request.invoice),
        document: Some(id),
        created_by: call.actor()?,
        created_at_ms: call.at.timestamp_millis(),
        discount: note.discount,
    };
    invoices::insert_invoices(write, &[new]).await?;
    let place = Place { invoice, patient, corrects: Some(request.invoice) };
    Ok(issue(call, write, id, &place, note).await?.number)
}

async fn give_back(
    call: &Call,
    write: &mut Write,
    request: &InvoiceRefundRequest,
    patient: PatientId,
    amount: i64,
) -> Result<(), AppError> {
    let row = PaymentRow {
        id: PaymentId(made_by(request.action, "payment", 0)),
        action: request.action,
        patient,
        invoice: Some(request.invoice),
        method: request.method,
        amount: -amount,
        change: 0,
        reference: String::new(),
        taken_at: call.at,
        taken_on: call.today(),
        taken_by: call.actor()?,
    };
    Ok(payments::insert_payments(write, &[row]).await?)
}
