//! The server as its devices meet it: a real Postgres, the server's own role, HTTP over loopback.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod authorisation;
mod bodies;
mod connections;
mod cost;
mod cursor;
mod desk;
mod faults;
mod hostile;
mod killing;
mod leaving;
mod limits;
mod live;
mod metrics;
mod operating;
mod pairing;
mod process;
mod roles;
mod schemathesis;
mod site;
mod syncing;
mod tls;
