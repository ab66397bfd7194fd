//! `frontdesk import csv FILE…`

use super::progress::Progress;
use super::{call, print_json};
use app::{Desk, wait_for_import};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use contract::{
    ErrorBody, ErrorCode, IMPORT_PART_MAX_BYTES, ImportCheck, ImportCheckRequest, ImportDiscard, ImportFeed,
    ImportFeedRequest, ImportOpen, ImportOpenRequest, ImportPhase, ImportPreviewLoad, ImportProblem,
    ImportProblems, ImportProblemsRequest, ImportProgress, ImportProgressLoad, ImportReason, ImportRef,
    ImportRun, ImportRunRequest,
};
use domain::field::Problem;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to import, and how.
#[derive(Debug, Args)]
pub struct CsvArguments {
    /// The files: patients first, then what refers to them by their number.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only tell what would be added, what looks like a duplicate, and which rows are wrong.
    #[arg(long)]
    dry_run: bool,
    /// Also add rows that look like a patient who is there already.
    #[arg(long)]
    add_likely_duplicates: bool,
    /// As JSON, one object for each file.
    #[arg(long)]
    json: bool,
}

/// What became of one file.
#[derive(Serialize)]
struct Outcome {
    #[serde(flatten)]
    progress: ImportProgress,
    columns: Vec<Column>,
    problems: Vec<ImportProblem>,
}

/// How a column was understood.
#[derive(Serialize)]
struct Column {
    header: String,
    /// None: it is left out.
    target: Option<String>,
}

/// Problems of one file that are told; the window has them all.
const PROBLEMS_TOLD: usize = 1_000;

/// Imports the files one after the other, or checks them. A check knows what the files before would
/// have brought, and leaves nothing.
pub async fn run(desk: &Desk, arguments: &CsvArguments) -> Result<ExitCode, ErrorBody> {
    let mut checked = Vec::new();
    let result = import_all(desk, arguments, &mut checked).await;
    for import in checked {
        call::<ImportDiscard>(desk, import).await?;
    }
    result.map(|()| ExitCode::SUCCESS)
}

async fn import_all(
    desk: &Desk,
    arguments: &CsvArguments,
    checked: &mut Vec<ImportRef>,
) -> Result<(), ErrorBody> {
    for file in &arguments.files {
        let outcome = import(desk, arguments, file, checked).await.map_err(|error| ErrorBody {
            message: format!("{}: {}", file.display(), error.message),
            ..error
        })?;
        if outcome.progress.phase == ImportPhase::Checked {
            checked.push(ImportRef { id: outcome.progress.id });
        }
        if arguments.json {
            print_json(&outcome);
        } else {
            tell(&outcome, arguments.dry_run);
        }
    }
    Ok(())
}

async fn import(
    desk: &Desk,
    arguments: &CsvArguments,
    file: &Path,
    checked: &[ImportRef],
) -> Result<Outcome, ErrorBody> {
    let id = send(desk, file).await?;
    let preview = call::<ImportPreviewLoad>(desk, id).await?;
    let targets = preview.mapping.columns.into_iter();
    let columns =
        preview.headers.into_iter().zip(targets).map(|(header, target)| Column { header, target }).collect();
    if arguments.dry_run {
        call::<ImportCheck>(
            desk,
            ImportCheckRequest { id: id.id, after: checked.iter().map(|import| import.id).collect() },
        )
        .await?;
    } else {
        let request = ImportRunRequest { id: id.id, add_likely_duplicates: arguments.add_likely_duplicates };
        call::<ImportRun>(desk, request).await?;
    }
    let watched = watch(desk, id).await;
    let progress = call::<ImportProgressLoad>(desk, id).await?;
    // Work that failed before anybody watched has told its window only.
    let watched = match (watched, progress.phase) {
        (Ok(()), ImportPhase::Done | ImportPhase::Checked) => Ok(()),
        (Ok(()), _) => Err(ErrorBody::new(ErrorCode::Internal, "the import stopped")),
        (Err(error), _) => Err(error),
    };
    if let Err(error) = watched {
        let message = format!(
            "{}. {} of {} rows were read before and {} records added; import the file again to go on",
            error.message, progress.rows_done, progress.rows, progress.added
        );
        return Err(ErrorBody { message, ..error });
    }
    let problems = problems(desk, id).await?;
    Ok(Outcome { progress, columns, problems })
}

async fn send(desk: &Desk, path: &Path) -> Result<ImportRef, ErrorBody> {
    let unreadable = |error: std::io::Error| {
        ErrorBody::new(ErrorCode::BadFile, format!("the file cannot be read: {error}"))
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let id = call::<ImportOpen>(desk, ImportOpenRequest { file_name, size }).await?;
    let mut part = vec![0; IMPORT_PART_MAX_BYTES];
    let mut offset = 0;
    while offset < size {
        let n = file.read(&mut part).map_err(unreadable)?;
        if n == 0 {
            return Err(ErrorBody::new(
                ErrorCode::BadFile,
                "the file became shorter while it was read; try again",
            ));
        }
        let request = ImportFeedRequest { id: id.id, offset, part: BASE64.encode(&part[..n]) };
        call::<ImportFeed>(desk, request).await?;
        offset += n as u64;
    }
    Ok(id)
}

/// Shows progress until the work has ended.
async fn watch(desk: &Desk, id: ImportRef) -> Result<(), ErrorBody> {
    let mut events = desk.subscribe();
    let mut progress = Progress::new("rows");
    let mut ended = std::pin::pin!(wait_for_import(desk, id.id));
    let result = loop {
        tokio::select! {
            result = &mut ended => break result,
            event = events.recv() => match event {
                Ok(contract::Event::Import { progress: now }) if now.id == id.id => progress.show(now.rows_done, now.rows),
                _ => {}
            },
        }
    };
    progress.end();
    result
}

async fn problems(desk: &Desk, id: ImportRef) -> Result<Vec<ImportProblem>, ErrorBody> {
    let mut problems = Vec::new();
    let mut after = None;
    loop {
        let page =
            call::<ImportProblems>(desk, ImportProblemsRequest { id: id.id, after, limit: 200 }).await?;
        problems.extend(page.rows);
        after = page.next;
        if after.is_none() || problems.len() >= PROBLEMS_TOLD {
            return Ok(problems);
        }
    }
}

/// Text of a file for a terminal, which is not to be told what to do by it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn tell_columns(columns: &[Column]) {
    let (used, left): (Vec<_>, Vec<_>) = columns.iter().partition(|column| column.target.is_some());
    let list = |columns: &[&Column], word: fn(&Column) -> String| {
        columns.iter().map(|column| word(column)).collect::<Vec<_>>().join(", ")
    };
    let read = list(&used, |column| {
        format!("{} as {}", plain(&column.header), column.target.as_deref().unwrap_or_default())
    });
    say!("  columns read: {read}");
    if !left.is_empty() {
        say!("  columns left out: {}", list(&left, |column| plain(&column.header)));
    }
}

fn tell(outcome: &Outcome, dry_run: bool) {
    let ImportProgress { file_name, rows, added, likely_duplicates, already_there, wrong, .. } =
        &outcome.progress;
    let done = if dry_run { "to add" } else { "added" };
    say!(
        "{file_name}: {rows} rows, {added} {done}, {likely_duplicates} likely duplicates, {already_there} already there, {wrong} wrong"
    );
    tell_columns(&outcome.columns);
    for problem in &outcome.problems {
        let place = match problem.column {
            Some(column) => format!("line {}, column {column} ({})", problem.line, plain(&problem.header)),
            None => format!("line {}", problem.line),
        };
        let value = plain(&problem.value);
        match problem.reason {
            ImportReason::Wrong(what) if value.is_empty() => say!("  {place}: {what}"),
            ImportReason::Wrong(what) => say!("  {place}: “{value}” {what}"),
            ImportReason::LikelyDuplicate => say!("  {place}: looks like {value}, who is there already"),
        }
    }
    let told = outcome.problems.len() as u64;
    let all = wrong + likely_duplicates;
    if told >= PROBLEMS_TOLD as u64 && all > told {
        say!("  … and {} more", all - told);
    }
    let is = |what| outcome.problems.iter().any(|problem| problem.reason == ImportReason::Wrong(what));
    if is(Problem::NoSuchRecord) {
        say!("  rows that refer to a patient who is not there: import the file of patients first");
    }
}
