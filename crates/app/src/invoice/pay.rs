//! Taking money, and giving it back.

use super::InvoiceError;
use crate::call::Call;
use crate::error::AppError;
use crate::patient::{Form, require_patient};
use contract::{CreditPayOut, Nothing, PaymentPart, PaymentTakeRequest, PaymentTaken};
use domain::field::{FieldError, Problem};
use domain::id::{ActionId, InvoiceId, PatientId, PaymentId, made_by};
use domain::invoice::InvoiceKind;
use domain::invoice::payment::{Excess, Method, Share, Tender, divide};
use domain::money::AMOUNT_MAX;
use store::payment::{self as payments, PaymentRow};
use store::{Connection, Write};
use uuid::Uuid;

/// Methods of one payment.
const TENDERS_MAX: usize = 10;

/// Who pays for what, by which action.
pub(super) struct Payer {
    pub action: ActionId,
    pub patient: PatientId,
    /// And what is due on it.
    pub invoice: Option<(InvoiceId, i64)>,
}

/// Takes a payment.
pub async fn payment_take(call: &Call, request: PaymentTakeRequest) -> Result<PaymentTaken, AppError> {
    let mut write = call.write().await?;
    if let Some(taken) = taken(&mut write, request.action).await? {
        return Ok(taken);
    }
    let invoice = match request.invoice {
        Some(id) => Some((id, due(&mut write, id, request.patient).await?)),
        None => {
            require_patient(&mut write, request.patient).await?;
            None
        }
    };
    let payer = Payer { action: request.action, patient: request.patient, invoice };
    let taken = take(call, &mut write, &payer, &request.payment).await?;
    write.commit().await?;
    Ok(taken)
}

/// What is due on an issued invoice of the patient.
async fn due(connection: &mut Connection, id: InvoiceId, patient: PatientId) -> Result<i64, AppError> {
    let found = store::invoice::find_invoice(connection, id).await?;
    let invoice = found
        .filter(|invoice| invoice.listed.patient == patient)
        .ok_or(AppError::NotFound { what: "invoice" })?;
    match invoice.status.as_str() {
        "draft" | "discarded" => Err(InvoiceError::NotIssued.into()),
        "void" => Err(InvoiceError::Void.into()),
        _ if invoice.listed.kind == InvoiceKind::CreditNote => Err(InvoiceError::NotAnInvoice.into()),
        _ => Ok(invoice.listed.balance),
    }
}

/// The most payments that one action books: each tender may be divided.
fn ids_of(action: ActionId) -> Vec<Uuid> {
    (0..2 * TENDERS_MAX).map(|n| made_by(action, "payment", n)).collect()
}

/// What an action took already.
pub(super) async fn taken(
    connection: &mut Connection,
    action: ActionId,
) -> Result<Option<PaymentTaken>, AppError> {
    let rows = payments::find_payments(connection, &ids_of(action)).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let sum = |of: &dyn Fn(&PaymentRow) -> i64| rows.iter().map(of).fold(0, i64::saturating_add);
    Ok(Some(PaymentTaken {
        paid: sum(&|row| if row.invoice.is_some() { row.amount } else { 0 }),
        credit: sum(&|row| if row.invoice.is_none() { row.amount } else { 0 }),
        change: sum(&|row| row.change),
    }))
}

/// Books a payment that was not taken yet.
pub(super) async fn take(
    call: &Call,
    write: &mut Write,
    payer: &Payer,
    payment: &PaymentPart,
) -> Result<PaymentTaken, AppError> {
    let mut form = Form::default();
    if payment.tenders.len() > TENDERS_MAX {
        form.add("tenders", Problem::TooMany);
    }
    for (n, tender) in payment.tenders.iter().enumerate() {
        form.line(&format!("tenders.{n}.reference"), &tender.reference);
        if tender.method == Method::GiftCard {
            form.add(&format!("tenders.{n}.method"), Problem::NotAChoice);
        }
    }
    form.finish(())?;
    let wrong = |problem| AppError::Invalid(vec![FieldError::new("tenders", problem)]);
    let shares = match payer.invoice {
        Some((_, due)) => divide(&payment.tenders, due, payment.excess).map_err(wrong)?,
        // Without an invoice all of it is the patient's credit.
        None => divide(&payment.tenders, 0, Excess::Credit).map_err(wrong)?,
    };
    check_credit(write, payer, &payment.tenders).await?;
    let rows = rows(call, payer, &payment.tenders, &shares)?;
    payments::insert_payments(write, &rows).await?;
    let sum = |of: fn(&Share) -> i64| shares.iter().map(of).sum();
    Ok(PaymentTaken {
        paid: sum(|share| share.amount),
        credit: sum(|share| share.credit),
        change: sum(|share| share.change),
    })
}

/// Nobody pays with credit that there is not; looked up only where somebody does.
async fn check_credit(write: &mut Write, payer: &Payer, tenders: &[Tender]) -> Result<(), AppError> {
    let used = tenders.iter().filter(|tender| tender.method == Method::Credit);
    let used = used.map(|tender| tender.amount).fold(0, i64::saturating_add);
    if used == 0 {
        return Ok(());
    }
    let credit = payments::find_credit(write, payer.patient).await?;
    if used > credit {
        return Err(AppError::Invalid(vec![FieldError::new("tenders", Problem::AboveDue)]));
    }
    Ok(())
}

fn rows(
    call: &Call,
    payer: &Payer,
    tenders: &[Tender],
    shares: &[Share],
) -> Result<Vec<PaymentRow>, AppError> {
    let by = call.actor()?;
    let mut rows = Vec::with_capacity(shares.len());
    let mut add = |share: &Share, invoice: Option<InvoiceId>, amount: i64, change: i64| {
        let tender = &tenders[share.tender];
        rows.push(PaymentRow {
            id: PaymentId(made_by(payer.action, "payment", rows.len())),
            action: payer.action,
            patient: payer.patient,
            invoice,
            method: tender.method,
            amount,
            change,
            reference: tender.reference.trim().to_owned(),
            taken_at: call.at,
            taken_on: call.today(),
            taken_by: by,
        });
    };
    for share in shares {
        // Cash that is given back whole leaves no payment.
        if let Some((invoice, _)) = payer.invoice
            && share.amount > 0
        {
            add(share, Some(invoice), share.amount, share.change);
        }
        if share.credit > 0 {
            add(share, None, share.credit, 0);
        }
    }
    Ok(rows)
}

/// Gives a patient's credit back.
pub async fn credit_pay_out(call: &Call, request: CreditPayOut) -> Result<Nothing, AppError> {
    let mut form = Form::default();
    let reference = form.line("reference", &request.reference);
    if !matches!(request.method, Method::Cash | Method::Card | Method::Transfer) {
        form.add("method", Problem::NotAChoice);
    }
    if !(1..=AMOUNT_MAX).contains(&request.amount) {
        form.add("amount", Problem::Required);
    }
    let reference = form.finish(reference)?;
    let mut write = call.write().await?;
    if taken(&mut write, request.action).await?.is_some() {
        return Ok(Nothing {});
    }
    let credit = payments::find_credit(&mut write, request.patient).await?;
    if request.amount > credit {
        return Err(AppError::Invalid(vec![FieldError::new("amount", Problem::AboveDue)]));
    }
    let row = PaymentRow {
        id: PaymentId(made_by(request.action, "payment", 0)),
        action: request.action,
        patient: request.patient,
        invoice: None,
        method: request.method,
        amount: -request.amount,
        change: 0,
        reference,
        taken_at: call.at,
        taken_on: call.today(),
        taken_by: call.actor()?,
    };
    payments::insert_payments(&mut write, &[row]).await?;
    write.commit().await?;
    Ok(Nothing {})
}
