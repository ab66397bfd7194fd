//! `frontdesk sync`: connecting a desk, one exchange, how things stand.

use super::{call, print_json};
use app::{Desk, export_unsent, sync_once};
use clap::{Args, Subcommand};
use contract::{
    ErrorBody, ErrorCode, Nothing, Page, SyncListRequest, SyncLogItem, SyncLogList, SyncPair, SyncPairCall,
    SyncState, SyncStatus, SyncStatusLoad,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What can be done about sync.
#[derive(Debug, Subcommand)]
pub enum SyncWhat {
    /// Connect this desk to a server by a one-time code.
    Pair(PairArguments),
    /// Exchange with the server now, and say what that brought.
    Once {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say what is unsent, when the server was last heard of, and what waits for a person.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write what the server has not acknowledged into a file, as JSON lines: of a device that was shut out, say.
    Export {
        /// The file to write; one that is there is not replaced.
        file: PathBuf,
    },
    /// Say what happened, the newest first.
    Log {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// So many entries at most.
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
}

/// How to reach the server.
#[derive(Debug, Args)]
pub struct PairArguments {
    /// The server, such as clinic.example.org or https://10.0.0.5:8443.
    address: String,
    /// The one-time code.
    code: String,
    /// What the other desks will call this one.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// PEM of the authority that signed the server's certificate, if the system does not trust it.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

pub async fn run(desk: &Desk, what: SyncWhat) -> Result<ExitCode, ErrorBody> {
    match what {
        SyncWhat::Pair(arguments) => pair(desk, arguments).await,
        SyncWhat::Once { json } => once(desk, json).await,
        SyncWhat::Status { json } => status(desk, json).await,
        SyncWhat::Export { file } => {
            let saves = export_unsent(desk, &file, false).await?;
            say!("{saves} unsent saves written to {}", file.display());
            Ok(ExitCode::SUCCESS)
        }
        SyncWhat::Log { json, limit } => log(desk, json, limit).await,
    }
}

async fn pair(desk: &Desk, arguments: PairArguments) -> Result<ExitCode, ErrorBody> {
    let authority = arguments.authority.as_deref().map(read).transpose()?;
    let PairArguments { address, code, name, .. } = arguments;
    call::<SyncPairCall>(desk, SyncPair { address, code, device_name: name, authority }).await?;
    say!("connected; `frontdesk sync once` exchanges with the server, an open window goes on by itself");
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, ErrorBody> {
    std::fs::read_to_string(file).map_err(|error| {
        ErrorBody::new(ErrorCode::BadFile, format!("{} cannot be read: {error}", file.display()))
    })
}

async fn once(desk: &Desk, json: bool) -> Result<ExitCode, ErrorBody> {
    let tally = sync_once(desk).await.map_err(|error| ErrorBody::from(app::AppError::from(error)))?;
    if json {
        print_json(&json!({
            "sent": tally.sent, "received": tally.received, "uploaded": tally.uploaded, "repaired": tally.repaired,
        }));
    } else {
        say!("{} saves sent, {} records received, {} uploaded", tally.sent, tally.received, tally.uploaded);
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(desk: &Desk, json: bool) -> Result<ExitCode, ErrorBody> {
    let status: SyncStatus = call::<SyncStatusLoad>(desk, Nothing {}).await?;
    if json {
        print_json(&status);
        return Ok(ExitCode::SUCCESS);
    }
    let Some(server) = &status.server else {
        say!("this device only: there is no server");
        return Ok(ExitCode::SUCCESS);
    };
    say!("server          {} (as {})", server.address, server.device_name);
    let contact = status.last_contact.map_or_else(|| "not known".to_owned(), |at| at.to_rfc3339());
    say!("last contact    {contact}");
    let since = status.unsent_since.map(|at| format!(" since {}", at.to_rfc3339())).unwrap_or_default();
    say!("unsent          {}{since}", status.unsent);
    say!("conflicts       {}", status.conflicts);
    say!("need attention  {}", status.attention);
    say!("not shown       {} by this version, {} wait for their patient", status.parked, status.waiting);
    if let Some(problem) = &status.problem {
        say!("problem         {}", problem.message);
    }
    Ok(if status.state == SyncState::Stopped { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn log(desk: &Desk, json: bool, limit: u32) -> Result<ExitCode, ErrorBody> {
    let page: Page<SyncLogItem> = call::<SyncLogList>(desk, SyncListRequest { after: None, limit }).await?;
    if json {
        print_json(&page.rows);
        return Ok(ExitCode::SUCCESS);
    }
    for entry in page.rows {
        let count = if entry.count > 0 { entry.count.to_string() } else { String::new() };
        say!("{}  {:<9} {count:>8}  {}", entry.at.to_rfc3339(), entry.event, entry.detail);
    }
    Ok(ExitCode::SUCCESS)
}
