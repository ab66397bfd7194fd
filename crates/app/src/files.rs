//! What is in a data folder.

/// The encrypted database.
pub const DATABASE: &str = "frontdesk.db";
/// Where the database's key is.
pub const KEY: &str = "key.json";
/// Held by the running app.
pub const LOCK: &str = "frontdesk.lock";
/// Size and place of the window.
pub const WINDOW: &str = "window.json";

/// Which database file the desk's own is, and how far it was.
pub const MARK: &str = "frontdesk.mark";

/// All of them, with what SQLite puts beside its database.
pub(crate) const ALL: [&str; 7] = [DATABASE, MARK, "frontdesk.db-wal", "frontdesk.db-shm", LOCK, KEY, WINDOW];
