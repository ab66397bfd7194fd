//! The end of the process while databases are open.
//!
//! A pool that is dropped and not closed leaves the closing of its connections to sqlx's threads, and tasks that nobody
//! waits for go on opening and reading. The process may end meanwhile, and SQLCipher then frees what all connections
//! share (`sqlcipher_extra_shutdown`, by `atexit` and again among the destructors): a thread that reads a page, or is
//! in the middle of closing, would crash. So the end takes the mutex of each open connection and keeps it: whoever is
//! inside SQLite comes out first, and nobody goes in any more. Who begins to open one stays at the door. The file is
//! then as after a crash: nothing is lost.

use crate::ffi::ConnectionMutex;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the end of the process waits for threads that are inside SQLite.
const PATIENCE: Duration = Duration::from_secs(5);

static DOOR: Mutex<Door> = Mutex::new(Door { open: Vec::new(), is_shut: false });

struct Door {
    /// Of the connections that may use SQLCipher.
    open: Vec<ConnectionMutex>,
    /// The process ends.
    is_shut: bool,
}

fn door() -> MutexGuard<'static, Door> {
    DOOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that the end of the process has to know of, until this is dropped.
#[derive(Debug)]
pub struct Open(ConnectionMutex);

impl Open {
    /// Before the connection uses SQLCipher for the first time. At the end of the process it goes no further.
    pub fn begin(connection: ConnectionMutex) -> Self {
        let mut door = door();
        if door.is_shut {
            drop(door);
            loop {
                thread::park();
            }
        }
        door.open.push(connection);
        Self(connection)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        door().open.retain(|open| *open != self.0);
    }
}

/// The process ends.
pub extern "C" fn wait() {
    let since = Instant::now();
    loop {
        let mut door = door();
        door.is_shut = true;
        // Whoever closes a connection takes it off the list before it is gone, and waits for this lock.
        door.open.retain(|connection| !connection.hold());
        if door.open.is_empty() || since.elapsed() >= PATIENCE {
            return;
        }
        drop(door);
        thread::sleep(Duration::from_millis(1));
    }
}
