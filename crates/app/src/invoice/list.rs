//! Lists of invoices.

use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use contract::{Count, InvoiceFilter, InvoiceListRequest, InvoiceListResponse, InvoiceRow, Page};
use domain::field::{FieldError, Problem};
use domain::invoice::InvoiceStatus;
use store::invoice::{self as invoices, InvoiceQuery, ListedInvoice, Which};

/// A page of invoices.
pub async fn invoice_list(call: &Call, request: InvoiceListRequest) -> Result<InvoiceListResponse, AppError> {
    let world = &call.desk.0.options.world;
    let query = InvoiceQuery {
        which: which(&request)?,
        from: request.from.map(|day| world.start_of(day)),
        to: request.to.and_then(|day| day.succ_opt()).map(|day| world.start_of(day)),
        after: cursor::decode(request.after.as_ref())?,
        limit: cursor::limit(request.limit, 50),
    };
    let mut read = call.read().await?;
    let page = invoices::list_invoices(&mut read, &query).await?;
    read.end().await?;
    let count = Count { n: u64::try_from(page.count).unwrap_or(0), or_more: page.more_than_counted };
    let rows = page.rows.into_iter().map(row).collect();
    Ok(InvoiceListResponse {
        page: Page { rows, next: cursor::encode(page.next)? },
        count,
        currency: page.currency,
    })
}

fn which(request: &InvoiceListRequest) -> Result<Which, AppError> {
    let status = match request.filter {
        InvoiceFilter::All => return Ok(request.patient.map_or(Which::All, Which::Of)),
        InvoiceFilter::Due => return Ok(request.patient.map_or(Which::Due, Which::DueOf)),
        InvoiceFilter::Draft => InvoiceStatus::Draft,
        InvoiceFilter::Issued => InvoiceStatus::Issued,
        InvoiceFilter::PartPaid => InvoiceStatus::PartPaid,
        InvoiceFilter::Paid => InvoiceStatus::Paid,
        InvoiceFilter::Void => InvoiceStatus::Void,
    };
    match request.patient {
        None => Ok(Which::Status(status)),
        Some(_) => Err(AppError::Invalid(vec![FieldError::new("filter", Problem::NotAChoice)])),
    }
}

/// An invoice as the page knows it.
pub(super) fn row(row: ListedInvoice) -> InvoiceRow {
    let ListedInvoice {
        id,
        patient,
        patient_name,
        kind,
        status,
        at,
        number,
        gross,
        paid,
        credited,
        balance,
        faulty,
        summary,
    } = row;
    InvoiceRow {
        id,
        patient,
        patient_name,
        kind,
        status,
        at,
        number,
        summary,
        gross,
        paid,
        credited,
        balance,
        is_faulty: faulty,
    }
}
