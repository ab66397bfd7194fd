use super::*;
use crate::plan::{Sorting, assert_indexed};
use crate::support::*;
use crate::{Read, Usage};
use domain::patient::AlertLevel;
use domain::text::{fold, sort_key};
use proptest::prelude::*;
use store::patient::NewPatient;

const SORTS: [Sort; 5] =
    [Sort::Name, Sort::NameDescending, Sort::BirthDate, Sort::BirthDateDescending, Sort::Added];

fn filters() -> Vec<Filter> {
    let mut filters = Vec::new();
    for bits in 0..16 {
        filters.push(Filter {
            archived: bits & 1 != 0,
            tag: (bits & 2 != 0).then(|| "vip".to_owned()),
            tier: (bits & 4 != 0).then_some(Tier::Gold),
            alert: bits & 8 != 0,
        });
    }
    filters
}

fn request(
    filter: &Filter,
    sort: Sort,
    after: Option<ListingCursor>,
    skip: u32,
    limit: u32,
) -> ListingRequest {
    ListingRequest { filter: filter.clone(), sort, after, skip, limit }
}

async fn read(desk: &Desk) -> Read {
    desk.store.read(&Usage::default()).await.unwrap()
}

type Person = (&'static str, Option<&'static str>, Vec<&'static str>, u8, u8, bool, i64);

/// Few names and dates, so that many are equal.
fn people() -> impl Strategy<Value = Vec<(NewPatient, i64)>> {
    let name = prop::sample::select(vec![
        "Ann Ash",
        "ann ash",
        "Bea Ash",
        "Ann Ash-Birch",
        "Óscar Ñandú",
        "Zoe",
        "",
    ]);
    let birth = prop::sample::select(vec![None, Some("1985-03-14"), Some("1985-03-15"), Some("2020-02-29")]);
    let labels = prop::sample::subsequence(vec!["VIP", "vip", "Recall", "été"], 0..=3);
    let person = (name, birth, labels, 0..2_u8, 0..3_u8, any::<bool>(), 0..3_i64);
    prop::collection::vec(person, 0..25).prop_map(|people| {
        let person = |(n, (name, birth, labels, gold, alert, archived, added)): (u128, Person)| {
            let mut one = patient(n, name);
            one.birth_date = birth.map(day);
            one.tier = if gold == 1 { Tier::Gold } else { Tier::Standard };
            for label in labels {
                one = one.tag(label);
            }
            if alert > 0 {
                one = one.alert(if alert == 1 { AlertLevel::AlertOnly } else { AlertLevel::DoNotBook });
            }
            (if archived { one.archived() } else { one }, added)
        };
        (1..).zip(people).map(person).collect()
    })
}

fn passes(filter: &Filter, one: &NewPatient) -> bool {
    one.archived_at.is_some() == filter.archived
        && filter.tag.as_ref().is_none_or(|tag| one.tags.iter().any(|t| fold(&t.label) == *tag))
        && filter.tier.is_none_or(|tier| one.tier == tier)
        && (!filter.alert || !one.alerts.is_empty())
}

/// What a list is to show: sorted here, by the same keys.
fn expected(people: &[(NewPatient, i64)], filter: &Filter, sort: Sort) -> Vec<Uuid> {
    let mut rows: Vec<_> = people
        .iter()
        .enumerate()
        .filter(|(_, (one, _))| passes(filter, one))
        .map(|(no, (one, added))| {
            let key = match sort.column() {
                "sort_name" => sort_key(&one.name.family, &one.name.given),
                "birth_key" => one.birth_date.map_or("9999-12-31".into(), |date| date.to_string()),
                _ => added.to_string(),
            };
            ((key, no), one.id)
        })
        .collect();
    rows.sort();
    if sort.is_descending() {
        rows.reverse();
    }
    rows.into_iter().map(|(_, id)| id).collect()
}

async fn walk(read: &mut Read, filter: &Filter, sort: Sort, limit: u32) -> Vec<Uuid> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = list_patients(read, &request(filter, sort, after, 0, limit)).await.unwrap();
        ids.extend(page.rows.iter().map(|row| row.id.0));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn check(desk: &Desk, people: &[(NewPatient, i64)], limit: u32, skip: u32) {
    let mut read = read(desk).await;
    for filter in filters() {
        for sort in SORTS {
            let all = expected(people, &filter, sort);
            assert_eq!(walk(&mut read, &filter, sort, limit).await, all, "{filter:?} {sort:?}");
            let jump = list_patients(&mut read, &request(&filter, sort, None, skip, limit)).await.unwrap();
            let jumped: Vec<_> = jump.rows.iter().map(|row| row.id.0).collect();
            let walked: Vec<_> = all.iter().copied().skip(skip as usize).take(limit as usize).collect();
            assert_eq!(jumped, walked, "{filter:?} {sort:?}, skipping {skip}");
        }
        let n = i64::try_from(expected(people, &filter, Sort::Name).len()).unwrap();
        let page = list_patients(&mut read, &request(&filter, Sort::Name, None, 0, 1)).await.unwrap();
        assert_eq!((page.count, page.more_than_counted), (n, false), "{filter:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_give_each_row_once_and_in_order(people in people(), limit in 1..7_u32, skip in 0..12_u32) {
        runtime().block_on(async {
            let desk = Desk::new().await;
            for (one, added) in &people {
                let one = std::slice::from_ref(one);
                desk.write(async |write| store::patient::insert_patients(write, one, at(*added)).await).await.unwrap();
            }
            check(&desk, &people, limit, skip).await;
            assert_eq!(desk.faults().await, []);
        });
    }
}

async fn clinic() -> Desk {
    let desk = Desk::new().await;
    let names = ["Ann Ash", "Ben Birch", "Cleo Cedar"];
    let patients: Vec<_> = (1..60_usize)
        .map(|n| {
            let one = patient(u128::try_from(n).unwrap(), names[n % 3]).phone("+15550100").tag("vip");
            if n % 5 == 0 { one.alert(AlertLevel::DoNotBook) } else { one }
        })
        .collect();
    desk.insert(&patients).await;
    desk
}

#[tokio::test]
async fn no_list_scans_a_table_or_sorts() {
    let desk = clinic().await;
    let mut read = read(&desk).await;
    for filter in filters() {
        for sort in SORTS {
            let first = list_patients(&mut read, &request(&filter, sort, None, 3, 2)).await.unwrap();
            assert_indexed(&mut read, Sorting::None).await;
            let cursor = first.next.unwrap_or(ListingCursor {
                sort,
                key: if sort == Sort::Added { Key::Number(1) } else { Key::Text("a".into()) },
                no: 1,
            });
            list_patients(&mut read, &request(&filter, sort, Some(cursor), 0, 2)).await.unwrap();
            assert_indexed(&mut read, Sorting::None).await;
        }
    }
    list_counts(&mut read).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
    find_listings(&mut read, &[id(1), id(2)]).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
    store::load_versions(&mut read, &[id(1)]).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
    store::list_outbox(&mut read, 0, 10).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
}

#[tokio::test]
async fn a_page_is_one_statement() {
    let desk = clinic().await;
    let usage = Usage::default();
    let mut read = desk.store.read(&usage).await.unwrap();
    list_patients(&mut read, &request(&filters()[0], Sort::Name, None, 0, 50)).await.unwrap();
    read.end().await.unwrap();
    assert_eq!(usage.cost().statements, 1);
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let desk = clinic().await;
    let mut read = read(&desk).await;
    let page = list_patients(&mut read, &request(&filters()[0], Sort::Name, None, 0, 2)).await.unwrap();
    let other = list_patients(&mut read, &request(&filters()[0], Sort::Added, page.next, 0, 2)).await;
    assert!(matches!(other, Err(StoreError::Cursor)));
}

#[tokio::test]
async fn a_row_that_this_version_does_not_understand_does_not_hide_the_others() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, "Ann Ash").phone("+15550100"), patient(2, "Ben Birch")]).await;
    desk.write(async |write| {
        write.declare_current();
        execute(write, "UPDATE patient SET birth_date = 'spring', tier = 'diamond', created_at = 9223372036854775807 WHERE given = 'Ann'").await?;
        execute(write, "UPDATE patient_contact SET kind = 'carrier pigeon'").await
    })
    .await
    .unwrap();
    let mut read = read(&desk).await;
    let page = list_patients(&mut read, &request(&Filter::default(), Sort::Name, None, 0, 10)).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    let children = store::patient::list_children(&mut read, patient_id(1)).await.unwrap();
    assert_eq!(children.contacts, []);
}
