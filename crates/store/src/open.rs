//! Opening and closing the database.

use crate::capture::{self, CaptureState};
use crate::ending::{self, Open};
use crate::error::StoreError;
use crate::meter::Meter;
use crate::{derive, ffi, generated};
use chrono::{DateTime, Utc};
use domain::id::ActorId;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The raw key of the database.
#[derive(Clone)]
pub struct DatabaseKey(pub Zeroizing<[u8; 32]>);

/// Who a new database belongs to. An existing one keeps its own.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub clinic: Uuid,
    pub device: Uuid,
    pub incarnation: Uuid,
    pub owner: ActorId,
    pub created_at: DateTime<Utc>,
}

/// Readers at the same time.
pub const READERS: u32 = 6;
/// How long a command waits for the writer or a reader before it gives up.
const WAIT: Duration = Duration::from_secs(30);
/// The first SQLite without the WAL-reset bug.
const SQLITE_SAFE: [u32; 3] = [3, 51, 3];

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Tells who listens that these collections changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub collections: Vec<&'static str>,
    /// This device made synced changes, and did not only take in those of others.
    pub is_own: bool,
}

/// The open database: one writer, a few readers.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) capture: Arc<CaptureState>,
    /// Of the writer, whichever connection that is.
    pub(crate) meter: Arc<Meter>,
    pub(crate) changes: broadcast::Sender<Changed>,
    path: Arc<PathBuf>,
    owner: ActorId,
}

impl Store {
    /// Opens the database at `path`, or makes it.
    ///
    /// # Errors
    /// A newer, damaged or unwritable database; a build without encryption. The file is then as it was.
    pub async fn open(path: &Path, key: &DatabaseKey, new: Identity) -> Result<Self, StoreError> {
        ffi::initialize(ending::wait);
        let capture = Arc::new(CaptureState::default());
        let meter = Arc::new(Meter::default());
        try_writer(path, key, &capture, &meter).await?;
        let writer = open_writer(path, key, &capture, &meter).await?;
        let opened = match prepare(&writer, &capture, new).await {
            Ok(owner) => open_readers(path, key).await.map(|readers| (owner, readers)),
            Err(error) => Err(error),
        };
        match opened {
            Ok((owner, readers)) => {
                let (changes, _) = broadcast::channel(256);
                let path = Arc::new(path.to_owned());
                Ok(Self { writer, readers, capture, meter, changes, path, owner })
            }
            Err(error) => {
                writer.close().await;
                Err(error)
            }
        }
    }

    /// Moves everything from the log into the database and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Ok(mut connection) = self.writer.acquire().await {
            let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await;
            if let Err(error) = checkpoint {
                // Nothing is lost: the log is replayed at the next start.
                tracing::warn!(%error, "the log could not be moved into the database");
            }
        }
        self.writer.close().await;
    }

    /// Hears of every committed change.
    pub fn subscribe(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    /// Whether the device has a server, so that changes go to the outbox.
    pub fn is_paired(&self) -> bool {
        self.capture.is_paired()
    }

    /// The person that everything is done by until people sign in.
    pub fn owner(&self) -> ActorId {
        self.owner
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Readers that are open, and those of them in use.
    pub fn readers_in_use(&self) -> (u32, u32) {
        let idle = u32::try_from(self.readers.num_idle()).unwrap_or(u32::MAX);
        (READERS, self.readers.size().saturating_sub(idle))
    }
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        // With a mutex for each connection, which the end of the process takes (`ending`).
        .serialized(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

/// A pool goes on trying for as long as it may wait when its connection cannot be set up, and then
/// says only that time is up: so the first connection is made by hand.
async fn try_writer(
    path: &Path,
    key: &DatabaseKey,
    capture: &Arc<CaptureState>,
    meter: &Arc<Meter>,
) -> Result<(), StoreError> {
    let mut connection = connect_options(path).create_if_missing(true).connect().await?;
    match set_up_writer(&mut connection, key, capture, meter).await {
        Ok(()) => Ok(connection.close().await?),
        Err(error) => {
            connection.close_hard().await?;
            Err(error.into())
        }
    }
}

async fn set_up_writer(
    connection: &mut SqliteConnection,
    key: &DatabaseKey,
    capture: &Arc<CaptureState>,
    meter: &Arc<Meter>,
) -> Result<(), sqlx::Error> {
    unlock(connection, key).await?;
    // FULL: with NORMAL a power cut loses rows that were acknowledged.
    sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;")
        .execute(&mut *connection)
        .await?;
    capture::register_functions(connection, capture).await?;
    derive::register_functions(connection).await?;
    ffi::attach_meter(connection, meter).await
}

async fn open_writer(
    path: &Path,
    key: &DatabaseKey,
    capture: &Arc<CaptureState>,
    meter: &Arc<Meter>,
) -> Result<SqlitePool, StoreError> {
    let key = key.clone();
    let (capture, meter) = (Arc::clone(capture), Arc::clone(meter));
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let (key, capture, meter) = (key.clone(), Arc::clone(&capture), Arc::clone(&meter));
            Box::pin(async move { set_up_writer(connection, &key, &capture, &meter).await })
        })
        .connect_with(connect_options(path).create_if_missing(true))
        .await?;
    Ok(pool)
}

async fn open_readers(path: &Path, key: &DatabaseKey) -> Result<SqlitePool, StoreError> {
    let key = key.clone();
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let key = key.clone();
            Box::pin(async move {
                unlock(connection, &key).await?;
                // Only the writer checkpoints: the second guard against the WAL-reset bug.
                sqlx::raw_sql("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048;")
                    .execute(&mut *connection)
                    .await?;
                derive::register_functions(connection).await?;
                ffi::attach_meter(connection, &Arc::default()).await
            })
        })
        .connect_with(connect_options(path).read_only(true))
        .await?;
    Ok(pool)
}

async fn unlock(connection: &mut SqliteConnection, key: &DatabaseKey) -> Result<(), sqlx::Error> {
    let open = Open::begin(ffi::mutex_of(connection).await?);
    ffi::keep_until_closed(connection, open).await?;
    ffi::set_key(connection, &key.0).await?;
    // SQLCipher would log to standard error what may name a file or a key's fault.
    sqlx::raw_sql("PRAGMA cipher_log_level = NONE;").execute(connection).await?;
    Ok(())
}

async fn prepare(writer: &SqlitePool, capture: &CaptureState, new: Identity) -> Result<ActorId, StoreError> {
    check_versions(&mut *writer.acquire().await?).await?;
    MIGRATIONS.run(writer).await?;
    let mut connection = writer.acquire().await?;
    generated::install(&mut connection).await?;
    insert_identity(&mut connection, new).await?;
    let (owner, replica, paired): (Uuid, u32, bool) = sqlx::query_as(
        "SELECT owner, (SELECT no FROM replica r WHERE r.device = d.device AND r.incarnation = d.incarnation), paired
         FROM device d",
    )
    .fetch_one(&mut *connection)
    .await?;
    capture.load(replica, paired);
    Ok(ActorId(owner))
}

async fn check_versions(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let sqlite: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
    let parts: Vec<u32> = sqlite.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < SQLITE_SAFE.as_slice() {
        return Err(StoreError::UnsafeSqlite { found: sqlite });
    }
    // Without the feature `PRAGMA key` is silently ignored and the file is plaintext.
    let cipher: Option<String> =
        sqlx::query_scalar("PRAGMA cipher_version").fetch_optional(connection).await?;
    if cipher.is_none_or(|version| version.is_empty()) { Err(StoreError::NotEncrypted) } else { Ok(()) }
}

async fn insert_identity(connection: &mut SqliteConnection, new: Identity) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO device (one, clinic, device, incarnation, owner, created_at) VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(new.clinic)
        .bind(new.device)
        .bind(new.incarnation)
        .bind(new.owner.0)
        .bind(new.created_at.timestamp_millis())
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO replica (device, incarnation) SELECT device, incarnation FROM device WHERE true ON CONFLICT DO NOTHING")
        .execute(connection)
        .await?;
    Ok(())
}
