//! What other devices did goes in, whatever it is and in whatever order.

use crate::random::{actions, perform};
use crate::support::*;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::Applied;
use sync_protocol::{Change, Dot, Kind, Op, Replica};
use uuid::Uuid;

fn remote(seq: u64, collection: &str, record: Uuid, change: Change) -> Op {
    Op {
        id: Dot { replica: Replica(2), seq },
        collection: collection.into(),
        record,
        kind: Kind::Mutable,
        base: None,
        guards: Vec::new(),
        change,
    }
}

fn set(seq: u64, collection: &str, record: Uuid, register: &str, values: Vec<Value>) -> Op {
    remote(seq, collection, record, Change::Set { register: register.into(), values })
}

fn allergy(seq: u64, record: u128, values: Vec<Value>) -> Op {
    let registers = vec![
        ("patient".to_owned(), vec![json!(id(1).simple().to_string()), json!(5)]),
        ("allergy".to_owned(), values),
    ];
    remote(seq, "patient_allergy", id(record), Change::Insert { registers })
}

#[tokio::test]
async fn what_cannot_be_applied_is_parked_with_its_reason_and_the_rest_goes_in() {
    let desk = Desk::paired().await;
    let good = |seq, record| allergy(seq, record, vec![json!("Nuts"), json!(""), json!("mild")]);
    let ops = [
        good(1, 1),
        remote(2, "spaceship", id(2), Change::Delete { base: vec![] }),
        set(3, "patient_allergy", id(1), "colour", vec![json!("red")]),
        allergy(4, 4, vec![json!("Nuts")]),
        allergy(5, 5, vec![json!(1), json!(""), json!("mild")]),
        allergy(6, 6, vec![json!(null), json!(""), json!("mild")]),
        set(7, "patient_note", id(7), "pinned", vec![json!("yes")]),
        set(8, "patient_note", id(7), "pinned", vec![json!(1.5)]),
        set(9, "patient", id(8), "household", vec![json!("not an id")]),
        set(10, "patient", id(8), "household", vec![json!("ab")]),
        set(11, "patient_note", id(7), "pinned", vec![json!(true)]),
        remote(12, "patient", id(9), Change::Insert { registers: vec![] }),
        good(13, 13),
    ];
    assert_eq!(desk.apply(&ops).await, Applied { applied: 2, parked: 11 });
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM patient_allergy").await, 2);
    for table in ["patient", "patient_note"] {
        assert_eq!(desk.value::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let parked = desk.rows("SELECT collection || ': ' || reason FROM parked_record ORDER BY no").await;
    assert_eq!(parked.len(), 11);
    assert!(parked[0].starts_with("spaceship: ") && parked[0].contains("collection"), "{}", parked[0]);
    assert!(parked[1].contains("register") && parked[3].contains("substance"), "{parked:?}");
    // The op is kept as it came.
    let kept = desk.rows("SELECT op FROM parked_record ORDER BY no").await;
    assert_eq!(serde_json::from_str::<Op>(&kept[0]).unwrap(), ops[1]);
    assert_eq!(desk.faults().await, []);
    assert_eq!(desk.ops().await, []);
}

#[tokio::test]
async fn a_child_waits_for_its_parent_and_shows_when_it_comes() {
    let source = Desk::paired().await;
    let whole =
        patient(1, "Ann Ash").phone("+15550100").tag("VIP").alert(domain::patient::AlertLevel::DoNotBook);
    source.insert(&[whole]).await;
    let ops = source.ops().await;
    let (parent, children): (Vec<_>, Vec<_>) = ops.into_iter().partition(|op| op.collection == "patient");
    let desk = Desk::new().await;
    desk.apply(&children).await;
    assert_eq!(desk.derived().await, Vec::<String>::new());
    assert_eq!(desk.faults().await, []);
    desk.apply(&parent).await;
    assert_eq!(desk.derived().await, source.derived().await);
    assert_eq!(desk.value::<i64>("SELECT alert FROM patient_listing").await, 2);
}

#[tokio::test]
async fn applying_tells_who_listens() {
    let source = Desk::paired().await;
    source.insert(&[patient(1, "Ann Ash")]).await;
    let desk = Desk::new().await;
    let mut changes = desk.store.subscribe();
    desk.apply(&source.ops().await).await;
    assert_eq!(changes.try_recv().unwrap().collections, ["patient"]);
}

/// The ops of each record in their order, the records in any.
fn shuffled(ops: &[Op], seed: u64) -> Vec<Op> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut records = BTreeMap::<Uuid, Vec<Op>>::new();
    for op in ops.iter().rev() {
        records.entry(op.record).or_default().push(op.clone());
    }
    let mut order: Vec<Uuid> = ops.iter().map(|op| op.record).collect();
    order.shuffle(&mut random);
    assert_eq!(order.choose(&mut random).is_some(), !ops.is_empty());
    order.iter().filter_map(|record| records.get_mut(record)?.pop()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_derived_does_not_depend_on_the_order_in_which_records_arrive(actions in actions(15), seed in any::<u64>()) {
        runtime().block_on(async {
            let source = Desk::paired().await;
            perform(&source, &actions).await;
            let desk = Desk::new().await;
            desk.apply(&shuffled(&source.ops().await, seed)).await;
            assert_eq!(desk.synced().await, source.synced().await);
            assert_eq!(desk.derived().await, source.derived().await);
            assert_eq!(desk.faults().await, []);
        });
    }
}
