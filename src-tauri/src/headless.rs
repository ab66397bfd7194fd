//! The same binary without a window: for scripts, support and tests. Every subcommand goes through
//! the use cases that the window calls.

#[macro_use]
mod output;
mod import;
mod progress;
mod sync;

use app::{Desk, DeskOptions, export_patients, files, seed_clinic, seed_invoices, wait_for_imports};
use clap::Subcommand;
use contract::{AppState, Command, DoctorReport, DoctorRun, ErrorBody, ErrorCode};
use progress::Progress;
use serde::Serialize;
use serde_json::Value;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

/// What can be done without a window.
#[derive(Debug, Subcommand)]
pub enum Headless {
    /// Take over another system's files.
    #[command(subcommand)]
    Import(ImportWhat),
    /// Give out what the clinic has.
    #[command(subcommand)]
    Export(ExportWhat),
    /// Run any command of the contract: `call patient_search '{"text":"obrien"}'`.
    Call {
        /// The command's name, as `frontdesk commands` lists it.
        command: String,
        /// The request as JSON; `-` reads it from standard input.
        #[arg(default_value = "{}")]
        request: String,
    },
    /// List the commands with the permission they need and what they may cost.
    Commands {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check the database, and recompute and compare all that is derived.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Share the clinic's data with other desks.
    #[command(subcommand)]
    Sync(sync::SyncWhat),
    /// Add a made-up clinic, for trying out. The same seed gives the same clinic.
    Generate {
        #[arg(long, value_name = "N")]
        patients: u32,
        /// Invoices of all patients that there are then, with a catalogue and payments.
        #[arg(long, value_name = "N", default_value_t = 0)]
        invoices: u32,
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportWhat {
    /// CSV files, in the order given: patients first, then what refers to them.
    Csv(import::CsvArguments),
}

/// What can be exported.
#[derive(Debug, Subcommand)]
pub enum ExportWhat {
    /// Every patient, archived ones too, as CSV.
    Patients {
        /// The file to write.
        file: PathBuf,
        /// Replace the file if it is there.
        #[arg(long)]
        force: bool,
    },
}

/// Runs a subcommand to its end. Errors go to standard error; the exit code says whether it worked.
pub fn run(options: DeskOptions, what: Headless) -> ExitCode {
    if let Headless::Commands { json } = what {
        return told(list_commands(json));
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&ErrorBody::new(ErrorCode::Internal, error.to_string()), false),
    };
    let as_json = matches!(what, Headless::Call { .. });
    match runtime.block_on(with_desk(options, what)) {
        Ok(code) => told(code),
        Err(error) => fail(&error, as_json),
    }
}

/// Work whose result could not be written, for example to a full disk, has not done what was wanted.
fn told(code: ExitCode) -> ExitCode {
    let Some(error) = output::failure() else { return code };
    say_error!("frontdesk: the work was done, but its result could not be written: {error}");
    ExitCode::FAILURE
}

async fn with_desk(options: DeskOptions, what: Headless) -> Result<ExitCode, ErrorBody> {
    // A folder that was mistyped is no new clinic.
    let reads_only = matches!(what, Headless::Doctor { .. } | Headless::Export(_));
    if reads_only
        && !options.data_dir.join(files::DATABASE).exists()
        && !options.data_dir.join(files::KEY).exists()
    {
        let message =
            format!("there is no clinic in {}; --data-dir names another folder", options.data_dir.display());
        return Err(ErrorBody::new(ErrorCode::NotFound, message));
    }
    let desk = Desk::start(options).await;
    let result = tokio::select! {
        result = perform(&desk, what) => result,
        _ = crate::window::next_signal() => Err(ErrorBody::new(ErrorCode::Cancelled, "stopped; what was finished stays")),
    };
    desk.close().await;
    result
}

async fn perform(desk: &Desk, what: Headless) -> Result<ExitCode, ErrorBody> {
    if let Headless::Call { command, request } = &what {
        let response = desk.call(command, parse_request(request)?).await?;
        // What a command starts would be cut off with this process.
        wait_for_imports(desk).await?;
        print_json(&response);
        return Ok(ExitCode::SUCCESS);
    }
    if let AppState::Failed { error } = desk.status().state {
        return Err(error);
    }
    desk.store()?;
    match what {
        Headless::Import(ImportWhat::Csv(arguments)) => import::run(desk, &arguments).await,
        Headless::Export(ExportWhat::Patients { file, force }) => {
            if file.exists() && !force {
                let message = format!("{} is there already; --force replaces it", file.display());
                return Err(ErrorBody::new(ErrorCode::BadFile, message));
            }
            let count = export_patients(desk, &file).await?;
            say!("{count} patients written to {}", file.display());
            Ok(ExitCode::SUCCESS)
        }
        Headless::Doctor { json } => doctor(desk, json).await,
        Headless::Sync(what) => sync::run(desk, what).await,
        Headless::Generate { patients, invoices, seed } => {
            let mut progress = Progress::new("patients");
            seed_clinic(desk, patients, seed, &mut |done, of| progress.show(done, of)).await?;
            progress.end();
            let mut progress = Progress::new("invoices");
            seed_invoices(desk, invoices, seed, &mut |done, of| progress.show(done, of)).await?;
            progress.end();
            say!("{patients} patients and {invoices} invoices added");
            Ok(ExitCode::SUCCESS)
        }
        Headless::Call { .. } | Headless::Commands { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn parse_request(text: &str) -> Result<Value, ErrorBody> {
    let bad =
        |error: String| ErrorBody::new(ErrorCode::BadRequest, format!("the request is not JSON: {error}"));
    if text != "-" {
        return serde_json::from_str(text).map_err(|error| bad(error.to_string()));
    }
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).map_err(|error| bad(error.to_string()))?;
    serde_json::from_str(&input).map_err(|error| bad(error.to_string()))
}

/// Runs a command of the contract by its type.
async fn call<C: Command>(desk: &Desk, request: C::Request) -> Result<C::Response, ErrorBody> {
    let internal = |error: serde_json::Error| ErrorBody::new(ErrorCode::Internal, error.to_string());
    let request = serde_json::to_value(request).map_err(internal)?;
    serde_json::from_str(&desk.answer(C::NAME, request).await.0?).map_err(internal)
}

/// For people over several lines, for programs on one.
fn print_json<T: Serialize>(value: &T) {
    let text = match std::io::stdout().is_terminal() {
        true => serde_json::to_string_pretty(value),
        false => serde_json::to_string(value),
    };
    match text {
        Ok(text) => say!("{text}"),
        Err(error) => say_error!("frontdesk: {error}"),
    }
}

fn fail(error: &ErrorBody, as_json: bool) -> ExitCode {
    match serde_json::to_string(error) {
        Ok(text) if as_json => say_error!("{text}"),
        _ => say_error!("frontdesk: {}", error.message),
    }
    ExitCode::FAILURE
}

fn list_commands(json: bool) -> ExitCode {
    if json {
        print_json(&contract::COMMANDS);
        return ExitCode::SUCCESS;
    }
    say!("{:<20} {:<14} {:>10} {:>13}", "command", "permission", "statements", "VM steps");
    for info in contract::COMMANDS {
        let permission = serde_json::to_value(info.permission).unwrap_or_default();
        let permission = permission.as_str().unwrap_or_default();
        say!(
            "{:<20} {permission:<14} {:>10} {:>13}",
            info.name,
            info.budget.statements,
            info.budget.vm_steps
        );
    }
    ExitCode::SUCCESS
}

async fn doctor(desk: &Desk, json: bool) -> Result<ExitCode, ErrorBody> {
    let report: DoctorReport = call::<DoctorRun>(desk, contract::Nothing {}).await?;
    if json {
        print_json(&report);
    } else {
        for check in &report.checks {
            say!("{:<5} {:<22} {}", if check.ok { "ok" } else { "FAULT" }, check.name, check.detail);
        }
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
