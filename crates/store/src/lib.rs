//! The device's database: SQLite behind SQLCipher, with change capture and statement accounting.
//!
//! One writer, a few read-only readers, WAL with FULL. One file per aggregate; SQL is nowhere else.

mod apply;
mod batch;
mod capture;
pub mod catalogue;
pub mod clinic;
pub mod consent;
pub mod day;
mod derive;
pub mod doctor;
mod ending;
mod error;
pub mod export;
mod ffi;
mod generated;
pub mod import;
pub mod invoice;
mod json;
pub mod listing;
pub mod local;
pub mod manifest;
mod meter;
pub mod note;
mod open;
mod outbox;
pub mod patient;
pub mod payment;
pub mod search;
pub mod sync;
mod transaction;
mod versions;

pub use apply::{Applied, apply_ops, parked_count};
pub use capture::{Bases, Context};
pub use error::StoreError;
pub use meter::{Cost, Usage};
pub use open::{Changed, DatabaseKey, Identity, READERS, Store};
pub use outbox::{list_outbox, list_whole_outbox};
pub use transaction::{Read, Write};
pub use versions::{Versions, load_versions};

// The unit tests share the support of the integration tests.
#[cfg(test)]
extern crate self as store;
#[cfg(test)]
mod plan;
#[cfg(test)]
#[path = "../tests/store/support.rs"]
mod support;

/// What every function of the store works on: a [`Read`] or a [`Write`].
pub type Connection = sqlx::SqliteConnection;
