use super::*;
use domain::id::ActorId;
use serde_json::json;
use sync_protocol::{Dot, Replica};
use uuid::Uuid;

fn op(replica: u32, seq: u64, base: Option<&str>, change: Change) -> Op {
    Op {
        id: Dot { replica: Replica(replica), seq },
        transaction: Uuid::from_u128(seq.into()),
        actor: ActorId(Uuid::nil()),
        wall_ms: i64::try_from(seq).unwrap(),
        boot_ms: 0,
        collection: "patient".into(),
        record: Uuid::from_u128(1),
        base: base.map(|text| text.parse().unwrap()),
        change,
    }
}

fn insert(replica: u32, seq: u64, base: Option<&str>) -> Op {
    let registers = ["name", "tier"].map(|name| (name.to_owned(), vec![json!(format!("{name} {seq}"))]));
    op(replica, seq, base, Change::Insert { registers: registers.into() })
}

fn set(replica: u32, seq: u64, base: &str, register: &str) -> Op {
    op(replica, seq, Some(base), Change::Set { register: register.into(), values: vec![json!(seq)] })
}

fn delete(replica: u32, seq: u64, base: &[(&str, &str)]) -> Op {
    let base = base.iter().map(|(name, text)| ((*name).to_owned(), text.parse().unwrap())).collect();
    op(replica, seq, None, Change::Delete { base })
}

fn run(ops: &[Op]) -> (RecordState, Vec<Conflict>) {
    let mut record = None;
    let mut conflicts = Vec::new();
    for op in ops {
        let device = Uuid::from_u128(op.id.replica.0.into());
        let stamp = Stamp { at_ms: op.wall_ms, device };
        let (merged, new) = RecordState::merged(record, op, stamp);
        let (again, none) = RecordState::merged(Some(merged.clone()), op, stamp);
        assert_eq!((&again, none.len()), (&merged, 0), "a retry of {} changes something", op.id);
        record = Some(merged);
        conflicts.extend(new);
    }
    (record.unwrap(), conflicts)
}

#[test]
fn a_delete_that_has_seen_everything_deletes() {
    let ops =
        [insert(1, 1, None), set(2, 1, "1:1", "name"), delete(1, 2, &[("", "1:1"), ("name", "2:1;1:1")])];
    let (record, conflicts) = run(&ops);
    assert!(!record.life.value && conflicts.is_empty());
}

#[test]
fn an_edit_that_the_delete_had_not_seen_stands_whichever_comes_first() {
    let (edit, delete) = (set(2, 1, "1:1", "name"), delete(1, 2, &[("", "1:1")]));
    let (one, one_lost) = run(&[insert(1, 1, None), edit.clone(), delete.clone()]);
    let (other, other_lost) = run(&[insert(1, 1, None), delete, edit]);
    assert!(one.life.value && other.life.value);
    assert_eq!(one.registers, other.registers);
    assert_eq!(one_lost, other_lost);
    assert!(matches!(&one_lost[..], [Conflict::Delete(loser)] if loser.id.seq == 2));
}

#[test]
fn a_delete_is_judged_by_the_base_of_each_register() {
    // The deleter knows op 2:2 on the tier, and had not seen 2:1 on the name.
    let ops = [
        insert(1, 1, None),
        set(2, 1, "1:1", "name"),
        set(2, 2, "1:1", "tier"),
        delete(3, 1, &[("", "1:1"), ("tier", "2:2;1:1")]),
    ];
    let (record, conflicts) = run(&ops);
    assert!(record.life.value);
    assert_eq!(conflicts.len(), 1);
}

#[test]
fn two_deletes_are_one() {
    let ops = [insert(1, 1, None), delete(1, 2, &[("", "1:1")]), delete(2, 1, &[("", "1:1")])];
    let (record, conflicts) = run(&ops);
    assert!(!record.life.value && conflicts.is_empty());
    assert!(ops.iter().all(|op| record.life.version.knows(op.id)));
}

#[test]
fn a_record_made_again_over_its_tombstone_is_there_with_all_its_registers() {
    let ops = [
        insert(1, 1, None),
        set(1, 2, "1:1", "tier"),
        delete(2, 1, &[("", "1:1"), ("tier", "1:2")]),
        insert(1, 3, Some("2:1;1:2")),
    ];
    let (record, conflicts) = run(&ops);
    assert!(record.life.value && conflicts.is_empty());
    assert_eq!(record.registers["tier"].value, vec![json!("tier 3")]);
}

#[test]
fn a_record_that_two_desks_make_apart_is_one_and_keeps_both_values() {
    let (record, conflicts) = run(&[insert(1, 1, None), insert(2, 5, None)]);
    assert!(record.life.value);
    assert_eq!(record.registers["name"].value, vec![json!("name 5")]);
    let lost = |register: &str| {
        conflicts.iter().any(|c| matches!(c, Conflict::Value { register: r, .. } if r == register))
    };
    assert!(lost("name") && lost("tier"));
}
