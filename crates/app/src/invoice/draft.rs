//! Making drafts and changing them.

use super::InvoiceError;
use crate::call::Call;
use crate::error::AppError;
use crate::patient::Form;
use crate::versions;
use contract::{
    InvoiceCreateRequest, InvoiceDiscardRequest, InvoiceRef, InvoiceUpdateRequest, LineAddRequest,
    LineRemoveRequest, LineUpdateRequest, LinesAdded, Nothing,
};
use domain::field::Problem;
use domain::id::{InvoiceId, LineId};
use domain::invoice::document::LineContent;
use domain::invoice::{Discount, InvoiceKind, WHOLE};
use domain::money::AMOUNT_MAX;
use domain::patient::NOTE_MAX_CHARS;
use store::invoice::{self as invoices, DraftStanding, NewInvoice, NewLine};
use store::manifest::{INVOICE, INVOICE_LINE};
use store::{Connection, Write};

/// Lines that one call brings or takes.
const LINES_MAX: usize = 500;

/// A new draft.
pub async fn invoice_create(call: &Call, request: InvoiceCreateRequest) -> Result<InvoiceRef, AppError> {
    let mut form = Form::default();
    let lines = checked_lines(&mut form, &request.lines);
    check_discount(&mut form, request.discount);
    let lines = form.finish(lines)?;
    let id = InvoiceId(call.next_id());
    let at_ms = call.at.timestamp_millis();
    let invoice = NewInvoice {
        id,
        patient: request.patient,
        kind: InvoiceKind::Invoice,
        corrects: None,
        document: None,
        created_by: call.actor()?,
        created_at_ms: at_ms,
        discount: request.discount,
    };
    let mut write = call.write().await?;
    if invoices::insert_invoices(&mut write, &[invoice]).await? == 0 {
        return Err(AppError::NotFound { what: "patient" });
    }
    insert_lines(call, &mut write, id, 0, &lines).await?;
    write.commit().await?;
    Ok(InvoiceRef { id })
}

/// Adds lines to a draft.
pub async fn line_add(call: &Call, request: LineAddRequest) -> Result<LinesAdded, AppError> {
    let mut form = Form::default();
    if request.lines.is_empty() {
        form.add("lines", Problem::Required);
    }
    let lines = checked_lines(&mut form, &request.lines);
    let lines = form.finish(lines)?;
    let mut write = call.write().await?;
    let draft = draft(&mut write, request.invoice).await?;
    demand(&mut write, &draft);
    let ids = insert_lines(call, &mut write, draft.invoice, draft.last_position, &lines).await?;
    write.commit().await?;
    Ok(LinesAdded { ids })
}

async fn insert_lines(
    call: &Call,
    write: &mut Write,
    invoice: InvoiceId,
    position: i64,
    lines: &[LineContent],
) -> Result<Vec<LineId>, AppError> {
    let places = position + 1..;
    let new = |(content, position)| NewLine { id: LineId(call.next_id()), invoice, position, content };
    let lines: Vec<_> = lines.iter().zip(places).map(new).collect();
    if !lines.is_empty() {
        invoices::insert_lines(write, &lines, call.at.timestamp_millis()).await?;
    }
    Ok(lines.into_iter().map(|line| line.id).collect())
}

/// Changes a line of a draft.
pub async fn line_update(call: &Call, request: LineUpdateRequest) -> Result<Nothing, AppError> {
    let mut form = Form::default();
    let line = checked_line(&mut form, "", &request.content);
    let line = form.finish(line)?;
    let mut write = call.write().await?;
    let present = invoices::find_line(&mut write, request.id).await?;
    let present = present.ok_or(AppError::NotFound { what: "line" })?;
    expect_draft(&present.invoice)?;
    demand(&mut write, &present.invoice);
    let registers = changed_registers(present.content.as_ref(), &line);
    versions::declare(
        &write,
        (INVOICE_LINE, request.id.0),
        (&request.versions, &present.versions),
        &registers,
        request.overwrite,
    )?;
    invoices::update_line(&mut write, request.id, &line).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// The registers of a line in which `new` differs; all of them if what there is cannot be read.
fn changed_registers(old: Option<&LineContent>, new: &LineContent) -> Vec<&'static str> {
    let differs = |is: fn(&LineContent, &LineContent) -> bool| old.is_none_or(|old| is(old, new));
    [
        ("item", differs(|a, b| a.item != b.item || a.description != b.description)),
        ("provider", differs(|a, b| a.provider != b.provider)),
        ("quantity", differs(|a, b| a.quantity != b.quantity)),
        ("price", differs(|a, b| a.price != b.price)),
        ("discount", differs(|a, b| a.discount != b.discount)),
        ("tax", differs(|a, b| a.tax != b.tax)),
    ]
    .into_iter()
    .filter_map(|(register, differs)| differs.then_some(register))
    .collect()
}

/// Takes lines off a draft.
pub async fn line_remove(call: &Call, request: LineRemoveRequest) -> Result<Nothing, AppError> {
    if request.ids.len() > LINES_MAX {
        return Err(AppError::TooLarge { what: "the selection", limit: LINES_MAX as u64 });
    }
    let mut write = call.write().await?;
    let draft = draft(&mut write, request.invoice).await?;
    demand(&mut write, &draft);
    // A key, not a form: it is about the lines as they are now.
    write.declare_current();
    invoices::delete_lines(&mut write, draft.invoice, &request.ids).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// Changes what concerns a draft as a whole.
pub async fn invoice_update(call: &Call, request: InvoiceUpdateRequest) -> Result<Nothing, AppError> {
    let mut form = Form::default();
    check_discount(&mut form, request.discount.unwrap_or_default());
    let note = request.note.as_deref().map(|note| checked_note(&mut form, note));
    let note = form.finish(note)?;
    let mut registers = Vec::new();
    registers.extend(request.discount.is_some().then_some("discount"));
    registers.extend(note.is_some().then_some("note"));
    let mut write = call.write().await?;
    let draft = draft(&mut write, request.id).await?;
    demand(&mut write, &draft);
    versions::declare(
        &write,
        (INVOICE, request.id.0),
        (&request.versions, &draft.versions),
        &registers,
        request.overwrite,
    )?;
    invoices::update_invoice(&mut write, request.id, request.discount, note.as_deref()).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// Discards a draft, or brings it back.
pub async fn invoice_discard(call: &Call, request: InvoiceDiscardRequest) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    let standing = standing(&mut write, request.id).await?;
    let (from, to) = if request.discarded { ("draft", "discarded") } else { ("discarded", "draft") };
    if standing.status != from {
        return Err(InvoiceError::NotADraft.into());
    }
    demand(&mut write, &standing);
    write.declare(standing.versions.0);
    invoices::set_status(&mut write, request.id, to, "", None).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// How an invoice stands.
pub(super) async fn standing(connection: &mut Connection, id: InvoiceId) -> Result<DraftStanding, AppError> {
    invoices::find_standing(connection, id).await?.ok_or(AppError::NotFound { what: "invoice" })
}

/// A draft, or why it is none.
pub(super) async fn draft(connection: &mut Connection, id: InvoiceId) -> Result<DraftStanding, AppError> {
    let standing = standing(connection, id).await?;
    expect_draft(&standing)?;
    Ok(standing)
}

fn expect_draft(standing: &DraftStanding) -> Result<(), AppError> {
    if standing.is_draft() { Ok(()) } else { Err(InvoiceError::NotADraft.into()) }
}

/// Nothing of this is to be done if somebody issues, voids or discards it meanwhile.
pub(super) fn demand(write: &mut Write, standing: &DraftStanding) {
    if let Some(guard) = standing.guard() {
        write.demand(guard);
    }
}

fn checked_lines(form: &mut Form, lines: &[LineContent]) -> Vec<LineContent> {
    if lines.len() > LINES_MAX {
        form.add("lines", Problem::TooMany);
        return Vec::new();
    }
    lines.iter().enumerate().map(|(n, line)| checked_line(form, &format!("lines.{n}."), line)).collect()
}

/// A line that can be billed. What it comes to is judged with it, so that a draft never has one that cannot be issued.
fn checked_line(form: &mut Form, place: &str, line: &LineContent) -> LineContent {
    let description = form.required_line(&format!("{place}description"), &line.description);
    if line.quantity == 0 {
        form.add(&format!("{place}quantity"), Problem::Required);
    }
    match line.net() {
        Ok(_) => {}
        Err(Problem::TooMuchOff) => form.add(&format!("{place}discount"), Problem::TooMuchOff),
        Err(Problem::NotAChoice) => form.add(&format!("{place}tax"), Problem::NotAChoice),
        Err(problem) => form.add(&format!("{place}quantity"), problem),
    }
    LineContent { description, ..line.clone() }
}

/// Whether it is too much is known when it is issued: lines may still be added.
fn check_discount(form: &mut Form, discount: Discount) {
    let is_possible = match discount {
        Discount::None => true,
        Discount::Amount(amount) => (0..=AMOUNT_MAX).contains(&amount),
        Discount::Share(share) => share <= WHOLE,
    };
    if !is_possible {
        form.add("discount", Problem::TooMuchOff);
    }
}

fn checked_note(form: &mut Form, note: &str) -> String {
    let note = note.trim();
    if note.chars().count() > NOTE_MAX_CHARS / 10 {
        form.add("note", Problem::TooLong);
    }
    if note.chars().any(|char| char.is_control() && char != '\n') {
        form.add("note", Problem::ControlCharacter);
    }
    note.to_owned()
}
