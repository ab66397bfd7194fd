use super::list::InvoiceCursor;
use super::*;
use crate::plan::{Sorting, assert_indexed, forget_statements};
use crate::support::*;
use chrono::DateTime;
use domain::id::{InvoiceId, PatientId};
use domain::invoice::InvoiceStatus;
use store::{Read, Usage};

async fn read(desk: &Desk) -> Read {
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    forget_statements(&mut read).await;
    read
}

/// Three patients with twenty invoices each, some with lines, of every status.
async fn clinic() -> Desk {
    let desk = Desk::new().await;
    desk.insert(&(1..4).map(|n| patient(n, "Ann Ash")).collect::<Vec<_>>()).await;
    desk.run(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20)
         INSERT INTO invoice (id, patient_id, created_at, status)
         SELECT randomblob(16), p.id, 1700000000000 + n, CASE n % 3 WHEN 0 THEN 'draft' WHEN 1 THEN 'issued' ELSE 'void' END
         FROM patient p, number",
    )
    .await
    .unwrap();
    desk.run("INSERT INTO invoice_line (id, invoice_id, description, price) SELECT randomblob(16), id, 'Peel', 100 FROM invoice")
        .await
        .unwrap();
    desk
}

fn whiches() -> Vec<Which> {
    let statuses = [InvoiceStatus::Draft, InvoiceStatus::Issued, InvoiceStatus::Void].map(Which::Status);
    let of = PatientId(patient_id(1).0);
    [Which::All, Which::Due, Which::Of(of), Which::DueOf(of)].into_iter().chain(statuses).collect()
}

#[tokio::test]
async fn no_list_of_invoices_scans_a_table_or_sorts() {
    let desk = clinic().await;
    let mut read = read(&desk).await;
    for which in whiches() {
        for after in [None, Some(InvoiceCursor::at(1_700_000_000_010))] {
            let query = InvoiceQuery {
                which,
                from: DateTime::from_timestamp_millis(1_700_000_000_000),
                after,
                limit: 5,
                ..InvoiceQuery::default()
            };
            list_invoices(&mut read, &query).await.unwrap();
            assert_indexed(&mut read, Sorting::None).await;
        }
    }
    let invoice = InvoiceId(id(1));
    list_lines(&mut read, invoice, None, 5).await.unwrap();
    list_contents(&mut read, invoice).await.unwrap();
    find_invoice(&mut read, invoice).await.unwrap();
    find_standing(&mut read, invoice).await.unwrap();
    store::payment::load_account(&mut read, patient_id(1)).await.unwrap();
    assert_indexed(&mut read, Sorting::None).await;
    // Of one invoice, and few.
    list_documents(&mut read, invoice).await.unwrap();
    list_credit_notes(&mut read, invoice).await.unwrap();
    store::payment::list_of_invoice(&mut read, invoice).await.unwrap();
    assert_indexed(&mut read, Sorting::OfOnePatient).await;
}

#[tokio::test]
async fn a_deep_page_costs_what_the_first_one_does() {
    let desk = clinic().await;
    for which in whiches() {
        let mut steps = Vec::new();
        for after in [None, Some(InvoiceCursor::at(1_700_000_000_008))] {
            let usage = Usage::default();
            let mut read = desk.store.read(&usage).await.unwrap();
            let query = InvoiceQuery { which, after, limit: 2, ..InvoiceQuery::default() };
            list_invoices(&mut read, &query).await.unwrap();
            read.end().await.unwrap();
            assert_eq!(usage.cost().statements, 1);
            steps.push(usage.cost().vm_steps);
        }
        assert!(steps[1] * 10 <= steps[0] * 12, "{which:?}: {steps:?}");
    }
}
