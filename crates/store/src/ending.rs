//! The end of the process while databases are being closed.
//!
//! A pool that is dropped and not closed leaves the closing of its connections to sqlx's threads. The process may end
//! meanwhile, and SQLCipher then frees what all connections share (`sqlcipher_extra_shutdown`, by `atexit` and again
//! among the destructors): a thread in the middle of closing crashes. So the end waits for those threads, and
//! whoever begins to close after it has begun stays at the door. The file is then as after a crash: nothing is lost.

use std::cell::OnceCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// How long the end of the process waits for connections that are being closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Threads that are closing a connection.
static CLOSING: AtomicUsize = AtomicUsize::new(0);
static ENDING: AtomicBool = AtomicBool::new(false);

/// Counts its thread as closing until the thread ends: SQLite has no call for when a connection is closed, but
/// each connection has a thread of its own in sqlx, which ends right after it.
struct Closing;

impl Closing {
    fn begin() -> Self {
        CLOSING.fetch_add(1, SeqCst);
        Self
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        CLOSING.fetch_sub(1, SeqCst);
    }
}

thread_local! {
    static HERE: OnceCell<Closing> = const { OnceCell::new() };
}

/// A connection begins to close on this thread.
pub extern "C" fn closing(_connection: *mut c_void) {
    let counted = Closing::begin();
    // The count goes up before the look, and the end begins before it looks at the count: one sees the other.
    if ENDING.load(SeqCst) {
        drop(counted);
        loop {
            thread::park();
        }
    }
    // A thread that closes a second connection is counted already; one that is past its end closes uncounted.
    let _ = HERE.try_with(|here| here.set(counted));
}

/// The process ends.
pub extern "C" fn wait() {
    ENDING.store(true, SeqCst);
    let since = Instant::now();
    while CLOSING.load(SeqCst) > 0 && since.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
}
