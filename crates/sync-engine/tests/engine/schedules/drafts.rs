//! What broke an earlier draft.

use super::*;
use crate::desk::insert;
use crate::totals::{Total, Totals};
use domain::consent::{Channel, ConsentEvent, Decision, Purpose, resolve};
use domain::id::ConsentEventId;
use domain::patient::Word;

/// Rules 5 and 15; schedule *double issue with cash taken*; erpnext#15699.
#[test]
fn double_issue_with_cash_taken_keeps_the_number_and_the_cash_and_tells_who_was_second() {
    let mut world = two_desks();
    world.desks[A].issue(&invoice(), &key("number", 41), json!("A-41"));
    world.desks[A].pay(&invoice(), &key("payment", 1), json!(100), 100);
    later(&world, 1_000);
    world.desks[B].issue(&invoice(), &key("number", 7), json!("B-7"));
    world.sync(B);
    converge(&mut world);
    let shown = world.desks[B].show();
    for fact in [key("number", 41), key("payment", 1), key("number", 7)] {
        assert!(shown.contains_key(&fact), "{fact:?} is gone");
    }
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard, Reason::Guard]);
    assert!(reasons(&world.desks[B]).is_empty());
}

/// Rule 5; schedule *line added to a draft being issued elsewhere*.
#[test]
fn line_added_to_a_draft_being_issued_elsewhere_does_not_get_into_what_was_issued() {
    let mut world = two_desks();
    world.desks[A].add_line(&invoice(), &key("line", 1), json!("filler"));
    world.desks[B].issue(&invoice(), &key("number", 7), json!("B-7"));
    world.sync(B);
    // An edit of the line is rejected with it, though it guards nothing.
    edit(&mut world, A, &key("line", 1), "text", json!("two fillers"));
    converge(&mut world);
    assert!(!world.desks[A].show().contains_key(&key("line", 1)));
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard, Reason::NeverMade]);
}

/// Rules 3 and 4; schedule *fast clock edits twice*.
#[test]
fn a_fast_clock_that_edits_twice_is_not_favoured() {
    let mut world = two_desks();
    world.desks[A].wrong_ms.set(600_000);
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    edit(&mut world, A, &patient(), "name", json!("Anna"));
    edit(&mut world, B, &patient(), "name", json!("Hannah"));
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Hannah"));
    assert_eq!(losers(&world), [("name".to_owned(), Some(json!("Anna")))]);
}

/// Rule 6; schedule *delete against phone edit*.
#[test]
fn delete_against_phone_edit_keeps_the_patient_and_asks() {
    let mut world = two_desks();
    world.desks[A].delete(&patient());
    edit(&mut world, B, &patient(), "phone", json!("2"));
    world.sync(A);
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &patient(), "phone"), json!("2"));
    assert_eq!(losers(&world), [(String::new(), None)]);
}

/// Rule 7; schedule *ack for a losing push while its page is in flight*.
#[test]
fn ack_for_a_losing_push_while_its_page_is_in_flight_ends_with_the_winner_on_the_screen() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    edit(&mut world, B, &patient(), "name", json!("Hannah"));
    world.sync(B);
    // A's push is answered: it lost. Until the page is there, A shows its own.
    while world.desks[A].db.borrow().outbox.iter().any(|pending| pending.is_unanswered()) {
        step(&mut world, A);
    }
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Anne"));
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Hannah"));
}

/// Rules 1 and 3; schedule *two pushes on one base*.
#[test]
fn two_pushes_on_one_base_are_one_edit_after_the_other() {
    let mut world = two_desks();
    let form = world.desks[A].open(&patient(), "name");
    world.desks[A].save(form.clone(), json!("Anne"));
    world.sync(A);
    world.desks[A].save(form, json!("Anna"));
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anna"));
    assert!(losers(&world).is_empty());
}

/// Rules 7 and 8; schedule *child before its edited parent*.
#[test]
fn child_before_its_edited_parent_comes_with_it_at_the_head() {
    let mut world = two_desks();
    world.desks[A].add_line(&invoice(), &key("line", 1), json!("filler"));
    world.sync(A);
    // The parent changes after its child, so its change is behind the child's.
    edit(&mut world, A, &invoice(), "note", json!("n"));
    world.sync(A);
    world.sync(B);
    let shown = world.desks[B].show();
    assert!(shown.contains_key(&key("line", 1)) && shown[&invoice()].registers["note"].1[0] == json!("n"));
}

/// Rule 8; schedule *quantity 9e18 must not stop any desk*. What follows from rows saturates, and says so.
#[test]
fn quantity_9e18_stops_no_desk_and_its_total_saturates() {
    let mut world = two_desks();
    let nine = json!(9_000_000_000_000_000_000_i64);
    for n in 1..=2 {
        let drafts = vec![insert(&key("payment", n), Kind::Ledger, None, &[("cents", nine.clone())])];
        world.desks[A].commit(drafts);
    }
    let line = key("line", 1);
    world.desks[B].make(&line, Kind::Mutable, &[("quantity", json!(1))]);
    converge(&mut world);
    for odd in [nine, json!(u64::MAX), json!(9e18), json!(i64::MIN), json!(-9e300), json!(7)] {
        edit(&mut world, A, &line, "quantity", odd.clone());
        converge(&mut world);
        assert_eq!(value(&world.desks[B], &line, "quantity"), odd);
        for desk in &world.desks {
            let db = desk.db.borrow();
            assert_eq!(db.total("payment"), Total { shown: i64::MAX, is_exact: false });
            assert_eq!(db.totals, Totals::of(&db.shadow));
        }
    }
    assert_eq!(world.desks[B].db.borrow().total("line"), Total { shown: 7, is_exact: true });
}

/// Rules 1 and 2; schedule *bulk beyond the cap*; everything in one POST (Actual).
#[test]
fn bulk_beyond_the_cap_goes_in_several_pushes_and_whole() {
    let mut world = two_desks();
    for n in 100..150 {
        world.desks[A].make(&key("patient", n), Kind::Mutable, &[("name", json!(n))]);
    }
    // One transaction is never cut, however large.
    let drafts = (200..300).map(|n| insert(&key("patient", n), Kind::Mutable, None, &[("name", json!(n))]));
    world.desks[A].commit(drafts.collect());
    converge(&mut world);
    assert_eq!(world.desks[B].show().keys().filter(|key| key.collection == "patient").count(), 151);
}

/// Rule 12; schedule *cloned machine*.
#[test]
fn cloned_machine_sends_what_both_have_once_and_goes_on_under_its_own_name() {
    let mut world = two_desks();
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    let mut copy = copy_of(&world, A);
    copy.open_as_copy();
    world.open(copy);
    edit(&mut world, 2, &patient(), "phone", json!("2"));
    edit(&mut world, A, &patient(), "phone", json!("3"));
    converge(&mut world);
    assert_eq!(value(&world.desks[B], &patient(), "name"), json!("Anne"));
    assert_eq!(value(&world.desks[B], &patient(), "phone"), json!("3"));
    assert_eq!(losers(&world), [("phone".to_owned(), Some(json!("2")))]);
}

/// Rule 12; schedule *desk restored from a 20-day-old backup*; turso#8129.
#[test]
fn a_desk_restored_from_an_old_backup_gets_what_it_sent_since_and_loses_no_later_write() {
    let mut world = two_desks();
    let mut backup = copy_of(&world, A);
    edit(&mut world, A, &patient(), "name", json!("Anne"));
    converge(&mut world);
    later(&world, 20 * 24 * 3_600_000);
    backup.open_as_copy();
    *world.desks[A].db.borrow_mut() = backup;
    edit(&mut world, A, &patient(), "phone", json!("2"));
    converge(&mut world);
    assert_eq!(value(&world.desks[A], &patient(), "name"), json!("Anne"));
    assert_eq!(value(&world.desks[B], &patient(), "phone"), json!("2"));
    assert!(losers(&world).is_empty());
}

/// Rule 14; schedule *two desks create the same conversation*. Each desk works the id out from what is naturally unique, as it was typed there.
#[test]
fn two_desks_create_the_same_conversation_and_it_is_one() {
    let mut world = two_desks();
    let patient = domain::id::PatientId(patient().record);
    for (at, typed) in [(A, "Recall by SMS"), (B, "recall by sms")] {
        let id = domain::id::tag_id(patient, &domain::text::fold(typed));
        let conversation = Key { collection: "conversation".to_owned(), record: id.0 };
        world.desks[at].make(&conversation, Kind::Mutable, &[("label", json!(typed))]);
        later(&world, 1_000);
    }
    converge(&mut world);
    let shown = world.desks[A].show();
    let labels: Vec<_> = shown.iter().filter(|(key, _)| key.collection == "conversation").collect();
    assert_eq!(labels.len(), 1);
    assert_eq!(labels[0].1.registers["label"].1, [json!("recall by sms")]);
    assert_eq!(losers(&world), [("label".to_owned(), Some(json!("Recall by SMS")))]);
}

/// Rule 14; schedule *opt-in against STOP*. Which one counts is worked out by the rule that the app uses.
#[test]
fn opt_in_against_stop_keeps_both_events_and_stop_counts_on_every_desk() {
    for first in [A, B] {
        let mut world = two_desks();
        for (at, event, word) in [(A, 1, "granted"), (B, 2, "denied")] {
            let consent = key("consent", event);
            world.desks[at].commit(vec![insert(&consent, Kind::Ledger, None, &[("decision", json!(word))])]);
            later(&world, 1_000);
        }
        world.sync(first);
        converge(&mut world);
        for desk in &world.desks {
            let events: Vec<_> = (1..=2).map(|event| consent_event(desk, event)).collect();
            assert_eq!(resolve(&events, Channel::Sms, Purpose::Marketing), Decision::Denied);
        }
        assert!(losers(&world).is_empty());
    }
}

fn consent_event(desk: &Desk, event: u128) -> ConsentEvent {
    let word = value(desk, &key("consent", event), "decision");
    ConsentEvent {
        id: ConsentEventId(uuid::Uuid::from_u128(event)),
        channel: Channel::Sms,
        purpose: Purpose::Marketing,
        decision: Decision::from_word(word.as_str().unwrap()).unwrap(),
        supersedes: Vec::new(),
    }
}

/// Rule 5; schedule *payment offline into a closed day*.
#[test]
fn payment_offline_into_a_closed_day_stays() {
    let mut world = two_desks();
    world.desks[A].pay(&invoice(), &key("payment", 1), json!(100), 100);
    edit(&mut world, B, &invoice(), "status", json!("closed"));
    world.sync(B);
    converge(&mut world);
    assert!(world.desks[B].show().contains_key(&key("payment", 1)));
    assert_eq!(reasons(&world.desks[A]), [Reason::Guard]);
}
