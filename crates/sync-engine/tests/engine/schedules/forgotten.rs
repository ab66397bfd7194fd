//! The fault that the design left open: rejections that a restored server forgot, and a desk that was copied.

use super::*;

/// Desk A adds a line to a draft that B issues first. A copy of A has the line too and had no answer.
fn rejected_and_copied(world: &mut World) -> Key {
    let line = key("line", 1);
    world.desks[A].add_line(&invoice(), &line, json!("filler"));
    edit(world, B, &invoice(), "status", json!("issued"));
    world.sync(B);
    line
}

fn copy(world: &mut World, at: usize) -> usize {
    let mut copy = copy_of(world, at);
    copy.open_as_copy();
    world.open(copy);
    world.desks.len() - 1
}

/// Rules 5 and 12.
#[test]
fn a_rejection_that_a_restored_server_forgot_to_be_of_another_epoch_stands_with_a_copied_desk() {
    let mut world = two_desks();
    let line = rejected_and_copied(&mut world);
    push_and_lose_the_answer(&mut world, A);
    let copied = copy(&mut world, A);
    world.sync(A);
    let backup = world.store.clone();
    world.restore_server(backup);
    // Sent in the epoch that rejected it: nothing else can have been done with it.
    world.sync(copied);
    converge(&mut world);
    assert!(!world.desks[B].show().contains_key(&line));
    assert_eq!(
        (reasons(&world.desks[A]), reasons(&world.desks[copied])),
        (vec![Reason::Guard], vec![Reason::Guard])
    );
}

/// Rules 2 and 19.
#[test]
fn a_rejection_that_a_restored_server_forgot_does_not_undo_what_it_said_is_saved_with_a_copied_desk() {
    let mut world = two_desks();
    let backup = world.store.clone();
    let line = key("line", 1);
    world.desks[A].add_line(&invoice(), &line, json!("filler"));
    let copied = copy(&mut world, A);
    edit(&mut world, B, &invoice(), "status", json!("issued"));
    world.sync(B);
    world.sync(A);
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard]);
    // The next server forgot all that, and tells the copy that the line is in.
    world.restore_server(backup.clone());
    while world.desks[copied].db.borrow().outbox.iter().any(|pending| pending.is_unanswered()) {
        step(&mut world, copied);
    }
    world.desks[copied].crash();
    // And so did the one after it, which first hears of the rejection.
    world.restore_server(backup);
    world.sync(A);
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &line, "text"), json!("filler"));
    assert!(reasons(&world.desks[A]).is_empty() && reasons(&world.desks[copied]).is_empty());
}

/// Rules 3 and 5.
#[test]
fn a_rejection_that_a_restored_server_forgot_is_a_conflict_with_a_copied_desk() {
    let mut world = two_desks();
    let backup = world.store.clone();
    world.desks[A].pay(&invoice(), &key("payment", 1), json!("first"), 100);
    edit(&mut world, B, &invoice(), "status", json!("issued"));
    world.sync(B);
    push_and_lose_the_answer(&mut world, A);
    let copied = copy(&mut world, A);
    world.sync(A);
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard]);
    // A later op of the same device, on what was there without the rejected one.
    world.desks[A].pay(&invoice(), &key("payment", 2), json!("second"), 100);
    world.sync(A);
    world.sync(B);
    world.restore_server(backup);
    world.sync(B);
    // Sent in an earlier epoch, it counts as merged. The later op was made without it, and says so.
    world.sync(copied);
    assert!(reasons(&world.desks[copied]).is_empty());
    converge(&mut world);
    assert_eq!(value(&world.desks[copied], &invoice(), "note"), json!("second"));
    assert_eq!(losers(&world), [("note".to_owned(), Some(json!("first")))]);
}
