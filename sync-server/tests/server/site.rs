//! A database of its own with a server on it, in a cluster that the tests of this run share.

use crate::desk::{Desk, new_id};
use scratch_postgres::{OWNER, Postgres};
use sqlx::{PgPool, PgTransaction};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use sync_server::database::{Database, MIGRATIONS};
use sync_server::devices::{self, admin};
use sync_server::serve::{Running, Settings, Timeouts, start};
use uuid::Uuid;

/// The role that the servers of these tests connect as: it has nothing but the rights of serving.
pub const SERVER: &str = "frontdesk_test_server";

static CLUSTER: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// The cluster ends with the last test that uses it.
fn cluster() -> Arc<Postgres> {
    let mut shared = CLUSTER.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        // Postgres itself counts the statements, and whatever a test commits may be lost with the machine.
        let settings = ["shared_preload_libraries=pg_stat_statements", "max_connections=200", "fsync=off"];
        let cluster = Arc::new(Postgres::start(&settings).unwrap());
        *shared = Arc::downgrade(&cluster);
        cluster
    })
}

pub struct Site {
    cluster: Arc<Postgres>,
    pub database: String,
    pub owner: PgPool,
    /// As the server's role.
    serving: Database,
    server: Option<Running>,
    pub address: String,
}

impl Site {
    pub async fn open() -> Self {
        let cluster = cluster();
        let database = format!("site_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let postgres = PgPool::connect(&cluster.url(OWNER, "postgres")).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {database}")))
            .execute(&postgres)
            .await
            .unwrap();
        let owner = PgPool::connect(&cluster.url(OWNER, &database)).await.unwrap();
        MIGRATIONS.run(&owner).await.unwrap();
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {SERVER} LOGIN IN ROLE frontdesk_server;
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(role)).execute(&owner).await.unwrap();
        let serving = cluster.url(SERVER, &database).parse().unwrap();
        let serving = Database::connect(serving, 2).await.unwrap();
        let mut site = Self { cluster, database, owner, serving, server: None, address: String::new() };
        site.start_server().await;
        site
    }

    pub fn url(&self, role: &str) -> String {
        self.cluster.url(role, &self.database)
    }

    pub fn settings(&self, role: &str) -> Settings {
        Settings {
            database: self.url(role).parse().unwrap(),
            connections: 10,
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            metrics: None,
            max_clients: 1_000,
            trusted_proxies: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }

    /// Another server on the same database; returns its address.
    pub async fn another_server(&self) -> (Running, String) {
        let server = start(self.settings(SERVER)).await.unwrap();
        let address = server.url();
        (server, address)
    }

    pub async fn start_server(&mut self) {
        let (server, address) = self.another_server().await;
        self.server = Some(server);
        self.address = address;
    }

    pub async fn stop_server(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }

    /// Keeps every clinic's row locked until it ends, so that no push can.
    pub async fn hold(&self) -> PgTransaction<'static> {
        let mut holder = self.owner.begin().await.unwrap();
        sqlx::query("SELECT 1 FROM clinic FOR UPDATE").execute(&mut *holder).await.unwrap();
        holder
    }

    /// Waits until somebody waits for what is held.
    pub async fn until_somebody_waits(&self) {
        let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&self.owner).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn clinic(&self) -> Uuid {
        admin::create_clinic(&self.owner, "Clinic").await.unwrap()
    }

    /// A desk of the clinic. Let in without HTTP, which limits how many may come at once.
    pub async fn desk(&self, clinic: Uuid) -> Desk {
        let code = admin::invite(&self.owner, clinic).await.unwrap();
        let device = new_id();
        let token = devices::pair(&self.serving, &code, device, "Front desk").await.unwrap();
        Desk::new(&self.address, clinic, device, &token.to_string())
    }
}
