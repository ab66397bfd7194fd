//! The server and Postgres killed in the middle of pushes: what was acknowledged is there once, and what was not may be
//! sent again.

use crate::desk::{Desk, new_id};
use crate::process::Server;
use crate::site::SERVER;
use scratch_postgres::{OWNER, Postgres};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use sync_engine::CONFLICTS;
use sync_protocol::{Envelope, Op, Outcome, Pushed};
use sync_server::database::MIGRATIONS;
use sync_server::devices::admin;

const DESKS: usize = 3;

/// How often each of the two is killed: more often with `cargo xtask soak kill`.
fn kills() -> u32 {
    std::env::var("FRONTDESK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// A desk that renames its one patient again and again, each time over the name before. One rename that is lost or done
/// twice leaves a conflict, or another name than the last.
struct Renaming {
    desk: Desk,
    last: Op,
    /// What was sent and not answered.
    unanswered: Option<Envelope<sync_protocol::Push>>,
    answered: Vec<(Envelope<sync_protocol::Push>, Vec<Outcome>)>,
    /// Of all desks.
    answers: Arc<AtomicU32>,
}

impl Renaming {
    /// Renames until somebody was killed.
    async fn go_on(&mut self, address: &str, killed: &AtomicBool) {
        self.desk.address = address.to_owned();
        while !killed.load(Ordering::Relaxed) {
            let push = match self.unanswered.take() {
                Some(push) => push,
                None => {
                    let name = format!("Name {}", self.answered.len() + 1);
                    let epoch = self.desk.known_epoch.unwrap();
                    let op = self.desk.rename(self.last.record, &self.last, &name);
                    self.last = op.clone();
                    self.desk.message_in(epoch, vec![self.desk.transaction(vec![op])])
                }
            };
            match self.send(&push).await {
                Some(outcomes) => {
                    self.answered.push((push, outcomes));
                    self.answers.fetch_add(1, Ordering::Relaxed);
                }
                None => {
                    self.unanswered = Some(push);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    async fn send(&self, push: &Envelope<sync_protocol::Push>) -> Option<Vec<Outcome>> {
        let answer = self.desk.try_post("/v1/push", push).await?;
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.json::<Envelope<Pushed>>().await.ok()?.message.results)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_however_often_server_and_database_are_killed() {
    // Postgres waits for the disk here: its own crash must not lose what was acknowledged.
    let mut postgres = Postgres::start(&["max_connections=100"]).unwrap();
    let owner = PgPool::connect(&postgres.url(OWNER, "postgres")).await.unwrap();
    MIGRATIONS.run(&owner).await.unwrap();
    let role = format!("CREATE ROLE {SERVER} LOGIN IN ROLE frontdesk_server");
    sqlx::raw_sql(sqlx::AssertSqlSafe(role)).execute(&owner).await.unwrap();
    let url = postgres.url(SERVER, "postgres");
    let clinic = admin::create_clinic(&owner, "Clinic").await.unwrap();
    let mut server = Server::start(&url);
    let mut desks = Vec::new();
    let answers = Arc::new(AtomicU32::new(0));
    for _ in 0..DESKS {
        let code = admin::invite(&owner, clinic).await.unwrap();
        let mut desk = Desk::pair(&server.address, &code.to_string()).await;
        desk.known_epoch = Some(desk.epoch().await);
        let insert = desk.insert(new_id(), "Name 0");
        desk.push(vec![desk.transaction(vec![insert.clone()])]).await;
        desks.push(Renaming {
            desk,
            last: insert,
            unanswered: None,
            answered: Vec::new(),
            answers: Arc::clone(&answers),
        });
    }
    for kill in 0..2 * kills() {
        let address = server.address.clone();
        // Other moments each time: before the first answer, after some, and on the way to the next.
        let enough = answers.load(Ordering::Relaxed) + kill % 4;
        let after = Duration::from_millis(u64::from(3 + (kill * 37) % 40));
        let postgres_dies = kill % 2 == 1;
        let killed = AtomicBool::new(false);
        let end = async {
            while answers.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(after).await;
            if postgres_dies {
                postgres.kill();
            } else {
                server.process.kill().unwrap();
            }
            killed.store(true, Ordering::Relaxed);
        };
        let work = async {
            let (a, rest) = desks.split_first_mut().unwrap();
            let (b, rest) = rest.split_first_mut().unwrap();
            let (address, killed) = (&address, &killed);
            tokio::join!(a.go_on(address, killed), b.go_on(address, killed), rest[0].go_on(address, killed))
        };
        tokio::join!(end, work);
        if postgres_dies {
            // The server is still there, and finds its way back by itself.
            postgres.resume().unwrap();
        } else {
            server = Server::start(&url);
        }
    }
    for desk in &mut desks {
        desk.desk.address = server.address.clone();
        if let Some(push) = desk.unanswered.take() {
            // A connection from before may still be in the server's pool.
            let outcomes = loop {
                if let Some(outcomes) = desk.send(&push).await {
                    break outcomes;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
            desk.answered.push((push, outcomes));
        }
    }
    // More often in a row than the pool has connections: none from before is left.
    let mut ready = 0;
    while ready < 20 {
        let answer = desks[0].desk.request(reqwest::Method::GET, "/v1/epoch").send().await.unwrap();
        ready = if answer.status().is_success() { ready + 1 } else { 0 };
    }
    let least: u32 = (0..2 * kills()).map(|kill| kill % 4).sum();
    assert!(answers.load(Ordering::Relaxed) >= least, "fewer than {least} renames");
    let (records, _, _) = desks[0].desk.pull_all(1_000).await;
    assert!(records.iter().all(|(key, _)| key.collection != CONFLICTS), "a rename was lost or done twice");
    for desk in &desks {
        let count = desk.answered.len();
        let (_, record) = records.iter().find(|(key, _)| key.record == desk.last.record).unwrap();
        assert_eq!(record.registers["name"].value[0], format!("Name {count}"));
        // Whoever asks again hears what was said the first time.
        for (push, outcomes) in desk.answered.iter().rev().take(5) {
            assert_eq!(desk.send(push).await.as_ref(), Some(outcomes));
        }
    }
    server.process.stop().unwrap();
}
