//! Sharing the clinic's data with other desks: the desk's side of the network.
//!
//! `worker` goes on in the background of the window, `round` is one exchange with the server, `live` hears that there is
//! something new, `pair` connects a desk. What is exchanged, and how it is merged, is `sync_engine`'s.

mod address;
mod error;
mod export;
pub(crate) mod handlers;
mod http;
mod link;
mod live;
mod mark;
mod pair;
mod peer;
mod round;
mod status;
mod worker;

pub use error::SyncError;
pub use export::export_unsent;
pub use link::Tally;
pub(crate) use mark::{Mark, look_after};
pub use round::sync_once;
pub(crate) use worker::Worker;
