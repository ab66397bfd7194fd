use super::*;
use crate::plan::{Sorting, assert_indexed, forget_statements};
use crate::support::*;

/// Everything that the page of sync asks for, which is kept small by its own limits.
#[tokio::test]
async fn no_list_of_sync_sorts_or_scans_what_grows() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash").phone("+15550100")]).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    forget_statements(&mut read).await;
    assert_eq!(list_conflicts(&mut read, None, 50).await.unwrap(), []);
    assert_eq!(list_attention(&mut read, None, 50).await.unwrap(), []);
    assert_eq!(list_unsent(&mut read, None, 50).await.unwrap().0.len(), 2);
    assert_eq!(list_log(&mut read, Some(7), 50).await.unwrap(), []);
    assert_eq!(list_arrivals(&mut read, None, 50).await.unwrap(), []);
    assert_eq!(list_parked(&mut read, None, 50).await.unwrap(), []);
    let key = Key { collection: "patient_contact".to_owned(), record: id(7) };
    assert_eq!(subjects(&mut read, &[key]).await.unwrap().len(), 0);
    assert_indexed(&mut read, Sorting::None).await;
}

#[tokio::test]
async fn what_is_unsent_is_counted_from_the_first_of_it() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    assert_eq!(overview(&mut read).await.unwrap().unsent, 1);
    let alone = Desk::new().await;
    alone.insert(&[patient(1, "Ann Ash")]).await;
    let mut read = alone.store.read(&Usage::default()).await.unwrap();
    assert_eq!(overview(&mut read).await.unwrap(), Overview::default());
}

#[tokio::test]
async fn what_is_unsent_is_listed_record_by_record_the_newest_first() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash").phone("+15550100")]).await;
    desk.insert(&[patient(2, "Bob Bay")]).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let (all, next) = list_unsent(&mut read, None, 50).await.unwrap();
    let of = |unsent: &UnsentRecord| (unsent.key.collection.clone(), unsent.is_new, unsent.is_delete);
    let kinds: Vec<_> = all.iter().map(of).collect();
    let new = |collection: &str| (collection.to_owned(), true, false);
    assert_eq!(kinds, [new("patient"), new("patient"), new("patient_contact")]);
    assert_eq!((all[0].key.record, next), (id(2), None));
    // Page by page it is the same.
    let (first, next) = list_unsent(&mut read, None, 2).await.unwrap();
    let (second, end) = list_unsent(&mut read, next, 2).await.unwrap();
    assert_eq!(([first, second].concat(), end), (all, None));
}
