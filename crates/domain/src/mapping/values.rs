//! What the values of a column look like.

use crate::date::DateOrder;
use crate::text::fold;

/// Whether a text reads as one e-mail address. No judgement of whether mail would arrive.
pub fn is_email_like(text: &str) -> bool {
    let Some((user, domain)) = text.trim().split_once('@') else { return false };
    let domain_parts = || domain.split('.');
    !user.is_empty()
        && !text.trim().contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';'))
        && !domain.contains('@')
        && domain_parts().count() > 1
        && domain_parts().all(|part| !part.is_empty())
}

/// Whether a text reads as a whole phone number: 10 to 15 digits, written as phone numbers are.
pub fn is_phone_like(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    // Ten bare digits may be any number.
    let written_so = text.contains(['+', '-', '.', '(', ' ']);
    (10..=15).contains(&digits)
        && written_so
        && text.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c))
}

/// Whether a text reads as a date, in whatever order.
pub(super) fn is_date_like(text: &str) -> bool {
    let numbers = numbers(text);
    let [a, b, c] = numbers[..] else { return false };
    let day_and_month = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    (a >= 1000 && day_and_month(c, b)) || day_and_month(a, b) || day_and_month(b, a)
}

/// The order of day and month that the dates of a column show; none if all of them can be either.
///
/// Evidence is a first number above 12 (day first) or a second one (month first); the majority
/// counts. Without any, dates with periods (14.03.1985) are taken to be day first.
pub fn guess_date_order<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<DateOrder> {
    let (mut day_first, mut month_first, mut periods) = (0, 0, false);
    for value in values {
        let numbers = numbers(value);
        let [first, second, _] = numbers[..] else { continue };
        if first > 31 {
            continue;
        }
        day_first += u32::from(first > 12 && second <= 12);
        month_first += u32::from(second > 12 && first <= 12);
        periods |= value.contains('.');
    }
    match day_first.cmp(&month_first) {
        std::cmp::Ordering::Greater => Some(DateOrder::DayFirst),
        std::cmp::Ordering::Less => Some(DateOrder::MonthFirst),
        std::cmp::Ordering::Equal => (periods && day_first == 0).then_some(DateOrder::DayFirst),
    }
}

/// The three numbers of a date, without the time of day; fewer or more if it is none.
fn numbers(text: &str) -> Vec<u32> {
    let day = text.trim().split([' ', 'T']).next().unwrap_or_default();
    let folded = fold(&day.replace('.', " "));
    let numbers: Option<Vec<u32>> =
        folded.split(' ').map(|part| part.parse().ok().filter(|_| part.len() <= 4)).collect();
    numbers.unwrap_or_default()
}
