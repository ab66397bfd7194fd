use super::*;
use proptest::prelude::*;

fn tender(method: Method, amount: i64) -> Tender {
    Tender { method, amount, reference: String::new() }
}

fn shares(tenders: &[Tender], due: i64, excess: Excess) -> Vec<(i64, i64, i64)> {
    let shares = divide(tenders, due, excess).unwrap();
    shares.into_iter().map(|share| (share.amount, share.credit, share.change)).collect()
}

#[test]
fn what_is_too_much_is_given_back_of_the_cash() {
    let tenders = [tender(Method::Cash, 5_000), tender(Method::Card, 8_000)];
    assert_eq!(shares(&tenders, 12_000, Excess::Change), [(4_000, 0, 1_000), (8_000, 0, 0)]);
    assert_eq!(shares(&tenders, 12_000, Excess::Credit), [(4_000, 1_000, 0), (8_000, 0, 0)]);
}

#[test]
fn more_than_is_due_is_asked_about() {
    for (tenders, excess) in [
        (vec![tender(Method::Cash, 101)], Excess::Refuse),
        // A card gives no change.
        (vec![tender(Method::Card, 101)], Excess::Change),
        // Credit of credit is no payment.
        (vec![tender(Method::Credit, 101)], Excess::Credit),
        (vec![tender(Method::GiftCard, 101)], Excess::Credit),
    ] {
        assert_eq!(divide(&tenders, 100, excess), Err(Problem::AboveDue), "{tenders:?}");
    }
}

#[test]
fn nothing_and_less_than_nothing_is_no_payment() {
    assert_eq!(divide(&[], 100, Excess::Refuse), Err(Problem::Required));
    for amount in [0, -1, i64::MIN] {
        assert_eq!(divide(&[tender(Method::Cash, amount)], 100, Excess::Refuse), Err(Problem::Required));
    }
    for amount in [AMOUNT_MAX + 1, i64::MAX] {
        assert_eq!(divide(&[tender(Method::Cash, amount)], 100, Excess::Credit), Err(Problem::TooLarge));
    }
}

proptest! {
    #[test]
    fn every_unit_that_is_handed_over_goes_somewhere_and_no_more_than_is_due_to_the_invoice(
        amounts in prop::collection::vec((1..=3_usize, 1..1_000_i64), 1..5),
        due in -100..3_000_i64,
        credit in any::<bool>(),
    ) {
        let methods = [Method::Cash, Method::Card, Method::Transfer];
        let tenders: Vec<_> = amounts.iter().map(|(at, amount)| tender(methods[at - 1], *amount)).collect();
        let excess = if credit { Excess::Credit } else { Excess::Change };
        let given: i64 = tenders.iter().map(|tender| tender.amount).sum();
        match divide(&tenders, due, excess) {
            Ok(shares) => {
                let paid: i64 = shares.iter().map(|share| share.amount).sum();
                prop_assert_eq!(paid, given.min(due.max(0)));
                for share in shares {
                    let parts = [share.amount, share.credit, share.change];
                    prop_assert!(parts.iter().all(|part| *part >= 0));
                    prop_assert_eq!(parts.iter().sum::<i64>(), tenders[share.tender].amount);
                }
            }
            Err(problem) => {
                prop_assert_eq!(problem, Problem::AboveDue);
                prop_assert!(given > due.max(0) && !credit);
            }
        }
    }
}
