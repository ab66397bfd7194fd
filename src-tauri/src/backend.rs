//! The desk behind the window.

use contract::{ErrorBody, ErrorCode};
use serde_json::Value;

/// Answers what the page asks.
#[derive(Clone, Debug, Default)]
pub struct Backend;

impl Backend {
    /// Runs one command of the contract.
    pub async fn call(&self, _name: &str, _request: Value) -> Result<Value, ErrorBody> {
        Err(ErrorBody::new(ErrorCode::Locked, "The database is not open yet."))
    }

    /// Puts the data in order; nothing can be asked afterwards.
    pub async fn close(&self) {}
}
