use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn standard(rate: u32) -> Tax {
    Tax { category: TaxCategory::Standard, rate }
}

const EXEMPT: Tax = Tax { category: TaxCategory::Exempt, rate: 0 };
const ZERO: Tax = Tax { category: TaxCategory::Zero, rate: 0 };

fn discounts() -> impl Strategy<Value = Discount> {
    prop_oneof![
        Just(Discount::None),
        (0..2_000_000_i64).prop_map(Discount::Amount),
        (0..=WHOLE).prop_map(Discount::Share),
    ]
}

fn taxes() -> impl Strategy<Value = Tax> {
    prop_oneof![
        prop::sample::select(vec![1, 500, 700, 825, 1_900, 2_500, WHOLE]).prop_map(standard),
        Just(EXEMPT),
        Just(ZERO)
    ]
}

prop_compose! {
    /// Lines as somebody may enter them, with their taxes; few of them give something back.
    fn lines()(lines in prop::collection::vec((1..50_000_i64, -2_000..200_000_i64, discounts(), taxes()), 0..12))
        -> Vec<(Tax, i64)> {
        let net = |(quantity, price, discount, tax)| Some((tax, line_net(quantity, price, discount).ok()?));
        lines.into_iter().filter_map(net).collect()
    }
}

fn sums(lines: &[(Tax, i64)]) -> Vec<(Tax, i64)> {
    let mut sums = BTreeMap::<Tax, i64>::new();
    for (tax, net) in lines {
        *sums.entry(*tax).or_default() += net;
    }
    sums.into_iter().collect()
}

/// The exact quotient's nearest whole number, halves away from zero, worked out in another way than the rules do it.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    let down = numerator.div_euclid(denominator);
    let twice = 2 * numerator.rem_euclid(denominator);
    if twice > denominator || (twice == denominator && numerator > 0) { down + 1 } else { down }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn br_co_10_the_sum_of_the_lines_is_the_sum_of_their_net_amounts(lines in lines()) {
        let totals = totals(&sums(&lines), Discount::None).unwrap();
        prop_assert_eq!(totals.lines, lines.iter().map(|(_, net)| net).sum::<i64>());
    }

    #[test]
    fn br_co_11_the_discount_is_the_sum_of_the_discounts_of_the_taxes(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            prop_assert_eq!(totals.discount, totals.taxes.iter().map(|row| row.discount).sum::<i64>());
        }
    }

    #[test]
    fn br_co_13_the_net_total_is_the_lines_less_the_discount(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            prop_assert_eq!(totals.net, totals.lines - totals.discount);
        }
    }

    #[test]
    fn br_co_14_the_tax_is_the_sum_of_the_taxes(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            prop_assert_eq!(totals.tax, totals.taxes.iter().map(|row| row.amount).sum::<i64>());
        }
    }

    #[test]
    fn br_co_15_the_gross_total_is_the_net_total_and_the_tax(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            prop_assert_eq!(totals.gross, totals.net + totals.tax);
        }
    }

    #[test]
    fn br_co_16_what_is_due_is_the_gross_total_less_what_was_paid(lines in lines(), paid in -1_000_000..1_000_000_i64) {
        let totals = totals(&sums(&lines), Discount::None).unwrap();
        prop_assert_eq!(totals.due(paid), totals.gross - paid);
    }

    #[test]
    fn br_co_17_a_tax_is_its_taxable_amount_times_its_rate_rounded_once(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            for row in totals.taxes {
                let exact = i128::from(row.taxable) * i128::from(row.tax.rate);
                prop_assert_eq!(i128::from(row.amount), nearest(exact, 10_000));
            }
        }
    }

    #[test]
    fn br_co_18_and_br_s_08_each_tax_has_one_row_with_its_lines_less_its_part_of_the_discount(
        lines in lines(),
        discount in discounts(),
    ) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            let rows: Vec<_> = totals.taxes.iter().map(|row| row.tax).collect();
            prop_assert_eq!(rows, sums(&lines).into_iter().map(|(tax, _)| tax).collect::<Vec<_>>());
            for row in totals.taxes {
                let of_tax = lines.iter().filter(|(tax, _)| *tax == row.tax).map(|(_, net)| net).sum::<i64>();
                prop_assert_eq!(row.taxable, of_tax - row.discount);
            }
        }
    }

    #[test]
    fn br_s_09_br_z_09_and_br_e_09_what_has_no_rate_has_no_tax(lines in lines(), discount in discounts()) {
        if let Ok(totals) = totals(&sums(&lines), discount) {
            for row in totals.taxes {
                prop_assert!(row.tax.rate > 0 || row.amount == 0);
                prop_assert!(row.tax.category == TaxCategory::Standard || row.amount == 0);
            }
        }
    }

    #[test]
    fn each_tax_bears_its_share_of_the_discount_to_within_one_unit(lines in lines(), discount in discounts()) {
        let sums = sums(&lines);
        if let Ok(totals) = totals(&sums, discount) {
            for (row, (_, sum)) in totals.taxes.iter().zip(&sums) {
                // |part / whole - sum / lines| < 1 / whole, without a division.
                let off = i128::from(row.discount) * i128::from(totals.lines)
                    - i128::from(totals.discount) * i128::from(*sum);
                prop_assert!(totals.discount == 0 || off.abs() < i128::from(totals.lines));
            }
        }
    }

    #[test]
    fn the_order_of_the_taxes_changes_nothing(lines in lines(), discount in discounts()) {
        let sums = sums(&lines);
        let mut turned = sums.clone();
        turned.reverse();
        let (straight, turned) = (totals(&sums, discount), totals(&turned, discount));
        let turned = turned.map(|mut totals| { totals.taxes.reverse(); totals });
        prop_assert_eq!(straight, turned);
    }

    #[test]
    fn what_is_given_back_is_what_was_billed(quantity in 1..50_000_i64, price in 0..200_000_i64, share in 0..=WHOLE) {
        let discount = Discount::Share(share);
        let billed = line_net(quantity, price, discount).unwrap();
        prop_assert_eq!(line_net(-quantity, price, discount), Ok(-billed));
        let tax = [(standard(1_900), billed)];
        let back = [(standard(1_900), -billed)];
        prop_assert_eq!(totals(&back, Discount::None).unwrap().gross, -totals(&tax, Discount::None).unwrap().gross);
    }

    #[test]
    fn nothing_overflows(quantity in any::<i64>(), price in any::<i64>(), amount in any::<i64>(), sum in any::<i64>()) {
        let _ = line_net(quantity, price, Discount::Amount(amount));
        let _ = line_net(quantity, price, Discount::Share(u32::MAX));
        let _ = totals(&[(standard(u32::MAX), sum), (standard(WHOLE), sum), (EXEMPT, amount)], Discount::Amount(amount));
        let _ = totals(&[(standard(WHOLE), sum)], Discount::Share(u32::MAX));
    }
}

#[test]
fn a_discount_over_two_rates_is_divided_by_their_sums_and_the_odd_cent_goes_to_the_larger_fraction() {
    // 10.00 off 50.00, of which 33.34 bear 19 % and 16.66 bear 7 %: 6.668 and 3.332.
    let totals =
        totals(&[(standard(700), 1_666), (standard(1_900), 3_334)], Discount::Amount(1_000)).unwrap();
    let rows: Vec<_> = totals.taxes.iter().map(|row| (row.discount, row.taxable, row.amount)).collect();
    assert_eq!(rows, [(333, 1_333, 93), (667, 2_667, 507)]);
    assert_eq!((totals.net, totals.tax, totals.gross), (4_000, 600, 4_600));
}

#[test]
fn of_equal_fractions_the_odd_cent_goes_to_the_higher_rate() {
    let totals = totals(&[(standard(700), 100), (standard(1_900), 100)], Discount::Amount(1)).unwrap();
    assert_eq!(totals.taxes.iter().map(|row| row.discount).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn tax_is_rounded_once_per_rate_and_not_per_line() {
    // Three lines of 0.33 at 10 %: 0.099 together, and not three times 0.03.
    let totals = totals(&[(standard(1_000), 99)], Discount::None).unwrap();
    assert_eq!(totals.tax, 10);
}

#[test]
fn all_may_be_taken_off_and_no_more() {
    assert_eq!(line_net(1_000, 5_000, Discount::Share(WHOLE)), Ok(0));
    assert_eq!(line_net(1_000, 5_000, Discount::Amount(5_000)), Ok(0));
    assert_eq!(line_net(1_000, 5_000, Discount::Amount(5_001)), Err(Problem::TooMuchOff));
    assert_eq!(line_net(1_000, 5_000, Discount::Share(WHOLE + 1)), Err(Problem::TooMuchOff));
    assert_eq!(line_net(1_000, 5_000, Discount::Amount(-1)), Err(Problem::TooMuchOff));
    let sums = [(standard(1_900), 5_000)];
    assert_eq!(totals(&sums, Discount::Share(WHOLE)).unwrap().gross, 0);
    for discount in [Discount::Amount(5_001), Discount::Share(WHOLE + 1), Discount::Amount(-1)] {
        assert_eq!(totals(&sums, discount), Err(Problem::TooMuchOff), "{discount:?}");
    }
    // Of nothing, and of what is given back, nothing can be taken off.
    assert_eq!(totals(&[(standard(1_900), -100)], Discount::Amount(10)), Err(Problem::TooMuchOff));
    assert_eq!(totals(&[], Discount::Amount(10)), Err(Problem::TooMuchOff));
    assert_eq!(totals(&[], Discount::None), Ok(Totals::default()));
}

#[test]
fn what_is_too_much_for_an_invoice_is_refused() {
    assert_eq!(line_net(9_000_000_000_000_000_000, 1, Discount::None), Err(Problem::TooLarge));
    assert_eq!(line_net(1_000, AMOUNT_MAX, Discount::None), Ok(AMOUNT_MAX));
    assert_eq!(line_net(1_001, AMOUNT_MAX, Discount::None), Err(Problem::TooLarge));
    assert_eq!(line_net(-QUANTITY_MAX, 1_000, Discount::None), Ok(-1_000_000_000));
    assert_eq!(line_net(-QUANTITY_MAX - 1, 1_000, Discount::None), Err(Problem::TooLarge));
    assert_eq!(line_net(1_000, i64::MIN, Discount::None), Err(Problem::TooLarge));
}
