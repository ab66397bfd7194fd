use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn id(number: u128) -> ConsentEventId {
    ConsentEventId(Uuid::from_u128(number))
}

fn event(number: u128, decision: Decision, supersedes: &[u128]) -> ConsentEvent {
    ConsentEvent {
        id: id(number),
        channel: Channel::Sms,
        purpose: Purpose::Marketing,
        decision,
        supersedes: supersedes.iter().map(|number| id(*number)).collect(),
    }
}

fn holds(events: &[ConsentEvent]) -> Decision {
    resolve(events, Channel::Sms, Purpose::Marketing)
}

#[test]
fn before_any_event_nothing_is_known() {
    assert_eq!(holds(&[]), Decision::Unknown);
}

#[test]
fn a_later_decision_that_saw_the_earlier_one_counts() {
    let events = [event(1, Decision::Denied, &[]), event(2, Decision::Granted, &[1])];
    assert_eq!(holds(&events), Decision::Granted);
}

#[test]
fn of_decisions_made_apart_the_most_restrictive_counts() {
    let events = [
        event(1, Decision::Granted, &[]),
        event(2, Decision::Denied, &[1]),
        event(3, Decision::Granted, &[1]),
    ];
    assert_eq!(holds(&events), Decision::Denied);
    let healed = [&events[..], &[event(4, Decision::Granted, &[2, 3])]].concat();
    assert_eq!(holds(&healed), Decision::Granted);
}

#[test]
fn another_channel_or_purpose_says_nothing() {
    let events = [event(1, Decision::Granted, &[])];
    assert_eq!(resolve(&events, Channel::Email, Purpose::Marketing), Decision::Unknown);
    assert_eq!(resolve(&events, Channel::Sms, Purpose::Appointments), Decision::Unknown);
}

#[test]
fn every_word_is_read_back() {
    assert!(Channel::WORDS.iter().all(|(value, word)| Channel::from_word(word) == Some(*value)));
    assert!(Purpose::WORDS.iter().all(|(value, word)| value.word() == *word));
    assert_eq!(Decision::from_word("maybe"), None);
}

proptest! {
    #[test]
    fn the_order_of_arrival_makes_no_difference(
        decisions in prop::collection::vec((any::<bool>(), prop::collection::vec(0u128..8, 0..3)), 1..8),
        turn in 0usize..8,
    ) {
        let mut events: Vec<_> = decisions
            .iter()
            .zip(1u128..)
            .map(|((granted, seen), number)| {
                let decision = if *granted { Decision::Granted } else { Decision::Denied };
                // An event can only have seen earlier ones.
                let seen: Vec<u128> = seen.iter().copied().filter(|one| *one < number).collect();
                event(number, decision, &seen)
            })
            .collect();
        let before = holds(&events);
        let places = events.len();
        events.rotate_left(turn % places);
        prop_assert_eq!(holds(&events), before);
        events.reverse();
        prop_assert_eq!(holds(&events), before);
        prop_assert_ne!(before, Decision::Unknown);
    }
}
