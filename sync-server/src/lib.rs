//! The sync server: keeps each clinic's records in Postgres, merges what its devices send, and hands out what changed.
//!
//! It knows nothing about patients or invoices. A process keeps nothing that another one needs: any number of them may
//! serve one database.

pub mod config;
mod connections;
pub mod database;
pub mod devices;
mod error;
pub mod http;
mod live;
mod metrics;
mod replicas;
pub mod secrets;
pub mod serve;
pub mod sync;
mod tls;
mod tokens;
mod work;

pub use error::{ServerError, SetupError};

use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds the lock; a poisoned one is as good.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
