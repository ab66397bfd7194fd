//! What was paid, credited and is due: the same from whatever order the facts arrive in.

use crate::support::*;
use proptest::prelude::*;
use proptest::sample::subsequence;

const PATIENTS: u8 = 2;
const INVOICES: u8 = 3;

fn of(place: u128, n: u8) -> String {
    blob(id(place + u128::from(n)))
}

/// One row of those that a clinic's invoices consist of.
#[derive(Clone, Debug)]
enum Row {
    Invoice { n: u8, patient: u8, status: u8, document: u8, credit: bool },
    Line { n: u8, invoice: u8, price: i64 },
    Document { n: u8, invoice: u8, gross: i64, corrects: Option<u8> },
    Payment { n: u8, patient: u8, invoice: Option<u8>, method: u8, amount: i64 },
    Close { n: u8, at: u8, payments: Vec<u8> },
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![6 => -500..2_000_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => Just(9_000_000_000_000_000_000)]
}

/// Each record once.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let some = || prop::option::weighted(0.7, 0..INVOICES);
    let invoice = (0..PATIENTS, any::<u8>(), 0..6_u8, any::<bool>());
    let line = (0..INVOICES, amount());
    let document = (0..INVOICES, amount(), some());
    let payment = (0..PATIENTS, some(), any::<u8>(), amount());
    let close = (0..3_u8, prop::collection::vec(0..8_u8, 0..6));
    let list = |most| 0..=most;
    (
        prop::collection::vec(invoice, list(usize::from(INVOICES))),
        prop::collection::vec(line, list(6)),
        prop::collection::vec(document, list(6)),
        prop::collection::vec(payment, list(8)),
        prop::collection::vec(close, list(3)),
    )
        .prop_map(|(invoices, lines, documents, payments, closes)| {
            let number = |n: usize| u8::try_from(n).unwrap();
            let invoices =
                invoices.into_iter().enumerate().map(|(n, (patient, status, document, credit))| {
                    Row::Invoice { n: number(n), patient, status, document, credit }
                });
            let lines = lines.into_iter().enumerate();
            let lines = lines.map(|(n, (invoice, price))| Row::Line { n: number(n), invoice, price });
            let documents = documents.into_iter().enumerate().map(|(n, (invoice, gross, corrects))| {
                Row::Document { n: number(n), invoice, gross, corrects }
            });
            let payments = payments.into_iter().enumerate().map(|(n, (patient, invoice, method, amount))| {
                Row::Payment { n: number(n), patient, invoice, method, amount }
            });
            let closes = closes.into_iter().enumerate();
            let closes = closes.map(|(n, (at, payments))| Row::Close { n: number(n), at, payments });
            invoices.chain(lines).chain(documents).chain(payments).chain(closes).collect()
        })
}

fn sql(row: &Row) -> String {
    let invoice_or_null = |invoice: &Option<u8>| invoice.map_or("NULL".to_owned(), |n| of(0x200, n));
    match row {
        Row::Invoice { n, patient, status, document, credit } => {
            let status =
                ["draft", "issued", "issued", "void", "discarded", "strange"][usize::from(status % 6)];
            let kind = if *credit { "credit_note" } else { "invoice" };
            format!(
                "INSERT INTO invoice (id, patient_id, kind, status, document_id) VALUES ({}, {}, '{kind}', '{status}', {})",
                of(0x200, *n),
                of(0x100, *patient),
                of(0x400, *document)
            )
        }
        Row::Line { n, invoice, price } => format!(
            "INSERT INTO invoice_line (id, invoice_id, price) VALUES ({}, {}, {price})",
            of(0x300, *n),
            of(0x200, *invoice)
        ),
        Row::Document { n, invoice, gross, corrects } => format!(
            "INSERT INTO invoice_document (id, invoice_id, kind, corrects_id, series, number, gross)
             VALUES ({}, {}, '{}', {}, 'K7Q', {n}, {gross})",
            of(0x400, *n),
            of(0x200, *invoice),
            if corrects.is_some() { "credit_note" } else { "invoice" },
            invoice_or_null(corrects)
        ),
        Row::Payment { n, patient, invoice, method, amount } => format!(
            "INSERT INTO payment (id, patient_id, invoice_id, method, amount) VALUES ({}, {}, {}, '{}', {amount})",
            of(0x500, *n),
            of(0x100, *patient),
            invoice_or_null(invoice),
            ["cash", "credit", "strange"][usize::from(method % 3)]
        ),
        Row::Close { n, at, payments } => {
            let ids: Vec<_> =
                payments.iter().map(|n| id(0x500 + u128::from(*n)).simple().to_string()).collect();
            format!(
                "INSERT INTO day_close (id, closed_at, payments) VALUES ({}, {at}, '{}')",
                of(0x600, *n),
                serde_json::to_string(&ids).unwrap()
            )
        }
    }
}

fn table(row: &Row) -> (&'static str, String) {
    match row {
        Row::Invoice { n, .. } => ("invoice", of(0x200, *n)),
        Row::Line { n, .. } => ("invoice_line", of(0x300, *n)),
        Row::Document { n, .. } => ("invoice_document", of(0x400, *n)),
        Row::Payment { n, .. } => ("payment", of(0x500, *n)),
        Row::Close { n, .. } => ("day_close", of(0x600, *n)),
    }
}

/// As another desk's changes arrive: facts may leave again, if no server took them.
async fn arrive(desk: &Desk, statements: impl IntoIterator<Item = String>) {
    let mut write = desk.store.apply(&store::Usage::default(), desk.context()).await.unwrap();
    for sql in statements {
        execute(&mut write, &sql).await.unwrap();
    }
    write.commit().await.unwrap();
}

/// Rows, their order at another desk, and those of them that leave again.
fn arrivals() -> impl Strategy<Value = (Vec<Row>, Vec<Row>, Vec<Row>)> {
    rows().prop_flat_map(|rows| {
        let most = rows.len();
        (Just(rows.clone()), Just(rows.clone()).prop_shuffle(), subsequence(rows, 0..=most))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_due_follows_from_the_facts_in_whatever_order_they_arrive((one, other, gone) in arrivals()) {
        runtime().block_on(async {
            let desks = [Desk::new().await, Desk::new().await];
            for (desk, rows) in desks.iter().zip([&one, &other]) {
                arrive(desk, rows.iter().map(sql)).await;
                let faults = desk.faults().await;
                assert!(faults.iter().all(|check| check.name != "payments" && check.name != "invoices"), "{faults:?}");
            }
            assert_eq!(desks[0].derived().await, desks[1].derived().await);
            arrive(&desks[0], gone.iter().map(|row| {
                let (table, id) = table(row);
                format!("DELETE FROM {table} WHERE id = {id}")
            })).await;
            let faults = desks[0].faults().await;
            assert!(faults.iter().all(|check| check.name != "payments" && check.name != "invoices"), "{faults:?}");
        });
    }
}
