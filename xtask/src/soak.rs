//! `cargo xtask soak`: what the tests do a few times, many times.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::build::{self, Profile};
use crate::step::{execute, step};
use crate::{install, page, project};

/// Repeat a test that works by chance.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Kill an import in the middle, again and again; each time whole chunks and a sound database stay.
    Import {
        /// How often.
        #[arg(long, default_value_t = 100)]
        times: u32,
    },
    /// Simulate desks and a server with whatever can go wrong between them; a failing seed can be run again.
    Sim {
        /// How many seeds.
        #[arg(long, default_value_t = 20_000)]
        seeds: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Kill a desk in the middle of syncing, the server and Postgres in the middle of pushes, again and again; each time
    /// what was acknowledged is there, once.
    Kill {
        /// How often server and Postgres.
        #[arg(long, default_value_t = 100)]
        times: u32,
        /// How often the desk.
        #[arg(long, default_value_t = 500)]
        desk: u32,
    },
    /// Have the network between desks and server fail in every way and heal, again and again; each time the desks are
    /// equal within ten seconds.
    Net {
        /// How many schedules.
        #[arg(long, default_value_t = 200)]
        schedules: u32,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Follow clinics by cursor while commits overlap; nothing is skipped.
    Cursor {
        /// How many commits.
        #[arg(long, default_value_t = 100_000)]
        commits: u32,
    },
    /// Send the server requests that Schemathesis makes up from its description; no answer is a failure of the server,
    /// or other than described.
    Schemathesis {
        /// For how long, at most.
        #[arg(long, default_value_t = 150)]
        seconds: u32,
    },
}

pub fn run(options: &Options) -> Result<()> {
    match options.what {
        What::Import { times } => kill_imports(times),
        What::Sim { seeds, from } => simulate(from, from.saturating_add(seeds)),
        What::Kill { times, desk } => {
            test_server("Kill server and database", "killing", "FRONTDESK_KILLS", times)?;
            test_desks("Kill a desk", "killing", &[("FRONTDESK_KILLS", desk.to_string())])
        }
        What::Net { schedules, from } => test_desks(
            "Disturb the network",
            "network",
            &[("FRONTDESK_SCHEDULES", schedules.to_string()), ("FRONTDESK_FROM", from.to_string())],
        ),
        What::Cursor { commits } => test_server("Follow by cursor", "cursor", "FRONTDESK_COMMITS", commits),
        What::Schemathesis { seconds } => make_requests_up(seconds),
    }
}

fn kill_imports(times: u32) -> Result<()> {
    step("Install what is missing", install::for_building)?;
    page::ensure_folder()?;
    step("Kill imports", || {
        execute(
            project::cargo("test")?
                .args(["--workspace", "--test", "import_kill"])
                .env("FRONTDESK_KILLS", times.to_string()),
            "The message above names the kill; the same place again: FRONTDESK_KILLS with the same number.",
        )
    })
}

fn simulate(from: u64, to: u64) -> Result<()> {
    step("Simulate sync", || {
        execute(
            project::cargo("test")?
                .args(["--package", "sync-engine", "--test", "engine", "simulation"])
                .env("FRONTDESK_SEEDS", format!("{from}..{to}")),
            "The message above names the seeds that failed; one of them again: FRONTDESK_SEED=N cargo test -p \
             sync-engine --test engine simulation",
        )
    })
}

fn make_requests_up(seconds: u32) -> Result<()> {
    let program = step("Install what is missing", || {
        install::postgres()?;
        install::schemathesis()
    })?;
    step("Make requests up", || {
        execute(
            project::cargo("test")?
                .args(["--package", "sync-server", "--test", "server", "schemathesis", "--", "--nocapture"])
                .env("FRONTDESK_SCHEMATHESIS", &program)
                .env("FRONTDESK_SECONDS", seconds.to_string()),
            "The report above has each request as a command for curl.",
        )
    })
}

/// One test of the server, `times` as often as in the suite.
fn test_server(title: &str, test: &str, variable: &str, times: u32) -> Result<()> {
    step("Install what is missing", install::postgres)?;
    step(title, || {
        execute(
            project::cargo("test")?
                .args(["--package", "sync-server", "--test", "server", test])
                .env(variable, times.to_string()),
            "The message above says what was wrong.",
        )
    })
}

/// A test of desks that share, with the server's own program.
fn test_desks(title: &str, test: &str, variables: &[(&str, String)]) -> Result<()> {
    step("Install what is missing", || {
        install::for_building()?;
        install::postgres()
    })?;
    page::ensure_folder()?;
    step("Compile the server and the tests", || {
        execute(
            project::cargo("build")?.args(["--workspace", "--bins", "--tests"]),
            "The compiler's messages above say where.",
        )
    })?;
    step(title, || {
        let app = build::app_binary(Profile::Debug)?;
        let mut command = project::cargo("test")?;
        command.args(["--workspace", "--test", "sharing", test]).env("FRONTDESK_E2E_APP", &app);
        for (name, value) in variables {
            command.env(name, value);
        }
        // These tests open no window: any program that is there will do for its driver.
        command.env("FRONTDESK_E2E_DRIVER", &app);
        execute(&mut command, "The message above names the schedule or the kill.")
    })
}
