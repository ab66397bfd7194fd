//! Making an issued invoice void. Its number stays, and so does its document.

use super::InvoiceError;
use super::draft::{demand, standing};
use crate::call::Call;
use crate::error::AppError;
use crate::patient::Form;
use contract::{InvoiceVoidRequest, Nothing};
use domain::invoice::InvoiceKind;
use store::invoice as invoices;

/// Makes an issued invoice void, or takes that back.
pub async fn invoice_void(call: &Call, request: InvoiceVoidRequest) -> Result<Nothing, AppError> {
    let mut form = Form::default();
    let reason = if request.void { form.required_line("reason", &request.reason) } else { String::new() };
    let reason = form.finish(reason)?;
    let mut write = call.write().await?;
    let record = invoices::find_invoice(&mut write, request.id).await?;
    let record = record.ok_or(AppError::NotFound { what: "invoice" })?;
    if record.listed.kind == InvoiceKind::CreditNote {
        return Err(InvoiceError::NotAnInvoice.into());
    }
    let (from, to) = if request.void { ("issued", "void") } else { ("void", "issued") };
    if record.status != from {
        return Err(InvoiceError::NotIssued.into());
    }
    if request.void && record.listed.paid != 0 {
        return Err(InvoiceError::Paid.into());
    }
    if request.void && record.listed.credited != 0 {
        return Err(InvoiceError::Credited.into());
    }
    if store::day::is_closed(&mut write, call.day_of(record.listed.at)).await? {
        return Err(InvoiceError::DayClosed.into());
    }
    let standing = standing(&mut write, request.id).await?;
    demand(&mut write, &standing);
    write.declare(standing.versions.0);
    invoices::set_status(&mut write, request.id, to, &reason, standing.document).await?;
    write.commit().await?;
    Ok(Nothing {})
}
