//! `libsqlite3-sys` 0.38.2 under the version number that sqlx 0.9.0 accepts.
#![no_std]
pub use real::*;
