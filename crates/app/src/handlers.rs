//! Every use case under the name of its command.

pub use crate::billing::{
    catalogue_item_save, catalogue_list, clinic_load, clinic_save, tax_rate_list, tax_rate_save,
};
pub use crate::day::{day_close, day_close_list, day_open};
pub use crate::import::handlers::*;
pub use crate::invoice::{
    credit_pay_out, document_load, invoice_create, invoice_discard, invoice_issue, invoice_list,
    invoice_load, invoice_refund, invoice_update, invoice_void, line_add, line_list, line_remove,
    line_update, patient_account, payment_take,
};
pub use crate::operations::{
    app_status, app_unlock, diagnostics, doctor, draft_load, draft_save, preference_load, preference_set,
};
pub use crate::patient::consent::{consent_history, consent_record};
pub use crate::patient::detail::patient_load;
pub use crate::patient::duplicates::{patient_distinct, patient_duplicates};
pub use crate::patient::edit::{patient_archive, patient_create, patient_update};
pub use crate::patient::list::{patient_facets, patient_list, patient_search};
pub use crate::patient::notes::{note_create, note_delete, note_list, note_update};
pub use crate::sync::handlers::*;
