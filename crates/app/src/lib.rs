//! The use cases: one function per command; who may, what happens, in one transaction.

mod call;
mod contact;
mod cursor;
mod decode;
mod desk;
mod error;
pub mod export;
pub mod generate;
mod handlers;
mod import;
mod key;
mod monitor;
mod operations;
mod patient;
mod seed;
mod world;

pub use desk::{DATABASE_FILE, Desk, DeskOptions};
pub use error::AppError;
pub use export::export_patients;
pub use import::wait_for_import;
pub use seed::{SeedProgress, seed_clinic};
pub use world::{Machine, World};
