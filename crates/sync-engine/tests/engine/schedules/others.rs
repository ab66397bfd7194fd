//! What other systems got wrong.

use super::*;
use crate::desk::insert;
use crate::server::Request;

/// Rule 4; actual#3786.
#[test]
fn clocks_ten_years_wrong_neither_stop_sync_nor_win() {
    for wrong in [315_360_000_000, -315_360_000_000] {
        let mut world = two_desks();
        world.desks[A].wrong_ms.set(wrong);
        edit(&mut world, A, &patient(), "name", json!("Anne"));
        edit(&mut world, B, &patient(), "name", json!("Hannah"));
        converge(&mut world);
        assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Hannah"));
    }
}

/// Rules 2 and 12.
#[test]
fn a_copy_that_nobody_noticed_is_found_by_its_key_and_loses_nothing() {
    let mut world = two_desks();
    world.open(copy_of(&world, A));
    edit(&mut world, 2, &patient(), "phone", json!("2"));
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    world.sync(2);
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
    assert_eq!(value(&world.desks[B], &patient(), "phone"), json!("2"));
    assert_ne!(world.desks[A].db.borrow().replica, world.desks[2].db.borrow().replica);
}

/// Rule 13.
#[test]
fn a_desk_that_worked_alone_joins_with_all_it_has() {
    let mut world = two_desks();
    world.add_desk();
    world.desks[2].make(&key("patient", 5), Kind::Mutable, &[("name", json!("Eve"))]);
    edit(&mut world, 2, &key("patient", 5), "name", json!("Eva"));
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &key("patient", 5), "name"), json!("Eva"));
    assert!(losers(&world).is_empty());
}

/// Rule 13; cht-core#8093.
#[test]
fn a_server_that_is_restored_twice_while_a_desk_uploads_starts_it_over() {
    let mut world = two_desks();
    let backup = world.store.clone();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    converge(&mut world);
    world.restore_server(backup.clone());
    // In the middle of the upload.
    for _ in 0..25 {
        step(&mut world, A);
    }
    world.restore_server(backup);
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
}

/// Rule 7; joplin#16208.
#[test]
fn a_local_edit_during_a_long_pull_is_kept() {
    let mut world = two_desks();
    for n in 100..120 {
        world.desks[B].make(&key("patient", n), Kind::Mutable, &[("name", json!(n))]);
    }
    edit(&mut world, B, &patient(), "phone", json!("2"));
    world.sync(B);
    for turn in 0..40 {
        step(&mut world, A);
        if turn == 20 {
            edit(&mut world, A, &patient(), "name", json!("Anne"));
        }
    }
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
    assert_eq!(value(&world.desks[A], &patient(), "phone"), json!("2"));
}

/// Rules 11 and 19.
#[test]
fn what_comes_between_the_last_page_and_the_sums_is_fetched_in_the_same_round() {
    let mut world = two_desks();
    // A asks for the sums: it has all pages.
    let asks = loop {
        world.desks[A].poll();
        let message = world.network.borrow_mut().under_way.pop();
        match message {
            Some(asks @ Message::Request { request: Request::Digests(_), .. }) => break asks,
            Some(message) => world.receive(message),
            None => {}
        }
    };
    let waiting = std::mem::take(&mut world.network.borrow_mut().waiting);
    edit(&mut world, B, &patient(), "name", json!("Anne"));
    world.sync(B);
    world.network.borrow_mut().waiting.extend(waiting);
    world.receive(asks);
    while world.desks[A].is_running() {
        step(&mut world, A);
    }
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Anne"));
}

/// Rule 10; cht-core#7419.
#[test]
fn an_interrupted_bootstrap_is_not_taken_for_a_whole_one() {
    let mut world = two_desks();
    for n in 100..120 {
        world.desks[A].make(&key("patient", n), Kind::Mutable, &[("name", json!(n))]);
    }
    world.sync(A);
    world.add_desk();
    for _ in 0..30 {
        step(&mut world, 2);
    }
    world.desks[2].crash();
    assert!(world.desks[2].show().is_empty(), "a part of the clinic is shown as the clinic");
    converge(&mut world);
}

/// Rules 6 and 7; WatermelonDB#649.
#[test]
fn pushed_rows_do_not_echo_and_deleted_ones_do_not_come_back() {
    let mut world = two_desks();
    world.desks[A].delete(&patient());
    converge(&mut world);
    let head = world.store.head;
    converge(&mut world);
    assert_eq!(world.store.head, head);
    assert!(!world.desks[B].show().contains_key(&patient()));
}

/// Rule 2; turso#8065.
#[test]
fn a_push_does_not_send_history_again() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    converge(&mut world);
    edit(&mut world, A, &patient(), "name", json!("Anna"));
    let mut sent = 0;
    while unsent(&world.desks[A]) > 0 {
        world.desks[A].poll();
        let message = world.network.borrow_mut().under_way.pop();
        if let Some(message) = message {
            if let Message::Request { request: Request::Push(push), .. } = &message {
                sent += push.transactions.len();
            }
            world.receive(message);
        }
    }
    assert_eq!(sent, 1);
}

/// Rule 3; sqlite-data#506.
#[test]
fn a_tie_is_broken_the_same_whoever_pushes_first() {
    let winner = |first: usize, second: usize| {
        let mut world = two_desks();
        for at in [A, B] {
            let form = world.desks[at].open(&patient(), "name");
            world.desks[at].save(form, json!(at));
        }
        world.sync(first);
        world.sync(second);
        converge(&mut world);
        value(&world.desks[A], &patient(), "name")
    };
    assert_eq!(winner(A, B), winner(B, A));
}

/// Rule 5.
#[test]
fn a_fact_cannot_be_edited_or_deleted() {
    let mut world = two_desks();
    let payment = key("payment", 1);
    world.desks[A].commit(vec![insert(&payment, Kind::Ledger, None, &[("amount", json!(100))])]);
    converge(&mut world);
    edit(&mut world, A, &payment, "amount", json!(1));
    world.desks[B].delete(&payment);
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &payment, "amount"), json!(100));
    assert_eq!(
        (reasons(&world.desks[A]), reasons(&world.desks[B])),
        (vec![Reason::Fact], vec![Reason::Fact])
    );
}
