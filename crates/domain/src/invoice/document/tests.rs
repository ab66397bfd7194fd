use super::super::TaxCategory;
use super::*;

fn line(quantity: i64, price: i64, rate: u32) -> LineContent {
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

fn ids(lines: Vec<LineContent>) -> Vec<(LineId, LineContent)> {
    lines.into_iter().enumerate().map(|(n, line)| (LineId(Uuid::from_u128(n as u128)), line)).collect()
}

#[test]
fn what_is_issued_says_what_each_line_and_the_whole_come_to() {
    let lines = ids(vec![line(1_500, 6_000, 1_900), line(1_000, 4_000, 700)]);
    let (lines, totals) = settle(lines, Discount::Share(1_000)).unwrap();
    assert_eq!(lines.iter().map(|line| line.net).collect::<Vec<_>>(), [9_000, 4_000]);
    // 81.00 at 19 % and 36.00 at 7 %.
    assert_eq!((totals.lines, totals.discount, totals.net), (13_000, 1_300, 11_700));
    assert_eq!((totals.tax, totals.gross), (1_539 + 252, 13_491));
}

#[test]
fn what_would_be_a_credit_or_cannot_be_is_not_issued() {
    assert_eq!(settle(ids(vec![line(-1_000, 100, 0)]), Discount::None), Err(Problem::TooMuchOff));
    assert_eq!(
        settle(ids(vec![line(1_000, AMOUNT_MAX, 1)]), Discount::None).map(|(_, totals)| totals.gross),
        Err(Problem::TooLarge)
    );
    let mut exempt = line(1_000, 100, 1_900);
    exempt.tax.category = TaxCategory::Exempt;
    assert_eq!(settle(ids(vec![exempt]), Discount::None), Err(Problem::NotAChoice));
}

#[test]
fn a_series_has_three_characters_that_nobody_confuses() {
    let codes: Vec<_> = (0..22_000).map(|n| series_code(Uuid::from_u128(n))).collect();
    assert!(
        codes.iter().all(|code| code.len() == 3 && !code.contains(['0', 'O', '1', 'I', 'L', 'A', 'E', 'U']))
    );
    let different: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(different.len(), 28 * 28 * 28);
    assert_eq!(number("K7Q", 123), "K7Q-000123");
    assert_eq!(number("K7Q", 1_234_567), "K7Q-1234567");
}
