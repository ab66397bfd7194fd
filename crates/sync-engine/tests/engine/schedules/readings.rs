//! Readings of an earlier text of the rules that failed.

use super::*;
use crate::desk::insert;

/// Rule 1; reading *base read at commit*.
#[test]
fn base_read_at_commit_would_lose_the_edit_that_a_pull_brought_in_between() {
    let mut world = two_desks();
    let form = world.desks[A].open(&patient(), "name");
    edit(&mut world, B, &patient(), "name", json!("Hannah"));
    world.sync(B);
    world.sync(A);
    world.desks[A].save(form, json!("Anne"));
    converge(&mut world);
    assert_eq!(losers(&world), [("name".to_owned(), Some(json!("Hannah")))]);
}

/// Rule 2; reading *push without epoch*.
#[test]
fn push_without_epoch_cannot_be_taken_for_another_life_of_the_server() {
    let mut world = two_desks();
    let backup = world.store.clone();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    push_and_lose_the_answer(&mut world, A);
    let late: Vec<_> = world.network.borrow().under_way.clone();
    world.restore_server(backup);
    let head = world.store.head;
    for message in late {
        world.receive(message);
    }
    assert_eq!(world.store.head, head, "a push of the old epoch was taken");
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
}

/// Rules 7 and 12; reading *ack counted across epochs*; cht-core#8093.
#[test]
fn ack_counted_across_epochs_would_lose_what_the_restored_server_forgot() {
    let mut world = two_desks();
    let backup = world.store.clone();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    push_and_lose_the_answer(&mut world, A);
    world.sync(A);
    world.restore_server(backup);
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
}

/// Rule 2; reading *density required*.
#[test]
fn density_is_not_required_so_that_a_gap_in_the_numbers_stops_nobody() {
    let mut world = two_desks();
    world.desks[A].db.borrow_mut().next_seq += 1_000;
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
}

/// Rule 12; reading *outbox re-keyed*; joplin#16491.
#[test]
fn outbox_re_keyed_would_double_what_was_sent_before_the_copy() {
    let mut world = two_desks();
    world.desks[A].commit(vec![insert(&key("payment", 1), Kind::Ledger, None, &[("amount", json!(100))])]);
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    push_and_lose_the_answer(&mut world, A);
    let keys = |db: &Database| db.outbox.iter().map(|pending| pending.transaction.key()).collect::<Vec<_>>();
    let mut copy = copy_of(&world, A);
    copy.open_as_copy();
    assert_eq!(keys(&copy), keys(&world.desks[A].db.borrow()));
    *world.desks[A].db.borrow_mut() = copy;
    let head = world.store.head;
    converge(&mut world);
    assert_eq!(world.store.head, head, "what was merged before was merged again");
}

/// Rule 12; reading *copy found only by a clash*.
#[test]
fn a_copy_is_found_when_it_is_opened_and_not_only_by_a_clash() {
    let mut world = two_desks();
    let mut copy = copy_of(&world, A);
    let before = copy.replica;
    copy.open_as_copy();
    assert_ne!(copy.replica, before);
    world.open(copy);
    edit(&mut world, 2, &patient(), "name", json!("Anne"));
    edit(&mut world, A, &patient(), "phone", json!("3"));
    converge(&mut world);
    assert!(losers(&world).is_empty());
}

/// Rule 7; reading *page cut inside a seq*; sync_gateway#3721.
#[test]
fn a_page_cut_inside_a_seq_goes_on_inside_it() {
    let mut world = two_desks();
    let drafts = (200..211).map(|n| insert(&key("patient", n), Kind::Mutable, None, &[("name", json!(n))]));
    world.desks[A].commit(drafts.collect());
    world.sync(A);
    world.sync(B);
    assert_eq!(world.desks[B].show(), world.desks[A].show());
    assert_eq!(world.desks[B].db.borrow().mended, 0);
}

/// Rule 2; reading *rejection forgotten on retry*; joplin#16491.
#[test]
fn a_rejection_is_not_forgotten_on_retry() {
    let mut world = two_desks();
    world.desks[A].add_line(&invoice(), &key("line", 1), json!("filler"));
    edit(&mut world, B, &invoice(), "status", json!("issued"));
    world.sync(B);
    push_and_lose_the_answer(&mut world, A);
    // What it guarded is as it was, by another op: the answer stays the same.
    edit(&mut world, B, &invoice(), "status", json!("draft"));
    world.sync(B);
    converge(&mut world);
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard]);
    assert!(!world.desks[B].show().contains_key(&key("line", 1)));
}

/// Rules 5, 12 and 13.
#[test]
fn a_rejection_that_a_restored_server_forgot_is_told_to_it() {
    let mut world = two_desks();
    let backup = world.store.clone();
    world.desks[A].add_line(&invoice(), &key("line", 1), json!("filler"));
    edit(&mut world, B, &invoice(), "status", json!("issued"));
    world.sync(B);
    // The edit of the line is on its way when the line is rejected.
    edit(&mut world, A, &key("line", 1), "text", json!("two fillers"));
    push_and_lose_the_answer(&mut world, A);
    world.sync(A);
    world.restore_server(backup);
    converge(&mut world);
    assert!(!world.desks[B].show().contains_key(&key("line", 1)));
}

/// Rule 13; reading *no ancestry in state upload*.
#[test]
fn state_upload_with_ancestry_makes_no_false_conflict() {
    let mut world = two_desks();
    let backup = world.store.clone();
    for round in 0..20 {
        edit(&mut world, round % 2, &patient(), "name", json!(round));
        converge(&mut world);
    }
    world.restore_server(backup);
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!(19));
    assert!(losers(&world).is_empty());
}

/// Rule 1; reading *coalescing*.
#[test]
fn ops_are_not_coalesced_across_transactions() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    edit(&mut world, A, &patient(), "name", json!("Anna"));
    assert_eq!(unsent(&world.desks[A]), 2);
    push_and_lose_the_answer(&mut world, A);
    edit(&mut world, A, &patient(), "name", json!("Annie"));
    assert_eq!(unsent(&world.desks[A]), 3);
    converge(&mut world);
    assert!(losers(&world).is_empty());
}

/// Rule 15; reading *issued lines read back from the draft*. The number's row is the document.
#[test]
fn issued_lines_are_not_read_back_from_the_draft_which_a_later_merge_changes() {
    let mut world = two_desks();
    let (line, number) = (key("line", 1), key("number", 41));
    world.desks[A].add_line(&invoice(), &line, json!("filler"));
    converge(&mut world);
    // B edits the line without knowing that A issues what it is on.
    edit(&mut world, B, &line, "text", json!("two fillers"));
    let printed = json!([value(&world.desks[A], &line, "text")]);
    world.desks[A].issue(&invoice(), &number, printed.clone());
    world.sync(A);
    converge(&mut world);
    for desk in &world.desks {
        assert_eq!(value(desk, &line, "text"), json!("two fillers"));
        assert_eq!(value(desk, &number, "document"), printed);
    }
}
