//! What the pages show, by noun.

pub mod billing;
pub mod diagnostics;
pub mod errors;
pub mod export;
pub mod frame;
pub mod imports;
pub mod invoices;
pub mod key_map;
pub mod palette;
pub mod patients;
pub mod sync;
pub mod words;
