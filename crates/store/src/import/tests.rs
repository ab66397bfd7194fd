use super::*;
use crate::Usage;
use crate::plan::{Sorting, assert_indexed, forget_statements};
use crate::support::*;

const JOB: ImportId = ImportId(Uuid::from_u128(7));

/// An import of two rows, one of them wrong, that added two patients.
async fn imported() -> Desk {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, "Ann Ash").allergy("Nuts"), patient(2, "Ben Birch").phone("+15550100")]).await;
    desk.write(async |write| {
        insert_job(write, JOB, "patients.csv", 100, 5).await?;
        let wrong = ProblemRow {
            no: 1,
            line: 2,
            column: Some(3),
            reason: "birth_date".to_owned(),
            value: "x".to_owned(),
        };
        insert_problems(write, JOB, &[wrong]).await?;
        insert_records(write, JOB, Imported::Patients, &[id(1), id(2)]).await
    })
    .await
    .unwrap();
    desk
}

#[tokio::test]
async fn no_list_of_imports_scans_a_table_or_sorts() {
    let desk = imported().await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    assert_eq!(list_jobs(&mut read, i64::MAX, 20).await.unwrap().len(), 1);
    assert!(find_job(&mut read, JOB).await.unwrap().is_some());
    list_rows(&mut read, JOB, 0, 500).await.unwrap();
    assert_eq!(list_problems(&mut read, JOB, 0, 100).await.unwrap().len(), 1);
    assert_eq!(list_substances(&mut read, &[patient_id(1), patient_id(2)]).await.unwrap().len(), 1);
    assert_indexed(&mut read, Sorting::None).await;
}

#[tokio::test]
async fn taking_an_import_back_scans_no_table() {
    let desk = imported().await;
    let mut write = desk.begin().await;
    write.declare_current();
    forget_statements(&mut write).await;
    // Both patients were not written by an import, so they stay.
    assert_eq!(undo_step(&mut write, JOB, 500).await.unwrap(), Undone { deleted: 0, kept: 2 });
    assert_indexed(&mut write, Sorting::None).await;
}
