//! Invoices: lists, drafts, payments.

mod add_line;
mod draft_lines;
mod issued;
mod list;
mod of_patient;
mod pay;
mod refund;
mod sheet;
mod store;
mod totals;
mod void;

pub use list::InvoicesList;
pub use of_patient::OfPatient;
pub use sheet::InvoiceSheet;
