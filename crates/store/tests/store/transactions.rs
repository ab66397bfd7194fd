//! One writer, readers that only read, numbers without gaps.

use crate::support::*;
use sqlx::AssertSqlSafe;
use std::time::Duration;
use store::{StoreError, Usage};

async fn pragma(connection: &mut sqlx::SqliteConnection, name: &str) -> String {
    let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn the_writer_logs_ahead_and_waits_for_the_disk() {
    let desk = Desk::new().await;
    let mut write = desk.begin().await;
    assert_eq!(pragma(&mut write, "journal_mode").await, "wal");
    assert_eq!(pragma(&mut write, "synchronous").await, "2");
    assert_eq!(pragma(&mut write, "foreign_keys").await, "0");
}

#[tokio::test]
async fn a_reader_cannot_write_and_never_moves_the_log() {
    let desk = Desk::new().await;
    let mut readers = Vec::new();
    for _ in 0..store::READERS {
        readers.push(desk.store.read(&Usage::default()).await.unwrap());
    }
    for read in &mut readers {
        let refused =
            sqlx::query("INSERT INTO preference (key, value) VALUES ('a', 'b')").execute(&mut **read).await;
        assert!(matches!(StoreError::from(refused.unwrap_err()), StoreError::ReadOnly(_)));
        let pages: i64 =
            sqlx::query_scalar("PRAGMA wal_autocheckpoint").fetch_one(&mut **read).await.unwrap();
        assert_eq!(pages, 0);
        // Absent where it was not even built in.
        let mapped: Option<i64> =
            sqlx::query_scalar("PRAGMA mmap_size").fetch_optional(&mut **read).await.unwrap();
        assert_eq!(mapped.unwrap_or(0), 0);
    }
    assert_eq!(desk.store.readers_in_use(), (store::READERS, store::READERS));
}

#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let desk = Desk::new().await;
    let mut first = desk.begin().await;
    // A write that began by reading would fail here (deferred), whatever the timeout.
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM preference").fetch_one(&mut *first).await.unwrap();
    let second = {
        let store = desk.store.clone();
        let context = desk.context();
        tokio::spawn(async move {
            let mut write = store.write(&Usage::default(), context).await?;
            store::local::set_preference(&mut write, "second", "yes").await?;
            write.commit().await
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished());
    store::local::set_preference(&mut first, "first", "yes").await.unwrap();
    first.commit().await.unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM preference").await, 2);
}

#[tokio::test]
async fn another_process_that_holds_the_file_is_waited_for() {
    let desk = Desk::new().await;
    // Another program has its own lock on the file: a second store stands for it.
    let other = open(desk.path()).await.unwrap();
    let mut held = other.write(&Usage::default(), context(1)).await.unwrap();
    store::local::set_preference(&mut held, "other", "yes").await.unwrap();
    let waiting = {
        let (store, context) = (desk.store.clone(), desk.context());
        tokio::spawn(async move {
            let mut write = store.write(&Usage::default(), context).await?;
            let seen = store::local::find_preference(&mut write, "other").await?;
            write.commit().await.map(|()| seen)
        })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished(), "a write must begin with BEGIN IMMEDIATE");
    held.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().as_deref(), Some("yes"));
}

#[tokio::test]
async fn what_is_not_committed_never_happened() {
    let desk = Desk::paired().await;
    let mut write = desk.begin().await;
    store::patient::insert_patients(&mut write, &[patient(1, "Ann Ash")], at(0)).await.unwrap();
    drop(write);
    assert_eq!(desk.synced().await, Vec::<String>::new());
    for table in ["outbox", "transaction_log", "record_version", "patient_listing", "patient_count"] {
        assert_eq!(desk.value::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert!(desk.faults().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_have_no_gaps_however_transactions_end() {
    let desk = std::sync::Arc::new(Desk::paired().await);
    let tasks: Vec<_> = (0..4_u128)
        .map(|task| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let mut kept = 0;
                for round in 0..40_u128 {
                    let one = patient(task * 1_000 + round + 1, "Ann Ash").phone("+15550100");
                    let work = async {
                        let mut write = desk.begin().await;
                        store::patient::insert_patients(&mut write, &[one], at(0)).await.unwrap();
                        if round % 3 == 0 {
                            return;
                        }
                        write.commit().await.unwrap();
                    };
                    // Some callers go away in the middle of it, be it during the commit.
                    if round % 5 == 4 {
                        let patience = Duration::from_micros(u64::try_from(round * task * 150).unwrap());
                        let _ = tokio::time::timeout(patience, work).await;
                    } else {
                        work.await;
                        kept += u64::from(round % 3 != 0);
                    }
                }
                kept
            })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        kept += task.await.unwrap();
    }
    let ops = desk.ops().await;
    let seqs: Vec<_> = ops.iter().map(|op| op.id.seq).collect();
    assert_eq!(seqs, (1..=u64::try_from(ops.len()).unwrap()).collect::<Vec<_>>());
    let patients: i64 = desk.value("SELECT count(*) FROM patient").await;
    assert!(u64::try_from(patients).unwrap() >= kept, "{patients} of {kept} are there");
    assert_eq!(ops.len(), usize::try_from(patients).unwrap() * 2);
    let log: Vec<String> =
        desk.rows("SELECT first_seq || '-' || last_seq FROM transaction_log ORDER BY no").await;
    let expected: Vec<_> = (0..patients).map(|n| format!("{}-{}", 2 * n + 1, 2 * n + 2)).collect();
    assert_eq!(log, expected);
    assert!(desk.faults().await.is_empty());
}

#[tokio::test]
async fn who_listens_hears_of_every_committed_change_and_of_no_other() {
    let desk = Desk::new().await;
    let mut changes = desk.store.subscribe();
    let mut write = desk.begin().await;
    store::patient::insert_patients(&mut write, &[patient(1, "Ann Ash")], at(0)).await.unwrap();
    drop(write);
    desk.insert(&[patient(2, "Ben Birch").tag("vip")]).await;
    desk.write(async |write| {
        store::local::set_preference(write, "theme", "dark").await?;
        write.touch("preference");
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(changes.try_recv().unwrap().collections, ["patient", "patient_tag"]);
    assert_eq!(changes.try_recv().unwrap().collections, ["preference"]);
    assert!(changes.try_recv().is_err());
}
