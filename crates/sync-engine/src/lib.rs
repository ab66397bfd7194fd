//! Sync without input or output: the merge rule, and a simulation that tries to break it.
//!
//! The same rule runs in the server and in the simulation (rule 3 of the sync design).

mod merge;
mod record;

pub use merge::{Loser, Merged, RegisterOp, RegisterState, Stamp, merge};
pub use record::{Conflict, RecordState};
