//! Invoices: drafts, issuing, payments, credit notes.

mod draft;
mod issue;
mod list;
mod load;
mod pay;
mod refund;
mod void;

pub use draft::{invoice_create, invoice_discard, invoice_update, line_add, line_remove, line_update};
pub use issue::invoice_issue;
pub use list::invoice_list;
pub use load::{document_load, invoice_load, line_list, patient_account};
pub use pay::{credit_pay_out, payment_take};
pub use refund::invoice_refund;
pub use void::invoice_void;

use thiserror::Error;

/// What is not possible with an invoice as it stands.
#[derive(Debug, Error)]
pub enum InvoiceError {
    #[error("this invoice was issued; what is on it can no longer be changed, credit it instead")]
    NotADraft,
    #[error("this invoice is a draft; issue it first")]
    NotIssued,
    #[error("this invoice is void; nothing is due on it")]
    Void,
    #[error("the draft was changed meanwhile and comes to another amount; look at it and issue it again")]
    OtherTotal,
    #[error("a line of the draft cannot be billed as it is; correct or remove the line that has no amount")]
    Unbillable,
    #[error("the draft has no lines; add what is to be billed first")]
    Empty,
    #[error("something was paid on this invoice; refund it first, or credit it instead")]
    Paid,
    #[error("this invoice was credited; it can no longer be made void")]
    Credited,
    #[error("the day of this invoice was closed; credit it instead")]
    DayClosed,
    #[error("payments came in meanwhile; look at what is to be counted and close the day again")]
    OtherPayments,
    #[error("only an invoice can be credited")]
    NotAnInvoice,
    #[error("the same action was used for something else; close the window and try again")]
    ReusedAction,
    #[error("what was issued cannot be read by this version of the app; update it")]
    Unreadable,
}
