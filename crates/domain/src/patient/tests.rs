use super::*;

#[test]
fn a_name_is_shown_with_the_preferred_name_first() {
    let name = Name {
        prefix: "Dr.".into(),
        given: "Margaret".into(),
        middle: "Ann".into(),
        family: "O'Brien".into(),
        suffix: "III".into(),
    };
    assert_eq!(name.display(""), "Dr. Margaret O'Brien III");
    assert_eq!(name.display("Peggy"), "Dr. Peggy O'Brien III");
    assert_eq!(Name { family: "Cher".into(), ..Name::default() }.display(""), "Cher");
}

#[test]
fn an_address_is_empty_only_without_any_part() {
    assert!(Address::default().is_empty());
    assert!(!Address { country: "US".into(), ..Address::default() }.is_empty());
}

#[test]
fn every_word_is_read_back_and_is_what_the_wire_has() {
    fn check<T: Word + PartialEq + std::fmt::Debug + Serialize>() {
        for (value, word) in T::WORDS {
            assert_eq!(T::from_word(word), Some(*value));
            assert_eq!(value.word(), *word);
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
        assert_eq!(T::from_word(""), None);
    }
    check::<Tier>();
    check::<ContactKind>();
    check::<Severity>();
    check::<AlertLevel>();
    check::<NoteKind>();
}

#[test]
fn graver_things_are_greater() {
    assert!(Severity::Severe > Severity::Moderate && Severity::Mild > Severity::Unknown);
    assert!(Tier::Platinum > Tier::Gold && Tier::Silver > Tier::Standard);
}
