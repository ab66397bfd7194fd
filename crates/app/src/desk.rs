//! The desk: the app without its window. The window and the command line call the same use cases
//! through it.

use crate::error::AppError;
use crate::files;
use crate::key::{self, KeyError, KeyFile};
use crate::monitor::Monitor;
use crate::world::{Machine, World};
use contract::{AppState, AppStatus, ErrorBody, ErrorCode, Event, Role};
use domain::id::ActorId;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};
use store::{DatabaseKey, Identity, Store, StoreError};
use tokio::sync::{Mutex, broadcast};
use zeroize::Zeroizing;

/// How a desk is started.
#[derive(Debug)]
pub struct DeskOptions {
    pub data_dir: PathBuf,
    /// From `FRONTDESK_PASSPHRASE_FILE`, for unattended runs; used instead of a keyring.
    pub passphrase: Option<Zeroizing<String>>,
    pub world: Arc<dyn World>,
    /// Fails a command that is above its budget, as tests want it; in use it is told.
    pub strict_budgets: bool,
    /// Goes on syncing in the background, as a window does.
    pub sync: bool,
}

impl DeskOptions {
    /// A desk on this machine.
    pub fn new(data_dir: PathBuf) -> Self {
        Self { data_dir, passphrase: None, world: Machine::here(), strict_budgets: false, sync: false }
    }
}

/// A running desk. Clones are the same desk.
#[derive(Clone, Debug)]
pub struct Desk(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: DeskOptions,
    state: RwLock<State>,
    /// One attempt to unlock at a time.
    unlocking: Mutex<()>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) monitor: Monitor,
    pub(crate) jobs: crate::import::Jobs,
    pub(crate) sync: crate::sync::Worker,
    pub(crate) mark: OnceLock<crate::sync::Mark>,
    pub(crate) started: Instant,
    /// Held as long as the desk is there: one process per data folder.
    _lock: Option<File>,
}

#[derive(Debug)]
enum State {
    NeedsPassphrase,
    Locked(Arc<KeyFile>),
    Ready(Store),
    Failed(ErrorBody),
}

impl Desk {
    /// Starts a desk. Whatever keeps it from working is its status, not an error: a window has to
    /// open to say so.
    pub async fn start(options: DeskOptions) -> Self {
        let (events, _) = broadcast::channel(1024);
        let (lock, refused) = match take_folder(&options.data_dir).await {
            Ok(lock) => (Some(lock), None),
            Err(error) => (None, Some(State::Failed(error))),
        };
        let may_open = refused.is_none();
        let desk = Self(Arc::new(Inner {
            state: RwLock::new(refused.unwrap_or(State::NeedsPassphrase)),
            unlocking: Mutex::new(()),
            events,
            monitor: Monitor::default(),
            jobs: crate::import::Jobs::default(),
            sync: crate::sync::Worker::default(),
            mark: OnceLock::new(),
            started: Instant::now(),
            _lock: lock,
            options,
        }));
        if may_open {
            desk.open_unattended().await;
        }
        desk
    }

    /// Opens as far as nobody has to be asked.
    async fn open_unattended(&self) {
        let opened = match self.find_key().await {
            Ok(Found::Key(key)) => self.open_store(&key).await,
            Ok(Found::Wrapped(file)) => return self.set_state(State::Locked(Arc::new(file))),
            Ok(Found::Nothing) => return self.set_state(State::NeedsPassphrase),
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            self.set_state(State::Failed(error.into()));
        }
    }

    async fn find_key(&self) -> Result<Found, AppError> {
        let dir = self.0.options.data_dir.clone();
        let passphrase = self.0.options.passphrase.clone();
        let entry = self.0.options.world.next_id().to_string();
        blocking(move || match (KeyFile::find(&dir)?, passphrase) {
            (Some(_), _) if key::is_in_use(&dir)? && !has_database(&dir) => {
                Err(KeyError::DatabaseMissing.into())
            }
            (Some(KeyFile::Keyring { entry }), _) => Ok(Found::Key(KeyFile::from_keyring(&entry)?)),
            (Some(file), Some(passphrase)) => Ok(Found::Key(file.unwrap_with(&passphrase)?)),
            (Some(file), None) => Ok(Found::Wrapped(file)),
            // A new key would only make a second, empty clinic of it.
            (None, _) if dir.join(files::DATABASE).exists() => Err(KeyError::Missing.into()),
            (None, Some(passphrase)) => Ok(Found::Key(KeyFile::create_with_passphrase(&dir, &passphrase)?)),
            (None, None) => Ok(KeyFile::create_in_keyring(&dir, entry)?.map_or(Found::Nothing, Found::Key)),
        })
        .await
    }

    /// Opens the database with a passphrase, or makes it.
    pub(crate) async fn unlock(&self, passphrase: Zeroizing<String>) -> Result<(), AppError> {
        let _one_at_a_time = self.0.unlocking.lock().await;
        let dir = self.0.options.data_dir.clone();
        let file = match &*self.0.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(_) => return Ok(()),
            State::Failed(_) => return Err(AppError::Locked),
            State::Locked(file) => Some(Arc::clone(file)),
            State::NeedsPassphrase => None,
        };
        let key = blocking(move || match file {
            Some(file) => Ok(file.unwrap_with(&passphrase)?),
            None => Ok(KeyFile::create_with_passphrase(&dir, &passphrase)?),
        })
        .await?;
        let opened = self.open_store(&key).await;
        if let Err(error) = opened {
            // The passphrase was right: what is wrong is the database, and trying again is no help.
            self.set_state(State::Failed(error.into()));
        }
        Ok(())
    }

    async fn open_store(&self, key: &DatabaseKey) -> Result<(), AppError> {
        let world = &self.0.options.world;
        let identity = Identity {
            clinic: world.next_id(),
            device: world.next_id(),
            incarnation: world.next_id(),
            owner: ActorId(world.next_id()),
            created_at: world.now(),
        };
        let store = Store::open(&self.0.options.data_dir.join(files::DATABASE), key, identity).await?;
        let dir = self.0.options.data_dir.clone();
        if let Err(error) = blocking(move || Ok(key::mark_in_use(&dir)?)).await {
            // It only tells a loss from a first start.
            tracing::warn!(%error, "key.json was not marked");
        }
        self.mark(&store).await?;
        self.forward_changes(&store);
        self.set_state(State::Ready(store));
        crate::import::pause_interrupted(self).await?;
        if self.0.options.sync {
            crate::sync::Worker::start(self).await;
        }
        Ok(())
    }

    /// Finds out whether the database is the one that it was, before anything is written.
    async fn mark(&self, store: &Store) -> Result<(), AppError> {
        let mark = crate::sync::look_after(self, store).await?;
        // A desk is opened once.
        let _ = self.0.mark.set(mark);
        Ok(())
    }

    fn forward_changes(&self, store: &Store) {
        let mut changes = store.subscribe();
        let events = self.0.events.clone();
        tokio::spawn(async move {
            loop {
                match changes.recv().await {
                    Ok(changed) => {
                        let collections = changed.collections.into_iter().map(str::to_owned).collect();
                        let _ = events.send(Event::Changed { collections });
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let _ = events.send(everything_changed());
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
    }

    fn set_state(&self, state: State) {
        *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        let _ = self.0.events.send(Event::Status);
    }

    /// The open database.
    ///
    /// # Errors
    /// Why it is not open.
    pub fn store(&self) -> Result<Store, ErrorBody> {
        match &*self.0.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(store) => Ok(store.clone()),
            State::Failed(error) => Err(error.clone()),
            State::Locked(_) => Err(AppError::Locked.into()),
            State::NeedsPassphrase => Err(ErrorBody::new(
                ErrorCode::Locked,
                "choose a passphrase first: start the window, or set FRONTDESK_PASSPHRASE_FILE",
            )),
        }
    }

    /// How far the desk has started.
    pub fn status(&self) -> AppStatus {
        let state = match &*self.0.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::NeedsPassphrase => AppState::NeedsPassphrase,
            State::Locked(_) => AppState::Locked,
            State::Ready(_) => AppState::Ready,
            State::Failed(error) => AppState::Failed { error: error.clone() },
        };
        let paired = self.store().is_ok_and(|store| store.is_paired());
        AppStatus {
            state,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: self.0.options.data_dir.display().to_string(),
            clinic: String::new(),
            person: String::new(),
            role: Role::Owner,
            paired,
        }
    }

    /// Hears of every event.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Lets running work stop at the next safe point, moves everything into the database file and
    /// closes it.
    pub async fn close(&self) {
        self.0.jobs.stop_all().await;
        self.0.sync.stop().await;
        let closing = State::Failed(ErrorBody::new(ErrorCode::Locked, "Frontdesk is closing"));
        let state =
            std::mem::replace(&mut *self.0.state.write().unwrap_or_else(PoisonError::into_inner), closing);
        if let State::Ready(store) = state {
            store.close().await;
        }
    }
}

/// For whoever missed some events: all that is shown is to be asked for again.
pub fn everything_changed() -> Event {
    let synced = store::manifest::COLLECTIONS.iter().map(|collection| collection.name);
    Event::Changed {
        collections: synced
            .chain(["import_job", "attention", "arrival", "sync_log"])
            .map(str::to_owned)
            .collect(),
    }
}

/// Whether there is a database file with anything in it.
fn has_database(dir: &Path) -> bool {
    fs::metadata(dir.join(files::DATABASE)).is_ok_and(|file| file.len() > 0)
}

enum Found {
    Key(DatabaseKey),
    Wrapped(KeyFile),
    Nothing,
}

/// Runs what computes long or waits for the keyring beside the others.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panicked) => Err(AppError::File(std::io::Error::other(panicked))),
    }
}

/// How long a desk that was closed a moment ago may still be putting its data in order.
const CLOSING_MAX: Duration = Duration::from_secs(3);

/// Makes the data folder, for this user alone, and takes its lock.
async fn take_folder(dir: &Path) -> Result<File, ErrorBody> {
    let unusable = |error: std::io::Error| ErrorBody::from(AppError::Store(StoreError::Folder(error)));
    if !dir.exists() {
        fs::create_dir_all(dir).map_err(unusable)?;
        restrict(dir).map_err(unusable)?;
    }
    let lock = File::create(dir.join(files::LOCK)).map_err(unusable)?;
    let deadline = Instant::now() + CLOSING_MAX;
    let mut taken = lock.try_lock();
    while matches!(taken, Err(TryLockError::WouldBlock)) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        taken = lock.try_lock();
    }
    match taken {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ErrorBody::new(
            ErrorCode::Busy,
            "another Frontdesk is running on this data folder; use that one or close it first",
        )),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

#[cfg(unix)]
fn restrict(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_dir: &Path) -> std::io::Result<()> {
    // The folder for app data is the user's own there.
    Ok(())
}
