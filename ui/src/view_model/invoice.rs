//! What the pages of invoices work out: what was typed, what it comes to, what a payment would do.

use contract::{InvoiceFilter, InvoiceLine, InvoiceRow};
use domain::field::Problem;
use domain::invoice::document::LineContent;
use domain::invoice::payment::{Excess, Method, Share, Tender, divide};
use domain::invoice::{Discount, InvoiceKind, InvoiceStatus, QUANTITY_SCALE, Totals, WHOLE, sums, totals};
use domain::money::{AMOUNT_MAX, Currency};

use crate::components::mark::Tone;
use crate::i18n;
use crate::t;

/// How far an invoice is: a colour and a word.
pub fn status(row: &InvoiceRow) -> (Tone, &'static str) {
    if row.kind == InvoiceKind::CreditNote {
        return (Tone::Neutral, t!(invoice.credit_note));
    }
    match row.status {
        InvoiceStatus::Draft => (Tone::Neutral, t!(invoice.draft)),
        InvoiceStatus::Issued => (Tone::Waiting, t!(invoice.issued)),
        InvoiceStatus::PartPaid => (Tone::Waiting, t!(invoice.part_paid)),
        InvoiceStatus::Paid => (Tone::Done, t!(invoice.paid)),
        InvoiceStatus::Void => (Tone::Danger, t!(invoice.void)),
    }
}

/// What it charges: a credit note takes back.
pub fn charged(row: &InvoiceRow) -> i64 {
    match row.kind {
        InvoiceKind::Invoice => row.gross,
        InvoiceKind::CreditNote => row.gross.saturating_neg(),
    }
}

/// Every filter with its word, in the order of the page.
pub fn filters() -> Vec<(InvoiceFilter, String)> {
    [
        (InvoiceFilter::All, t!(invoice.all)),
        (InvoiceFilter::Due, t!(invoice.due)),
        (InvoiceFilter::Draft, t!(invoice.drafts)),
        (InvoiceFilter::Issued, t!(invoice.issued)),
        (InvoiceFilter::PartPaid, t!(invoice.part_paid)),
        (InvoiceFilter::Paid, t!(invoice.paid)),
        (InvoiceFilter::Void, t!(invoice.void)),
    ]
    .map(|(filter, word)| (filter, word.to_owned()))
    .to_vec()
}

pub fn method(method: Method) -> &'static str {
    match method {
        Method::Cash => t!(method.cash),
        Method::Card => t!(method.card),
        Method::Transfer => t!(method.transfer),
        Method::GiftCard => t!(method.gift_card),
        Method::Credit => t!(method.credit),
    }
}

/// An amount as people read it: `1,234.50 USD` without the code where every amount is in the same one.
pub fn money(currency: Currency, amount: i64) -> String {
    let plain = currency.plain(amount);
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", plain.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), i18n::number);
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{part}")
}

/// A quantity without zeros at its end: `1.5`.
pub fn quantity(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "\u{2212}" } else { "" };
    let scale = QUANTITY_SCALE.unsigned_abs();
    let (whole, part) = (thousandths.unsigned_abs() / scale, thousandths.unsigned_abs() % scale);
    match part {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{}", format!("{part:03}").trim_end_matches('0')),
    }
}

/// The thousandths that somebody means by `1.5`, `1,5` or `-2`.
///
/// # Errors
/// [`Problem::NotAnAmount`]: no number, or with more than three digits behind the point.
pub fn parse_quantity(text: &str) -> Result<i64, Problem> {
    let text = text.trim().replace(',', ".").replace('\u{2212}', "-");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !is_number(whole) || !is_number(part) || part.len() > 3 {
        return Err(Problem::NotAnAmount);
    }
    let units: i64 = format!("{whole}{part:0<3}").parse().map_err(|_| Problem::TooLarge)?;
    Ok(sign * units)
}

/// `10%` or `12.50` as a discount; nothing is none.
///
/// # Errors
/// [`Problem::NotAnAmount`], [`Problem::TooMuchOff`], [`Problem::TooLarge`].
pub fn parse_discount(currency: Currency, text: &str) -> Result<Discount, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Discount::None);
    }
    let Some(share) = text.strip_suffix('%') else {
        let amount = currency.parse(text)?;
        return match amount {
            0 => Ok(Discount::None),
            amount if amount < 0 => Err(Problem::TooMuchOff),
            amount => Ok(Discount::Amount(amount)),
        };
    };
    let share = parse_quantity(share)?;
    if share % 10 != 0 {
        return Err(Problem::NotAnAmount);
    }
    match u32::try_from(share / 10) {
        Ok(0) => Ok(Discount::None),
        Ok(share) if share <= WHOLE => Ok(Discount::Share(share)),
        _ => Err(Problem::TooMuchOff),
    }
}

/// A discount as somebody would type it.
pub fn discount(currency: Currency, discount: Discount) -> String {
    match discount {
        Discount::None => String::new(),
        Discount::Amount(amount) => currency.plain(amount),
        Discount::Share(share) => format!("{}%", quantity(i64::from(share) * 10)),
    }
}

/// The basis points that somebody means by `8.25`, `8,25 %` or `19%`.
///
/// # Errors
/// [`Problem::NotAnAmount`]: no number, or with more than two digits behind the point; [`Problem::TooLarge`]: more than all.
pub fn parse_percent(text: &str) -> Result<u32, Problem> {
    let share = parse_quantity(text.trim().trim_end_matches('%'))?;
    if share < 0 || share % 10 != 0 {
        return Err(Problem::NotAnAmount);
    }
    u32::try_from(share / 10).ok().filter(|share| *share <= WHOLE).ok_or(Problem::TooLarge)
}

/// A rate in per cent: `8.25 %`.
pub fn percent(basis_points: u32) -> String {
    format!("{}\u{a0}%", quantity(i64::from(basis_points) * 10))
}

/// What is typed to add a line: `2 botox`, `botox x2`, `botox`. The quantity in thousandths, and the text.
pub fn parse_entry(text: &str) -> (i64, String) {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let count = |word: &str| parse_quantity(word).ok().filter(|units| *units > 0);
    match words.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && count(first.trim_end_matches(['x', '×'])).is_some() => {
            (count(first.trim_end_matches(['x', '×'])).unwrap_or(QUANTITY_SCALE), rest.join(" "))
        }
        [rest @ .., last] if !rest.is_empty() && last.starts_with(['x', '×']) => {
            match count(last.trim_start_matches(['x', '×'])) {
                Some(units) => (units, rest.join(" ")),
                None => (QUANTITY_SCALE, text.to_owned()),
            }
        }
        _ => (QUANTITY_SCALE, text.to_owned()),
    }
}

/// What lines add up to as they are on the screen, before the desk has said so. A line or a discount that cannot be so counts
/// as nothing.
pub fn draft_totals<'a>(lines: impl Iterator<Item = &'a LineContent>, discount: Discount) -> Totals {
    let nets = lines.filter_map(|line| Some((line.tax, line.net().ok()?)));
    let sums = sums(nets);
    totals(&sums, discount).or_else(|_| totals(&sums, Discount::None)).unwrap_or_default()
}

/// What the page may compute by itself: all lines are there.
pub fn has_all(lines: &[InvoiceLine], count: u64) -> bool {
    lines.len() as u64 == count
}

/// One line of the payment dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenderText {
    pub method: Method,
    pub amount: String,
    pub reference: String,
}

/// What a payment as it is typed would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Not all of it can be read yet; of which line.
    Wrong(usize, Problem),
    /// More than is due: ask what to do with it. Whether change can be given.
    Excess {
        over: i64,
        may_change: bool,
    },
    Ready {
        tenders: Vec<Tender>,
        shares: Vec<Share>,
        left: i64,
    },
}

/// Judges a payment of what is `due`.
pub fn judge(currency: Currency, due: i64, typed: &[TenderText], excess: Excess) -> Judged {
    let mut tenders = Vec::with_capacity(typed.len());
    for (at, line) in typed.iter().enumerate() {
        let amount = match currency.parse(&line.amount) {
            Ok(amount) if amount > 0 && amount <= AMOUNT_MAX => amount,
            Ok(_) => return Judged::Wrong(at, Problem::Required),
            Err(problem) => return Judged::Wrong(at, problem),
        };
        tenders.push(Tender { method: line.method, amount, reference: line.reference.trim().to_owned() });
    }
    match divide(&tenders, due, excess) {
        Ok(shares) => {
            let paid: i64 = shares.iter().map(|share| share.amount).sum();
            Judged::Ready { tenders, shares, left: due.max(0) - paid }
        }
        Err(Problem::AboveDue) => {
            let given: i64 = tenders.iter().map(|tender| tender.amount).sum();
            let may_change = divide(&tenders, due, Excess::Change).is_ok();
            Judged::Excess { over: given - due.max(0), may_change }
        }
        Err(problem) => Judged::Wrong(0, problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::invoice::{Tax, TaxCategory};

    fn dollars() -> Currency {
        Currency::from_code("USD").expect("a currency")
    }

    fn typed(method: Method, amount: &str) -> TenderText {
        TenderText { method, amount: amount.to_owned(), reference: String::new() }
    }

    #[test]
    fn amounts_are_grouped_and_have_as_many_decimals_as_their_currency() {
        assert_eq!(money(dollars(), 123_456_789), "1,234,567.89");
        assert_eq!(money(dollars(), -5), "\u{2212}0.05");
        assert_eq!(money(Currency::from_code("JPY").expect("a currency"), 1_234), "1,234");
        assert_eq!(money(Currency::from_code("KWD").expect("a currency"), 1_234), "1.234");
    }

    #[test]
    fn a_quantity_is_read_as_people_type_it() {
        for (text, units) in [("2", 2_000), ("1.5", 1_500), ("1,5", 1_500), (".25", 250), ("-3", -3_000)] {
            assert_eq!(parse_quantity(text), Ok(units), "{text}");
        }
        for text in ["", "-", "two", "1.2345", "1.2.3"] {
            assert_eq!(parse_quantity(text), Err(Problem::NotAnAmount), "{text}");
        }
        assert_eq!(
            (quantity(1_500), quantity(2_000), quantity(-250)),
            ("1.5".into(), "2".into(), "\u{2212}0.25".into())
        );
    }

    #[test]
    fn a_discount_is_an_amount_or_a_share() {
        for (text, discount) in [
            ("", Discount::None),
            ("0", Discount::None),
            ("10%", Discount::Share(1_000)),
            ("12.5 %", Discount::Share(1_250)),
            ("12.50", Discount::Amount(1_250)),
        ] {
            assert_eq!(parse_discount(dollars(), text), Ok(discount), "{text}");
        }
        for (text, problem) in [
            ("101%", Problem::TooMuchOff),
            ("-5", Problem::TooMuchOff),
            ("8.375%", Problem::NotAnAmount),
            ("half", Problem::NotAnAmount),
        ] {
            assert_eq!(parse_discount(dollars(), text), Err(problem), "{text}");
        }
        assert_eq!(discount(dollars(), Discount::Share(1_250)), "12.5%");
        assert_eq!(discount(dollars(), Discount::Amount(1_250)), "12.50");
    }

    #[test]
    fn a_rate_is_read_as_people_type_it() {
        for (text, rate) in [("19", 1_900), ("8.25 %", 825), ("8,25%", 825), ("0", 0), ("100", 10_000)] {
            assert_eq!(parse_percent(text), Ok(rate), "{text}");
        }
        assert_eq!(parse_percent("8.875"), Err(Problem::NotAnAmount));
        assert_eq!(parse_percent("-1"), Err(Problem::NotAnAmount));
        assert_eq!(parse_percent("101"), Err(Problem::TooLarge));
    }

    #[test]
    fn how_many_of_something_may_stand_before_it_or_behind_it() {
        for (text, units, rest) in [
            ("botox", 1_000, "botox"),
            ("2 botox", 2_000, "botox"),
            ("20x botox", 20_000, "botox"),
            ("botox forehead x1.5", 1_500, "botox forehead"),
            ("2", 1_000, "2"),
            ("x2", 1_000, "x2"),
            ("laser xl", 1_000, "laser xl"),
        ] {
            assert_eq!(parse_entry(text), (units, rest.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_screen_adds_up_what_it_shows() {
        let line = |price, rate| LineContent {
            item: None,
            provider: None,
            description: "Peel".to_owned(),
            quantity: 1_000,
            price,
            discount: Discount::None,
            tax: Tax { category: TaxCategory::Standard, rate },
        };
        let lines = [line(6_000, 1_900), line(4_000, 700)];
        assert_eq!(draft_totals(lines.iter(), Discount::None).gross, 11_420);
        // More off than there is counts as nothing, as the desk has it.
        assert_eq!(draft_totals(lines.iter(), Discount::Amount(10_001)).gross, 11_420);
    }

    #[test]
    fn a_payment_is_judged_as_it_is_typed() {
        let due = 11_420;
        let judged = |lines: &[TenderText], excess| judge(dollars(), due, lines, excess);
        assert!(matches!(judged(&[typed(Method::Card, "")], Excess::Refuse), Judged::Wrong(0, _)));
        assert!(matches!(
            judged(&[typed(Method::Card, "50")], Excess::Refuse),
            Judged::Ready { left: 6_420, .. }
        ));
        let cash = [typed(Method::Cash, "120")];
        assert_eq!(judged(&cash, Excess::Refuse), Judged::Excess { over: 580, may_change: true });
        let Judged::Ready { shares, left: 0, .. } = judged(&cash, Excess::Change) else {
            panic!("it is ready")
        };
        assert_eq!(shares[0].change, 580);
        let card = [typed(Method::Card, "120")];
        assert_eq!(judged(&card, Excess::Change), Judged::Excess { over: 580, may_change: false });
        assert!(matches!(judged(&card, Excess::Credit), Judged::Ready { .. }));
    }
}
