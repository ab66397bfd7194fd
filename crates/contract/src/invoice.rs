//! Invoices, payments and what is sold.
//!
//! Amounts are minor units of the clinic's currency, quantities thousandths, rates and shares basis points.

use crate::page::{Count, Cursor, Page};
use crate::patient::Versions;
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ActionId, CatalogueItemId, DocumentId, InvoiceId, LineId, PatientId, PaymentId, TaxRateId};
use domain::invoice::document::{Document, Letterhead, LineContent};
use domain::invoice::payment::{Excess, Method, Tender};
use domain::invoice::{Discount, InvoiceKind, InvoiceStatus, ItemKind, Tax, Totals};
use domain::money::Currency;
use serde::{Deserialize, Serialize};

/// Who the clinic is to those it bills, and in what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClinicProfile {
    #[serde(flatten)]
    pub letterhead: Letterhead,
    pub currency: Currency,
    /// Something was issued already: the currency stays.
    #[serde(default)]
    pub has_issued: bool,
    #[serde(default)]
    pub versions: Versions,
}

/// A tax of the clinic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    pub id: TaxRateId,
    pub name: String,
    #[serde(flatten)]
    pub tax: Tax,
    #[serde(default)]
    pub archived: bool,
}

/// The clinic's taxes, those in use first; at most 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRateList {
    pub rates: Vec<TaxRate>,
}

/// Adds or changes a tax. What was billed with it stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRateSave {
    /// None adds one.
    #[serde(default)]
    pub id: Option<TaxRateId>,
    pub name: String,
    #[serde(flatten)]
    pub tax: Tax,
    #[serde(default)]
    pub archived: bool,
}

/// The tax that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRateSaved {
    pub id: TaxRateId,
}

/// Something that the clinic sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueItem {
    pub id: CatalogueItemId,
    pub name: String,
    /// Short, as somebody types it.
    pub code: String,
    pub kind: ItemKind,
    /// Without tax.
    pub price: i64,
    pub tax_rate: Option<TaxRateId>,
    /// As its rate is by now; exempt without one.
    pub tax: Tax,
    /// Of a package: how many times which service.
    pub service: Option<CatalogueItemId>,
    pub sessions: u32,
    pub archived: bool,
}

/// A page of the catalogue by name; with a text, what begins with it first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueListRequest {
    /// A few letters of a name or a code.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 50.
    #[serde(default)]
    pub limit: u32,
}

/// Adds or changes what is sold. What was billed stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueItemSave {
    /// None adds one.
    #[serde(default)]
    pub id: Option<CatalogueItemId>,
    pub name: String,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub kind: ItemKind,
    pub price: i64,
    #[serde(default)]
    pub tax_rate: Option<TaxRateId>,
    #[serde(default)]
    pub service: Option<CatalogueItemId>,
    #[serde(default)]
    pub sessions: u32,
    #[serde(default)]
    pub archived: bool,
}

/// The item that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueItemSaved {
    pub id: CatalogueItemId,
}

/// A new draft, with as many lines as it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceCreateRequest {
    pub patient: PatientId,
    /// At most 500.
    #[serde(default)]
    pub lines: Vec<LineContent>,
    #[serde(default)]
    pub discount: Discount,
}

/// An invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRef {
    pub id: InvoiceId,
}

/// A line of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub id: LineId,
    #[serde(flatten)]
    pub content: LineContent,
    /// What it comes to; none if it cannot be so, as after a conflict.
    pub net: Option<i64>,
    pub versions: Versions,
}

/// What an invoice page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDetail {
    #[serde(flatten)]
    pub row: InvoiceRow,
    pub currency: Currency,
    pub discount: Discount,
    pub note: String,
    /// Of a void one: why.
    pub reason: String,
    /// Of a draft: of its lines. Of an issued one: as issued.
    pub totals: Totals,
    /// The first lines: of a draft as they are, of an issued one as issued.
    pub lines: Page<InvoiceLine>,
    pub line_count: u64,
    /// The newest last; at most 200.
    pub payments: Vec<Payment>,
    /// Other documents of it: credit notes, and what another desk issued of the same draft. At most 200.
    pub documents: Vec<DocumentRef>,
    /// Lines that another desk added while this one was being issued: they are on no document.
    pub left_over: u64,
    /// The patient's credit that may be used for it.
    pub credit: i64,
    /// It is void, and that may still be taken back.
    pub can_reinstate: bool,
    pub is_unsent: bool,
    pub versions: Versions,
}

/// One of the documents of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRef {
    pub id: DocumentId,
    /// The invoice or credit note that it was issued of.
    pub invoice: InvoiceId,
    pub number: String,
    pub kind: InvoiceKind,
    pub issued_at: DateTime<Utc>,
    pub gross: i64,
    /// Issued by two desks that were offline; this one does not stand.
    pub is_duplicate: bool,
}

/// A payment, or a refund if its amount is below nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub method: Method,
    pub amount: i64,
    /// Of cash: what came back of it.
    pub change: i64,
    pub reference: String,
    pub taken_at: DateTime<Utc>,
    pub taken_by: String,
}

/// An invoice as a list shows one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRow {
    pub id: InvoiceId,
    pub patient: PatientId,
    pub patient_name: String,
    pub kind: InvoiceKind,
    pub status: InvoiceStatus,
    /// When it was issued; of a draft, when it was made.
    pub at: DateTime<Utc>,
    /// Empty while it is a draft.
    pub number: String,
    /// What its first lines bill; at most 10.
    pub summary: Vec<String>,
    pub gross: i64,
    pub paid: i64,
    pub credited: i64,
    /// Above nothing: due. Below: too much was paid, which is the patient's credit.
    pub balance: i64,
    /// An amount of it cannot be so and counts as nothing.
    pub is_faulty: bool,
}

/// Which invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceFilter {
    #[default]
    All,
    /// Something is due on it.
    Due,
    Draft,
    Issued,
    PartPaid,
    Paid,
    Void,
}

/// A page of invoices, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceListRequest {
    #[serde(default)]
    pub filter: InvoiceFilter,
    /// Of one patient; then the filter is all or due.
    #[serde(default)]
    pub patient: Option<PatientId>,
    /// Days where the clinic is, the last one included.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    #[serde(default)]
    pub to: Option<NaiveDate>,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 50.
    #[serde(default)]
    pub limit: u32,
}

/// A page, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceListResponse {
    #[serde(flatten)]
    pub page: Page<InvoiceRow>,
    pub count: Count,
    pub currency: Currency,
}

/// How a patient stands with the clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientAccount {
    /// Due on invoices.
    pub owed: i64,
    /// Paid and not used yet; below nothing if two desks used the same.
    pub credit: i64,
    pub currency: Currency,
}

/// A patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientRef {
    pub id: PatientId,
}

/// A page of an invoice's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineListRequest {
    pub invoice: InvoiceId,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 100.
    #[serde(default)]
    pub limit: u32,
}

/// Adds lines to a draft, at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineAddRequest {
    pub invoice: InvoiceId,
    /// 1 to 500.
    pub lines: Vec<LineContent>,
}

/// The lines that were added, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinesAdded {
    pub ids: Vec<LineId>,
}

/// Changes a line of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineUpdateRequest {
    pub id: LineId,
    pub content: LineContent,
    /// As the line was loaded.
    pub versions: Versions,
    #[serde(default)]
    pub overwrite: bool,
}

/// Takes lines off a draft. Adding them again brings them back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRemoveRequest {
    pub invoice: InvoiceId,
    /// 1 to 500.
    pub ids: Vec<LineId>,
}

/// Changes what concerns a draft as a whole. What is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceUpdateRequest {
    pub id: InvoiceId,
    #[serde(default)]
    pub discount: Option<Discount>,
    #[serde(default)]
    pub note: Option<String>,
    pub versions: Versions,
    #[serde(default)]
    pub overwrite: bool,
}

/// Discards a draft, or brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDiscardRequest {
    pub id: InvoiceId,
    pub discarded: bool,
}

/// Issues a draft under the next number, and takes a payment for it if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceIssueRequest {
    pub id: InvoiceId,
    /// Drawn once for each time that somebody presses the key: the same one twice does it once.
    pub action: ActionId,
    /// What the person saw that it comes to: another amount is not issued.
    pub gross: i64,
    #[serde(default)]
    pub payment: Option<PaymentPart>,
}

/// How a payment is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPart {
    /// 1 to 10.
    pub tenders: Vec<Tender>,
    #[serde(default)]
    pub excess: Excess,
}

/// What was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceIssued {
    pub number: String,
    #[serde(default)]
    pub taken: Option<PaymentTaken>,
}

/// Takes a payment for an issued invoice, or without one for the patient's credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTakeRequest {
    /// As of [`InvoiceIssueRequest`].
    pub action: ActionId,
    pub patient: PatientId,
    #[serde(default)]
    pub invoice: Option<InvoiceId>,
    #[serde(flatten)]
    pub payment: PaymentPart,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTaken {
    /// Paid on the invoice.
    pub paid: i64,
    /// Kept as the patient's credit.
    pub credit: i64,
    /// To be given back in cash.
    pub change: i64,
}

/// Gives a patient's credit back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditPayOut {
    /// As of [`InvoiceIssueRequest`].
    pub action: ActionId,
    pub patient: PatientId,
    pub amount: i64,
    pub method: Method,
    #[serde(default)]
    pub reference: String,
}

/// Credits lines of an issued invoice, or the rest of it, and gives the money back, in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRefundRequest {
    /// As of [`InvoiceIssueRequest`].
    pub action: ActionId,
    pub invoice: InvoiceId,
    /// Which lines, and of each how much, thousandths. None stands for all that is not credited yet.
    #[serde(default)]
    pub lines: Vec<RefundLine>,
    pub reason: String,
    /// How money is given back, if any was paid; credit keeps it for the patient.
    pub method: Method,
}

/// How much of a line is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub line: LineId,
    pub quantity: i64,
}

/// What was credited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRefunded {
    /// Of the credit note.
    pub number: String,
    pub credited: i64,
    /// Given back.
    pub refunded: i64,
}

/// Makes an issued invoice void, or takes that back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceVoidRequest {
    pub id: InvoiceId,
    pub void: bool,
    /// Why; needed to make it void.
    #[serde(default)]
    pub reason: String,
}

/// What was issued, as it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLoaded {
    pub document: Document,
    pub is_void: bool,
}
