//! The commands of an import.

use super::jobs::{Work, described, load, start};
use super::receive::{Receiving, columns, file_kind, remap};
use super::{ImportError, chunk::CHUNK_ROWS};
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use contract::{
    IMPORT_FILE_MAX_BYTES, IMPORT_PART_MAX_BYTES, ImportCheckRequest, ImportFed, ImportFeedRequest,
    ImportKind, ImportListRequest, ImportListResponse, ImportMapRequest, ImportMapping, ImportOpenRequest,
    ImportPhase, ImportPreview, ImportProblem, ImportProblemsRequest, ImportProgress, ImportRef,
    ImportRunRequest, ImportTarget, Nothing, Page,
};
use domain::id::ImportId;
use domain::patient::Word;
use std::collections::HashSet;
use store::import::{self, FileRow, JobRow};

/// Rows that a preview shows.
const PREVIEW_ROWS: u32 = 8;

const PHASES: &[(ImportPhase, &str)] = &[
    (ImportPhase::Receiving, "receiving"),
    (ImportPhase::Received, "received"),
    (ImportPhase::Checking, "checking"),
    (ImportPhase::Checked, "checked"),
    (ImportPhase::Running, "running"),
    (ImportPhase::Paused, "paused"),
    (ImportPhase::Done, "done"),
    (ImportPhase::Undoing, "undoing"),
    (ImportPhase::Undone, "undone"),
];

/// A phase as the database keeps it.
pub fn phase_word(phase: ImportPhase) -> &'static str {
    PHASES.iter().find(|(known, _)| *known == phase).map_or("received", |(_, word)| word)
}

fn phase(word: &str) -> ImportPhase {
    PHASES.iter().find(|(_, known)| *known == word).map_or(ImportPhase::Received, |(phase, _)| *phase)
}

fn number(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A job as the page knows it.
pub fn progress(job: JobRow) -> Result<ImportProgress, AppError> {
    let mapping: Option<ImportMapping> = job
        .mapping
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|source| AppError::Request { source })?;
    Ok(ImportProgress {
        id: job.id,
        file_name: job.file_name,
        kind: mapping.map_or(ImportKind::Patients, |mapping| mapping.kind),
        phase: phase(&job.phase),
        rows: number(job.rows),
        rows_done: number(job.rows_done),
        added: number(job.added),
        likely_duplicates: number(job.likely_duplicates),
        already_there: number(job.already_there),
        wrong: number(job.wrong),
        kept: number(job.kept),
        created_at: DateTime::from_timestamp_millis(job.created_at).unwrap_or_default(),
    })
}

/// Announces a file.
pub async fn import_open(call: &Call, request: ImportOpenRequest) -> Result<ImportRef, AppError> {
    if request.size > IMPORT_FILE_MAX_BYTES {
        return Err(ImportError::FileTooLarge { size: request.size, limit: IMPORT_FILE_MAX_BYTES }.into());
    }
    if request.size == 0 {
        return Err(ImportError::from(crate::decode::DecodeError::Empty).into());
    }
    let id = ImportId(call.next_id());
    let name: String = request.file_name.chars().filter(|c| !c.is_control()).take(200).collect();
    let size = i64::try_from(request.size).unwrap_or(i64::MAX);
    let mut write = call.write().await?;
    import::insert_job(&mut write, id, &name, size, call.at.timestamp_millis()).await?;
    write.touch("import_job");
    write.commit().await?;
    call.desk.0.jobs.receive(id, request.size);
    Ok(ImportRef { id })
}

/// A part of the file. An unreadable file is forgotten.
pub async fn import_feed(call: &Call, request: ImportFeedRequest) -> Result<ImportFed, AppError> {
    let jobs = &call.desk.0.jobs;
    let receiving = jobs.receiving(request.id).ok_or(ImportError::NoSuchImport)?;
    let mut receiving = receiving.lock().await;
    let bytes = BASE64.decode(&request.part).map_err(|_| ImportError::Part)?;
    if bytes.len() > IMPORT_PART_MAX_BYTES {
        return Err(ImportError::Part.into());
    }
    let rows = match receiving.take(request.offset, &bytes) {
        Ok(rows) => rows,
        Err(error @ ImportError::OutOfOrder { .. }) => return Err(error.into()),
        Err(error) => return forget(call, request.id, error).await,
    };
    match keep(call, request.id, &receiving, &rows).await {
        Ok(()) => Ok(ImportFed { received: receiving.received, rows: receiving.rows }),
        // The decoder has passed these rows: going on would leave them out.
        Err(error) => {
            jobs.received(request.id);
            Err(error)
        }
    }
}

/// Writes a part's rows; with the last part also what the file is.
async fn keep(call: &Call, id: ImportId, receiving: &Receiving, rows: &[FileRow]) -> Result<(), AppError> {
    let mut write = call.write().await?;
    let (received, total) = (signed(receiving.received), signed(receiving.rows));
    if !import::append_rows(&mut write, id, rows, received, total).await? {
        return Err(ImportError::NoSuchImport.into());
    }
    if receiving.is_complete() {
        let (format, mapping) = match receiving.finish() {
            Ok(finished) => finished,
            Err(error) => {
                drop(write);
                return forget(call, id, error).await.map(|_| ());
            }
        };
        import::set_format(&mut write, id, &json(&format)?, &json(&mapping)?).await?;
        import::set_phase(&mut write, id, phase_word(ImportPhase::Received)).await?;
        call.desk.0.jobs.received(id);
    }
    write.touch("import_job");
    write.commit().await?;
    Ok(())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(|source| AppError::Request { source })
}

async fn forget(call: &Call, id: ImportId, error: ImportError) -> Result<ImportFed, AppError> {
    call.desk.0.jobs.received(id);
    let mut write = call.write().await?;
    import::delete_job(&mut write, id).await?;
    write.touch("import_job");
    write.commit().await?;
    Err(error.into())
}

/// What the file holds.
pub async fn import_preview(call: &Call, request: ImportRef) -> Result<ImportPreview, AppError> {
    let mut read = call.read().await?;
    let job = import::find_job(&mut read, request.id).await?.ok_or(ImportError::NoSuchImport)?;
    let sample = import::list_rows(&mut read, request.id, 0, PREVIEW_ROWS).await?;
    read.end().await?;
    let (format, mapping) = described(&job)?;
    let kinds = [ImportKind::Patients, ImportKind::Allergies];
    let targets = kinds.into_iter().flat_map(|kind| {
        file_kind(kind).targets().map(move |target| ImportTarget { kind, target: target.word().to_owned() })
    });
    Ok(ImportPreview {
        id: request.id,
        file_name: job.file_name,
        encoding: format.encoding,
        delimiter: format.delimiter.to_string(),
        headers: format.headers,
        sample: sample.into_iter().filter_map(|row| row.cells.ok()).collect(),
        rows: number(job.rows),
        mapping,
        targets: targets.collect(),
    })
}

fn expect_phase(job: &JobRow, allowed: &[ImportPhase]) -> Result<(), ImportError> {
    let phase = phase(&job.phase);
    if allowed.contains(&phase) { Ok(()) } else { Err(ImportError::Phase { phase }) }
}

/// Adjusts how the columns are understood. For another kind of file they are guessed anew.
pub async fn import_map(call: &Call, request: ImportMapRequest) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    let job = import::find_job(&mut write, request.id).await?.ok_or(ImportError::NoSuchImport)?;
    expect_phase(&job, &[ImportPhase::Received, ImportPhase::Checked])?;
    let (format, present) = described(&job)?;
    let mapping = if request.mapping.kind == present.kind {
        columns(&request.mapping, format.headers.len())?;
        request.mapping
    } else {
        let sample = import::list_rows(&mut write, request.id, 0, CHUNK_ROWS).await?;
        let sample: Vec<_> = sample.into_iter().filter_map(|row| row.cells.ok()).collect();
        remap(&format.headers, &sample, request.mapping.kind)
    };
    import::set_format(&mut write, request.id, &json(&format)?, &json(&mapping)?).await?;
    import::restart(&mut write, request.id, phase_word(ImportPhase::Received), false).await?;
    write.touch("import_job");
    write.commit().await?;
    Ok(Nothing {})
}

/// Starts work after checking that it makes sense now.
async fn begin(
    call: &Call,
    id: ImportId,
    allowed: &[ImportPhase],
) -> Result<(store::Write, JobRow), AppError> {
    if call.desk.0.jobs.is_running(id) {
        return Err(ImportError::Running.into());
    }
    let mut write = call.write().await?;
    let job = import::find_job(&mut write, id).await?.ok_or(ImportError::NoSuchImport)?;
    expect_phase(&job, allowed)?;
    Ok((write, job))
}

/// Dry run.
pub async fn import_check(call: &Call, request: ImportCheckRequest) -> Result<Nothing, AppError> {
    let (mut write, job) = begin(call, request.id, &[ImportPhase::Received, ImportPhase::Checked]).await?;
    let (format, mapping) = described(&job)?;
    columns(&mapping, format.headers.len())?;
    import::restart(&mut write, request.id, phase_word(ImportPhase::Checking), false).await?;
    write.commit().await?;
    let assumed = call.desk.0.jobs.would_add(&request.after);
    start(&call.desk, request.id, Work::Check, assumed)?;
    Ok(Nothing {})
}

/// Takes it over, or goes on with it.
pub async fn import_run(call: &Call, request: ImportRunRequest) -> Result<Nothing, AppError> {
    let allowed = [ImportPhase::Received, ImportPhase::Checked, ImportPhase::Paused];
    let (mut write, job) = begin(call, request.id, &allowed).await?;
    let (format, mapping) = described(&job)?;
    columns(&mapping, format.headers.len())?;
    let running = phase_word(ImportPhase::Running);
    if phase(&job.phase) == ImportPhase::Paused {
        import::set_phase(&mut write, request.id, running).await?;
    } else {
        import::restart(&mut write, request.id, running, request.add_likely_duplicates).await?;
    }
    write.commit().await?;
    start(&call.desk, request.id, Work::Run, HashSet::new())?;
    Ok(Nothing {})
}

/// Stops after the present chunk; a file that is still coming is forgotten.
pub async fn import_cancel(call: &Call, request: ImportRef) -> Result<Nothing, AppError> {
    if call.desk.0.jobs.receiving(request.id).is_some() {
        return import_discard(call, request).await;
    }
    call.desk.0.jobs.cancel(request.id);
    Ok(Nothing {})
}

/// Takes a whole import back, also one that was stopped half way.
pub async fn import_undo(call: &Call, request: ImportRef) -> Result<Nothing, AppError> {
    let (mut write, _) = begin(call, request.id, &[ImportPhase::Done, ImportPhase::Paused]).await?;
    import::begin_undo(&mut write, request.id).await?;
    write.commit().await?;
    start(&call.desk, request.id, Work::Undo, HashSet::new())?;
    Ok(Nothing {})
}

/// Forgets an import that has taken nothing over, with the file.
pub async fn import_discard(call: &Call, request: ImportRef) -> Result<Nothing, AppError> {
    let allowed = [ImportPhase::Receiving, ImportPhase::Received, ImportPhase::Checked, ImportPhase::Undone];
    let (mut write, _) = begin(call, request.id, &allowed).await?;
    import::delete_job(&mut write, request.id).await?;
    write.touch("import_job");
    write.commit().await?;
    call.desk.0.jobs.received(request.id);
    call.desk.0.jobs.forget_check(request.id);
    Ok(Nothing {})
}

/// How far one import is.
pub async fn import_progress(call: &Call, request: ImportRef) -> Result<ImportProgress, AppError> {
    progress(load(call, request.id).await?)
}

/// The rows that are wrong or look like a duplicate.
pub async fn import_problems(
    call: &Call,
    request: ImportProblemsRequest,
) -> Result<Page<ImportProblem>, AppError> {
    let after: Option<i64> = cursor::decode(request.after.as_ref())?;
    let limit = cursor::limit(request.limit, 50);
    let mut read = call.read().await?;
    let job = import::find_job(&mut read, request.id).await?.ok_or(ImportError::NoSuchImport)?;
    let found = import::list_problems(&mut read, request.id, after.unwrap_or(0), limit).await?;
    read.end().await?;
    let (format, _) = described(&job)?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.no);
    let rows = found.into_iter().map(|problem| {
        let column = problem.column.and_then(|column| u32::try_from(column).ok());
        let header =
            column.and_then(|column| format.headers.get(column as usize - 1)).cloned().unwrap_or_default();
        let reason = serde_json::from_str(&problem.reason).map_err(|source| AppError::Request { source })?;
        Ok(ImportProblem { line: number(problem.line), column, header, reason, value: problem.value })
    });
    Ok(Page { rows: rows.collect::<Result<_, AppError>>()?, next: cursor::encode(next)? })
}

/// Imports, the newest first.
pub async fn import_list(call: &Call, request: ImportListRequest) -> Result<ImportListResponse, AppError> {
    let before: Option<i64> = cursor::decode(request.after.as_ref())?;
    let limit = cursor::limit(request.limit, 20);
    let mut read = call.read().await?;
    let jobs = import::list_jobs(&mut read, before.unwrap_or(i64::MAX), limit).await?;
    read.end().await?;
    let next = jobs.last().filter(|_| jobs.len() == limit as usize).map(|last| last.created_at);
    let rows = jobs.into_iter().map(progress).collect::<Result<_, _>>()?;
    Ok(Page { rows, next: cursor::encode(next)? })
}
