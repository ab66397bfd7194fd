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
