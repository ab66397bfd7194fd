//! What invoices add up to, whatever comes in whatever order.

use crate::support::*;
use proptest::prelude::*;
use store::{Cost, Usage};
use uuid::Uuid;

const INVOICE: u128 = 0x100;

fn line(n: u128, invoice: u128, amounts: &str) -> String {
    format!(
        "INSERT INTO invoice_line (id, invoice_id, quantity, price, discount_kind, discount, tax_category, tax_rate)
         VALUES ({}, {}, {amounts})",
        blob(id(n)),
        blob(id(invoice))
    )
}

fn invoice(n: u128) -> String {
    format!("INSERT INTO invoice (id, patient_id) VALUES ({}, {})", blob(id(n)), blob(id(1)))
}

impl Desk {
    /// One statement about rows as they are.
    async fn edit(&self, sql: &str) {
        let edited = self.write(async |write| {
            write.declare_current();
            execute(write, sql).await
        });
        edited.await.unwrap();
    }

    async fn totals(&self, invoice: u128) -> Vec<String> {
        let of = format!("WHERE invoice_id = {}", blob(id(invoice)));
        self.rows(&format!(
            "SELECT lines || ' lines: ' || net || ' + ' || tax || ' = ' || gross || iif(faulty, ', faulty', '')
             FROM invoice_total {of}"
        ))
        .await
    }
}

#[tokio::test]
async fn an_invoice_adds_up_whether_its_lines_come_before_it_or_after_it() {
    let desk = Desk::new().await;
    for sql in [
        line(1, INVOICE, "1500, 6000, 'none', 0, 'standard', 1900"),
        line(2, INVOICE, "1000, 4000, 'share', 2500, 'standard', 700"),
    ] {
        desk.run(&sql).await.unwrap();
    }
    assert!(desk.totals(INVOICE).await.is_empty());
    desk.run(&invoice(INVOICE)).await.unwrap();
    // 90.00 at 19 % and 30.00 at 7 %.
    assert_eq!(desk.totals(INVOICE).await, ["2 lines: 12000 + 1920 = 13920"]);
    desk.run(&line(3, INVOICE, "1000, 500, 'amount', 500, 'exempt', 0")).await.unwrap();
    assert_eq!(desk.totals(INVOICE).await, ["3 lines: 12000 + 1920 = 13920"]);
    let edit = |sql: &str| format!("{sql} WHERE id = {}", blob(id(1)));
    desk.edit(&edit("UPDATE invoice_line SET quantity = 1000")).await;
    assert_eq!(desk.totals(INVOICE).await, ["3 lines: 9000 + 1350 = 10350"]);
    desk.edit("UPDATE invoice SET discount_kind = 'share', discount = 1000").await;
    assert_eq!(desk.totals(INVOICE).await, ["3 lines: 8100 + 1215 = 9315"]);
    desk.edit(&edit("DELETE FROM invoice_line")).await;
    assert_eq!(desk.totals(INVOICE).await, ["2 lines: 2700 + 189 = 2889"]);
    assert!(desk.faults().await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_is_flagged_and_counts_as_nothing() {
    let desk = Desk::new().await;
    desk.run(&invoice(INVOICE)).await.unwrap();
    desk.run(&line(1, INVOICE, "1000, 1000, 'none', 0, 'standard', 1000")).await.unwrap();
    for (n, amounts) in [
        (2, "9000000000000000000, 9000000000000000000, 'none', 0, 'standard', 1000"),
        (3, "1000, 1000, 'amount', 1001, 'standard', 1000"),
        (4, "1000, 1000, 'of a newer app', 0, 'standard', 1000"),
        (5, "1000, 1000, 'none', 0, 'of a newer app', 1000"),
        (6, "1000, 1000, 'none', 0, 'standard', -9223372036854775808"),
        (7, "1000, 1000, 'none', 0, 'exempt', 1000"),
    ] {
        desk.run(&line(n, INVOICE, amounts)).await.unwrap();
        assert_eq!(desk.totals(INVOICE).await, ["2 lines: 1000 + 100 = 1100, faulty"], "{amounts}");
        let gone = format!("DELETE FROM invoice_line WHERE id = {}", blob(id(n)));
        desk.edit(&gone).await;
        assert_eq!(desk.totals(INVOICE).await, ["1 lines: 1000 + 100 = 1100"], "{amounts}");
    }
    for discount in ["'amount', 1001", "'amount', -1", "'share', 10001", "'share', -1", "'of a newer app', 0"]
    {
        let (kind, value) = discount.split_once(", ").unwrap();
        let sql = format!("UPDATE invoice SET discount_kind = {kind}, discount = {value}");
        desk.edit(&sql).await;
        assert_eq!(desk.totals(INVOICE).await, ["1 lines: 1000 + 100 = 1100, faulty"], "{discount}");
    }
    assert!(desk.faults().await.is_empty());
}

/// What one more line costs on an invoice of so many.
async fn cost_of_a_line(lines: u32) -> Cost {
    let desk = Desk::new().await;
    desk.run(&invoice(INVOICE)).await.unwrap();
    let many = format!(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {lines})
         INSERT INTO invoice_line (id, invoice_id, price, position, tax_rate)
         SELECT randomblob(16), {}, n, n, 1900 FROM number",
        blob(id(INVOICE))
    );
    desk.run(&many).await.unwrap();
    let usage = Usage::default();
    desk.write_metered(&usage, async |write| {
        execute(write, &line(1, INVOICE, "1000, 1000, 'none', 0, 'standard', 1900")).await
    })
    .await
    .unwrap();
    usage.cost()
}

#[tokio::test]
async fn a_line_costs_the_same_on_an_invoice_of_50_and_of_5000() {
    let (few, many) = (cost_of_a_line(50).await, cost_of_a_line(5_000).await);
    assert_eq!(few.statements, many.statements);
    assert!(many.vm_steps * 10 <= few.vm_steps * 12, "{few:?} {many:?}");
}

#[derive(Clone, Debug)]
enum Step {
    Put { line: u8, invoice: u8, amounts: [i64; 4], words: (u8, u8) },
    Drop { line: u8 },
    Bill { invoice: u8, discount: i64, word: u8 },
    Forget { invoice: u8 },
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..5_000_i64, 1 => -3_000..0_i64, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(10_000)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..6_u8, 0..3_u8, [number(), number(), number(), number()], any::<(u8, u8)>())
            .prop_map(|(line, invoice, amounts, words)| Step::Put { line, invoice, amounts, words }),
        1 => (0..6_u8).prop_map(|line| Step::Drop { line }),
        2 => (0..3_u8, number(), any::<u8>()).prop_map(|(invoice, discount, word)| Step::Bill { invoice, discount, word }),
        1 => (0..3_u8).prop_map(|invoice| Step::Forget { invoice }),
    ];
    prop::collection::vec(step, 1..25)
}

fn of(place: u128, n: u8) -> String {
    blob(Uuid::from_u128(place + u128::from(n)))
}

fn sql(step: &Step) -> String {
    let discount = |word: u8| ["none", "amount", "share", "strange"][usize::from(word % 4)];
    let tax = |word: u8| ["standard", "standard", "zero", "exempt", "strange"][usize::from(word % 5)];
    match step {
        Step::Put { line, invoice, amounts: [quantity, price, off, rate], words } => format!(
            "INSERT INTO invoice_line (id, invoice_id, quantity, price, discount_kind, discount, tax_category, tax_rate)
             VALUES ({}, {}, {quantity}, {price}, '{}', {off}, '{}', {rate})
             ON CONFLICT (id) DO UPDATE SET invoice_id = excluded.invoice_id, quantity = excluded.quantity,
               price = excluded.price, discount_kind = excluded.discount_kind, discount = excluded.discount,
               tax_category = excluded.tax_category, tax_rate = excluded.tax_rate",
            of(0x100, *line),
            of(0x200, *invoice),
            discount(words.0),
            tax(words.1)
        ),
        Step::Drop { line } => format!("DELETE FROM invoice_line WHERE id = {}", of(0x100, *line)),
        Step::Bill { invoice, discount: off, word } => format!(
            "INSERT INTO invoice (id, discount_kind, discount) VALUES ({}, '{}', {off})
             ON CONFLICT (id) DO UPDATE SET discount_kind = excluded.discount_kind, discount = excluded.discount",
            of(0x200, *invoice),
            discount(*word)
        ),
        Step::Forget { invoice } => format!("DELETE FROM invoice WHERE id = {}", of(0x200, *invoice)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn totals_kept_by_triggers_are_those_that_are_worked_out_anew(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new().await;
            for step in &steps {
                desk.edit(&sql(step)).await;
            }
            assert_eq!(desk.faults().await, [], "{steps:?}");
        });
    }
}
