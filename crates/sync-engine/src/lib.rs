//! Sync without input or output: the merge rule, the server's and the device's side, and a simulation that tries to
//! break them.
//!
//! The same code runs on SQLite, HTTP and Postgres, and on memory in the simulation.

mod authority;
mod clock;
mod conflict;
mod device;
mod digest;
mod merge;
pub mod planted;
mod ports;
mod record;

pub use authority::{Answered, Clinic, Reads, Writes, expect_epoch, lacking, reads_of_push, reads_of_upload};
pub use clock::times;
pub use conflict::{CONFLICTS, PAIR, conflict_record, loser_of};
pub use device::{Ending, Stopped, synchronize};
pub use digest::{Sums, bucket_of, differing, digest};
pub use merge::{Merged, merge};
pub use ports::{Failure, Phase, Position, Replica, Server};
pub use record::{Conflict, Merge, Side, merge_op, merge_state};
