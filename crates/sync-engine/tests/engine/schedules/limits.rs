//! What is more, or other, than a server takes.

use super::*;
use crate::desk::insert;
use crate::server::Request;
use sync_protocol::{Fault, PARCEL_BYTES, json_bytes};

fn faults(desk: &Desk) -> Vec<Option<Fault>> {
    desk.db.borrow().attention.iter().map(|entry| entry.rejection.fault).collect()
}

/// A fault of the app: a line whose register has a name that is none.
fn make_what_cannot_be_made(world: &mut World, line: &Key) {
    let registers = [("text", json!("filler")), ("No name", json!(1))];
    world.log.cannot_be_made(line);
    world.desks[A].make(line, Kind::Mutable, &registers);
    later(world, 1_000);
}

/// Rules 5 and 8; erpnext#11000.
#[test]
fn one_bad_record_does_not_block_the_queue() {
    let mut world = two_desks();
    let (line, payment) = (key("line", 1), key("payment", 1));
    world.log.cannot_be_made(&line);
    world.desks[A].commit(vec![
        insert(&line, Kind::Mutable, None, &[("text", json!("filler")), ("No name", json!(1))]),
        insert(&payment, Kind::Ledger, None, &[("amount", json!(100))]),
    ]);
    edit(&mut world, A, &line, "text", json!("two fillers"));
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
    assert_eq!(value(&world.desks[B], &payment, "amount"), json!(100), "cash that was taken stays taken");
    // What the edit was about was never made.
    assert!(!world.desks[A].show().contains_key(&line));
    assert_eq!(faults(&world.desks[A]), [Some(Fault::Malformed), None]);
    assert_eq!(reasons(&world.desks[A])[1], Reason::NeverMade);
    assert_eq!(unsent(&world.desks[A]), 0);
}

/// Rules 2 and 5.
#[test]
fn what_no_server_takes_is_rejected_once_however_often_it_is_sent() {
    let mut world = two_desks();
    let backup = world.store.clone();
    make_what_cannot_be_made(&mut world, &key("line", 1));
    push_and_lose_the_answer(&mut world, A);
    push_and_lose_the_answer(&mut world, A);
    converge(&mut world);
    assert_eq!(faults(&world.desks[A]), [Some(Fault::Malformed)]);
    // Sent in an earlier epoch it might have been merged, if any server could.
    make_what_cannot_be_made(&mut world, &key("line", 2));
    push_and_lose_the_answer(&mut world, A);
    world.restore_server(backup);
    converge(&mut world);
    assert_eq!(faults(&world.desks[A]), [Some(Fault::Malformed); 2]);
    assert!(world.store.records.keys().all(|key| key.collection != "line"));
}

/// Rule 5.
#[test]
fn a_fact_that_no_server_takes_stays_where_it_needs_attention() {
    let mut world = two_desks();
    let payment = key("payment", 1);
    world.log.cannot_be_made(&payment);
    world.desks[A].make(&payment, Kind::Ledger, &[("No name", json!(100))]);
    converge(&mut world);
    assert!(!world.desks[A].show().contains_key(&payment), "the desk shows what the clinic does not have");
    let db = world.desks[A].db.borrow();
    let [entry] = &db.attention[..] else { panic!("one entry") };
    let [fact] = &entry.transaction.ops[..] else { panic!("one fact") };
    assert!(entry.rejection.concerns(fact) && fact.key() == payment);
}

/// Rules 5 and 13.
#[test]
fn a_restored_server_makes_no_record_of_an_edit_whose_insert_no_server_takes() {
    let mut world = two_desks();
    let backup = world.store.clone();
    let line = key("line", 1);
    make_what_cannot_be_made(&mut world, &line);
    for name in ["Anne", "Anna"] {
        edit(&mut world, A, &patient(), "name", json!(name));
    }
    // One more than a push carries: it is still unsent when the insert is rejected.
    edit(&mut world, A, &line, "text", json!("two fillers"));
    while world.desks[A].db.borrow().attention.is_empty() {
        step(&mut world, A);
    }
    assert!(world.desks[A].db.borrow().outbox.iter().any(|pending| pending.is_unanswered()));
    world.desks[A].crash();
    world.restore_server(backup);
    converge(&mut world);
    assert!(!world.store.records.contains_key(&line), "a part of a line");
    assert_eq!(reasons(&world.desks[A])[1], Reason::NeverMade);
}

/// The desk syncs; tells what each of its uploads takes as JSON.
fn uploads(world: &mut World, at: usize) -> Vec<usize> {
    let mut bytes = Vec::new();
    loop {
        world.desks[at].poll();
        if !world.desks[at].is_running() {
            return bytes;
        }
        let message = world.network.borrow_mut().under_way.pop();
        let Some(message) = message else { continue };
        if let Message::Request { request: Request::Upload(upload), .. } = &message {
            bytes.push(json_bytes(upload));
        }
        world.receive(message);
    }
}

/// Two of these are more than is put into one message.
fn long_text() -> Value {
    json!("x".repeat(PARCEL_BYTES * 2 / 3))
}

/// Rules 2 and 13; everything in one POST (Actual).
#[test]
fn everything_in_one_post_would_die_on_its_size() {
    let mut world = two_desks();
    world.add_desk();
    for n in 10..14 {
        world.desks[2].make(&key("patient", n), Kind::Mutable, &[("name", long_text())]);
    }
    let joined = uploads(&mut world, 2);
    assert!(joined.len() == 4 && joined.iter().all(|bytes| *bytes < PARCEL_BYTES), "{joined:?}");
    converge(&mut world);
    assert_eq!(world.desks[A].show().keys().filter(|key| key.collection == "patient").count(), 5);
}

/// Rule 13.
#[test]
fn what_was_rejected_is_told_to_a_restored_server_in_as_many_messages_as_it_takes() {
    let mut world = two_desks();
    let backup = world.store.clone();
    for n in 1..4 {
        world.desks[A].add_line(&invoice(), &key("line", n), long_text());
    }
    world.desks[B].issue(&invoice(), &key("number", 7), json!("B-7"));
    world.sync(B);
    converge(&mut world);
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard; 3]);
    world.restore_server(backup);
    let told = uploads(&mut world, A);
    let large = told.iter().filter(|bytes| **bytes > PARCEL_BYTES / 2).count();
    assert!(large == 3 && told.iter().all(|bytes| *bytes < PARCEL_BYTES), "{told:?}");
    converge(&mut world);
}
