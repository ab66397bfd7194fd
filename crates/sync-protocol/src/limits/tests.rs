use super::*;
use crate::op::{Clock, Kind};
use crate::version::Replica;
use domain::id::ActorId;
use serde_json::{Value, json};
use uuid::Uuid;

const MIB: usize = 1 << 20;

fn insert(seq: u64, kind: Kind, register: &str, value: Value) -> Op {
    Op {
        id: Dot { replica: Replica(0), seq },
        collection: "patient_note".to_owned(),
        record: Uuid::from_u128(seq.into()),
        kind,
        base: None,
        guards: Vec::new(),
        change: Change::Insert { registers: vec![(register.to_owned(), vec![value])] },
    }
}

fn fault(ops: Vec<Op>) -> Option<(Fault, Vec<u64>)> {
    let clock = Clock { wall_ms: 0, boot_ms: 0, boot: None };
    let (id, actor) = (Uuid::from_u128(1), ActorId(Uuid::from_u128(2)));
    let rejection = Transaction { id, actor, clock, ops }.fault()?;
    Some((rejection.fault?, rejection.ops.iter().map(|op| op.seq).collect()))
}

#[test]
fn what_is_sent_is_cut_by_its_bytes_as_json_and_kept_in_order() {
    let text = |letter: &str, bytes: usize| letter.repeat(bytes);
    // A line break takes two bytes as JSON.
    let items = vec![text("\n", MIB), text("a", MIB), text("b", 9 * MIB), text("c", MIB), text("d", 1)];
    let cut: Vec<Vec<usize>> =
        parcels(items.clone()).iter().map(|parcel| parcel.iter().map(String::len).collect()).collect();
    assert_eq!(cut, [vec![MIB, MIB], vec![9 * MIB], vec![MIB, 1]]);
    assert_eq!(parcels(items.clone()).concat(), items);
    assert!(parcels(Vec::<String>::new()).is_empty());
}

#[test]
fn a_transaction_is_too_large_by_its_values_as_json() {
    let of = |text: String| fault(vec![insert(1, Kind::Mutable, "content", json!(text))]);
    assert_eq!(of("x".repeat(16 * MIB - 2)), None);
    assert_eq!(of("x".repeat(16 * MIB - 1)), Some((Fault::TooLarge, vec![1])));
    assert_eq!(of("\n".repeat(8 * MIB - 1)), None);
    assert_eq!(of("\n".repeat(8 * MIB)), Some((Fault::TooLarge, vec![1])));
    let rows = |rows: u64| {
        let row = |seq| insert(seq, Kind::Mutable, "content", json!(""));
        fault((1..=rows).map(row).collect())
    };
    assert_eq!(rows(TRANSACTION_MAX_ROWS), None);
    assert_eq!(rows(TRANSACTION_MAX_ROWS + 1).unwrap().0, Fault::TooLarge);
}

#[test]
fn of_a_transaction_with_a_fault_the_sound_facts_stand() {
    let fact = |seq, register| insert(seq, Kind::Ledger, register, json!(100));
    let note = |seq, register| insert(seq, Kind::Mutable, register, json!(100));
    assert_eq!(fault(vec![note(1, "content"), fact(2, "amount")]), None);
    let faulty = vec![note(1, "content"), fact(2, "amount"), note(3, "No name")];
    assert_eq!(fault(faulty), Some((Fault::Malformed, vec![1, 3])));
    // A fact that cannot be stored is no reason to lose another one.
    assert_eq!(fault(vec![fact(1, "No name"), fact(2, "amount")]), Some((Fault::Malformed, vec![1])));
    let large = insert(2, Kind::Mutable, "content", json!("x".repeat(17 * MIB)));
    assert_eq!(fault(vec![fact(1, "amount"), large]), Some((Fault::TooLarge, vec![2])));
    let large = insert(2, Kind::Ledger, "amount", json!("x".repeat(17 * MIB)));
    assert_eq!(fault(vec![fact(1, "amount"), large]), Some((Fault::TooLarge, vec![1, 2])));
}
