//! Desks on real databases and the engine between them and a server.

use crate::random::{Action, actions, perform};
use crate::server::{Link, Lost, Memory};
use crate::support::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use store::sync::{SqliteReplica, join};
use store::{StoreError, Usage};
use sync_engine::{Replica, Stopped, synchronize};
use sync_protocol::{
    Clock, Dot, Epoch, Key, Kind, Outcome, Place, Reason, RecordState, RegisterState, Rejection, Stamp,
    Version,
};
use uuid::Uuid;

const SEEDS: u8 = 12;
const ROUNDS: usize = 4;

type Ended = Result<(), Stopped<StoreError, Lost>>;

fn clock() -> Clock {
    Clock { wall_ms: 1_800_000_000_000, boot_ms: 0, boot: None }
}

pub fn replica(desk: &Desk) -> SqliteReplica<impl Fn() -> store::Context> {
    SqliteReplica::new(&desk.store, &Usage::default(), || desk.context())
}

async fn sync_over(desk: &Desk, mut link: Link) -> Ended {
    let mut replica = replica(desk);
    let ended = synchronize(&mut replica, &mut link, clock, sync_engine::Ending::Compare).await;
    replica.settle().await.unwrap();
    ended
}

pub async fn sync(desk: &Desk, server: &Rc<RefCell<Memory>>) {
    sync_over(desk, Link::new(server, &desk.store)).await.unwrap();
}

/// A desk of its own that has a server, with nothing in it.
pub async fn paired(number: u128) -> Desk {
    Desk::as_paired_device(number).await
}

pub fn server() -> Rc<RefCell<Memory>> {
    Rc::new(RefCell::new(Memory::new(1)))
}

fn sample(runner: &mut TestRunner) -> Vec<Action> {
    actions(6).new_tree(runner).unwrap().current()
}

fn runner(seed: u8) -> TestRunner {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(Default::default(), random)
}

/// All desks show the same, it is what the server has, and nothing is left to be sent.
async fn check_equal(desks: &[Desk], server: &Rc<RefCell<Memory>>, what: &str) {
    assert_eq!(server.borrow().buckets, 0, "{what}: mended instead of right");
    for desk in desks {
        assert_eq!(desk.synced().await, desks[0].synced().await, "{what}");
        assert_eq!(desk.derived().await, desks[0].derived().await, "{what}");
        assert_eq!(desk.faults().await, [], "{what}");
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM parked_record").await, 0, "{what}");
        let digests = replica(desk).digests().await.unwrap().unwrap();
        assert_eq!(digests.head, server.borrow().clinic.head, "{what}");
        let nonzero = |sums: BTreeMap<String, Vec<u64>>| {
            sums.into_iter().filter(|(_, sums)| sums.iter().any(|sum| *sum != 0)).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(nonzero(digests.collections), nonzero(server.borrow().sums()), "{what}");
    }
    let live = |(_, record): &(&Key, &RecordState)| record.life.value;
    let alive = server.borrow().clinic.records.iter().filter(live).count();
    assert_eq!(desks[0].synced().await.len(), alive, "{what}");
}

#[test]
fn desks_that_sync_show_what_the_server_has() {
    let mut conflicts = 0;
    for seed in 0..SEEDS {
        let mut runner = runner(seed);
        runtime().block_on(async {
            let server = server();
            let desks = [paired(2).await, paired(3).await, paired(4).await];
            for round in 0..ROUNDS {
                for (at, desk) in desks.iter().enumerate() {
                    perform(desk, &sample(&mut runner)).await;
                    // Not every round does everybody have a network, and answers get lost.
                    match (round + at + usize::from(seed)) % 4 {
                        0 => {}
                        1 => {
                            let answers = usize::from(seed) % 5;
                            let link = Link { answers, ..Link::new(&server, &desk.store) };
                            let _ = sync_over(desk, link).await;
                        }
                        _ => sync(desk, &server).await,
                    }
                }
            }
            for desk in desks.iter().chain(&desks) {
                sync(desk, &server).await;
            }
            check_equal(&desks, &server, &format!("seed {seed}")).await;
            let records = &server.borrow().clinic.records;
            conflicts += records.keys().filter(|key| key.collection == sync_engine::CONFLICTS).count();
        });
    }
    assert!(conflicts > 200, "only {conflicts} conflicts: nothing was tried");
}

#[test]
fn what_a_restored_server_forgot_it_is_told_again() {
    for seed in 0..SEEDS / 2 {
        let mut runner = runner(100 + seed);
        runtime().block_on(async {
            let server = server();
            let desks = [paired(2).await, paired(3).await];
            for desk in &desks {
                perform(desk, &sample(&mut runner)).await;
                sync(desk, &server).await;
            }
            let backup = server.borrow().restored(2);
            for desk in desks.iter().chain(&desks) {
                perform(desk, &sample(&mut runner)).await;
                sync(desk, &server).await;
            }
            let before = desks[1].synced().await;
            *server.borrow_mut() = backup;
            for desk in desks.iter().rev().chain(&desks) {
                sync(desk, &server).await;
            }
            check_equal(&desks, &server, &format!("seed {seed}")).await;
            // Nothing was under way when the server died.
            let told: BTreeSet<_> = desks[1].synced().await.into_iter().collect();
            let lost: Vec<_> = before.iter().filter(|row| !told.contains(*row)).collect();
            let conflicts =
                server.borrow().clinic.records.keys().filter(|key| key.collection == "conflict").count();
            assert!(lost.is_empty() || conflicts > 0, "seed {seed}: {lost:?}");
        });
    }
}

#[test]
fn a_desk_that_worked_alone_brings_all_it_has() {
    for seed in 0..SEEDS / 2 {
        let mut runner = runner(50 + seed);
        runtime().block_on(async {
            let server = server();
            let alone = Desk::as_device(2).await;
            perform(&alone, &sample(&mut runner)).await;
            perform(&alone, &sample(&mut runner)).await;
            let before = alone.synced().await;
            join(&alone.store, &Usage::default(), alone.context(), &pairing(9)).await.unwrap();
            sync(&alone, &server).await;
            let after = alone.synced().await;
            let (same, new): (Vec<_>, Vec<_>) = after.into_iter().partition(|row| before.contains(row));
            assert_eq!(same, before, "seed {seed}");
            assert!(matches!(&new[..], [row] if row.starts_with("clinic_device ")), "seed {seed}: {new:?}");
            let desks = [alone, paired(3).await];
            sync(&desks[1], &server).await;
            check_equal(&desks, &server, &format!("seed {seed}")).await;
        });
    }
}

fn state(values: &[(&str, Vec<serde_json::Value>)]) -> RecordState {
    let author = sync_protocol::ReplicaId { device: id(90), incarnation: id(91) };
    let stamp = Stamp { at_ms: 5, author, actor: owner() };
    let version = Version::first(Dot { replica: sync_protocol::Replica(100), seq: 1 });
    let registers = values.iter().map(|(name, value)| {
        ((*name).to_owned(), RegisterState { version: version.clone(), stamp, value: value.clone() })
    });
    RecordState {
        kind: Kind::Mutable,
        life: RegisterState { version: version.clone(), stamp, value: true },
        registers: registers.collect(),
    }
}

pub fn tag_key(n: u128) -> Key {
    Key { collection: "patient_tag".to_owned(), record: id(n) }
}

pub fn stranger(server: &Rc<RefCell<Memory>>) {
    let author = sync_protocol::ReplicaId { device: id(90), incarnation: id(91) };
    server.borrow_mut().clinic.replicas.insert(sync_protocol::Replica(100), author);
}

pub fn tag(label: serde_json::Value) -> RecordState {
    state(&[("patient", vec![json!(id(7).simple().to_string())]), ("label", vec![label])])
}

#[tokio::test]
async fn a_record_that_cannot_be_shown_is_parked_and_holds_up_nothing() {
    let (server, desk) = (server(), paired(2).await);
    stranger(&server);
    server.borrow_mut().put(tag_key(1), tag(json!("one")));
    server.borrow_mut().put(tag_key(2), tag(json!(9_000_000_000_000_000_000_u64)));
    server.borrow_mut().put(tag_key(3), tag(json!(null)));
    server.borrow_mut().put(tag_key(4), tag(json!("four")));
    // Of a collection and a register that this version does not know.
    server.borrow_mut().put(Key { collection: "of_tomorrow".to_owned(), record: id(5) }, tag(json!("five")));
    let mut newer = tag(json!("six"));
    newer.registers.insert("colour".to_owned(), newer.registers["label"].clone());
    server.borrow_mut().put(tag_key(6), newer);
    sync(&desk, &server).await;
    assert_eq!(desk.rows(TAGS).await, ["four", "one", "six"]);
    assert_eq!(desk.rows("SELECT hex(record) FROM parked_record ORDER BY record").await.len(), 2);
    // The shadow has it all: the sums agree, and what is right later is shown.
    let sums = replica(&desk).digests().await.unwrap().unwrap().collections;
    assert_eq!(sums, server.borrow().sums());
    server.borrow_mut().put(tag_key(2), tag(json!("two")));
    sync(&desk, &server).await;
    assert_eq!(desk.rows(TAGS).await, ["four", "one", "six", "two"]);
    assert_eq!(desk.rows("SELECT hex(record) FROM parked_record").await.len(), 1);
    assert_eq!(desk.faults().await, []);
}

#[tokio::test]
async fn a_page_takes_as_many_statements_whatever_it_holds() {
    let mut costs = BTreeSet::new();
    for records in [10, 1_000] {
        let (server, desk) = (server(), paired(2).await);
        stranger(&server);
        sync(&desk, &server).await;
        let author = state(&[]).life.stamp.author;
        let numbers =
            store::sync::numbers(&desk.store, &Usage::default(), desk.context(), &[author]).await.unwrap();
        let version = Version::first(Dot { replica: numbers.number(author).unwrap(), seq: 1 });
        let mut record = tag(json!("one"));
        record.life.version = version.clone();
        record.registers.values_mut().for_each(|register| register.version = version.clone());
        let records = (0..records).map(|n| (tag_key(n), record.clone())).collect();
        let page =
            sync_protocol::Page { records, next: Place { seq: 1, key: None }, head: Some(1), newest: 1 };
        let usage = Usage::default();
        let mut port = SqliteReplica::new(&desk.store, &usage, || desk.context());
        let epoch = server.borrow().clinic.epoch;
        port.stage(epoch, page).await.unwrap();
        costs.insert(usage.cost().statements);
    }
    assert_eq!(costs.len(), 1, "{costs:?}");
}

/// Rule 7: what comes is taken in when the head is there.
#[tokio::test]
async fn pages_before_the_head_are_written_only_if_the_round_ends_before_it() {
    let (server, desk) = (server(), paired(2).await);
    stranger(&server);
    sync(&desk, &server).await;
    let epoch = server.borrow().clinic.epoch;
    let author = state(&[]).life.stamp.author;
    let numbers =
        store::sync::numbers(&desk.store, &Usage::default(), desk.context(), &[author]).await.unwrap();
    let by = numbers.number(author).unwrap();
    let page = |n: u64, head| {
        let mut record = tag(json!(format!("{n}")));
        let version = Version::first(Dot { replica: by, seq: n });
        record.life.version = version.clone();
        record.registers.values_mut().for_each(|register| register.version = version.clone());
        let key = tag_key(n.into());
        let next = Place { seq: n, key: Some(key.clone()) };
        sync_protocol::Page { records: vec![(key, record)], next, head, newest: 2 }
    };
    let written = "SELECT count(*) FROM staged_page";
    let mut first = replica(&desk);
    let before = first.position().await.unwrap().next;
    first.stage(epoch, page(1, None)).await.unwrap();
    assert_eq!((desk.value::<i64>(written).await, desk.rows(TAGS).await.len()), (0, 0));
    // The network ends here: the next round goes on behind the page, also that of another process.
    first.settle().await.unwrap();
    assert_eq!(desk.value::<i64>(written).await, 1);
    let mut second = replica(&desk);
    let after = second.position().await.unwrap().next;
    assert!(after != before && after == page(1, None).next, "{after:?}");
    second.stage(epoch, page(2, Some(2))).await.unwrap();
    assert_eq!(
        (desk.value::<i64>(written).await, desk.rows(TAGS).await),
        (0, vec!["1".to_owned(), "2".to_owned()])
    );
    assert_eq!(second.position().await.unwrap().cursor, 2);
    assert_eq!(desk.faults().await, []);
}

const TAGS: &str = "SELECT label FROM patient_tag ORDER BY label";
const NAME: &str = "SELECT given FROM patient";

#[tokio::test]
async fn an_edit_stays_on_the_screen_until_the_server_has_it() {
    let server = server();
    let desks = [paired(2).await, paired(3).await];
    desks[0].insert(&[patient(1, "Ann")]).await;
    for desk in &desks {
        sync(desk, &server).await;
    }
    let rename = |name: &str| format!("UPDATE patient SET given = '{name}'");
    let edit = async |desk: &Desk, name: &str| {
        let sql = rename(name);
        desk.write(async |write| {
            write.declare_current();
            execute(write, &sql).await
        })
        .await
        .unwrap();
    };
    edit(&desks[0], "Anna").await;
    sync(&desks[0], &server).await;
    edit(&desks[1], "Anne").await;
    // The push does not arrive, or its answer does not: the page that comes has the other name, the desk shows its own.
    for link in [
        Link { holds_pushes: true, ..Link::new(&server, &desks[1].store) },
        Link { answers: 0, ..Link::new(&server, &desks[1].store) },
    ] {
        assert!(sync_over(&desks[1], link).await.is_err());
        assert_eq!(desks[1].rows(NAME).await, ["Anne"]);
    }
    assert_eq!(desks[1].value::<i64>("SELECT cursor FROM sync_state").await, 2);
    for desk in desks.iter().chain(&desks) {
        sync(desk, &server).await;
    }
    check_equal(&desks, &server, "after").await;
    assert_eq!(desks[0].rows("SELECT register FROM conflict").await, ["name"]);
    assert_eq!(desks[0].value::<i64>("SELECT count(*) FROM outbox").await, 0);
    assert_eq!(desks[0].value::<i64>("SELECT count(*) FROM sent_transaction").await, 0);
}

#[tokio::test]
async fn an_answer_of_a_server_that_was_restored_counts_for_nothing() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    let backup = server.borrow().restored(2);
    desk.insert(&[patient(1, "Ann")]).await;
    // The push is answered, its page does not come any more.
    let link = Link { answers: 1, ..Link::new(&server, &desk.store) };
    assert!(sync_over(&desk, link).await.is_err());
    assert_eq!(
        desk.value::<i64>("SELECT count(*) FROM sent_transaction WHERE answered_in IS NOT NULL").await,
        1
    );
    *server.borrow_mut() = backup;
    sync(&desk, &server).await;
    assert_eq!(desk.rows("SELECT family FROM patient").await, ["Ann"]);
    check_equal(&[desk], &server, "restored").await;
}

#[tokio::test]
async fn what_was_rejected_leaves_the_screen_and_needs_attention() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    desk.insert(&[patient(1, "Ann")]).await;
    let mut port = replica(&desk);
    let epoch = server.borrow().clinic.epoch;
    let push = port.outgoing(epoch).await.unwrap().unwrap();
    let transaction = &push.transactions[0].transaction;
    let ops = transaction.ops.iter().map(|op| op.id).collect();
    let rejected = Some(Rejection { reason: Reason::Guard, fault: None, ops });
    let answer = (transaction.key().unwrap(), Outcome { seq: 1, rejected });
    port.answered(epoch, vec![answer]).await.unwrap();
    assert_eq!(desk.synced().await, [] as [String; 0]);
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM outbox").await, 0);
    let [entry] = &port.rejections().await.unwrap()[..] else { panic!("one entry") };
    assert_eq!(entry.transaction, *transaction);
    assert_eq!(desk.faults().await, []);
}

#[tokio::test]
async fn a_bucket_that_differs_is_mended_and_the_own_value_kept_as_a_conflict() {
    let server = server();
    let desks = [paired(2).await, paired(3).await];
    desks[0].insert(&[patient(1, "Ann")]).await;
    for desk in &desks {
        sync(desk, &server).await;
    }
    // A fault that nobody noticed.
    let broken = "UPDATE server_record SET state = replace(state, 'Ann', 'Bob'), digest = digest + 1
                  WHERE collection = 'patient'";
    desks[1].run(broken).await.unwrap();
    desks[1].run("UPDATE server_sum SET sum = sum + 1 WHERE collection = 'patient'").await.unwrap();
    for _ in 0..3 {
        for desk in &desks {
            sync(desk, &server).await;
        }
    }
    assert_eq!(std::mem::take(&mut server.borrow_mut().buckets), 1);
    check_equal(&desks, &server, "mended").await;
    assert_eq!(desks[0].rows("SELECT family FROM patient").await, ["Ann"]);
    let loser = desks[0].rows("SELECT loser FROM conflict").await;
    assert!(loser.len() == 1 && loser[0].contains("Bob"), "{loser:?}");
}

#[tokio::test]
async fn a_copied_database_goes_on_in_another_incarnation() {
    let server = server();
    let desk = paired(2).await;
    desk.insert(&[patient(1, "Ann")]).await;
    sync(&desk, &server).await;
    let copy = desk.copy().await;
    desk.insert(&[patient(2, "Bea")]).await;
    copy.insert(&[patient(3, "Cleo")]).await;
    let desks = [desk, copy];
    for desk in desks.iter().chain(&desks) {
        sync(desk, &server).await;
    }
    check_equal(&desks, &server, "copies").await;
    assert_eq!(desks[0].rows("SELECT family FROM patient ORDER BY family").await, ["Ann", "Bea", "Cleo"]);
    desks[1].insert(&[patient(4, "Dora")]).await;
    for desk in desks.iter().rev() {
        sync(desk, &server).await;
    }
    check_equal(&desks, &server, "later").await;
    assert_eq!(desks[0].value::<Uuid>("SELECT device FROM device").await, id(2));
    assert_ne!(
        desks[0].value::<Uuid>("SELECT incarnation FROM device").await,
        desks[1].value::<Uuid>("SELECT incarnation FROM device").await
    );
}

#[tokio::test]
async fn what_is_saved_while_a_bucket_is_mended_stays_on_the_screen() {
    let (server, desk) = (server(), paired(2).await);
    desk.insert(&[patient(1, "Ann")]).await;
    sync(&desk, &server).await;
    let mut port = replica(&desk);
    let digests = port.digests().await.unwrap().unwrap();
    let [(key, record)] =
        &port.states(&[Key { collection: "patient".to_owned(), record: id(1) }]).await.unwrap()[..]
    else {
        panic!("one record")
    };
    let mut theirs = record.clone();
    theirs.registers.get_mut("source").unwrap().value = vec![json!("Elsewhere")];
    desk.write(async |write| {
        write.declare_current();
        execute(write, "UPDATE patient SET given = 'Anna'").await
    })
    .await
    .unwrap();
    port.repair(digests.head, sync_engine::bucket_of(key), vec![(key.clone(), theirs)]).await.unwrap();
    assert_eq!(desk.rows("SELECT given || ' ' || source FROM patient").await, ["Anna Elsewhere"]);
}

#[tokio::test]
async fn a_register_that_a_record_has_no_more_is_shown_as_one_that_never_was() {
    let (server, desk) = (server(), paired(2).await);
    stranger(&server);
    server.borrow_mut().put(tag_key(1), tag(json!("one")));
    sync(&desk, &server).await;
    let mut older = tag(json!("one"));
    older.registers.remove("label");
    server.borrow_mut().put(tag_key(1), older);
    sync(&desk, &server).await;
    assert_eq!(desk.rows("SELECT label FROM patient_tag").await, [""]);
    check_equal(&[desk], &server, "older").await;
}

#[tokio::test]
async fn what_stands_of_a_transaction_stays_and_the_whole_is_sent_to_a_server_that_forgot_it() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    let backup = server.borrow().restored(2);
    desk.insert(&[patient(1, "Ann"), patient(2, "Bea")]).await;
    let mut port = replica(&desk);
    let epoch = server.borrow().clinic.epoch;
    let push = port.outgoing(epoch).await.unwrap().unwrap();
    let transaction = &push.transactions[0].transaction;
    let bea: Vec<_> = desk
        .rows("SELECT hex(id) FROM patient WHERE family = 'Bea'")
        .await
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    let ops = transaction.ops.iter().filter(|op| bea.contains(&op.record)).map(|op| op.id).collect();
    let rejected = Some(Rejection { reason: Reason::Guard, fault: None, ops });
    port.answered(epoch, vec![(transaction.key().unwrap(), Outcome { seq: 1, rejected })]).await.unwrap();
    assert_eq!(desk.rows("SELECT family FROM patient").await, ["Ann"]);
    assert!(port.outgoing(epoch).await.unwrap().is_none());
    *server.borrow_mut() = backup;
    port.enter(Epoch(id(2))).await.unwrap();
    let again = port.outgoing(Epoch(id(2))).await.unwrap().unwrap();
    assert_eq!(again.transactions[0].transaction, *transaction);
    assert!(again.transactions[0].in_earlier_epoch);
}
