use super::super::document::{Addressee, Letterhead, LineContent, settle};
use super::super::{InvoiceKind, Tax, TaxCategory};
use super::*;
use crate::money::Currency;
use proptest::prelude::*;
use uuid::Uuid;

fn content(quantity: i64, price: i64, rate: u32) -> LineContent {
    LineContent {
        item: None,
        provider: None,
        description: "Peel".to_owned(),
        quantity,
        price,
        discount: Discount::None,
        tax: Tax { category: TaxCategory::Standard, rate },
    }
}

fn line_id(n: usize) -> LineId {
    LineId(Uuid::from_u128(n as u128 + 1))
}

fn document(lines: Vec<DocumentLine>, discount: Discount, totals: Totals) -> Document {
    Document {
        number: "K7Q-000001".to_owned(),
        kind: InvoiceKind::Invoice,
        issued_on: "2026-03-01".parse().unwrap(),
        currency: Currency::from_code("EUR").unwrap(),
        seller: Letterhead::default(),
        buyer: Addressee::default(),
        corrects: None,
        lines,
        discount,
        totals,
        note: String::new(),
    }
}

fn invoice(lines: Vec<LineContent>, discount: Discount) -> Document {
    let lines = lines.into_iter().enumerate().map(|(n, line)| (line_id(n), line)).collect();
    let (lines, totals) = settle(lines, discount).unwrap();
    document(lines, discount, totals)
}

fn note(Credit { lines, discount, totals }: Credit) -> Document {
    document(lines, discount, totals)
}

#[test]
fn a_whole_invoice_is_taken_back_as_it_was() {
    let invoice =
        invoice(vec![content(1_000, 3_334, 1_900), content(2_000, 833, 700)], Discount::Amount(1_000));
    let credit = credit(&invoice, &[], None).unwrap();
    assert_eq!(credit.totals, invoice.totals);
    assert_eq!(credit.lines, invoice.lines);
}

#[test]
fn part_of_a_line_gives_back_its_part_of_the_discounts() {
    let mut half_off = content(4_000, 1_000, 1_000);
    half_off.discount = Discount::Share(5_000);
    let invoice = invoice(vec![half_off, content(1_000, 2_000, 1_000)], Discount::Share(1_000));
    let one = credit(&invoice, &[], Some(&[(line_id(0), 1_000)])).unwrap();
    // 5.00 of the 20.00, of which 10 % were off, and 10 % tax.
    assert_eq!((one.lines[0].net, one.totals.discount), (500, 50));
    assert_eq!((one.totals.net, one.totals.tax, one.totals.gross), (450, 45, 495));
}

#[test]
fn no_more_is_taken_back_than_was_charged() {
    let invoice = invoice(vec![content(2_000, 1_000, 0)], Discount::None);
    let of = |quantity| credit(&invoice, &[], Some(&[(line_id(0), quantity)]));
    for (quantity, problem) in [
        (2_001, Problem::AboveDue),
        (-1, Problem::AboveDue),
        (i64::MIN, Problem::AboveDue),
        (i64::MAX, Problem::AboveDue),
        (0, Problem::Required),
    ] {
        assert_eq!(of(quantity), Err(problem), "{quantity}");
    }
    let first = note(of(1_500).unwrap());
    let again = credit(&invoice, std::slice::from_ref(&first), Some(&[(line_id(0), 501)]));
    assert_eq!(again, Err(Problem::AboveDue));
    let rest = note(credit(&invoice, std::slice::from_ref(&first), None).unwrap());
    assert_eq!(rest.totals.gross, 500);
    assert_eq!(credit(&invoice, &[first, rest], None), Err(Problem::Required));
    assert_eq!(credit(&invoice, &[], Some(&[])), Err(Problem::Required));
    assert_eq!(credit(&invoice, &[], Some(&[(line_id(7), 1)])), Err(Problem::NoSuchRecord));
    assert_eq!(credit(&invoice, &[], Some(&[(line_id(0), 1), (line_id(0), 1)])), Err(Problem::Repeated));
}

proptest! {
    #[test]
    fn all_credit_notes_together_are_the_invoices_mirror_image(
        lines in prop::collection::vec((1..9_i64, 0..100_000_i64, 0..3_usize), 1..6),
        share in 0..=10_000_u32,
        picks in prop::collection::vec((0..6_usize, 1..4_000_i64), 0..8),
    ) {
        let rates = [0, 700, 1_900];
        let contents = lines.iter().map(|(n, price, rate)| content(n * 500, *price, rates[*rate])).collect();
        let invoice = invoice(contents, Discount::Share(share));
        let mut notes = Vec::new();
        for (at, quantity) in picks {
            match credit(&invoice, &notes, Some(&[(line_id(at), quantity)])) {
                Ok(credit) => notes.push(note(credit)),
                Err(problem) => prop_assert!(
                    matches!(problem, Problem::AboveDue | Problem::NoSuchRecord),
                    "{:?}", problem
                ),
            }
        }
        match credit(&invoice, &notes, None) {
            Ok(credit) => notes.push(note(credit)),
            Err(problem) => prop_assert_eq!(problem, Problem::Required),
        }
        let sum = |of: fn(&Totals) -> i64| notes.iter().map(|note| of(&note.totals)).sum::<i64>();
        prop_assert_eq!(sum(|totals| totals.gross), invoice.totals.gross);
        prop_assert_eq!(sum(|totals| totals.net), invoice.totals.net);
        prop_assert_eq!(sum(|totals| totals.discount), invoice.totals.discount);
        for note in &notes {
            let Totals { lines, discount, net, tax, gross, taxes } = &note.totals;
            prop_assert_eq!(note.lines.iter().map(|line| line.net).sum::<i64>(), *lines);
            prop_assert_eq!(lines - discount, *net);
            prop_assert_eq!(net + tax, *gross);
            prop_assert_eq!(taxes.iter().map(|row| row.amount).sum::<i64>(), *tax);
        }
    }
}
