//! What the patients of a made-up clinic were billed.

use super::SeedProgress;
use crate::call::Call;
use crate::desk::Desk;
use crate::error::AppError;
use crate::generate::{GeneratedInvoice, ITEMS, Settled, invoices};
use chrono::TimeDelta;
use contract::ErrorBody;
use domain::id::{ActionId, CatalogueItemId, DocumentId, InvoiceId, LineId, PatientId, PaymentId, TaxRateId};
use domain::invoice::document::{Addressee, Document, DocumentLine, Letterhead, LineContent, number, settle};
use domain::invoice::payment::Method;
use domain::invoice::{Discount, InvoiceKind, Tax, TaxCategory, Totals};
use domain::money::Currency;
use store::catalogue::{self, ItemRow, TaxRateRow};
use store::clinic;
use store::invoice::{self as store_invoices, DocumentRow, NewInvoice, NewLine};
use store::listing::{Filter, ListingRequest, Sort, list_patients};
use store::payment::{self, PaymentRow};

/// Invoices of one transaction.
const CHUNK: usize = 1_000;
/// Most patients that are billed.
const PATIENTS_MAX: u32 = 1_000_000;

/// Whom to bill, and for what.
struct Clinic {
    patients: Vec<(PatientId, String)>,
    items: Vec<CatalogueItemId>,
    currency: Currency,
    letterhead: Letterhead,
}

/// Bills the clinic's patients: so many invoices of the made-up clinic `seed`, whose catalogue is added.
///
/// # Errors
/// A database that is not open or cannot be written. Whole chunks stay.
pub async fn seed_invoices(
    desk: &Desk,
    count: u32,
    seed: u64,
    progress: SeedProgress<'_>,
) -> Result<(), ErrorBody> {
    if count == 0 {
        return Ok(());
    }
    let clinic = prepare(desk).await.map_err(ErrorBody::from)?;
    let patients = u32::try_from(clinic.patients.len()).unwrap_or(u32::MAX);
    if patients == 0 {
        return Ok(());
    }
    let mut left = invoices(count, patients, seed).peekable();
    let mut done = 0;
    while left.peek().is_some() {
        let chunk: Vec<_> = left.by_ref().take(CHUNK).collect();
        write_chunk(desk, &clinic, &chunk).await.map_err(ErrorBody::from)?;
        done += chunk.len() as u64;
        progress(done, count.into());
    }
    Ok(())
}

async fn prepare(desk: &Desk) -> Result<Clinic, AppError> {
    let call = Call::new(desk, "generate");
    let at_ms = call.at.timestamp_millis();
    let mut write = call.write().await?;
    let rate = TaxRateRow {
        id: TaxRateId(call.next_id()),
        name: "Sales tax".to_owned(),
        tax: Tax { category: TaxCategory::Standard, rate: crate::generate::TAX_RATE },
        archived: false,
    };
    catalogue::save_tax_rate(&mut write, &rate, at_ms).await?;
    let mut items = Vec::with_capacity(ITEMS.len());
    for item in ITEMS {
        let id = CatalogueItemId(call.next_id());
        let row = ItemRow {
            id,
            name: item.name.to_owned(),
            code: item.code.to_owned(),
            kind: item.kind,
            price: item.price,
            tax_rate: item.taxed.then_some(rate.id),
            tax: Tax::default(),
            service: None,
            sessions: 0,
            archived: false,
        };
        catalogue::save_item(&mut write, &row, at_ms).await?;
        items.push(id);
    }
    let everybody = ListingRequest {
        filter: Filter::default(),
        sort: Sort::Added,
        after: None,
        skip: 0,
        limit: PATIENTS_MAX,
    };
    let patients = list_patients(&mut write, &everybody).await?.rows;
    let clinic = clinic::load_clinic(&mut write).await?;
    write.commit().await?;
    Ok(Clinic {
        patients: patients.into_iter().map(|row| (row.id, row.name.display(""))).collect(),
        items,
        currency: clinic.currency,
        letterhead: clinic.letterhead,
    })
}

/// An invoice with all that belongs to it.
struct Billed {
    id: InvoiceId,
    patient: PatientId,
    at_ms: i64,
    lines: Vec<(LineId, LineContent)>,
    document: Option<(DocumentId, i64, Document)>,
    paid: Option<(Method, i64)>,
}

async fn write_chunk(desk: &Desk, clinic: &Clinic, chunk: &[GeneratedInvoice]) -> Result<(), AppError> {
    let call = Call::new(desk, "generate");
    let by = call.actor()?;
    let mut write = call.write().await?;
    let next = clinic::take_number(&mut write).await?;
    let mut number_next = next.number;
    let billed: Result<Vec<_>, AppError> = chunk
        .iter()
        .map(|invoice| {
            let billed = bill(&call, clinic, invoice, &next.series, number_next)?;
            number_next += i64::from(billed.document.is_some());
            Ok(billed)
        })
        .collect();
    let billed = billed?;
    let new: Vec<_> = billed
        .iter()
        .map(|of| NewInvoice {
            id: of.id,
            patient: of.patient,
            kind: InvoiceKind::Invoice,
            corrects: None,
            document: of.document.as_ref().map(|(id, ..)| *id),
            created_by: by,
            created_at_ms: of.at_ms,
            discount: Discount::None,
        })
        .collect();
    let lines = billed.iter().flat_map(|of| {
        let places = of.lines.iter().zip(1_i64..);
        places.map(|((id, content), position)| NewLine { id: *id, invoice: of.id, position, content })
    });
    let lines: Vec<_> = lines.collect();
    let documents = billed.iter().filter_map(|of| {
        let (id, number, content) = of.document.as_ref()?;
        Some(DocumentRow {
            id: *id,
            invoice: of.id,
            patient: of.patient,
            corrects: None,
            series: &next.series,
            number: *number,
            issued_at_ms: of.at_ms,
            issued_by: by,
            content,
        })
    });
    let documents: Vec<_> = documents.collect();
    let payments = billed.iter().filter_map(|of| {
        let (method, amount) = of.paid.filter(|(_, amount)| *amount > 0)?;
        let taken_at = chrono::DateTime::from_timestamp_millis(of.at_ms)?;
        Some(PaymentRow {
            id: PaymentId(call.next_id()),
            action: ActionId(call.next_id()),
            patient: of.patient,
            invoice: Some(of.id),
            method,
            amount,
            change: 0,
            reference: String::new(),
            taken_at,
            taken_on: taken_at.date_naive(),
            taken_by: by,
        })
    });
    let payments: Vec<_> = payments.collect();
    store_invoices::insert_invoices(&mut write, &new).await?;
    store_invoices::insert_lines(&mut write, &lines, call.at.timestamp_millis()).await?;
    store_invoices::insert_documents(&mut write, &documents).await?;
    payment::insert_payments(&mut write, &payments).await?;
    write.commit().await?;
    Ok(())
}

fn bill(
    call: &Call,
    clinic: &Clinic,
    invoice: &GeneratedInvoice,
    series: &str,
    n: i64,
) -> Result<Billed, AppError> {
    let (patient, name) = &clinic.patients[invoice.patient as usize];
    let at = call.at - TimeDelta::minutes(invoice.minutes_ago.into());
    let lines: Vec<_> =
        invoice.lines.iter().map(|line| (LineId(call.next_id()), content(clinic, *line))).collect();
    let impossible = |_| AppError::TooLarge { what: "a generated invoice", limit: 0 };
    let (issued, totals) = settle(lines.clone(), Discount::None).map_err(impossible)?;
    let paid = match invoice.settled {
        Settled::Draft => None,
        Settled::Paid(method, percent) => Some((method, totals.gross * i64::from(percent) / 100)),
    };
    let document = paid.map(|_| {
        let document = document(clinic, name, at.date_naive(), number(series, n), issued, totals);
        (DocumentId(call.next_id()), n, document)
    });
    let id = InvoiceId(call.next_id());
    Ok(Billed { id, patient: *patient, at_ms: at.timestamp_millis(), lines, document, paid })
}

fn content(clinic: &Clinic, (at, quantity): (usize, i64)) -> LineContent {
    let item = ITEMS[at];
    let tax = if item.taxed {
        Tax { category: TaxCategory::Standard, rate: crate::generate::TAX_RATE }
    } else {
        Tax { category: TaxCategory::Exempt, rate: 0 }
    };
    LineContent {
        item: clinic.items.get(at).copied(),
        provider: None,
        description: item.name.to_owned(),
        quantity,
        price: item.price,
        discount: Discount::None,
        tax,
    }
}

fn document(
    clinic: &Clinic,
    name: &str,
    issued_on: chrono::NaiveDate,
    number: String,
    lines: Vec<DocumentLine>,
    totals: Totals,
) -> Document {
    Document {
        number,
        kind: InvoiceKind::Invoice,
        issued_on,
        currency: clinic.currency,
        seller: clinic.letterhead.clone(),
        buyer: Addressee { name: name.to_owned(), ..Addressee::default() },
        corrects: None,
        lines,
        discount: Discount::None,
        totals,
        note: String::new(),
    }
}
