use super::*;
use crate::patient::Name;
use proptest::prelude::*;

fn name(given: &str, family: &str) -> Name {
    Name { given: given.into(), family: family.into(), ..Name::default() }
}

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn person(given: &str, family: &str) -> Person {
    Person::new(&name(given, family), "")
}

fn ann() -> Person {
    person("Ann", "Lee")
        .born(day(1985, 3, 14))
        .reached_by(["+15550102030", "ann@example.com"])
        .living_at("1 Elm St", "83702")
}

fn judged(a: &Person, b: &Person) -> (bool, Vec<Reason>) {
    let likeness = score(a, b);
    (likeness.is_likely(), likeness.reasons)
}

#[test]
fn the_same_record_twice_is_certain_with_every_reason() {
    let likeness = score(&ann(), &ann());
    assert_eq!(likeness.score, 100);
    use Reason::{SameAddress, SameBirthDate, SameEmail, SameName, SamePhone};
    assert_eq!(likeness.reasons, [SameName, SameBirthDate, SameEmail, SameAddress, SamePhone]);
}

#[test]
fn a_name_alone_is_not_enough_but_with_one_thing_more_it_is() {
    let (typed, known) = (person("John", "Smith"), person("John", "Smith"));
    assert!(!score(&typed, &known).is_likely());
    let born = |one: &Person| one.clone().born(day(1985, 3, 14));
    assert!(score(&born(&typed), &born(&known)).score >= NEARLY_CERTAIN);
    let called = |one: &Person| one.clone().reached_by(["+15550102030"]);
    assert!(score(&called(&typed), &called(&known)).is_likely());
    let living = |one: &Person| one.clone().living_at("1 Elm St.", "83702");
    assert!(score(&living(&typed), &living(&known)).is_likely());
}

#[test]
fn names_that_differ_in_writing_only_are_recognised() {
    for (given, family, other_given, other_family, reason) in [
        ("José", "Núñez", "Jose", "Nunez", Reason::SameName),
        ("Mary-Jane", "O'Brien", "Mary Jane", "OBrien", Reason::SameName),
        ("Liz", "Miller", "Elizabeth", "Miller", Reason::Nickname),
        ("Jonh", "Smith", "John", "Smith", Reason::SimilarName),
        ("Maria", "Garcia Lopez", "Maria", "Garcia", Reason::SimilarName),
        ("Catherine", "Smith", "Kathryn", "Smyth", Reason::Nickname),
        ("Ann", "Schmidt", "Ann", "Smith", Reason::SoundsAlike),
        ("Smith", "John", "John", "Smith", Reason::SwappedNames),
    ] {
        let a = person(given, family).born(day(1985, 3, 14));
        let b = person(other_given, other_family).born(day(1985, 3, 14));
        let (likely, reasons) = judged(&a, &b);
        assert!(likely && reasons.contains(&reason), "{given} {family}: {reasons:?}");
    }
}

#[test]
fn a_preferred_or_middle_name_is_a_given_name() {
    let robin = Person::new(&name("Margaret", "Doe"), "Robin").born(day(1985, 3, 14));
    assert!(judged(&robin, &person("Robin", "Doe").born(day(1985, 3, 14))).1.contains(&Reason::SameName));
}

#[test]
fn a_date_of_birth_written_wrongly_is_similar() {
    for other in [day(1985, 3, 15), day(1958, 3, 14), day(1985, 3, 4), day(1984, 3, 14)] {
        let (likely, reasons) = judged(&ann(), &ann().born(other));
        assert!(likely && reasons.contains(&Reason::SimilarBirthDate), "{other:?}");
    }
    let swapped = (person("Ann", "Lee").born(day(1985, 3, 4)), person("Ann", "Lee").born(day(1985, 4, 3)));
    assert_eq!(judged(&swapped.0, &swapped.1), (true, vec![Reason::SameName, Reason::SimilarBirthDate]));
}

#[test]
fn family_members_at_one_address_are_not_duplicates() {
    let child = person("Bob", "Lee")
        .born(day(2015, 7, 1))
        .reached_by(["+15550102030", "ann@example.com"])
        .living_at("1 Elm St", "83702");
    assert!(!score(&ann(), &child).is_likely());
    let namesake = Person { birth_date: day(1950, 7, 1), ..ann() };
    assert!(!score(&ann(), &namesake).is_likely());
}

#[test]
fn twins_are_shown_but_never_nearly_certain() {
    let twin = Person { given: person("Zoe", "Lee").given, ..ann() };
    let likeness = score(&ann(), &twin);
    assert!(likeness.is_likely() && likeness.score < NEARLY_CERTAIN, "{}", likeness.score);
}

#[test]
fn a_new_family_name_is_seen_through_by_the_rest() {
    let married = Person { family: person("Ann", "Kowalski").family, ..ann() };
    assert!(score(&ann(), &married).is_likely());
}

#[test]
fn candidates_are_looked_up_by_birth_date_contacts_and_sound() {
    let name = name("Ann", "O'Brien-Lee");
    let person =
        Person::new(&name, "").born(day(1985, 3, 4)).reached_by([" +15550102030", "Ann@Example.com"]);
    let keys = blocking_keys(&name, &person);
    assert_eq!(keys.birth_dates, [day(1985, 3, 4).unwrap(), day(1985, 4, 3).unwrap()]);
    assert_eq!(
        (keys.phones, keys.emails),
        (vec!["+15550102030".to_owned()], vec!["ann@example.com".to_owned()])
    );
    let indexed = crate::text::search_sounds(&name, "");
    assert!(keys.family_sounds.iter().all(|key| indexed.split(' ').any(|code| code == key)));
    assert!(keys.family_sounds.contains(&"fprn".to_owned()), "{:?}", keys.family_sounds);
    assert_eq!(blocking_keys(&Name::default(), &Person::default()), BlockingKeys::default());
}

#[test]
fn each_reason_has_a_word() {
    for (reason, word) in Reason::WORDS {
        assert_eq!(serde_json::to_value(reason).unwrap(), *word);
    }
}

prop_compose! {
    fn somebody()(given in "[A-Z][a-z]{0,7}|", family in "[A-Z][a-zé' -]{0,9}|", year in 1930..2020i32,
                  month in 1..13u32, of_month in 1..29u32, known: bool, phone in 0..3u32, line in "[0-9]{1,2} [a-z]{3}|")
                  -> Person {
        person(&given, &family)
            .born(day(year, month, of_month).filter(|_| known))
            .reached_by([format!("+1555010000{phone}").as_str()])
            .living_at(&line, "83702")
    }
}

proptest! {
    #[test]
    fn the_order_makes_no_difference(a in somebody(), b in somebody()) {
        let (one, other) = (score(&a, &b), score(&b, &a));
        prop_assert_eq!(one.score, other.score);
        prop_assert_eq!(one.reasons, other.reasons);
        prop_assert!(one.score <= 100);
    }

    #[test]
    fn nobody_is_less_like_themselves_than_like_another(a in somebody(), b in somebody()) {
        prop_assert!(score(&a, &a).score >= score(&a, &b).score || score(&a, &a).score == 100);
    }
}
