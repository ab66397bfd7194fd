use super::*;
use crate::plan::{Sorting, assert_indexed};
use crate::support::*;
use crate::{StoreError, Usage};

async fn clinic() -> Desk {
    let desk = Desk::new().await;
    let mut obrien = patient(1, "Siobhan O'Brien").born("1985-03-14").phone("+15550102020").chart("A-1001");
    obrien.preferred_name = "Shiv".into();
    let patients = [
        obrien,
        patient(2, "José García").email("jose.garcia@example.com"),
        patient(3, "Elizabeth Taylor").phone("+442071838750").email("liz@work.test"),
        patient(4, "John Smith").born("1990-12-01").chart("É-77"),
        patient(5, "Joan Smythe"),
        patient(6, "Ludwig van Beethoven").archived(),
        patient(7, "名前 山田"),
    ];
    desk.insert(&patients).await;
    let crowd: Vec<_> =
        (100..400).map(|n| patient(n, ["Ann Ash", "Ben Birch", "Cleo Cedar"][n as usize % 3])).collect();
    desk.insert(&crowd).await;
    desk
}

async fn find(desk: &Desk, text: &str) -> Result<Vec<(u128, Match)>, StoreError> {
    let usage = Usage::default();
    let mut read = desk.store.read(&usage).await?;
    let query = Query::parse(text, day("2026-11-22"));
    let hits = search_patients(&mut read, &query, 20).await?;
    read.end().await?;
    assert!(usage.cost().statements <= 3, "{text:?} took {:?}", usage.cost());
    Ok(hits.into_iter().map(|hit| (hit.row.id.0.as_u128(), hit.matched_by)).collect())
}

#[tokio::test]
async fn people_are_found_as_the_desk_types_them() {
    let desk = clinic().await;
    let cases = [
        ("obrien", 1, Match::ExactName),
        ("o'brien", 1, Match::ExactName),
        ("shiv obr", 1, Match::Prefix),
        ("jose", 2, Match::ExactName),
        ("JOSÉ gar", 2, Match::Prefix),
        ("liz", 3, Match::Email),
        ("liz taylor", 3, Match::Nickname),
        ("jonh", 4, Match::Typo),
        ("smyth", 5, Match::Prefix),
        ("0102020", 1, Match::Phone),
        ("555 0102", 1, Match::Phone),
        ("7183", 3, Match::Phone),
        ("garcia@exam", 2, Match::Email),
        ("3/14/1985", 1, Match::BirthDate),
        ("14.03.1985", 1, Match::BirthDate),
        ("1985-03-14", 1, Match::BirthDate),
        ("a-1001", 1, Match::Chart),
        ("#A-10", 1, Match::Chart),
        ("#é-7", 4, Match::Chart),
        ("É-77", 4, Match::Chart),
        ("van beethoven", 6, Match::ExactName),
        ("beethofen", 6, Match::Typo),
        ("山田", 7, Match::ExactName),
    ];
    for (text, wanted, matched_by) in cases {
        let found = find(&desk, text).await.unwrap();
        assert!(
            found.contains(&(wanted, matched_by)),
            "{text:?} finds {found:?}, not {wanted} by {matched_by:?}"
        );
    }
    assert_eq!(find(&desk, "zzyzx").await.unwrap(), []);
    assert_eq!(find(&desk, "").await.unwrap(), []);
}

#[tokio::test]
async fn nickname_alone_finds_who_has_no_such_address() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, "Elizabeth Taylor")]).await;
    assert_eq!(find(&desk, "liz").await.unwrap(), [(1, Match::Nickname)]);
}

#[tokio::test]
async fn a_common_name_with_a_common_part_of_a_number_finds_who_has_both() {
    let desk = Desk::new().await;
    let smiths = (0..400).map(|n| patient(n, "Adam Smith").phone(&format!("+1617{n:07}")));
    let others = (1_000..1_400).map(|n| patient(n, "Zoe Quill").phone(&format!("+1415555{:04}", n)));
    desk.insert(&smiths.chain(others).collect::<Vec<_>>()).await;
    desk.insert(&[patient(5_000, "Walter Smith").phone("+14155558888")]).await;
    for text in ["smith 555", "555 smi", "smiht 415555"] {
        assert_eq!(find(&desk, text).await.unwrap()[0].0, 5_000, "{text}");
    }
}

#[tokio::test]
async fn whatever_is_typed_is_taken_as_text() {
    let desk = clinic().await;
    let long = "a".repeat(10_000);
    let many = "smith ".repeat(2_000);
    let words = "ash birch cedar john smith joan garcia taylor elizabeth";
    let texts = [
        "\"",
        "\"\"",
        "'",
        "*",
        "a*",
        "^a",
        "-",
        "NEAR(",
        "NEAR(a b)",
        "NEAR(\"a\" \"b\", 3)",
        "OR",
        "AND",
        "NOT",
        "a OR",
        "OR OR OR",
        "names:ash",
        "names : (ash)",
        "{names sounds}: a",
        "\0",
        "a\0b",
        "abc\0def@x",
        "\"abc\0",
        "x@\"y\"\0",
        "🎉",
        "🎉🎉🎉",
        "'; DROP TABLE patient; --",
        "%",
        "_",
        "\\",
        "(((((((",
        ")",
        "#",
        "#*",
        "#\"",
        "#'",
        "@",
        "@@@",
        "a@\"",
        "\u{10ffff}",
        "\u{202e}abc",
        "\t\n",
        "+",
        "+++",
        "000",
        "9999999999999999999999",
        "??",
        "?1",
        ":a",
        "$a",
        long.as_str(),
        many.as_str(),
        words,
    ];
    for text in texts {
        let found = find(&desk, text).await;
        assert!(found.is_ok(), "{:?}: {:?}", text.chars().take(40).collect::<String>(), found.err());
    }
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM patient").await, 307);
}

#[tokio::test]
async fn no_search_scans_a_table_or_sorts() {
    let desk = clinic().await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    for text in
        ["ash", "jonh smth", "5550102", "garcia@exam", "14.03.1985", "a-1001", "john 1990-12-01", "#A"]
    {
        search_patients(&mut read, &Query::parse(text, day("2026-11-22")), 20).await.unwrap();
        assert_indexed(&mut read, Sorting::None).await;
    }
}

#[tokio::test]
async fn a_changed_name_is_found_and_the_old_one_is_not() {
    let desk = clinic().await;
    desk.write(async |write| {
        write.declare_current();
        execute(write, "UPDATE patient SET family = 'Quarles' WHERE family = 'Smith'").await?;
        execute(write, "DELETE FROM patient WHERE family = 'Smythe'").await?;
        execute(write, "UPDATE patient_contact SET value = '+15557777777' WHERE value = '+15550102020'").await
    })
    .await
    .unwrap();
    assert_eq!(find(&desk, "quarles").await.unwrap(), [(4, Match::ExactName)]);
    assert_eq!(find(&desk, "smythe").await.unwrap(), []);
    assert_eq!(find(&desk, "0102020").await.unwrap(), []);
    assert_eq!(find(&desk, "7777777").await.unwrap(), [(1, Match::Phone)]);
    assert_eq!(desk.faults().await, []);
}
