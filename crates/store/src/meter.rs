//! Counting statements and steps of SQLite's virtual machine, where they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What something cost in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Statements, without `BEGIN`, `COMMIT` and savepoints.
    pub statements: u64,
    /// Virtual machine steps, triggers included.
    pub vm_steps: u64,
    /// What the commits took, in microseconds: what waited for the disk.
    pub commit_us: u64,
}

/// Counts on one connection, or on those that are the writer one after the other.
#[derive(Debug, Default)]
pub struct Meter {
    statements: AtomicU64,
    vm_steps: AtomicU64,
    commit_us: AtomicU64,
    /// What ran, for the tests that ask how.
    #[cfg(test)]
    pub(crate) ran: std::sync::Mutex<Vec<String>>,
}

impl Meter {
    /// Called by SQLite's trace for each statement that ended.
    pub(crate) fn count(&self, sql: &[u8], steps: u64) {
        #[cfg(test)]
        if let Ok(mut ran) = self.ran.lock() {
            ran.push(String::from_utf8_lossy(sql).into_owned());
        }
        self.vm_steps.fetch_add(steps, Ordering::Relaxed);
        if !is_control(sql) && !is_of_search_index(sql) {
            self.statements.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted since the last call.
    pub(crate) fn take(&self) -> Cost {
        Cost {
            statements: self.statements.swap(0, Ordering::Relaxed),
            vm_steps: self.vm_steps.swap(0, Ordering::Relaxed),
            commit_us: 0,
        }
    }
}

fn is_control(sql: &[u8]) -> bool {
    [&b"BEGIN"[..], b"COMMIT", b"ROLLBACK", b"SAVEPOINT", b"RELEASE"]
        .iter()
        .any(|word| sql.len() >= word.len() && sql[..word.len()].eq_ignore_ascii_case(word))
}

/// FTS5 reads and writes its own tables by statements of its own, inside ours. Their steps count,
/// but nobody sent them. It alone quotes the schema's name.
fn is_of_search_index(sql: &[u8]) -> bool {
    sql.windows(7).any(|window| window == b"'main'.")
}

/// Sums the cost of one command, over every connection that it uses.
#[derive(Clone, Debug, Default)]
pub struct Usage(Arc<Meter>);

impl Usage {
    pub(crate) fn add(&self, cost: Cost) {
        self.0.statements.fetch_add(cost.statements, Ordering::Relaxed);
        self.0.vm_steps.fetch_add(cost.vm_steps, Ordering::Relaxed);
    }

    pub(crate) fn add_commit(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.commit_us.fetch_add(us, Ordering::Relaxed);
    }

    /// The cost so far.
    pub fn cost(&self) -> Cost {
        Cost {
            statements: self.0.statements.load(Ordering::Relaxed),
            vm_steps: self.0.vm_steps.load(Ordering::Relaxed),
            commit_us: self.0.commit_us.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests;
