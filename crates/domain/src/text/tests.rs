use super::*;
use crate::patient::Name;
use proptest::prelude::*;
use std::collections::HashSet;

fn name(given: &str, middle: &str, family: &str) -> Name {
    Name { given: given.into(), middle: middle.into(), family: family.into(), ..Name::default() }
}

fn groups_of(word: &str) -> Vec<&'static str> {
    nickname_groups(word).collect()
}

fn share_key(a: &str, b: &str) -> bool {
    let keys = typo_keys(a);
    typo_keys(b).iter().any(|key| keys.contains(key))
}

#[test]
fn accents_and_letters_that_do_not_decompose_are_folded() {
    for (written, folded) in [
        ("José", "jose"),
        ("JOSÉ", "jose"),
        ("Müller", "muller"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Søren Kjærgård", "soren kjaergard"),
        ("Łukasz", "lukasz"),
        ("Đặng Thị Phượng", "dang thi phuong"),
        ("Þórð", "thord"),
        ("Yıldız İnan", "yildiz inan"),
        ("Peña", "pena"),
        ("Çelik", "celik"),
        ("Œuvre", "oeuvre"),
        ("ﬁona", "fiona"),
        ("Ｊｏｈｎ", "john"),
    ] {
        assert_eq!(fold(written), folded, "{written}");
    }
}

#[test]
fn every_apostrophe_and_period_vanishes_and_other_punctuation_is_one_space() {
    for o_brien in ["O'Brien", "O’Brien", "O‘Brien", "OʼBrien", "O`Brien", "O´Brien", "O′Brien", "O.Brien"]
    {
        assert_eq!(fold(o_brien), "obrien", "{o_brien}");
    }
    assert_eq!(fold("  Mary--Jane,\t(Ann) \u{a0} "), "mary jane ann");
    assert_eq!(fold("J. R. Smith, Jr."), "j r smith jr");
    assert_eq!(fold("-- ' --"), "");
    assert_eq!(fold("zero\u{200b}width"), "zerowidth");
}

#[test]
fn letters_of_other_scripts_stay_in_lower_case() {
    assert_eq!(fold("Владимир"), "владимир");
    assert_eq!(fold("ΠΑΠΑΔΟΠΟΥΛΟΣ"), fold("Παπαδόπουλος"));
    assert_eq!(fold("山田 太郎"), "山田 太郎");
    assert!(fold("김민수").starts_with(&fold("김")));
}

#[test]
fn a_list_is_in_order_of_family_name_then_given_name_and_the_nameless_come_last() {
    let mut keys = [
        sort_key("", ""),
        sort_key("Smith-Jones", "Adam"),
        sort_key("Smith", "Zoë"),
        sort_key("Émile", "Ann"),
        sort_key("", "Cher"),
        sort_key("Smith", "adam"),
        sort_key("Smithers", "Adam"),
        sort_key("Smith", ""),
        sort_key("山田", "太郎"),
    ];
    keys.sort();
    let expected = [
        "cher",
        "emile\u{1f}ann",
        "smith",
        "smith\u{1f}adam",
        "smith\u{1f}zoe",
        "smith jones\u{1f}adam",
        "smithers\u{1f}adam",
        "山田\u{1f}太郎",
        "\u{10ffff}",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_hyphenated_and_apostrophed_name_is_found_by_each_way_to_type_it() {
    let words = name_words(&["Mary-Jane", "", "O'Brien"]);
    assert_eq!(words, ["mary", "jane", "maryjane", "obrien", "brien"]);
    assert_eq!(name_words(&["de la Cruz"]), ["de", "la", "cruz", "delacruz"]);
    assert_eq!(name_words(&["D’Angelo-O'Neil"]), ["dangelo", "oneil", "dangelooneil", "angelo", "neil"]);
    assert_eq!(name_words(&["Maynard46", "Ann", "Ann"]), ["maynard46", "maynard", "ann"]);
    assert_eq!(name_words(&["", " ' "]), Vec::<String>::new());
}

#[test]
fn nicknames_lead_to_their_groups() {
    for (nickname, formal) in [
        ("liz", "elizabeth"),
        ("beth", "elizabeth"),
        ("bill", "william"),
        ("billy", "william"),
        ("bob", "robert"),
        ("peggy", "margaret"),
        ("pepe", "jose"),
        ("paco", "francisco"),
        ("lupita", "guadalupe"),
        ("chuy", "jesus"),
        ("memo", "guillermo"),
        ("nacho", "ignacio"),
        ("beto", "roberto"),
        ("lola", "dolores"),
    ] {
        assert!(share_nickname(nickname, formal), "{nickname} {formal}");
        assert!(share_nickname(formal, nickname), "{formal} {nickname}");
    }
    assert!(groups_of("alex").len() >= 3);
    assert!(groups_of("chris").contains(&"christopher") && groups_of("chris").contains(&"christina"));
    assert!(groups_of("sam").contains(&"samuel") && groups_of("sam").contains(&"samantha"));
    assert_eq!(groups_of("elizabeth"), ["elizabeth"]);
    assert!(groups_of("xyzzy").is_empty() && groups_of("").is_empty());
    assert!(!share_nickname("liz", "bill") && !share_nickname("liz", "liz"));
}

#[test]
fn the_table_of_nicknames_is_folded_and_has_each_group_once() {
    let codes: Vec<_> = nicknames::groups().iter().map(|group| group.split(' ').next().unwrap()).collect();
    assert!(codes.len() >= 120, "{}", codes.len());
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
    for group in nicknames::groups() {
        assert_eq!(&fold(group), group);
        assert!(group.contains(' '), "{group}");
    }
}

#[test]
fn names_that_sound_alike_share_a_code() {
    for (a, b) in [
        ("smith", "schmidt"),
        ("catherine", "kathryn"),
        ("stephen", "steven"),
        ("philip", "filip"),
        ("geoffrey", "jeffrey"),
        ("maynard46", "maynard"),
    ] {
        let codes = sound_codes(a);
        assert!(sound_codes(b).iter().any(|code| codes.contains(code)), "{a} {b}");
    }
    assert_eq!(sound_codes("aj"), ["aj", "a"]);
    assert!(sound_codes("j").is_empty() && sound_codes("владимир").is_empty() && sound_codes("").is_empty());
}

#[test]
fn one_slip_of_the_keyboard_shares_a_key() {
    for (typed, word) in
        [("jonh", "john"), ("jon", "john"), ("johnn", "john"), ("johm", "john"), ("garica", "garcia")]
    {
        assert!(is_typo_of(typed, word) && share_key(typed, word), "{typed} {word}");
    }
    assert!(!is_typo_of("john", "john"));
    assert!(!is_typo_of("jo", "joe") && !is_typo_of("bob", "rob"));
    assert_eq!(typo_keys("jo"), ["jo"]);
    assert_eq!(typo_keys("ann"), ["ann"]);
    assert_eq!(typo_keys("anna"), ["anna", "nna", "ana", "ann"]);
    assert_eq!(typo_keys(&"a".repeat(33)).len(), 1);
}

#[test]
fn the_indexed_strings_hold_words_sounds_groups_and_contacts() {
    let patient = name("Elizabeth", "Ann", "O'Brien");
    assert_eq!(search_names(&patient, "Liz"), "obrien brien elizabeth ann liz");
    let sounds = search_sounds(&patient, "Liz");
    let codes: Vec<_> = sounds.split(' ').collect();
    assert!(codes.contains(&"nelizabeth") && codes.contains(&"nann"));
    assert!(codes.contains(&"fprn") && codes.contains(&"sprn"));
    assert!(codes.iter().all(|code| code.starts_with(['s', 'f', 'n'])));
    let contacts =
        search_contacts(["+1 (555) 010-2020", "Liz@Example.COM ", "+15550102020", "no number", "x@y.org"]);
    assert_eq!(contacts, "15550102020\nliz@example.com\nx@y.org");
}

#[test]
fn a_family_name_is_nobodys_nickname() {
    assert!(!search_sounds(&name("Ann", "", "Thomas"), "").contains("nthomas"));
    assert!(search_sounds(&name("Thomas", "", "Ann"), "").contains("nthomas"));
}

/// Anything, with names' own characters more often than chance would have them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[A-Za-zÀ-ſ'’ .\\-ßøłđ]{0,20}", "\\PC{0,20}"]
}

proptest! {
    #[test]
    fn folding_is_stable_and_leaves_words_with_single_spaces(text in text()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "));
        prop_assert_eq!(fold(&text.to_lowercase()), fold(&text.to_lowercase().to_lowercase()));
    }

    #[test]
    fn case_makes_no_difference_to_latin_text(text in "[A-Za-zÀ-ÖØ-öø-ž'\\- ]{0,24}") {
        prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
        prop_assert_eq!(fold(&text.to_uppercase()), fold(&text).replace("'n", "n"));
    }

    #[test]
    fn every_word_of_a_name_is_a_folded_word(parts in prop::collection::vec(text(), 0..4)) {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        for word in name_words(&parts) {
            prop_assert!(!word.is_empty() && !word.contains(' '));
            prop_assert_eq!(fold(&word), word);
        }
    }

    #[test]
    fn sounds_never_fail_and_are_short(word in "[a-z]{0,40}", other in text()) {
        for code in sound_codes(&word).into_iter().chain(sound_codes(&fold(&other))) {
            prop_assert!((1..=6).contains(&code.len()));
            prop_assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'0'));
        }
    }

    #[test]
    fn a_typo_always_shares_a_key(word in "[a-zà-ü]{3,34}", at in any::<prop::sample::Index>(), to in "[a-z]", slip in 0..4) {
        let mut chars: Vec<char> = word.chars().collect();
        let at = at.index(chars.len());
        let to = to.chars().next().unwrap();
        match slip {
            0 => { chars.remove(at); }
            1 => chars.insert(at, to),
            2 => chars[at] = to,
            _ => chars.swap(at, (at + 1) % word.chars().count()),
        }
        let typed: String = chars.into_iter().collect();
        if is_typo_of(&typed, &word) {
            prop_assert!(share_key(&typed, &word), "{} {}", typed, word);
        }
    }
}
