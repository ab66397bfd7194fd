//! Frontdesk's binary: a window around the use cases of `app`, and nothing of its own.

mod backend;
mod cli;
mod doors;
mod headless;
mod instance;
mod window;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    write_log_to_stderr();
    // What is written holds patients: for this user alone.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let done = cli.desk_options().and_then(|options| match cli.headless {
        Some(what) => Ok(headless::run(options, what)),
        None => window::run(options, cli.window_size).map(|()| ExitCode::SUCCESS),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("frontdesk: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `FRONTDESK_LOG` says what, as in `FRONTDESK_LOG=app=debug`; without it, what needs a person.
fn write_log_to_stderr() {
    let filter = EnvFilter::try_from_env("FRONTDESK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
