use super::*;
use crate::plan::{Sorting, assert_indexed, forget_statements};
use crate::support::*;
use crate::{Usage, consent, note};
use domain::consent::{Channel, Decision, Purpose};
use domain::difference::Changes;
use domain::id::{ConsentEventId, HouseholdId, ImportId, NoteId};
use domain::patient::{AlertLevel, NoteKind, Tag};
use store::manifest::COLLECTIONS;

fn likely<'a>(
    contacts: &'a [String],
    sounds: &'a [String],
    dates: &'a [chrono::NaiveDate],
) -> LikelyQuery<'a> {
    LikelyQuery {
        birth_dates: dates,
        contacts,
        family_sounds: sounds,
        except: &[],
        told_apart_from: Some(id(1)),
        not_of_import: Some(ImportId(id(2))),
    }
}

async fn clinic() -> Desk {
    let desk = Desk::new().await;
    let patients: Vec<_> = (1..30)
        .map(|n| {
            patient(n, "Ann Ash")
                .born("1985-03-14")
                .phone("+15550100")
                .tag("VIP")
                .alert(AlertLevel::AlertOnly)
                .allergy("Nuts")
        })
        .collect();
    desk.insert(&patients).await;
    desk
}

#[tokio::test]
async fn nothing_of_a_patients_page_scans_a_table() {
    let desk = clinic().await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    find_patient(&mut read, patient_id(1)).await.unwrap().unwrap();
    note::find_note(&mut read, NoteId(id(1))).await.unwrap();
    list_household(&mut read, HouseholdId(id(1))).await.unwrap();
    find_by_external_ids(&mut read, &["A-1", "A-2"]).await.unwrap();
    note::list_notes(&mut read, patient_id(1), None, 20).await.unwrap();
    note::list_notes(&mut read, patient_id(1), Some((true, 5, id(1))), 20).await.unwrap();
    consent::list_events(&mut read, patient_id(1), None, 20).await.unwrap();
    consent::list_standing(&mut read, patient_id(1)).await.unwrap();
    let (contacts, sounds, dates) = (["+15550100".to_owned()], ["fax".to_owned()], [day("1985-03-14")]);
    find_likely(&mut read, &likely(&contacts, &sounds, &dates)).await.unwrap();
    find_likely(&mut read, &likely(&contacts, &[], &dates)).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
    list_children(&mut read, patient_id(1)).await.unwrap();
    assert_indexed(&mut read, Sorting::OfOnePatient).await;
}

#[tokio::test]
async fn nothing_that_is_written_scans_a_table() {
    let desk = clinic().await;
    let mut write = desk.begin().await;
    write.declare_current();
    forget_statements(&mut write).await;
    let all: Vec<_> = (1..10).map(patient_id).collect();
    archive_patients(&mut write, &all, Some(at(1))).await.unwrap();
    let patch = PatientPatch {
        tier: Some(domain::patient::Tier::Gold),
        household: Some(None),
        ..PatientPatch::default()
    };
    update_patient(&mut write, patient_id(1), &patch).await.unwrap();
    let children = list_children(&mut write, patient_id(1)).await.unwrap();
    forget_statements(&mut write).await;
    let contacts = Changes { changed: children.contacts.clone(), ..Changes::default() };
    change_contacts(&mut write, patient_id(1), &contacts).await.unwrap();
    let removed = children.allergies.iter().filter_map(|one| Some(one.id?.0)).collect();
    change_allergies(&mut write, patient_id(1), &Changes { removed, ..Changes::default() }, at(2))
        .await
        .unwrap();
    let tag = Tag { id: None, label: "New".into() };
    change_tags(&mut write, patient_id(1), &Changes { added: vec![tag], ..Changes::default() })
        .await
        .unwrap();
    mark_distinct(&mut write, &[(patient_id(1), patient_id(2))]).await.unwrap();
    unmark_distinct(&mut write, patient_id(1), patient_id(2)).await.unwrap();
    consent::insert_consents(&mut write, &[decision(1, Decision::Granted)]).await.unwrap();
    assert_indexed(&mut write, Sorting::None).await;
}

fn decision(n: u128, decision: Decision) -> consent::NewConsent {
    consent::NewConsent {
        id: ConsentEventId(id(n)),
        patient: patient_id(1),
        channel: Channel::Sms,
        purpose: Purpose::Marketing,
        decision,
        source: "desk".into(),
        recorded_by: owner(),
        recorded_at: at(i64::try_from(n).unwrap()),
    }
}

#[tokio::test]
async fn a_decision_takes_account_of_those_before_and_leaves_one_standing() {
    let desk = clinic().await;
    for (n, made) in [(1, Decision::Granted), (2, Decision::Denied), (3, Decision::Granted)] {
        desk.write(async |write| consent::insert_consents(write, &[decision(n, made)]).await).await.unwrap();
    }
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let standing = consent::list_standing(&mut read, patient_id(1)).await.unwrap();
    assert_eq!(standing.iter().map(|row| row.id.0.as_u128()).collect::<Vec<_>>(), [3]);
    let (first, next) = consent::list_events(&mut read, patient_id(1), None, 2).await.unwrap();
    let (rest, end) = consent::list_events(&mut read, patient_id(1), next, 2).await.unwrap();
    let history: Vec<_> = first.iter().chain(&rest).map(|row| row.id.0.as_u128()).collect();
    assert_eq!((history, end), (vec![3, 2, 1], None));
    assert_eq!(desk.faults().await, []);
}

#[tokio::test]
async fn notes_come_pinned_first_then_newest_each_once() {
    let desk = clinic().await;
    let notes: Vec<_> = (1..20_u128)
        .map(|n| note::NoteRow {
            id: NoteId(id(n)),
            patient: patient_id(1),
            kind: NoteKind::General,
            body: format!("note {n}"),
            pinned: n % 4 == 0,
            // Many at the same time.
            created_at: at(i64::try_from(n / 3).unwrap()),
            author: owner(),
        })
        .collect();
    desk.write(async |write| note::insert_notes(write, &notes).await).await.unwrap();
    let removed = note::NotePatch { removed: Some(Some(at(9))), ..note::NotePatch::default() };
    desk.write(async |write| {
        write.declare_current();
        note::update_note(write, NoteId(id(7)), &removed).await
    })
    .await
    .unwrap();
    let mut expected: Vec<_> = notes.iter().filter(|one| one.id.0 != id(7)).collect();
    expected.sort_by_key(|one| std::cmp::Reverse((one.pinned, one.created_at, one.id)));
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = note::list_notes(&mut read, patient_id(1), after, 3).await.unwrap();
        found.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_patient_reads_back_as_written() {
    let desk = Desk::new().await;
    let mut whole = patient(1, "Ann Ash").born("1985-03-14").chart("A-1").archived();
    whole.household = Some(HouseholdId(id(50)));
    whole.guarantor = Some(patient_id(51));
    whole.address.city = "O'Fallon \"x\" \0 end".into();
    desk.insert(&[whole.clone()]).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let found = find_patient(&mut read, patient_id(1)).await.unwrap().unwrap();
    assert_eq!((found.name, found.birth_date, found.address), (whole.name, whole.birth_date, whole.address));
    assert_eq!((found.household, found.guarantor), (whole.household, whole.guarantor));
    assert_eq!((found.archived_at, found.created_at), (whole.archived_at, at(0)));
    assert_eq!(found.external_id, "A-1");
    assert_eq!(find_patient(&mut read, patient_id(2)).await.unwrap(), None);
    assert_eq!(list_household(&mut read, HouseholdId(id(50))).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_outside_a_transaction_aborts_on_every_synced_table() {
    let desk = clinic().await;
    let mut connection = desk.store.writer.acquire().await.unwrap();
    for collection in COLLECTIONS {
        let sql =
            format!("INSERT INTO {} (id) VALUES (x'00000000000000000000000000000099')", collection.name);
        let done = execute(&mut connection, &sql).await;
        assert!(matches!(done, Err(crate::StoreError::NoTransactionContext)), "{sql}: {done:?}");
    }
    for sql in ["UPDATE patient SET family = 'Unseen'", "DELETE FROM patient"] {
        let done = execute(&mut connection, sql).await;
        assert!(matches!(done, Err(crate::StoreError::NoTransactionContext)), "{sql}: {done:?}");
    }
    // A transaction without a context is none of ours either.
    execute(&mut connection, "BEGIN").await.unwrap();
    let done = execute(&mut connection, "DELETE FROM patient").await;
    assert!(matches!(done, Err(crate::StoreError::NoTransactionContext)));
    execute(&mut connection, "ROLLBACK").await.unwrap();
    drop(connection);
    // Nor are statements after SQLite itself has rolled ours back.
    let mut write = desk.begin().await;
    write.declare_current();
    execute(&mut write, "ROLLBACK").await.unwrap();
    let done = execute(&mut write, "DELETE FROM patient").await;
    assert!(matches!(done, Err(crate::StoreError::NoTransactionContext)), "{done:?}");
    drop(write);
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM patient WHERE family = 'Ash'").await, 29);
    desk.insert(&[patient(99, "Ben Birch")]).await;
}

#[tokio::test]
async fn likely_duplicates_are_found_and_those_told_apart_are_not() {
    let desk = Desk::new().await;
    desk.insert(&[
        patient(1, "Ann Ash").born("1985-03-14"),
        patient(2, "Anne Ash").born("1985-03-14"),
        patient(3, "Cleo Cedar").email("Cleo@Example.com"),
        patient(4, "Dan Dogwood"),
    ])
    .await;
    let find = async |query: LikelyQuery<'_>| {
        let mut read = desk.store.read(&Usage::default()).await.unwrap();
        let mut found: Vec<_> = find_likely(&mut read, &query)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.listing.id.0.as_u128())
            .collect();
        found.sort();
        found
    };
    let (email, dates) = (["cleo@example.com".to_owned()], [day("1985-03-14")]);
    let query = LikelyQuery { told_apart_from: None, not_of_import: None, ..likely(&email, &[], &dates) };
    assert_eq!(find(query).await, [1, 2, 3]);
    assert_eq!(find(LikelyQuery { except: &[id(2)], ..query }).await, [1, 3]);
    desk.write(async |write| mark_distinct(write, &[(patient_id(2), patient_id(1))]).await).await.unwrap();
    assert_eq!(find(LikelyQuery { told_apart_from: Some(id(1)), ..query }).await, [1, 3]);
    assert_eq!(find(LikelyQuery { told_apart_from: Some(id(2)), ..query }).await, [2, 3]);
    desk.write(async |write| {
        write.declare_current();
        unmark_distinct(write, patient_id(1), patient_id(2)).await
    })
    .await
    .unwrap();
    assert_eq!(find(LikelyQuery { told_apart_from: Some(id(1)), ..query }).await, [1, 2, 3]);
}
