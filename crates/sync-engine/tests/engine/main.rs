//! The engine against a simulation: desks and a server with a network between that loses, doubles and reorders,
//! crashes, wrong clocks, copies, and disks and servers that come back from a backup. A failing seed prints;
//! `FRONTDESK_SEED=n` runs it again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod check;
mod database;
mod desk;
mod forgetful;
mod pause;
mod planted;
mod replica;
mod schedules;
mod server;
mod simulation;
mod totals;
mod world;
