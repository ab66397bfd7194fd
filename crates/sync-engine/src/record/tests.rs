use super::*;
use domain::id::ActorId;
use serde_json::json;
use sync_protocol::{Replica, ReplicaId};
use uuid::Uuid;

fn op(replica: u32, seq: u64, base: Option<&str>, change: Change) -> Op {
    Op {
        id: Dot { replica: Replica(replica), seq },
        collection: "patient".into(),
        record: Uuid::from_u128(1),
        kind: Kind::Mutable,
        guards: Vec::new(),
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

fn stamp(op: &Op) -> Stamp {
    let id = Uuid::from_u128(op.id.replica.0.into());
    let author = ReplicaId { device: id, incarnation: id };
    Stamp { at_ms: i64::try_from(op.id.seq).unwrap(), author, actor: ActorId(id) }
}

fn run(ops: &[Op]) -> (RecordState, Vec<Conflict>) {
    let mut record = None;
    let mut conflicts = Vec::new();
    for op in ops {
        let stamp = stamp(op);
        let merged = merge_op(record, op, stamp);
        let again = merge_op(Some(merged.record.clone()), op, stamp);
        let same = again.record == merged.record && again.conflicts.is_empty();
        assert!(same, "a retry of {} changes something", op.id);
        record = Some(merged.record);
        conflicts.extend(merged.conflicts);
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
    assert!(matches!(&one_lost[..], [Conflict { loser, .. }] if loser.by.seq == 2 && loser.values.is_none()));
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
    let lost = |register: &str| conflicts.iter().any(|conflict| conflict.register == register);
    assert!(lost("name") && lost("tier"));
}

/// The states that a record has after each of `ops`, each merged over what is there.
fn states(ops: &[Op]) -> Vec<RecordState> {
    (1..=ops.len()).map(|count| run(&ops[..count]).0).collect()
}

#[test]
fn a_state_that_is_behind_changes_nothing_and_one_that_is_ahead_is_taken_without_conflict() {
    let ops = [
        insert(1, 1, None),
        set(2, 1, "1:1", "name"),
        delete(1, 2, &[("", "1:1"), ("name", "2:1;1:1")]),
        insert(1, 3, Some("1:2;2:1")),
        set(3, 1, "1:1", "tier"),
    ];
    let states = states(&ops);
    for (behind, ahead) in states.iter().zip(&states[1..]) {
        let late = merge_state(Some(ahead.clone()), behind);
        assert!(late.record == *ahead && late.conflicts.is_empty(), "{behind:?} changed {ahead:?}");
        let news = merge_state(Some(behind.clone()), ahead);
        assert!(
            news.record.life.value == ahead.life.value && news.conflicts.is_empty(),
            "{ahead:?} over {behind:?}"
        );
        let values =
            |record: &RecordState| record.registers.values().map(|s| s.value.clone()).collect::<Vec<_>>();
        assert_eq!(values(&news.record), values(ahead));
    }
}

#[test]
fn states_of_a_delete_and_of_an_edit_that_did_not_know_of_each_other_meet_as_the_ops_do() {
    let base = insert(1, 1, None);
    let (edit, delete) = (set(2, 1, "1:1", "name"), delete(1, 2, &[("", "1:1")]));
    let edited = run(&[base.clone(), edit]).0;
    let deleted = run(&[base, delete]).0;
    for (here, there) in [(&edited, &deleted), (&deleted, &edited)] {
        let met = merge_state(Some(here.clone()), there);
        assert!(met.record.life.value);
        assert_eq!(met.record.registers["name"].value, vec![json!(1)]);
        assert!(matches!(&met.conflicts[..], [Conflict { loser, .. }] if loser.values.is_none()));
    }
}

#[test]
fn a_register_that_whoever_makes_a_record_again_does_not_know_does_not_come_back() {
    let registers = vec![("name".to_owned(), vec![json!("again")])];
    let again = op(2, 1, Some("1:2"), Change::Insert { registers });
    let ops = [insert(1, 1, None), delete(1, 2, &[("", "1:1")]), again];
    let states = states(&ops);
    let [made, deleted, again] = &states[..] else { panic!("three ops") };
    assert!(!again.registers.contains_key("tier"));
    for behind in [made, deleted] {
        assert_eq!(merge_state(Some(again.clone()), behind).record, *again);
    }
    assert!(!merge_state(Some(deleted.clone()), again).record.registers.contains_key("tier"));
}
