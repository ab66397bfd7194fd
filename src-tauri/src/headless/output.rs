//! What the command line writes. `println!` panics when its reader has gone away, as `| head` does.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// `println!` for the command line.
macro_rules! say {
    ($($text:tt)*) => { $crate::headless::output::line(format_args!($($text)*)) };
}

/// `eprintln!` for the command line.
macro_rules! say_error {
    ($($text:tt)*) => { $crate::headless::output::error_line(format_args!($($text)*)) };
}

static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Writes a line to standard output. A reader who has had enough is no fault.
pub fn line(text: Arguments<'_>) {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{text}").and_then(|()| output.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one says why.
        let _ = FAILED.set(error);
    }
}

/// Why something could not be written to standard output, a full disk for example.
pub fn failure() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Writes a line to standard error, if anybody is there.
pub fn error_line(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
