//! A seeded simulation: devices and the server that merges what they do, with a network between
//! that loses, doubles and reorders. A failing seed prints; `FRONTDESK_SEED=n` runs it again.

#![allow(clippy::panic, reason = "a test may fail")]

mod authority;
mod device;
mod simulation;
