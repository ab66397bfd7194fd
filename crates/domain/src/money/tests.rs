use super::*;
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

#[test]
fn an_amount_is_understood_in_every_way_it_is_written() {
    let dollar = currency("USD");
    for (text, amount) in [
        ("12", 1_200),
        ("12.5", 1_250),
        ("12,50", 1_250),
        (" 12.50 ", 1_250),
        ("$12.50", 1_250),
        ("$ 12.50", 1_250),
        ("12.50 USD", 1_250),
        ("1,234.50", 123_450),
        ("1.234,50", 123_450),
        ("1 234,50", 123_450),
        ("1'234.50", 123_450),
        ("1,234,567", 123_456_700),
        ("1,234", 123_400),
        ("1.234", 123_400),
        ("12.505", 1_250_500),
        (".5", 50),
        ("5.", 500),
        ("-3", -300),
        ("\u{2212}3.10", -310),
        ("-$3", -300),
        ("0", 0),
    ] {
        assert_eq!(dollar.parse(text), Ok(amount), "{text}");
    }
}

#[test]
fn a_currency_has_the_digits_that_it_has() {
    assert_eq!(currency("JPY").parse("1,234"), Ok(1_234));
    assert_eq!(currency("JPY").parse("12.5"), Err(Problem::NotAnAmount));
    assert_eq!(currency("KWD").parse("1.234"), Ok(1_234));
    assert_eq!(currency("KWD").parse("1,5"), Ok(1_500));
    for (code, plain) in [("USD", "-12.05"), ("JPY", "-1205"), ("KWD", "-1.205")] {
        assert_eq!(currency(code).plain(-1_205), plain);
    }
    assert_eq!(currency("USD").plain(5), "0.05");
    assert_eq!(currency("USD").plain(i64::MIN), "-92233720368547758.08");
}

#[test]
fn what_is_no_amount_is_told_from_what_is_too_much() {
    let euro = currency("EUR");
    for text in ["", " ", "-", ".", "abc", "12a", "1.2.3,4,5", "12.345.6", "1e5", "٣", "--3", "12.5055"] {
        assert_eq!(euro.parse(text), Err(Problem::NotAnAmount), "{text}");
    }
    for text in ["10000000000.01", "99999999999999999999"] {
        assert_eq!(euro.parse(text), Err(Problem::TooLarge), "{text}");
    }
    assert_eq!(euro.parse("10000000000"), Ok(AMOUNT_MAX));
}

#[test]
fn what_nobody_pays_in_is_no_currency() {
    for code in ["", "usd", "US", "XAU", "XXX", "EURO"] {
        assert_eq!(Currency::from_code(code), Err(Problem::NotAChoice), "{code}");
    }
    assert!(serde_json::from_str::<Currency>("\"XAU\"").is_err());
    assert_eq!(serde_json::to_string(&currency("EUR")).unwrap(), "\"EUR\"");
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (numerator, whole) in [(4, 0), (5, 1), (14, 1), (15, 2), (-4, 0), (-5, -1), (-15, -2)] {
        assert_eq!(rounded(numerator, 10), whole, "{numerator}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_amount(
        amount in -AMOUNT_MAX..=AMOUNT_MAX,
        code in prop::sample::select(vec!["USD", "EUR", "JPY", "KWD", "CLF"]),
    ) {
        let currency = currency(code);
        prop_assert_eq!(currency.parse(&currency.plain(amount)), Ok(amount));
    }
}
