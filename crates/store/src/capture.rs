//! Capture: every change of a synced table becomes an op, in the transaction of the change.
//!
//! The triggers that do it are generated from the manifest. They call functions of ours that know
//! the transaction's context, so that nothing, not even another tool that opens the file, changes
//! a synced row unseen.

mod generate;
mod state;

pub(crate) use generate::json_array;
pub use generate::trigger_statements;
pub use state::{Bases, CaptureState, Context, Summary, register_functions};

/// Raised by a write outside a transaction with a context.
pub const NO_CONTEXT: &str = "frontdesk: no transaction context";
/// Raised by a write whose base was not declared.
pub const NO_BASE: &str = "frontdesk: no base version";
