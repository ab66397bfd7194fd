//! Whoever follows a clinic by cursor misses nothing, however commits overlap.

use crate::desk::{Desk, new_id};
use crate::site::{SERVER, Site};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sync_protocol::Place;
use uuid::Uuid;

const CLINICS: usize = 4;
const WRITERS: usize = 3;
/// How long a transaction is held open with the clinic's row locked, and the pause until the next one: most commits of a
/// long run must not wait for it.
const HELD: Duration = Duration::from_millis(15);
const PAUSE: Duration = Duration::from_millis(150);

/// A device may ask once in this time.
const TOO_OFTEN: Duration = Duration::from_millis(20);

/// How many commits there are in all: more of them with `cargo xtask soak cursor`.
fn commits() -> usize {
    std::env::var("FRONTDESK_COMMITS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_200)
}

/// Pushes one record after the other; returns them.
async fn write(desk: Arc<Desk>, count: usize) -> Vec<Uuid> {
    let epoch = desk.epoch().await;
    let mut written = Vec::new();
    while written.len() < count {
        let record = new_id();
        let push = desk.message_in(epoch, vec![desk.transaction(vec![desk.insert(record, "x")])]);
        let answer = desk.post("/v1/push", &push).await;
        if answer.status().is_success() {
            written.push(record);
        } else {
            // A desk that is faster than a desk can be is told to wait.
            assert_eq!(answer.status(), reqwest::StatusCode::TOO_MANY_REQUESTS);
            tokio::time::sleep(TOO_OFTEN).await;
        }
    }
    written
}

/// Changes the clinic as the server does, and holds the transaction open for a while before it commits.
async fn hold(url: String, clinic: Uuid, stop: Arc<AtomicBool>) -> Vec<Uuid> {
    let mut role = PgConnection::connect(&url).await.unwrap();
    let mut written = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mut transaction = role.begin().await.unwrap();
        let set = format!("SET LOCAL frontdesk.clinic = '{clinic}'");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *transaction).await.unwrap();
        let lock = "SELECT head FROM clinic WHERE clinic_id = $1 FOR UPDATE";
        let head: i64 = sqlx::query_scalar(lock).bind(clinic).fetch_one(&mut *transaction).await.unwrap();
        let record = new_id();
        let add = "INSERT INTO record (clinic_id, collection, record_id, seq, state)
                   SELECT $1, 'patient', $2, $3, state FROM record LIMIT 1";
        let added =
            sqlx::query(add).bind(clinic).bind(record).bind(head + 1).execute(&mut *transaction).await;
        let advance = "UPDATE clinic SET head = $2 WHERE clinic_id = $1";
        sqlx::query(advance).bind(clinic).bind(head + 1).execute(&mut *transaction).await.unwrap();
        tokio::time::sleep(HELD).await;
        transaction.commit().await.unwrap();
        if added.unwrap().rows_affected() == 1 {
            written.push(record);
        }
        tokio::time::sleep(PAUSE).await;
    }
    written
}

/// Follows by cursor until everything is written and it is at the head; returns what it saw.
async fn follow(desk: Arc<Desk>, done: Arc<AtomicBool>) -> BTreeSet<Uuid> {
    let epoch = desk.epoch().await;
    let (mut seen, mut cursor) = (BTreeSet::new(), 0);
    loop {
        let was_done = done.load(Ordering::Relaxed);
        let mut after = Place { seq: cursor, key: None };
        loop {
            let Some(page) = desk.page_in(epoch, after.clone(), 7).await else {
                // Not from the cursor again: whoever is far behind would be told to wait before it is at the head.
                tokio::time::sleep(TOO_OFTEN).await;
                continue;
            };
            seen.extend(page.records.iter().map(|(key, _)| key.record));
            after = page.next;
            if let Some(head) = page.head {
                assert!(head >= cursor, "the cursor went back");
                cursor = head;
                break;
            }
        }
        if was_done {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_skips_nothing_while_commits_overlap_and_some_are_held_open() {
    let site = Site::open().await;
    let count = commits() / CLINICS / WRITERS;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (mut writers, mut holders, mut followers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..CLINICS {
        let clinic = site.clinic().await;
        holders.push(tokio::spawn(hold(site.url(SERVER), clinic, Arc::clone(&stop))));
        followers.push(tokio::spawn(follow(Arc::new(site.desk(clinic).await), Arc::clone(&done))));
        for _ in 0..WRITERS {
            writers.push(tokio::spawn(write(Arc::new(site.desk(clinic).await), count)));
        }
    }
    let mut written = BTreeSet::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    stop.store(true, Ordering::Relaxed);
    for holder in holders {
        written.extend(holder.await.unwrap());
    }
    done.store(true, Ordering::Relaxed);
    let mut seen = BTreeSet::new();
    for follower in followers {
        seen.extend(follower.await.unwrap());
    }
    assert!(written.len() >= CLINICS * WRITERS * count, "{} commits", written.len());
    let missed: Vec<_> = written.difference(&seen).collect();
    assert!(missed.is_empty(), "{} of {} were skipped", missed.len(), written.len());
}
