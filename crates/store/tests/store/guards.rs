//! What a transaction demands of the server (rule 5 of the sync design).

use crate::support::*;
use crate::sync::{paired, server, sync};
use store::StoreError;
use store::Write;
use sync_protocol::{Dot, Guard, Kind};

const INVOICE: u128 = 0x100;
const LINE: u128 = 0x200;
const PAYMENT: u128 = 0x300;

/// As long as nobody wrote the invoice's status since `at`.
fn guard(at: Dot) -> Guard {
    Guard { collection: "invoice".to_owned(), record: id(INVOICE), register: "status".to_owned(), at }
}

async fn seen(desk: &Desk) -> Dot {
    desk.versions(&[id(INVOICE)]).await.dot(id(INVOICE), 2).unwrap()
}

async fn insert_line(write: &mut Write, n: u128) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO invoice_line (id, invoice_id) VALUES ({}, {})", blob(id(n)), blob(id(INVOICE)));
    execute(write, &sql).await
}

async fn insert_payment(write: &mut Write) -> Result<(), StoreError> {
    let (payment, invoice, some) = (blob(id(PAYMENT)), blob(id(INVOICE)), blob(id(1)));
    let sql = format!(
        "INSERT INTO payment (id, invoice_id, action_id, patient_id, taken_by) VALUES ({payment}, {invoice}, {some}, {some}, {some})"
    );
    execute(write, &sql).await
}

/// A line and cash for it, if nobody issues the invoice meanwhile.
async fn add_line_and_pay(desk: &Desk) {
    let at = seen(desk).await;
    let done = desk.write(async |write| {
        write.demand(guard(at));
        insert_line(write, LINE).await?;
        insert_payment(write).await
    });
    done.await.unwrap();
}

async fn issue(desk: &Desk) {
    let at = seen(desk).await;
    let done = desk.write(async |write| {
        write.demand(guard(at));
        write.declare_current();
        execute(write, "UPDATE invoice SET status = 'issued'").await
    });
    done.await.unwrap();
}

async fn new_invoice(desk: &Desk) {
    let some = blob(id(1));
    let sql = format!(
        "INSERT INTO invoice (id, patient_id, created_by) VALUES ({}, {some}, {some})",
        blob(id(INVOICE))
    );
    desk.run(&sql).await.unwrap();
}

#[tokio::test]
async fn what_a_transaction_demands_goes_with_each_of_its_changes_but_the_facts() {
    let desk = Desk::paired().await;
    new_invoice(&desk).await;
    let at = seen(&desk).await;
    add_line_and_pay(&desk).await;
    let [made, line, payment] = &desk.ops().await[..] else { panic!("three ops") };
    assert_eq!(made.guards, []);
    assert_eq!((line.collection.as_str(), &line.guards[..]), ("invoice_line", &[guard(at)][..]));
    assert_eq!((payment.kind, &payment.guards[..]), (Kind::Ledger, &[][..]));
}

#[tokio::test]
async fn a_line_of_an_invoice_that_was_issued_elsewhere_is_taken_back_and_its_payment_stays() {
    let server = server();
    let desks = [paired(2).await, paired(3).await];
    new_invoice(&desks[0]).await;
    for desk in &desks {
        sync(desk, &server).await;
    }
    issue(&desks[1]).await;
    add_line_and_pay(&desks[0]).await;
    for at in [1, 0, 1, 0] {
        sync(&desks[at], &server).await;
    }
    for desk in &desks {
        assert_eq!(desk.rows("SELECT status FROM invoice").await, ["issued"]);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM invoice_line").await, 0);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM payment").await, 1);
        assert_eq!(desk.faults().await, []);
    }
    assert_eq!(desks[0].value::<i64>("SELECT count(*) FROM attention WHERE seen_at IS NULL").await, 1);
}

#[tokio::test]
async fn nothing_stands_in_the_way_of_a_line_where_nobody_issued() {
    let server = server();
    let desks = [paired(2).await, paired(3).await];
    new_invoice(&desks[0]).await;
    for desk in &desks {
        sync(desk, &server).await;
    }
    // Both add one, and only then is it issued.
    add_line_and_pay(&desks[0]).await;
    let other = desks[1].write(async |write| insert_line(write, LINE + 1).await);
    other.await.unwrap();
    issue(&desks[0]).await;
    for at in [1, 0, 1, 0] {
        sync(&desks[at], &server).await;
    }
    for desk in &desks {
        assert_eq!(desk.rows("SELECT status FROM invoice").await, ["issued"]);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM invoice_line").await, 2);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM attention").await, 0);
    }
}

/// The copy's own changes demand what is the copy's own: renamed with it.
#[tokio::test]
async fn a_copy_that_goes_on_under_another_name_demands_what_it_wrote_itself() {
    let server = server();
    let desk = paired(2).await;
    desk.insert(&[patient(1, "Ann")]).await;
    sync(&desk, &server).await;
    let copy = desk.copy().await;
    desk.insert(&[patient(2, "Bea")]).await;
    new_invoice(&copy).await;
    add_line_and_pay(&copy).await;
    issue(&copy).await;
    let desks = [desk, copy];
    for desk in desks.iter().chain(&desks) {
        sync(desk, &server).await;
    }
    for desk in &desks {
        assert_eq!(desk.rows("SELECT status FROM invoice").await, ["issued"]);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM invoice_line").await, 1);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM attention").await, 0);
    }
}
