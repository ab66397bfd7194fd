//! The use cases: one function per command; who may, what happens, in one transaction.

mod billing;
mod call;
mod contact;
mod cursor;
mod day;
mod decode;
mod desk;
mod error;
pub mod export;
pub mod files;
pub mod generate;
mod handlers;
mod import;
mod invoice;
mod key;
mod monitor;
mod operations;
mod patient;
mod seed;
mod sync;
mod versions;
mod world;

pub use desk::{Desk, DeskOptions, everything_changed};
pub use error::AppError;
pub use export::export_patients;
pub use import::{wait_for_import, wait_for_imports};
pub use seed::{SeedProgress, seed_clinic, seed_invoices};
pub use sync::{SyncError, Tally, export_unsent, sync_once};
pub use world::{Machine, World};

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: T) {}

    #[test]
    fn every_use_case_can_run_on_any_thread() {
        is_send(Desk::start(DeskOptions::new("/nowhere".into())));
        let _ = |desk: Desk| {
            is_send(desk.call("", serde_json::Value::Null));
            is_send(desk.close());
            is_send(export_patients(&desk, std::path::Path::new("")));
            is_send(seed_clinic(&desk, 0, 0, &mut |_, _| {}));
        };
    }
}
