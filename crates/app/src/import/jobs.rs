//! Imports at work, in the background.

use super::chunk::{CHUNK, CHUNK_ROWS, Seen, Task, process};
use super::receive::{Columns, FileFormat, Receiving, columns};
use super::{ImportError, handlers};
use crate::call::Call;
use crate::desk::Desk;
use crate::error::AppError;
use contract::{ErrorBody, Event, ImportMapping, ImportPhase};
use domain::id::ImportId;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use store::import::{self, FileRow, JobRow};
use tokio::sync::watch;

/// Bytes of cells that one chunk holds: what becomes of them stays below the limit of a transaction.
const CHUNK_BYTES: usize = 4 << 20;
/// Records that one step of an undo takes back.
const UNDO_RECORDS: u32 = 500;

/// What is going on, and how it ended.
#[derive(Default)]
pub struct Jobs {
    receiving: Mutex<HashMap<ImportId, Arc<tokio::sync::Mutex<Receiving>>>>,
    /// Also work that has ended, so that whoever asks late hears how; the next one on the same import takes its place.
    running: Mutex<HashMap<ImportId, Running>>,
    /// The chart numbers that a dry run would have added, until its import is run or discarded.
    checked: Mutex<HashMap<ImportId, HashSet<String>>>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("running", &lock(&self.running).len()).finish()
    }
}

#[derive(Clone)]
struct Running {
    cancel: Arc<AtomicBool>,
    /// Holds how it ended, once it has.
    ended: watch::Receiver<Option<Result<(), ErrorBody>>>,
}

impl Running {
    fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Expects the parts of a file.
    pub fn receive(&self, id: ImportId, size: u64) {
        lock(&self.receiving).insert(id, Arc::new(tokio::sync::Mutex::new(Receiving::new(size))));
    }

    /// The file that is being received.
    pub fn receiving(&self, id: ImportId) -> Option<Arc<tokio::sync::Mutex<Receiving>>> {
        lock(&self.receiving).get(&id).map(Arc::clone)
    }

    /// The file is there, or is not wanted any more.
    pub fn received(&self, id: ImportId) {
        lock(&self.receiving).remove(&id);
    }

    /// What dry runs found is of no use any more.
    pub fn forget_check(&self, id: ImportId) {
        lock(&self.checked).remove(&id);
    }

    /// What the dry runs of these imports would have added.
    pub fn would_add(&self, ids: &[ImportId]) -> HashSet<String> {
        let checked = lock(&self.checked);
        ids.iter().filter_map(|id| checked.get(id)).flatten().cloned().collect()
    }

    /// Whether work on this import is running.
    pub fn is_running(&self, id: ImportId) -> bool {
        lock(&self.running).get(&id).is_some_and(|work| !work.has_ended())
    }

    /// Asks the work to stop after the present chunk.
    pub fn cancel(&self, id: ImportId) {
        if let Some(running) = lock(&self.running).get(&id) {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Stops everything and waits for it.
    pub async fn stop_all(&self) {
        let running: Vec<_> = lock(&self.running).values().cloned().collect();
        for work in &running {
            work.cancel.store(true, Ordering::Relaxed);
        }
        for mut work in running {
            // An error means that it is gone already.
            let _ = work.ended.wait_for(Option::is_some).await;
        }
    }
}

/// Waits for the work on an import, if there is or was any.
///
/// # Errors
/// How the work failed, also if it had before.
pub async fn wait_for_import(desk: &Desk, id: ImportId) -> Result<(), ErrorBody> {
    let running = lock(&desk.0.jobs.running).get(&id).cloned();
    let Some(mut running) = running else { return Ok(()) };
    match running.ended.wait_for(Option::is_some).await {
        Ok(ended) => ended.clone().unwrap_or(Ok(())),
        Err(_) => Ok(()),
    }
}

/// Waits for the work on all imports.
///
/// # Errors
/// How the first that failed did.
pub async fn wait_for_imports(desk: &Desk) -> Result<(), ErrorBody> {
    let running: Vec<_> = lock(&desk.0.jobs.running).keys().copied().collect();
    for id in running {
        wait_for_import(desk, id).await?;
    }
    Ok(())
}

/// At the start: whatever was running when the app stopped waits for a person.
pub async fn pause_interrupted(desk: &Desk) -> Result<(), AppError> {
    let call = Call::new(desk, "import_pause");
    let mut write = call.write().await?;
    import::pause_running(&mut write).await?;
    write.commit().await?;
    Ok(())
}

/// What is to be done with an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Check,
    Run,
    Undo,
}

impl Work {
    /// The phase when it is done, and when it was stopped.
    fn ends(self) -> (ImportPhase, ImportPhase) {
        match self {
            Self::Check => (ImportPhase::Checked, ImportPhase::Received),
            Self::Run => (ImportPhase::Done, ImportPhase::Paused),
            Self::Undo => (ImportPhase::Undone, ImportPhase::Done),
        }
    }

    /// The command that the log of transactions names. An undo tells an import's work by it.
    fn command(self) -> &'static str {
        match self {
            Self::Check => "import_check",
            Self::Run => "import_run",
            Self::Undo => "import_undo",
        }
    }
}

/// Starts the work in the background. A dry run takes patients with the chart numbers in `assumed` for
/// there already.
pub fn start(desk: &Desk, id: ImportId, work: Work, assumed: HashSet<String>) -> Result<(), AppError> {
    let cancel = Arc::new(AtomicBool::new(false));
    let (tell, ended) = watch::channel(None);
    {
        let mut running = lock(&desk.0.jobs.running);
        if running.get(&id).is_some_and(|work| !work.has_ended()) {
            return Err(ImportError::Running.into());
        }
        running.insert(id, Running { cancel: Arc::clone(&cancel), ended });
    }
    let desk = desk.clone();
    tokio::spawn(async move {
        let result = run(&desk, id, work, assumed, &cancel).await.map_err(ErrorBody::from);
        if let Err(error) = &result {
            tracing::warn!(code = ?error.code, ?work, "an import stopped");
            stopped(&desk, id, work).await;
        }
        let _ = tell.send(Some(result));
        report(&desk, id).await;
    });
    Ok(())
}

async fn run(
    desk: &Desk,
    id: ImportId,
    work: Work,
    assumed: HashSet<String>,
    cancel: &AtomicBool,
) -> Result<(), AppError> {
    let (done, stopped) = work.ends();
    let mut steps = Steps::begin(desk, id, work).await?;
    steps.seen.would_add = assumed;
    loop {
        report(desk, id).await;
        let phase =
            if cancel.load(Ordering::Relaxed) { Some(stopped) } else { steps.next().await?.then_some(done) };
        if let Some(phase) = phase {
            match (work, phase) {
                (Work::Check, ImportPhase::Checked) => {
                    lock(&desk.0.jobs.checked).insert(id, std::mem::take(&mut steps.seen.would_add));
                }
                _ => desk.0.jobs.forget_check(id),
            }
            return finish(desk, id, work, phase).await;
        }
    }
}

/// The work, step by step.
struct Steps<'a> {
    desk: &'a Desk,
    id: ImportId,
    work: Work,
    columns: Columns,
    add_likely_duplicates: bool,
    seen: Seen,
    after: i64,
}

impl<'a> Steps<'a> {
    async fn begin(desk: &'a Desk, id: ImportId, work: Work) -> Result<Self, AppError> {
        let job = load(&Call::new(desk, work.command()), id).await?;
        let (format, mapping) = described(&job)?;
        let columns = columns(&mapping, format.headers.len())?;
        let add_likely_duplicates = job.add_duplicates;
        Ok(Self {
            desk,
            id,
            work,
            columns,
            add_likely_duplicates,
            seen: Seen::default(),
            after: job.rows_done,
        })
    }

    /// Does one step; whether that was the last.
    async fn next(&mut self) -> Result<bool, AppError> {
        let call = Call::new(self.desk, self.work.command());
        let started = Instant::now();
        let result = self.step(&call).await;
        self.desk.book(&call, &CHUNK, started, result)
    }

    async fn step(&mut self, call: &Call) -> Result<bool, AppError> {
        let mut write = call.write().await?;
        let last = match self.work {
            Work::Undo => self.undo(&mut write).await?,
            Work::Check | Work::Run => self.take_over(call, &mut write).await?,
        };
        write.touch("import_job");
        write.commit().await?;
        Ok(last)
    }

    async fn undo(&self, write: &mut store::Write) -> Result<bool, AppError> {
        write.declare_current();
        let undone = import::undo_step(write, self.id, UNDO_RECORDS).await?;
        Ok(undone.deleted + undone.kept < i64::from(UNDO_RECORDS))
    }

    async fn take_over(&mut self, call: &Call, write: &mut store::Write) -> Result<bool, AppError> {
        let rows = within_bytes(import::list_rows(write, self.id, self.after, CHUNK_ROWS).await?);
        let task = Task {
            call,
            job: self.id,
            columns: &self.columns,
            add_likely_duplicates: self.add_likely_duplicates,
            dry_run: self.work == Work::Check,
        };
        process(&task, write, &mut self.seen, &rows).await?;
        self.after += i64::try_from(rows.len()).unwrap_or(0);
        Ok(rows.is_empty())
    }
}

/// As many of the rows as one transaction may carry; one at the least.
fn within_bytes(mut rows: Vec<FileRow>) -> Vec<FileRow> {
    let mut bytes = 0;
    let mut fitting = 0;
    for row in &rows {
        bytes += row.cells.as_ref().map_or(0, |cells| cells.iter().map(String::len).sum());
        if fitting > 0 && bytes > CHUNK_BYTES {
            break;
        }
        fitting += 1;
    }
    rows.truncate(fitting);
    rows
}

async fn finish(desk: &Desk, id: ImportId, work: Work, phase: ImportPhase) -> Result<(), AppError> {
    let call = Call::new(desk, work.command());
    let mut write = call.write().await?;
    import::set_phase(&mut write, id, handlers::phase_word(phase)).await?;
    if phase == ImportPhase::Undone || (phase == ImportPhase::Done && work == Work::Run) {
        import::delete_rows(&mut write, id).await?;
    }
    write.touch("import_job");
    write.commit().await?;
    Ok(())
}

/// Work that failed waits where it stopped. Should even that not be written, the next start does it.
async fn stopped(desk: &Desk, id: ImportId, work: Work) {
    let (_, phase) = work.ends();
    if let Err(error) = finish(desk, id, work, phase).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "an import's state was not written");
    }
}

/// Tells every window how far it is.
async fn report(desk: &Desk, id: ImportId) {
    let call = Call::new(desk, "import_progress");
    let job = load(&call, id).await;
    if let Some(progress) = job.ok().and_then(|job| handlers::progress(job).ok()) {
        let _ = desk.0.events.send(Event::Import { progress });
    }
}

/// The import, or an error that it is gone.
pub async fn load(call: &Call, id: ImportId) -> Result<JobRow, AppError> {
    let mut read = call.read().await?;
    let job = import::find_job(&mut read, id).await?;
    read.end().await?;
    job.ok_or_else(|| ImportError::NoSuchImport.into())
}

/// How the file is written and understood.
pub fn described(job: &JobRow) -> Result<(FileFormat, ImportMapping), AppError> {
    let (Some(format), Some(mapping)) = (&job.format, &job.mapping) else {
        return Err(ImportError::Phase { phase: ImportPhase::Receiving }.into());
    };
    let parse = |source| AppError::Request { source };
    Ok((serde_json::from_str(format).map_err(parse)?, serde_json::from_str(mapping).map_err(parse)?))
}
