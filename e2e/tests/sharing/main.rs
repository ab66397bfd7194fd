//! Desks that share a clinic's data, with everything real but the window: encrypted databases, HTTP, the server's own
//! program, Postgres.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod certificates;
mod clocks;
mod failures;
mod invoices;
mod joining;
mod killing;
mod limits;
mod network;
mod proxy;
mod sharing;
mod stand_in;
mod stuck;
mod support;
mod versions;
