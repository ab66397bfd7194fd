//! The way to Postgres: every transaction names its clinic, and row-level security shows it nothing else.

use crate::error::{ServerError, SetupError};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgTransaction, Postgres};
use std::time::Duration;
use uuid::Uuid;

/// A connection that was not in use for so long is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);
/// How long a request waits for a connection before it is told to come again.
const WAIT: Duration = Duration::from_secs(5);

/// Every statement of the server looks keys up or follows an index. Postgres is held to that also while it has no
/// statistics of its tables, or plans by those of an empty one: a page would otherwise read and sort its whole clinic.
/// What is discouraged looks so expensive that compiling the statement would seem worth while, which it is not. There is
/// one plan for each statement, whatever its parameters are: to make one takes longer than most statements do.
const PLANS: &str =
    "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET jit = off;
    SET plan_cache_mode = force_generic_plan";

/// The schema, to be installed by the owner's role.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/postgres");

/// The connections of a server process, all of the role that serves.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// Connects as the role that `options` name.
    ///
    /// # Errors
    /// Nothing answers there, or it refuses the role.
    pub async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, SetupError> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(WAIT)
            .test_before_acquire(false)
            // One that was in use a moment ago is there. After a pause Postgres may have been started anew meanwhile.
            .before_acquire(|connection, meta| {
                Box::pin(async move { Ok(meta.idle_for < IDLE || connection.ping().await.is_ok()) })
            })
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(PLANS).await.map(|_| ()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// One that is not asked anything.
    #[cfg(test)]
    pub(crate) fn unconnected() -> Self {
        Self { pool: PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new()) }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Refuses a role that row-level security does not hold back, and a database without it.
    ///
    /// # Errors
    /// Says which of the two, or that the schema is missing.
    pub async fn check_role(&self) -> Result<(), SetupError> {
        let (role, bypasses): (String, bool) = sqlx::query_as(
            "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&self.pool)
        .await?;
        let (tables, owned, open): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*),
                    count(*) FILTER (WHERE pg_has_role(current_user, relowner, 'MEMBER')),
                    count(*) FILTER (WHERE NOT (relrowsecurity AND relforcerowsecurity))
             FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_sqlx_migrations'",
        )
        .fetch_one(&self.pool)
        .await?;
        match () {
            () if tables == 0 => Err(SetupError::NoSchema),
            () if bypasses || owned > 0 => Err(SetupError::RoleTooMighty { role }),
            () if open > 0 => Err(SetupError::TablesOpen),
            () => Ok(()),
        }
    }

    /// A transaction that changes the clinic's data.
    pub(crate) async fn write(&self, clinic: Uuid) -> Result<PgTransaction<'static>, ServerError> {
        self.begin("BEGIN", clinic).await
    }

    /// Begins to change what devices sync of the clinic, and waits for the clinic's turn: its row is locked before
    /// anything is read.
    pub(crate) async fn turn(&self, clinic: Uuid) -> Result<Turn, ServerError> {
        let mut turn = Turn(Some(self.pool.acquire().await?));
        // In one go. A UUID's text holds nothing that would have to be escaped.
        let sql = format!(
            "BEGIN; SET LOCAL frontdesk.clinic = '{clinic}'; SELECT FROM clinic WHERE clinic_id = '{clinic}' FOR UPDATE"
        );
        turn.connection()?.execute(AssertSqlSafe(sql)).await?;
        Ok(turn)
    }

    /// A transaction that sees the clinic's data at one moment.
    pub(crate) async fn read(&self, clinic: Uuid) -> Result<PgTransaction<'static>, ServerError> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", clinic).await
    }

    async fn begin(&self, begin: &str, clinic: Uuid) -> Result<PgTransaction<'static>, ServerError> {
        // In one go with the beginning. A UUID's text holds nothing that would have to be escaped.
        let sql = format!("{begin}; SET LOCAL frontdesk.clinic = '{clinic}'");
        let pool = self.pool.clone();
        // Goes on if whoever asks goes away meanwhile: sqlx does not end a transaction whose beginning was not waited for,
        // and the connection would answer others out of it, by a moment of the past.
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(sql)).await }).await;
        Ok(begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))?)
    }
}

/// A transaction in which nobody else changes the clinic. sqlx's own can begin in one go with a lock, but does not know of
/// one whose caller went away meanwhile. What is dropped without an end takes its connection with it, and Postgres takes
/// back what a connection did that is gone.
pub(crate) struct Turn(Option<PoolConnection<Postgres>>);

impl Turn {
    /// Where the transaction is.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        Ok(self.0.as_mut().ok_or(sqlx::Error::WorkerCrashed)?)
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("COMMIT").await
    }

    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.connection()?.execute(sql).await?;
        // Back to the pool.
        self.0 = None;
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}
