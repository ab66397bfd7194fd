//! Issuing: a number, and a document that nothing changes any more.

use super::InvoiceError;
use super::draft::{demand, standing};
use super::pay::{self, Payer};
use crate::call::Call;
use crate::error::AppError;
use contract::{InvoiceIssueRequest, InvoiceIssued};
use domain::field::{FieldError, Problem};
use domain::id::{DocumentId, InvoiceId, LineId, PatientId, made_by};
use domain::invoice::document::{Addressee, Document, LineContent, number, settle};
use store::clinic::{self, NextNumber};
use store::invoice::{self as invoices, DocumentRow, DraftStanding};
use store::patient::find_patient;
use store::{Connection, Write};

/// Issues a draft, and takes a payment for it.
pub async fn invoice_issue(call: &Call, request: InvoiceIssueRequest) -> Result<InvoiceIssued, AppError> {
    let id = DocumentId(made_by(request.action, "document", 0));
    let mut write = call.write().await?;
    if let Some(issued) = invoices::find_document(&mut write, id).await? {
        let taken = match &request.payment {
            Some(_) => pay::taken(&mut write, request.action).await?,
            None => None,
        };
        return Ok(InvoiceIssued { number: issued.number, taken });
    }
    let draft = standing(&mut write, request.id).await?;
    if !draft.is_draft() {
        return Err(InvoiceError::NotADraft.into());
    }
    let document = settled(&mut write, call, &draft).await?;
    if document.totals.gross != request.gross {
        return Err(InvoiceError::OtherTotal.into());
    }
    demand(&mut write, &draft);
    write.declare(draft.versions.0);
    let place = Place { invoice: draft.invoice, patient: draft.patient, corrects: None };
    let document = issue(call, &mut write, id, &place, document).await?;
    invoices::set_status(&mut write, draft.invoice, "issued", "", Some(id)).await?;
    let gross = document.totals.gross;
    let payer =
        Payer { action: request.action, patient: draft.patient, invoice: Some((draft.invoice, gross)) };
    let taken = match &request.payment {
        Some(payment) => Some(pay::take(call, &mut write, &payer, payment).await?),
        None => None,
    };
    write.commit().await?;
    Ok(InvoiceIssued { number: document.number, taken })
}

/// The draft as it would be issued, without a number.
async fn settled(
    connection: &mut Connection,
    call: &Call,
    draft: &DraftStanding,
) -> Result<Document, AppError> {
    let lines = invoices::list_contents(connection, draft.invoice).await?;
    if lines.is_empty() {
        return Err(InvoiceError::Empty.into());
    }
    let readable = |(id, line): (LineId, Option<LineContent>)| Some((id, line?));
    let lines: Option<Vec<_>> = lines.into_iter().map(readable).collect();
    let (Some(lines), Some(discount)) = (lines, draft.discount) else {
        return Err(InvoiceError::Unbillable.into());
    };
    let (lines, totals) = settle(lines, discount).map_err(|problem| match problem {
        Problem::NotAChoice => AppError::from(InvoiceError::Unbillable),
        problem => AppError::Invalid(vec![FieldError::new("discount", problem)]),
    })?;
    let clinic = clinic::load_clinic(connection).await?;
    Ok(Document {
        number: String::new(),
        kind: draft.kind,
        issued_on: call.today(),
        currency: clinic.currency,
        seller: clinic.letterhead,
        buyer: addressee(connection, draft.patient).await?,
        corrects: None,
        lines,
        discount,
        totals,
        note: draft.note.clone(),
    })
}

pub(super) async fn addressee(
    connection: &mut Connection,
    patient: PatientId,
) -> Result<Addressee, AppError> {
    let patient = find_patient(connection, patient).await?.ok_or(AppError::NotFound { what: "patient" })?;
    // A bill has the name that is on the papers.
    Ok(Addressee { name: patient.name.display(""), address: patient.address })
}

/// What a document is issued of.
pub(super) struct Place {
    pub invoice: InvoiceId,
    pub patient: PatientId,
    pub corrects: Option<InvoiceId>,
}

/// Gives a document its number and issues it.
pub(super) async fn issue(
    call: &Call,
    write: &mut Write,
    id: DocumentId,
    place: &Place,
    mut document: Document,
) -> Result<Document, AppError> {
    let NextNumber { series, number: n } = clinic::take_number(write).await?;
    document.number = number(&series, n);
    let row = DocumentRow {
        id,
        invoice: place.invoice,
        patient: place.patient,
        corrects: place.corrects,
        series: &series,
        number: n,
        issued_at_ms: call.at.timestamp_millis(),
        issued_by: call.actor()?,
        content: &document,
    };
    invoices::insert_documents(write, &[row]).await?;
    Ok(document)
}
