//! What a command costs is counted, whoever caused it.

use crate::support::*;
use domain::patient::AlertLevel;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::patient::NewPatient;
use store::{Cost, Usage};

fn crowd(from: u128, n: u128) -> Vec<NewPatient> {
    let one = |n| {
        patient(n, "Ann Ash")
            .phone("+15550100")
            .email("ann@example.com")
            .tag("VIP")
            .allergy("Nuts")
            .alert(AlertLevel::AlertOnly)
    };
    (from..from + n).map(one).collect()
}

async fn cost_of_inserting(desk: &Desk, patients: &[NewPatient]) -> Cost {
    let usage = Usage::default();
    desk.write_metered(&usage, async |write| store::patient::insert_patients(write, patients, at(0)).await)
        .await
        .unwrap();
    usage.cost()
}

#[tokio::test]
async fn statements_do_not_grow_with_rows_and_steps_do() {
    let desk = Desk::paired().await;
    let one = cost_of_inserting(&desk, &crowd(1, 1)).await;
    let many = cost_of_inserting(&desk, &crowd(1_000, 500)).await;
    // One per table and the line in the log.
    assert_eq!((one.statements, many.statements), (6, 6));
    assert!(many.vm_steps > 300 * one.vm_steps, "{one:?} {many:?}");
}

#[tokio::test]
async fn the_steps_of_triggers_count() {
    let desk = Desk::new().await;
    let update = async |sql: &str| {
        let usage = Usage::default();
        desk.write_metered(&usage, async |write| {
            write.declare_current();
            execute(write, sql).await
        })
        .await
        .unwrap();
        usage.cost()
    };
    desk.insert(&crowd(1, 1)).await;
    // The same row: a register without anything derived from it, and one that half the listing is.
    let plain = update("UPDATE patient SET pronouns = 'she'").await;
    let derived = update("UPDATE patient SET family = 'Birch'").await;
    assert_eq!(plain.statements, derived.statements);
    assert!(derived.vm_steps > plain.vm_steps + 100, "{plain:?} {derived:?}");
}

#[tokio::test]
async fn reading_costs_what_was_asked_and_nothing_else() {
    let desk = Desk::new().await;
    desk.insert(&crowd(1, 3)).await;
    let usage = Usage::default();
    for _ in 0..2 {
        let mut read = desk.store.read(&usage).await.unwrap();
        store::patient::find_patient(&mut read, patient_id(1)).await.unwrap();
        store::patient::list_children(&mut read, patient_id(1)).await.unwrap();
        read.end().await.unwrap();
    }
    assert_eq!(usage.cost().statements, 4);
    assert!(usage.cost().vm_steps > 50);
    // What an earlier command left is not this one's.
    let mut abandoned = desk.store.read(&Usage::default()).await.unwrap();
    store::patient::find_patient(&mut abandoned, patient_id(1)).await.unwrap();
    drop(abandoned);
    let usage = Usage::default();
    desk.store.read(&usage).await.unwrap().end().await.unwrap();
    assert_eq!(usage.cost().statements, 0);
}

#[tokio::test]
async fn an_import_of_nothing_costs_nothing_but_its_statement() {
    let desk = Desk::new().await;
    assert_eq!(cost_of_inserting(&desk, &[]).await.statements, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_next_one_does_with_the_writer_is_not_booked_on_the_one_before() {
    let desk = Arc::new(Desk::new().await);
    // Many more threads than processors: whoever has committed often has to wait before it goes on.
    let busy = Arc::new(AtomicBool::new(true));
    for _ in 0..8 {
        let busy = busy.clone();
        std::thread::spawn(move || while busy.load(Ordering::Relaxed) {});
    }
    for n in 0..4 {
        let (desk, busy) = (desk.clone(), busy.clone());
        tokio::spawn(async move {
            for n in (1_000_000 * (n + 1)..).take_while(|_| busy.load(Ordering::Relaxed)) {
                cost_of_inserting(&desk, &crowd(n, 1)).await;
            }
        });
    }
    // By the test's own thread, which gives the writer back while it goes on itself.
    let mut costs = Vec::new();
    for n in 0..200 {
        costs.push(cost_of_inserting(&desk, &crowd(n, 1)).await.statements);
    }
    busy.store(false, Ordering::Relaxed);
    costs.retain(|statements| *statements != 6);
    assert!(costs.is_empty(), "{costs:?} and not 6");
}
