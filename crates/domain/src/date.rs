//! Dates as people write them.

use crate::field::Problem;
use crate::text::fold;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The most years anybody is taken to be old.
pub const AGE_MAX_YEARS: u32 = 130;
/// The first year that eight digits in a row may begin with.
const COMPACT_YEAR_MIN: i32 = 1850;

/// What comes first in a date of three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 3/4/1985 is the fourth of March.
    #[default]
    MonthFirst,
    /// 3/4/1985 is the third of April.
    DayFirst,
}

impl DateOrder {
    /// The order by its name in a request.
    pub fn from_day_first(day_first: bool) -> Self {
        if day_first { Self::DayFirst } else { Self::MonthFirst }
    }

    /// Whether 3/4/1985 is the third of April.
    pub fn is_day_first(self) -> bool {
        self == Self::DayFirst
    }

    /// This order, then the other.
    fn preferred(self) -> [Self; 2] {
        [self, Self::from_day_first(!self.is_day_first())]
    }
}

/// Months in English and Spanish; three letters are enough.
const MONTHS: [[&str; 2]; 12] = [
    ["january", "enero"],
    ["february", "febrero"],
    ["march", "marzo"],
    ["april", "abril"],
    ["may", "mayo"],
    ["june", "junio"],
    ["july", "julio"],
    ["august", "agosto"],
    ["september", "septiembre"],
    ["october", "octubre"],
    ["november", "noviembre"],
    ["december", "diciembre"],
];

/// The date that `text` says: `1985-03-14`, `3/14/1985`, `14.03.1985`, `3-14-85`, `03141985`,
/// `19850314`, `14 Mar 1985`, `March 14th, 1985`, `14 de marzo de 1985`; a time of day after it is
/// ignored.
///
/// `order` decides only where both readings are dates. A year of two digits is the latest one
/// that does not put the date after `today`.
///
/// # Errors
/// [`Problem::NotADate`].
pub fn parse_date(text: &str, order: DateOrder, today: NaiveDate) -> Result<NaiveDate, Problem> {
    read_date(text, &order.preferred(), today)
}

/// The date that `text` says in the first of `orders` in which it is one.
fn read_date(text: &str, orders: &[DateOrder], today: NaiveDate) -> Result<NaiveDate, Problem> {
    let folded = fold_date(text);
    let parts = split(&folded).ok_or(Problem::NotADate)?;
    let date = match parts.as_slice() {
        [Part::Number(digits)] => compact(digits, orders, today),
        [Part::Number(a), Part::Number(b), Part::Number(c)] => three_numbers([a, b, c], orders, today),
        [Part::Month(month), Part::Number(day), Part::Number(year)]
        | [Part::Number(day), Part::Month(month), Part::Number(year)]
            if day.len() <= 2 =>
        {
            dated(year, *month, number(day), today)
        }
        [Part::Number(year), Part::Month(month), Part::Number(day)] => {
            dated(year, *month, number(day), today)
        }
        _ => None,
    };
    date.ok_or(Problem::NotADate)
}

/// A date of birth: [`parse_date`], and a person of that age may be alive.
///
/// # Errors
/// [`Problem::NotADate`], [`Problem::InTheFuture`], [`Problem::TooLongAgo`] (more than
/// [`AGE_MAX_YEARS`]).
pub fn birth_date(text: &str, order: DateOrder, today: NaiveDate) -> Result<NaiveDate, Problem> {
    of_the_living(parse_date(text, order, today)?, today)
}

/// A date of birth from a column of dates that are all written in one order: read in the other one, 13/1/1990 would be
/// a date, but then its neighbours would be wrong, and nobody would know.
///
/// # Errors
/// As [`birth_date`]; [`Problem::OtherDateOrder`] for what is a date in the other order only.
pub fn column_birth_date(text: &str, order: DateOrder, today: NaiveDate) -> Result<NaiveDate, Problem> {
    match read_date(text, &[order], today) {
        Ok(date) => of_the_living(date, today),
        Err(_) if parse_date(text, order, today).is_ok() => Err(Problem::OtherDateOrder),
        Err(problem) => Err(problem),
    }
}

fn of_the_living(date: NaiveDate, today: NaiveDate) -> Result<NaiveDate, Problem> {
    match age_years(date, today) {
        None => Err(Problem::InTheFuture),
        Some(age) if age >= AGE_MAX_YEARS && date < years_before(today, AGE_MAX_YEARS) => {
            Err(Problem::TooLongAgo)
        }
        Some(_) => Ok(date),
    }
}

/// Age in whole years; absent before the birth. Who is born on 29 February has a birthday on
/// 1 March in other years.
pub fn age_years(birth: NaiveDate, on: NaiveDate) -> Option<u32> {
    on.years_since(birth)
}

/// The dates of birth that somebody who typed `text` may mean, in either order; none if it does
/// not read as a whole date.
pub fn candidate_dates(text: &str, today: NaiveDate) -> Vec<NaiveDate> {
    let mut dates: Vec<_> = [DateOrder::MonthFirst, DateOrder::DayFirst]
        .into_iter()
        .filter_map(|order| birth_date(text, order, today).ok())
        .collect();
    dates.dedup();
    dates
}

enum Part<'a> {
    Number(&'a str),
    Month(u32),
}

/// The text in lower case, every separator of a date a space, without its time of day.
fn fold_date(text: &str) -> String {
    let text = text.trim();
    let end = text.find(':').and_then(|colon| text[..colon].rfind([' ', 'T'])).unwrap_or(text.len());
    // Folding joins what a period parts.
    fold(&text[..end].replace('.', " "))
}

/// The numbers and months of a folded text; absent if there is anything else.
fn split(folded: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c == ' ' || c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after.trim_start();
        if digits {
            parts.push(Part::Number(part));
        } else if !is_filler(part) {
            parts.push(Part::Month(month_named(part)?));
        }
    }
    Some(parts)
}

/// What may stand in a date without meaning anything: 14th, 14 de marzo.
fn is_filler(word: &str) -> bool {
    matches!(word, "st" | "nd" | "rd" | "th" | "de" | "del" | "of")
}

fn month_named(word: &str) -> Option<u32> {
    if word.len() < 3 {
        return None;
    }
    let named = |names: &[&str; 2]| names.iter().any(|name| name.starts_with(word));
    (1..).zip(&MONTHS).find(|(_, names)| named(names)).map(|(month, _)| month)
}

/// Six or eight digits in a row.
fn compact(digits: &str, orders: &[DateOrder], today: NaiveDate) -> Option<NaiveDate> {
    if digits.len() != 6 && digits.len() != 8 {
        return None;
    }
    let year_first = || {
        let year = number(digits.get(..4)?);
        let plausible = i32::try_from(year).ok()? >= COMPACT_YEAR_MIN;
        (digits.len() == 8 && plausible).then(|| three_numbers_of(digits, [4, 2], orders, today))?
    };
    year_first().or_else(|| three_numbers_of(digits, [2, 2], orders, today))
}

fn three_numbers_of(
    digits: &str,
    lengths: [usize; 2],
    orders: &[DateOrder],
    today: NaiveDate,
) -> Option<NaiveDate> {
    let (a, rest) = digits.split_at_checked(lengths[0])?;
    let (b, c) = rest.split_at_checked(lengths[1])?;
    three_numbers([a, b, c], orders, today)
}

fn three_numbers([a, b, c]: [&str; 3], orders: &[DateOrder], today: NaiveDate) -> Option<NaiveDate> {
    if a.len() == 4 {
        return dated(a, number(b), number(c), today);
    }
    if a.len() > 2 || b.len() > 2 {
        return None;
    }
    let read = |order: &DateOrder| match order {
        DateOrder::MonthFirst => dated(c, number(a), number(b), today),
        DateOrder::DayFirst => dated(c, number(b), number(a), today),
    };
    orders.iter().find_map(read)
}

/// The date in a year of two or four digits.
fn dated(year: &str, month: u32, day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let value = i32::try_from(number(year)).ok()?;
    match year.len() {
        4 => NaiveDate::from_ymd_opt(value, month, day),
        2 => {
            let century = today.year() - today.year().rem_euclid(100);
            let in_year = |year| NaiveDate::from_ymd_opt(year, month, day);
            in_year(century + value).filter(|date| *date <= today).or_else(|| in_year(century - 100 + value))
        }
        _ => None,
    }
}

/// The value of a short run of digits; a run too long for a date is larger than any part of one.
fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

fn years_before(date: NaiveDate, years: u32) -> NaiveDate {
    date.checked_sub_months(chrono::Months::new(years * 12)).unwrap_or(NaiveDate::MIN)
}
