use super::*;
use domain::id::ActorId;
use proptest::prelude::*;
use sync_protocol::{Dot, Replica, ReplicaId, Stamp, Version};
use uuid::Uuid;

fn dot(replica: u32, seq: u64) -> Dot {
    Dot { replica: Replica(replica), seq }
}

/// By replica `n`; a greater number wins a tie.
fn stamp(at_ms: i64, n: u128) -> Stamp {
    let id = Uuid::from_u128(n);
    Stamp { at_ms, author: ReplicaId { device: id, incarnation: id }, actor: ActorId(id) }
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn state(text: &str, at_ms: i64, value: &'static str) -> RegisterState<&'static str> {
    let version = version(text);
    let stamp = stamp(at_ms, version.dot().replica.0.into());
    RegisterState { version, stamp, value }
}

/// What an op writes.
fn op(id: Dot, base: Option<&str>, at_ms: i64, value: &'static str) -> RegisterState<&'static str> {
    let version = Version::after_all(&base.map(version), id);
    RegisterState { version, stamp: stamp(at_ms, id.replica.0.into()), value }
}

fn concurrent(
    state: RegisterState<&'static str>,
    winner: RegisterState<&'static str>,
    loser: RegisterState<&'static str>,
) -> Merged<&'static str> {
    Merged::Concurrent { state, winner, loser }
}

struct Case {
    why: &'static str,
    current: Option<RegisterState<&'static str>>,
    op: RegisterState<&'static str>,
    merged: Merged<&'static str>,
}

fn applied(text: &str, at_ms: i64, value: &'static str) -> Merged<&'static str> {
    Merged::Applied(state(text, at_ms, value))
}

#[test]
fn every_branch_of_the_rule_does_what_it_says() {
    let cases = [
        Case {
            why: "nothing is there",
            current: None,
            op: op(dot(1, 1), None, 10, "new"),
            merged: applied("1:1", 10, "new"),
        },
        Case {
            why: "the base is current",
            current: Some(state("2:4", 99, "old")),
            op: op(dot(1, 7), Some("2:4"), 10, "new"),
            merged: applied("1:7;2:4", 10, "new"),
        },
        Case {
            why: "current is within what the op knows, though not its base",
            current: Some(state("2:4", 99, "old")),
            op: op(dot(1, 7), Some("3:2;2:6"), 10, "new"),
            merged: applied("1:7;2:6;3:2", 10, "new"),
        },
        Case {
            why: "the same device goes on from its own op",
            current: Some(state("1:6", 99, "old")),
            op: op(dot(1, 7), None, 10, "new"),
            merged: applied("1:7", 10, "new"),
        },
        Case {
            why: "what current knows besides stays known",
            current: Some(state("2:4;3:9", 99, "old")),
            op: op(dot(1, 7), Some("2:4"), 10, "new"),
            merged: applied("1:7;2:4;3:9", 10, "new"),
        },
        Case {
            why: "a retry",
            current: Some(state("1:7;2:4", 10, "new")),
            op: op(dot(1, 7), Some("2:4"), 10, "new"),
            merged: Merged::AlreadyKnown,
        },
        Case {
            why: "a retry of what was overwritten since",
            current: Some(state("2:5;1:7", 20, "newer")),
            op: op(dot(1, 7), Some("2:4"), 10, "new"),
            merged: Merged::AlreadyKnown,
        },
        Case {
            why: "concurrent and equal",
            current: Some(state("2:5", 20, "same")),
            op: op(dot(1, 7), Some("2:4"), 10, "same"),
            merged: applied("2:5;1:7", 20, "same"),
        },
        Case {
            why: "concurrent and earlier",
            current: Some(state("2:5", 20, "theirs")),
            op: op(dot(1, 7), Some("2:4"), 10, "mine"),
            merged: concurrent(
                state("2:5;1:7", 20, "theirs"),
                state("2:5", 20, "theirs"),
                state("1:7;2:4", 10, "mine"),
            ),
        },
        Case {
            why: "concurrent and later",
            current: Some(state("2:5", 20, "theirs")),
            op: op(dot(1, 7), Some("2:4"), 30, "mine"),
            merged: concurrent(
                state("1:7;2:5", 30, "mine"),
                state("1:7;2:4", 30, "mine"),
                state("2:5", 20, "theirs"),
            ),
        },
        Case {
            why: "a tie goes to the greater device, who is not the author of the op",
            current: Some(state("2:5", 20, "theirs")),
            op: op(dot(1, 7), None, 20, "mine"),
            merged: concurrent(
                state("2:5;1:7", 20, "theirs"),
                state("2:5", 20, "theirs"),
                state("1:7", 20, "mine"),
            ),
        },
        Case {
            why: "a tie goes to the greater device, who is the author of the op",
            current: Some(state("1:5", 20, "theirs")),
            op: op(dot(2, 7), None, 20, "mine"),
            merged: concurrent(
                state("2:7;1:5", 20, "mine"),
                state("2:7", 20, "mine"),
                state("1:5", 20, "theirs"),
            ),
        },
    ];
    for Case { why, current, op, merged } in cases {
        assert_eq!(merge(Kind::Mutable, current.as_ref(), &op), merged, "{why}");
    }
}

#[test]
fn a_fast_clock_that_edits_twice_keeps_its_second_edit_and_overwrites_nobody_unseen() {
    let year = 365 * 24 * 3_600_000;
    let first = op(dot(1, 1), None, year, "fast, first");
    let second = op(dot(1, 2), Some("1:1"), year + 1, "fast, second");
    let Merged::Applied(after_first) = merge(Kind::Mutable, None, &first) else { panic!("not applied") };
    let Merged::Applied(after_second) = merge(Kind::Mutable, Some(&after_first), &second) else {
        panic!("not applied")
    };
    assert_eq!(after_second.value, "fast, second");

    // Who has seen it overwrites it, however far behind the clock.
    let slow = op(dot(2, 1), Some("1:2"), 5, "slow, knowing");
    let Merged::Applied(after_slow) = merge(Kind::Mutable, Some(&after_second), &slow) else {
        panic!("not applied")
    };
    assert_eq!(after_slow.value, "slow, knowing");

    // Who has not loses, and is told.
    let unaware = op(dot(3, 1), Some("1:1"), 6, "unaware");
    let merged = merge(Kind::Mutable, Some(&after_second), &unaware);
    assert!(matches!(merged, Merged::Concurrent { loser, .. } if loser.value == "unaware"));
}

#[test]
fn a_fact_stays_what_it_was_whoever_comes_later_and_whatever_they_know() {
    let fact = state("2:5", 20, "cash");
    for later in [op(dot(1, 7), None, 30, "card"), op(dot(1, 7), Some("2:5"), 30, "card")] {
        let Merged::Concurrent { state, loser, .. } = merge(Kind::Ledger, Some(&fact), &later) else {
            panic!("no conflict")
        };
        assert_eq!((state.value, loser.value), ("cash", "card"));
    }
}

fn outcome(merged: Merged<u8>, before: &RegisterState<u8>) -> (RegisterState<u8>, Option<RegisterState<u8>>) {
    match merged {
        Merged::AlreadyKnown => (before.clone(), None),
        Merged::Applied(state) => (state, None),
        Merged::Concurrent { state, loser, .. } => (state, Some(loser)),
    }
}

fn known(version: &Version) -> Vec<Dot> {
    let mut known: Vec<_> = version.vector().collect();
    known.sort();
    known
}

/// Ops of four devices, each in its own order, on bases that some earlier state had.
fn histories() -> impl Strategy<Value = Vec<(u32, usize, i64, u8)>> {
    prop::collection::vec((1..5_u32, 0..6_usize, 0..4_i64, 0..3_u8), 1..20)
}

proptest! {
    #[test]
    fn two_concurrent_ops_end_the_same_whichever_comes_first(
        times in [0..3_i64, 0..3_i64], values in [0..3_u8, 0..3_u8], own in [1..9_u64, 1..9_u64],
    ) {
        let base = RegisterState { version: version("3:1"), stamp: stamp(1, 3), value: 9 };
        let op = |i: usize, replica: u32| RegisterState {
            version: Version::after(&base.version, dot(replica, own[i])),
            stamp: stamp(times[i], replica.into()),
            value: values[i],
        };
        let (a, b) = (op(0, 1), op(1, 2));
        let run = |first: &RegisterState<u8>, second: &RegisterState<u8>| {
            let (middle, none) = outcome(merge(Kind::Mutable, Some(&base), first), &base);
            assert_eq!(none, None);
            outcome(merge(Kind::Mutable, Some(&middle), second), &middle)
        };
        let (one, one_lost) = run(&a, &b);
        let (other, other_lost) = run(&b, &a);
        prop_assert_eq!(one.value, other.value);
        prop_assert_eq!(one.stamp, other.stamp);
        prop_assert_eq!(one.version.dot(), other.version.dot());
        prop_assert_eq!(known(&one.version), known(&other.version));
        // Of a value that lost later, more is known to be merged into it.
        let told = |lost: &Option<RegisterState<u8>>| lost.as_ref().map(|lost| (lost.version.dot(), lost.value));
        prop_assert_eq!(told(&one_lost), told(&other_lost));
        prop_assert_eq!(one_lost.is_some(), a.value != b.value);
    }

    #[test]
    fn versions_join_whatever_happens_and_an_op_merges_once(history in histories()) {
        let mut states = Vec::<RegisterState<u8>>::new();
        let mut ops = Vec::new();
        for (seq, (replica, back, at_ms, value)) in (1_u64..).zip(history) {
            // What the author had seen is never older than the author's own last op.
            let own = states.iter().rposition(|s| s.version.vector().any(|d| d.replica.0 == replica));
            let seen = states.len().checked_sub(back + 1).max(own);
            let id = dot(replica, seq);
            let base = seen.map(|at| states[at].version.clone());
            let op = RegisterState {
                version: Version::after_all(&base, id),
                stamp: stamp(at_ms, replica.into()),
                value,
            };
            let before = states.last();
            let (after, lost) = match merge(Kind::Mutable, before, &op) {
                Merged::AlreadyKnown => panic!("a new op is known"),
                Merged::Applied(state) => (state, None),
                Merged::Concurrent { state, loser, .. } => (state, Some(loser)),
            };
            prop_assert!(after.version.knows(id));
            for dot in before.iter().flat_map(|state| state.version.vector()).chain(base.iter().flat_map(Version::vector)) {
                prop_assert!(after.version.knows(dot), "{dot} is forgotten in {}", after.version);
            }
            if let (Some(before), Some(lost)) = (before, lost) {
                prop_assert!(lost.value != after.value);
                prop_assert!(lost.version.dot() == id || lost.version.dot() == before.version.dot());
            }
            states.push(after.clone());
            ops.push(op);
            for merged in &ops {
                prop_assert_eq!(merge(Kind::Mutable, Some(&after), merged), Merged::AlreadyKnown);
            }
        }
    }
}
