//! Progress on standard error: one line that moves on a terminal, a line every tenth elsewhere.

use std::io::{IsTerminal, Write};

/// How far some work is.
pub struct Progress {
    what: &'static str,
    terminal: bool,
    tenth: u64,
    shown: bool,
}

impl Progress {
    /// Progress of `what`, in the plural.
    pub fn new(what: &'static str) -> Self {
        Self { what, terminal: std::io::stderr().is_terminal(), tenth: 0, shown: false }
    }

    /// `done` of `of`.
    pub fn show(&mut self, done: u64, of: u64) {
        let tenth = done * 10 / of.max(1);
        if self.terminal {
            let mut terminal = std::io::stderr().lock();
            // A terminal that cannot be written to shows no progress.
            let _ = write!(terminal, "\r{done} of {of} {} ", self.what).and_then(|()| terminal.flush());
            self.shown = true;
        } else if tenth > self.tenth {
            say_error!("{done} of {of} {}", self.what);
        }
        self.tenth = tenth;
    }

    /// Leaves the line.
    pub fn end(&mut self) {
        if self.shown {
            say_error!("");
        }
    }
}
