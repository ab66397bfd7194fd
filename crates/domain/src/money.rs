//! Amounts of money: whole minor units (cents, yen, fils) of one currency, never a fraction.

use crate::field::Problem;
use iso_currency::Currency as Iso;
use serde::{Deserialize, Serialize};
use std::fmt;

#[cfg(test)]
mod tests;

/// The most that one amount may be, in minor units. A million such amounts still add up within an `i64`.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Iso);

impl Currency {
    /// What a clinic counts in until it says otherwise.
    pub const USUAL: Self = Self(Iso::USD);

    /// # Errors
    /// [`Problem::NotAChoice`]: no code, or one of something that is counted in no minor units, such as gold.
    pub fn from_code(code: &str) -> Result<Self, Problem> {
        let iso = Iso::from_code(code).ok_or(Problem::NotAChoice)?;
        iso.exponent().map(|_| Self(iso)).ok_or(Problem::NotAChoice)
    }

    /// Three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many digits stand behind the decimal point: 2 for most, 0 for the yen, 3 for the dinar.
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// The amount as digits, a point and digits: `-1234.50`.
    pub fn plain(self, amount: i64) -> String {
        let digits = self.digits() as usize;
        let sign = if amount < 0 { "-" } else { "" };
        let units = format!("{:0>width$}", amount.unsigned_abs(), width = digits + 1);
        let (whole, part) = units.split_at(units.len() - digits);
        if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }

    /// The amount that people mean by `text`: `12.5`, `12,50`, `1,234.50`, `1.234,50`, `$ 12`, `-3`.
    ///
    /// A single point or comma followed by three digits is read as grouping if the currency has other than three digits,
    /// and as the decimal point if it has three.
    ///
    /// # Errors
    /// [`Problem::NotAnAmount`]: other characters, more digits behind the point than the currency has;
    /// [`Problem::TooLarge`]: more than [`AMOUNT_MAX`].
    pub fn parse(self, text: &str) -> Result<i64, Problem> {
        let text: String = text.chars().filter(|char| !char.is_whitespace() && *char != '\'').collect();
        let text = text.replace(self.code(), "");
        let symbol = self.0.symbol().symbol;
        let text = without(&symbol, &text);
        let (is_negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, without(&symbol, rest)),
            None => (false, text),
        };
        let digits = self.digits() as usize;
        let point = decimal_point(text, digits);
        let (whole, part) = match point {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        };
        let point = point.and_then(|at| text[at..].chars().next());
        let is_grouped = is_grouped(whole, point);
        let whole: String = whole.chars().filter(|char| !matches!(char, '.' | ',')).collect();
        let is_number = |text: &str| text.chars().all(|char| char.is_ascii_digit());
        if !is_grouped
            || (whole.is_empty() && part.is_empty())
            || !is_number(&whole)
            || !is_number(part)
            || part.len() > digits
        {
            return Err(Problem::NotAnAmount);
        }
        let amount: i64 = format!("{whole}{part:0<digits$}").parse().map_err(|_| Problem::TooLarge)?;
        if amount > AMOUNT_MAX {
            return Err(Problem::TooLarge);
        }
        Ok(if is_negative { -amount } else { amount })
    }
}

fn without<'a>(symbol: &str, text: &'a str) -> &'a str {
    text.strip_prefix(symbol).unwrap_or(text)
}

/// Where the decimal point of a number is, if it has one.
fn decimal_point(text: &str, digits: usize) -> Option<usize> {
    let at = text.rfind(['.', ','])?;
    let mark = text.as_bytes()[at];
    let before = &text[..at];
    let is_repeated = before.bytes().any(|byte| byte == mark);
    let has_other = before.bytes().any(|byte| byte != mark && matches!(byte, b'.' | b','));
    let looks_grouped = text.len() - at - 1 == 3 && digits != 3 && !has_other;
    (!is_repeated && !looks_grouped).then_some(at)
}

/// Whether the digits before the point stand together, or in groups as people write them: 1,234,567 and 12,34,567.
fn is_grouped(whole: &str, point: Option<char>) -> bool {
    let marks: Vec<_> = whole.chars().filter(|char| matches!(char, '.' | ',')).collect();
    let Some(mark) = marks.first() else { return true };
    let groups: Vec<_> = whole.split(*mark).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return true };
    Some(*mark) != point
        && marks.iter().all(|other| other == mark)
        && (1..=3).contains(&first.len())
        && middle.iter().all(|group| (2..=3).contains(&group.len()))
        && last.len() == 3
}

impl TryFrom<String> for Currency {
    type Error = Problem;

    fn try_from(code: String) -> Result<Self, Problem> {
        Self::from_code(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// `numerator / denominator` to the nearest whole number, halves away from zero: a credit of what was billed is what was
/// billed. `denominator` is positive.
pub(crate) fn rounded(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator < 0 { -((-numerator + half) / denominator) } else { (numerator + half) / denominator }
}
