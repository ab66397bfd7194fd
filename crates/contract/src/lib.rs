//! What the page and the desk say to each other.
//!
//! Each command is declared once, in [`commands`]: its name, request, response, permission and
//! budget. The page calls it through its type, the desk must have a function for it or does not
//! compile.

mod access;
mod app;
mod budget;
mod commands;
mod day;
mod error;
mod event;
mod import;
mod invoice;
mod operations;
mod page;
mod patient;
mod sync;

pub use access::{Permission, Role};
pub use app::*;
pub use budget::{ALERT_STATEMENTS, Budget, CRITICAL_MS, POOL_WARNING_PERCENT, WARNING_MS};
pub use commands::*;
pub use day::*;
pub use error::{ErrorBody, ErrorCode};
pub use event::Event;
pub use import::*;
pub use invoice::*;
pub use operations::*;
pub use page::{Count, Cursor, PAGE_LIMIT_MAX, Page};
pub use patient::*;
pub use sync::*;
