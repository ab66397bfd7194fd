//! What other systems got wrong when something broke half-way: sync that never goes on, or goes on as if nothing had been.

use super::*;
use crate::desk::insert;
use crate::server::Request;
use sync_protocol::Bucket;

/// All that is under way is lost.
fn lose_everything(world: &World) {
    world.network.borrow_mut().under_way.clear();
}

/// Rule 4; actual#8904. Neither the numbers nor the times of what comes later depend on a batch that failed.
#[test]
fn a_failed_batch_leaves_no_clock_advanced() {
    let mut world = two_desks();
    world.desks[A].wrong_ms.set(600_000);
    let made_at = world.now.get();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    let before = (world.desks[A].db.borrow().next_seq, world.desks[A].db.borrow().cursor);
    for _ in 0..5 {
        for _ in 0..20 {
            world.desks[A].poll();
            lose_everything(&world);
        }
        world.desks[A].crash();
        later(&world, 1_000);
    }
    let db = world.desks[A].db.borrow();
    assert_eq!((db.next_seq, db.cursor), before);
    drop(db);
    converge(&mut world);
    let (_, record) = &world.store.records[&patient()];
    assert_eq!(record.registers["name"].stamp.at_ms, made_at);
}

/// Rule 7; dynos-sync#93. How far a desk is, is the server's number, whatever any clock shows.
#[test]
fn a_device_clock_is_no_watermark() {
    for (ours, theirs) in [(315_360_000_000, -315_360_000_000), (-315_360_000_000, 315_360_000_000)] {
        let mut world = two_desks();
        world.desks[A].wrong_ms.set(ours);
        world.desks[B].wrong_ms.set(theirs);
        world.sync(A);
        for (register, to) in [("name", "Anne"), ("phone", "2")] {
            edit(&mut world, B, &patient(), register, json!(to));
            world.sync(B);
            world.sync(A);
            assert_eq!(value(&world.desks[A], &patient(), register), json!(to));
        }
        let db = world.desks[A].db.borrow();
        // The comparison of sums had nothing to mend.
        assert_eq!((db.cursor, db.mended), (world.store.head, 0));
    }
}

/// Rule 10; powersync-sqlite-core#162. A crash at any step of a round, and the next round goes on.
#[test]
fn a_crash_anywhere_leaves_no_sync_stuck_for_good() {
    for steps in 1..60 {
        let mut world = two_desks();
        let backup = world.store.clone();
        edit(&mut world, A, &patient(), "name", json!("Anne"));
        edit(&mut world, B, &patient(), "phone", json!("2"));
        world.sync(B);
        world.restore_server(backup);
        for _ in 0..steps {
            step(&mut world, A);
        }
        world.desks[A].crash();
        lose_everything(&world);
        world.sync(A);
        assert!(world.desks[A].db.borrow().is_settled(world.store.head), "stuck after {steps} steps");
        converge(&mut world);
        assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
    }
}

/// Rule 9; powersync-native#15. The next round sends it, also if nobody saves anything: the app begins one on a timer.
#[test]
fn a_failed_upload_is_retried_without_a_local_write() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    go_on_to_push(&mut world, A);
    lose_everything(&world);
    world.desks[A].crash();
    assert_eq!(unsent(&world.desks[A]), 1);
    world.sync(A);
    assert_eq!(unsent(&world.desks[A]), 0);
    world.sync(B);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
}

/// The desk goes on until it has sent a push, which is under way.
fn go_on_to_push(world: &mut World, at: usize) {
    loop {
        world.desks[at].poll();
        let message = world.network.borrow_mut().under_way.pop();
        match message {
            Some(push @ Message::Request { request: Request::Push(_), .. }) => {
                world.network.borrow_mut().under_way.push(push);
                return;
            }
            Some(other) => world.receive(other),
            None => {}
        }
    }
}

/// Rule 2; turso#6617. An answer is about the transactions that it names, one by one, and about no others.
#[test]
fn a_partial_answer_acknowledges_nothing_that_was_not_sent() {
    let mut world = two_desks();
    for n in 100..105 {
        world.desks[A].make(&key("patient", n), Kind::Mutable, &[("name", json!(n))]);
    }
    let unanswered = |world: &World| {
        world.desks[A].db.borrow().outbox.iter().filter(|pending| pending.is_unanswered()).count()
    };
    go_on_to_push(&mut world, A);
    let push = world.network.borrow_mut().under_way.pop().unwrap();
    world.receive(push);
    // The server did three, and the answer tells of two.
    match world.network.borrow_mut().under_way.last_mut() {
        Some(Message::Answer { answer: Ok(Answer::Pushed(pushed)), .. }) => {
            assert_eq!(pushed.results.len(), 3);
            pushed.results.pop();
        }
        other => panic!("no answer to the push: {other:?}"),
    }
    let answer = world.network.borrow_mut().under_way.pop().unwrap();
    world.receive(answer);
    while unanswered(&world) == 5 {
        world.desks[A].poll();
    }
    assert_eq!(unanswered(&world), 3);
    world.desks[A].crash();
    lose_everything(&world);
    converge(&mut world);
    assert_eq!((100..105).filter(|n| world.desks[B].show().contains_key(&key("patient", *n))).count(), 5);
}

/// Rule 6; joplin#16177. Absence never means deletion: not in a page, not in a bucket, not in a restored server.
#[test]
fn a_partial_listing_is_no_mass_deletion() {
    let mut world = two_desks();
    let empty = World::quiet(0).store;
    for n in 100..110 {
        world.desks[A].make(&key("patient", n), Kind::Mutable, &[("name", json!(n))]);
    }
    converge(&mut world);
    let shown = world.desks[A].show();
    world.restore_server(empty);
    for _ in 0..120 {
        step(&mut world, A);
        assert_eq!(world.desks[A].show(), shown);
    }
    converge(&mut world);
    assert_eq!(world.desks[B].show(), shown);
    let bucket = Bucket { collection: "patient".to_owned(), number: 100 };
    world.desks[A].db.borrow_mut().mend(&bucket, Vec::new());
    assert_eq!(world.desks[A].show(), shown);
    converge(&mut world);
    assert_eq!(world.desks[B].show(), shown);
}

/// Rule 17; actual#2406. What an old version of the app does not know it keeps, and its own work goes out.
#[test]
fn an_old_client_is_not_locked_out_and_keeps_what_it_does_not_know() {
    let mut world = two_desks();
    world.desks[A].is_old = true;
    let (ann, recall) = (key("patient", 7), key("recall", 7));
    world.desks[B].make(
        &ann,
        Kind::Mutable,
        &[("name", json!("Ann")), ("tier", json!("a")), ("address", json!("Main Street"))],
    );
    world.desks[B].commit(vec![insert(&recall, Kind::Mutable, None, &[("due", json!("May"))])]);
    world.sync(B);
    world.sync(A);
    let known = world.desks[A].registers();
    assert!(!known.contains(&"address"));
    edit(&mut world, A, &ann, known[0], json!("Anne"));
    world.sync(A);
    assert_eq!(unsent(&world.desks[A]), 0);
    // Also to a server that has all of it from the old one alone.
    world.restore_server(World::quiet(0).store);
    world.sync(A);
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &ann, "name"), json!("Anne"));
    assert_eq!(value(&world.desks[B], &ann, "address"), json!("Main Street"));
    assert_eq!(value(&world.desks[B], &recall, "due"), json!("May"));
}

/// Rule 19; PowerSync under partitions (Jepsen). What cannot be sent is an error of the round, counts as unsent, and holds
/// up nothing that comes.
#[test]
fn a_wedged_upload_queue_is_not_connected_without_an_error() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    // No server takes a transaction that does nothing.
    world.desks[A].db.borrow_mut().outbox[0].transaction.ops.clear();
    edit(&mut world, B, &patient(), "phone", json!("2"));
    world.sync(B);
    for _ in 0..3 {
        world.sync(A);
        assert_eq!(world.desks[A].ended_well.get(), Some(false));
        assert_eq!(unsent(&world.desks[A]), 1);
        assert_eq!(value(&world.desks[A], &patient(), "phone"), json!("2"));
    }
    world.sync(B);
    assert_eq!(world.desks[B].ended_well.get(), Some(true));
}
