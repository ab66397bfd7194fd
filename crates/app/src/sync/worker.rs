//! Sync in the background: when it exchanges, when it tries again, and what it reports.

use super::error::SyncError;
use super::link::Tally;
use super::live::{News, jittered, listen};
use super::peer::Peer;
use super::round::{Connection, DeskLink, DeskReplica, connection, context, replica, round, write_down};
use super::status::{SyncReport, ahead, state_of};
use crate::desk::Desk;
use contract::{Event, SyncState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::sync::{show_what_is_new, waiting};
use store::{Changed, Store, Usage};
use sync_engine::Ending;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Asks regardless of what was heard.
const POLL: Duration = Duration::from_secs(30);
/// The first pause after a failure, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// What waits for a person is tried seldom.
const STOPPED: Duration = Duration::from_secs(60);
/// How often the sums of both sides are compared: they cover all that there is, and only a fault would make them differ.
const COMPARE: Duration = Duration::from_secs(60);
/// How often what rounds brought is written down.
const WRITE_DOWN: Duration = Duration::from_secs(60);

/// The background work, and what it reports.
#[derive(Debug, Default)]
pub struct Worker {
    pub report: SyncReport,
    /// Somebody does not want to wait.
    wake: Notify,
    task: Mutex<Option<Task>>,
}

/// Ends when `stop` is dropped.
#[derive(Debug)]
struct Task {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Worker {
    /// Begins, or begins anew with another server.
    pub async fn start(desk: &Desk) {
        let worker = &desk.0.sync;
        worker.stop().await;
        let desk = desk.clone();
        let (stop, stopped) = oneshot::channel();
        let runtime = Handle::current();
        // On a thread of its own: taking in thousands of records keeps no command waiting.
        let ended = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = run(&desk) => {}
                    _ = stopped => {}
                }
            });
        });
        *worker.lock() = Some(Task { stop, ended });
    }

    /// Tries now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends it. What was under way is done or not done.
    pub async fn stop(&self) {
        let task = self.lock().take();
        if let Some(Task { stop, ended }) = task {
            drop(stop);
            if let Err(error) = ended.await {
                tracing::error!(%error, "sync ended by a fault");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Task>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells every window that the status is another one.
fn report(desk: &Desk, change: impl FnOnce(&mut super::status::Going)) {
    if desk.0.sync.report.update(change) {
        let _ = desk.0.events.send(Event::Sync);
    }
}

/// Goes on for as long as the desk is open. Holds the database only during rounds.
async fn run(desk: &Desk) {
    let Ok(store) = desk.store() else { return };
    // From here on no change is missed.
    let changes = store.subscribe();
    if let Err(error) = show_what_is_new(&store, &Usage::default(), context(desk, &store)).await {
        // The next start tries again; what was shown stays.
        tracing::warn!(%error, "what an earlier version could not show is not shown yet");
    }
    match connection(&store).await {
        Ok(connection) => Running::new(desk, &store, &connection, changes).run().await,
        Err(SyncError::Alone) => {}
        Err(error) => report(desk, |going| {
            going.state = SyncState::Stopped;
            going.problem = Some(error.problem());
        }),
    }
}

struct Running<'a> {
    desk: &'a Desk,
    store: &'a Store,
    replica: DeskReplica,
    link: DeskLink,
    peer: Peer,
    changes: broadcast::Receiver<Changed>,
    news: mpsc::Receiver<News>,
    /// The newest change that was heard of, and the one that is here.
    heard: u64,
    here: u64,
    failures: u32,
    has_joined: bool,
    /// When the sums of both sides were last compared.
    compared: Option<Instant>,
    has_counted: bool,
    tally: Tally,
    written_down: Instant,
    _live: Aborting,
}

/// The channel ends with whoever listens to it.
struct Aborting(JoinHandle<()>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'a> Running<'a> {
    fn new(
        desk: &'a Desk,
        store: &'a Store,
        connection: &Connection,
        changes: broadcast::Receiver<Changed>,
    ) -> Self {
        let (sender, news) = mpsc::channel(16);
        let written_down = Instant::now();
        let tally = Tally::default();
        let (heard, here, failures) = (0, 0, 0);
        let reports = desk.clone();
        report(desk, |going| going.percent = None);
        let link = connection.link(desk, store, move |percent| {
            // What others save meanwhile makes the whole larger, and is no step back.
            report(&reports, |going| going.percent = going.percent.max(Some(percent)));
        });
        let live = Aborting(tokio::spawn(listen(connection.http.clone(), link.heard.clone(), sender)));
        Self {
            desk,
            store,
            replica: replica(desk, store),
            link,
            peer: connection.http.peer.clone(),
            changes,
            news,
            heard,
            here,
            failures,
            has_joined: false,
            compared: None,
            has_counted: false,
            tally,
            written_down,
            _live: live,
        }
    }

    async fn run(mut self) {
        let mut why = Why::Asked;
        loop {
            let ended = self.round(why).await;
            let pause = match &ended {
                Ok(()) => POLL,
                Err(error) if error.is_passing() => backed_off(self.failures),
                Err(_) => STOPPED,
            };
            why = self.wait(pause, ended.is_ok()).await;
        }
    }

    /// One exchange, and what it means.
    async fn round(&mut self, why: Why) -> Result<(), SyncError> {
        let joining = !self.has_joined && self.replica.is_joining().await.unwrap_or(false);
        // After a failure nothing is known to go on until it does.
        if self.failures == 0 {
            report(self.desk, |going| {
                going.state = if joining { SyncState::Joining } else { SyncState::Working };
            });
        }
        let is_due = self.compared.is_none_or(|compared| compared.elapsed() > COMPARE);
        let ending = if is_due { Ending::Compare } else { Ending::Open };
        // Only a round that the server itself called for may do without asking it.
        self.link.must_ask = why == Why::Asked || self.failures > 0 || is_due;
        self.link.has_asked = false;
        if why == Why::Hinted && !self.link.must_ask {
            self.replica.nothing_was_saved();
        }
        let (tally, ended) = round(self.desk, &mut self.replica, &mut self.link, ending).await;
        if is_due && ended.is_ok() {
            self.compared = Some(Instant::now());
        }
        self.add(tally);
        let was_failing = self.failures > 0;
        self.failures = if ended.is_ok() { 0 } else { self.failures.saturating_add(1) };
        let now = self.desk.0.options.world.now();
        if let Some(server) = self.peer.take_time() {
            report(self.desk, |going| going.clock_ahead_s = ahead(now, server));
        }
        match &ended {
            Ok(()) => {
                self.has_joined = true;
                self.here = self.replica.cursor().await.unwrap_or(self.here);
                if self.link.has_asked {
                    // What was heard of a server that was restored since is no news.
                    self.heard = self.heard.min(self.here);
                }
                let waiting = self.waiting(tally).await;
                report(self.desk, |going| {
                    going.waiting = waiting.unwrap_or(going.waiting);
                    going.state = SyncState::UpToDate;
                    going.problem = None;
                    going.percent = None;
                    going.last_contact = Some(now);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a round of sync ended early");
                report(self.desk, |going| {
                    going.state = state_of(error);
                    going.problem = Some(error.problem());
                });
            }
        }
        // The first failure of several, and what was brought since the last time.
        let is_due = self.tally != Tally::default() && self.written_down.elapsed() > WRITE_DOWN;
        if is_due || joining || was_failing != ended.is_err() {
            self.write_down(ended.as_ref().err()).await;
        }
        ended
    }

    fn add(&mut self, tally: Tally) {
        self.tally.sent += tally.sent;
        self.tally.sent_bytes += tally.sent_bytes;
        self.tally.received += tally.received;
        self.tally.uploaded += tally.uploaded;
        self.tally.repaired += tally.repaired;
    }

    async fn write_down(&mut self, failure: Option<&SyncError>) {
        match write_down(self.desk, self.store, self.tally, failure).await {
            Ok(()) => (self.tally, self.written_down) = (Tally::default(), Instant::now()),
            Err(error) => tracing::warn!(%error, "the log of sync could not be written"),
        }
    }

    /// Counted when it may have changed.
    async fn waiting(&mut self, tally: Tally) -> Option<u64> {
        if tally.received == 0 && self.has_counted {
            return None;
        }
        self.has_counted = true;
        let mut read = self.store.read(&Usage::default()).await.ok()?;
        let count = waiting(&mut read).await.ok()?;
        read.end().await.ok()?;
        Some(count)
    }

    /// Waits until there is something to do, or for so long; tells why it goes on.
    async fn wait(&mut self, pause: Duration, is_connected: bool) -> Why {
        let until = Instant::now() + jittered(pause);
        loop {
            if is_connected && self.heard > self.here {
                // Something may have been saved meanwhile.
                return if self.changes.is_empty() { Why::Hinted } else { Why::Saved };
            }
            tokio::select! {
                () = tokio::time::sleep_until(until) => return Why::Asked,
                () = self.desk.0.sync.wake.notified() => return Why::Asked,
                changed = self.changes.recv() => {
                    // Whoever missed some asks rather once too often.
                    if changed.is_ok_and(|changed| !changed.is_own) {
                        continue;
                    }
                    report_unsent(self.desk);
                    // Failures are waited for: what was just saved does not make a network.
                    if is_connected {
                        return Why::Saved;
                    }
                }
                news = self.news.recv() => match news {
                    // What made the last round fail may be over.
                    Some(News::Open | News::Revoked) => return Why::Asked,
                    Some(News::Head(head)) => self.heard = self.heard.max(head),
                    None => tokio::time::sleep_until(until).await,
                },
            }
        }
    }
}

/// Why there is a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The server told of something new, and nothing was saved here.
    Hinted,
    /// Something was saved here.
    Saved,
    /// It is time, or somebody wants to know how things stand.
    Asked,
}

/// How many saves are unsent is part of the status, and only the database knows it.
fn report_unsent(desk: &Desk) {
    let _ = desk.0.events.send(Event::Sync);
}

fn backed_off(failures: u32) -> Duration {
    PAUSE.0.saturating_mul(1 << failures.saturating_sub(1).min(5)).min(PAUSE.1)
}
