//! What the page works out without a browser: tested natively.

pub mod draft;
pub mod form;
pub mod form_lists;
pub mod format;
pub mod inbox;
pub mod invoice;
pub mod keys;
pub mod pages;
pub mod palette;
pub mod parts;
pub mod plot;
pub mod query;
pub mod record;
pub mod selection;
pub mod sync;
pub mod window;
