//! The store on real files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod accounting;
mod apply;
mod capture;
mod ending;
mod files;
mod guards;
mod invoices;
mod journal;
mod ledger;
mod limits;
mod manifest;
mod measure;
mod random;
mod rejections;
mod replicas;
mod secrecy;
mod server;
mod standing;
mod support;
mod sync;
mod transactions;
