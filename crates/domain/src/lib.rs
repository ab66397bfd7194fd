//! Frontdesk's entities, value types and rules.
//!
//! Pure: no input or output, no clock, no randomness; compiles to wasm, so that the page and the
//! desk judge the same input by the same code.

pub mod consent;
pub mod date;
pub mod day;
pub mod difference;
pub mod duplicate;
pub mod field;
pub mod id;
pub mod invoice;
pub mod mapping;
pub mod money;
pub mod patient;
pub mod search;
pub mod text;
