use super::*;
use crate::Usage;
use crate::plan::{Sorting, assert_indexed};
use crate::support::*;

#[tokio::test]
async fn the_export_passes_over_patients_in_the_order_of_their_ids() {
    let desk = Desk::new().await;
    let patients: Vec<_> = (1..6).map(|n| patient(n, "Ann Ash").phone("+15550100").tag("VIP")).collect();
    desk.insert(&patients).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let first = list_for_export(&mut read, None, 3).await.unwrap();
    let next = list_for_export(&mut read, Some(first[2].id), 3).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&next).map(|row| row.id).collect();
    assert_eq!(ids, (1..6).map(patient_id).collect::<Vec<_>>());
    // The phones of one patient, and so on, are put in their order.
    assert_indexed(&mut read, Sorting::OfOnePatient).await;
}
