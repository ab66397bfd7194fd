//! What capture costs: `cargo test --release -p store --test store -- --ignored --nocapture measure`.

use crate::support::*;
use domain::patient::{Allergy, Severity};
use std::time::{Duration, Instant};

const ROWS: u128 = 10_000;

async fn insert(desk: &Desk, round: u128) -> [Duration; 2] {
    let allergies: Vec<_> = (0..ROWS)
        .map(|n| Allergy {
            id: Some(domain::id::AllergyId(random_id(round << 32 | n))),
            substance: "Penicillin V".into(),
            reaction: "Rash".into(),
            severity: Severity::Moderate,
        })
        .collect();
    let allergies: Vec<_> = allergies.iter().map(|allergy| (id(1), allergy)).collect();
    let mut write = desk.begin().await;
    let started = Instant::now();
    store::patient::insert_allergies(&mut write, &allergies, at(0)).await.unwrap();
    let statement = started.elapsed();
    write.commit().await.unwrap();
    [statement, started.elapsed()]
}

/// Ids in the order of time, as the app makes them.
fn random_id(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n << 64 | (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & u128::from(u64::MAX)))
}

/// The round that other work on the machine disturbed least.
fn least(times: Vec<Duration>) -> f64 {
    times.iter().min().unwrap().as_secs_f64() * 1e6 / ROWS as f64
}

#[tokio::test]
#[ignore = "measures, proves nothing"]
async fn what_a_captured_row_costs() {
    let (with, without) = (Desk::paired().await, Desk::paired().await);
    without.run("DROP TRIGGER capture_patient_allergy_insert").await.unwrap();
    let mut times = [const { Vec::new() }; 4];
    for round in 0..21 {
        for (at, desk) in [&with, &without].into_iter().enumerate() {
            let [statement, committed] = insert(desk, round).await;
            times[at].push(statement);
            times[at + 2].push(committed);
        }
    }
    let [with, without, with_commit, without_commit] = times.map(least);
    println!("statement: {with:.2} µs a row captured, {without:.2} not: capture {:.2} µs", with - without);
    println!(
        "committed: {with_commit:.2} µs a row captured, {without_commit:.2} not: capture {:.2} µs",
        with_commit - without_commit
    );
}
