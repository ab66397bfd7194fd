//! Invoices: drafts, what is issued of them, and lists.

mod document;
mod draft;
mod list;
mod load;

pub use document::{
    DocumentRow, ListedDocument, find_document, find_standing_document, insert_documents, list_credit_notes,
    list_documents,
};
pub use draft::{
    DraftStanding, LineCursor, LineRow, LineStanding, NewInvoice, NewLine, delete_lines, find_line,
    find_standing, insert_invoices, insert_lines, list_contents, list_lines, set_status, update_invoice,
    update_line,
};
pub use list::{InvoiceCursor, InvoicePage, InvoiceQuery, ListedInvoice, Which, list_invoices};
pub use load::{InvoiceRecord, find_invoice};

#[cfg(test)]
mod tests;
