//! Dates, times, sizes and phone numbers as people read them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use crate::i18n::number;
use crate::t;

/// `Mar 14, 1985`.
pub fn date(date: NaiveDate) -> String {
    t!(date.day, month = month(date), day = date.day().to_string(), year = date.year().to_string())
}

fn month(date: NaiveDate) -> &'static str {
    let months = t!(date.months);
    months.split(' ').nth(date.month0() as usize).unwrap_or_default()
}

/// `12:04` today, `Yesterday, 12:04`, `Mar 14, 12:04` this year, else with the year.
pub fn moment(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let time = clock(at);
    let day = at.date();
    match (now.date() - day).num_days() {
        0 => time,
        1 => t!(date.yesterday, time = time),
        _ if day.year() == now.year() => {
            t!(date.this_year, month = month(day), day = day.day().to_string(), time = time)
        }
        _ => date(day),
    }
}

/// `Mar 14, 1985, 12:04`: the exact value, for hovering.
pub fn exact(at: NaiveDateTime) -> String {
    t!(date.exact, date = date(at.date()), time = clock(at))
}

/// `12:04`.
pub fn clock(at: NaiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `(555) 010-2020`, `+34 612 345 678`; what is not E.164 stays as it is.
pub fn phone(e164: &str) -> String {
    let Some(digits) = e164.strip_prefix('+').filter(|digits| digits.chars().all(|c| c.is_ascii_digit()))
    else {
        return e164.to_owned();
    };
    match digits.strip_prefix('1') {
        Some(national) if national.len() == 10 => {
            format!("({}) {}-{}", &national[..3], &national[3..6], &national[6..])
        }
        _ if digits.len() > 6 => {
            let (country, rest) = digits.split_at(country_digits(digits));
            let groups: Vec<&str> =
                rest.as_bytes().chunks(3).filter_map(|chunk| std::str::from_utf8(chunk).ok()).collect();
            format!("+{country} {}", groups.join(" "))
        }
        _ => e164.to_owned(),
    }
}

/// Countries have one, two or three digits; enough of ITU-T E.164's list to group a number for reading.
fn country_digits(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..] | [b'4', b'0' | b'1' | b'3'..=b'9', ..] => 2,
        [b'3', b'0'..=b'4' | b'6' | b'9', ..] | [b'5', b'1'..=b'8', ..] => 2,
        [b'6', b'0'..=b'6', ..] | [b'8', b'1' | b'2' | b'4' | b'6', ..] | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

/// `0.8 ms`, `12 ms`, `1.4 s`.
pub fn microseconds(us: u64) -> String {
    match us {
        0..10_000 => t!(unit.ms, n = format!("{:.1}", us as f64 / 1e3)),
        10_000..1_000_000 => t!(unit.ms, n = number(us / 1_000)),
        _ => t!(unit.s, n = format!("{:.1}", us as f64 / 1e6)),
    }
}

/// `512 B`, `12.3 MB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => t!(unit.b, n = n),
        1_000..1_000_000 => t!(unit.kb, n = format!("{:.1}", n as f64 / 1e3)),
        1_000_000..1_000_000_000 => t!(unit.mb, n = format!("{:.1}", n as f64 / 1e6)),
        _ => t!(unit.gb, n = format!("{:.2}", n as f64 / 1e9)),
    }
}

/// `3 h 12 min`.
pub fn seconds(s: u64) -> String {
    match s {
        0..60 => t!(unit.s, n = s.to_string()),
        60..3_600 => t!(unit.min, n = (s / 60).to_string()),
        _ => t!(unit.hours, h = (s / 3_600).to_string(), min = (s / 60 % 60).to_string()),
    }
}

/// A length that may only be known to be at least so much: `1,000+`.
pub fn count(n: u64, or_more: bool) -> String {
    if or_more { format!("{}+", number(n)) } else { number(n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    }

    #[test]
    fn dates_are_written_as_people_say_them() {
        assert_eq!(date(day(1985, 3, 14)), "Mar 14, 1985");
    }

    #[test]
    fn a_moment_is_as_short_as_it_can_be() {
        let at = |date: NaiveDate| date.and_hms_opt(12, 4, 0).expect("a time");
        let now = at(day(2026, 11, 22));
        assert_eq!(moment(now, now), "12:04");
        assert_eq!(moment(at(day(2026, 11, 21)), now), "Yesterday, 12:04");
        assert_eq!(moment(at(day(2026, 3, 1)), now), "Mar 1, 12:04");
        assert_eq!(moment(at(day(2025, 3, 1)), now), "Mar 1, 2025");
    }

    #[test]
    fn phone_numbers_are_grouped_for_reading() {
        assert_eq!(phone("+15550102020"), "(555) 010-2020");
        assert_eq!(phone("+34612345678"), "+34 612 345 678");
        assert_eq!(phone("+353861234567"), "+353 861 234 567");
        assert_eq!(phone("ask reception"), "ask reception");
        assert_eq!(phone(""), "");
    }

    #[test]
    fn durations_and_sizes_have_the_unit_that_fits() {
        assert_eq!(microseconds(840), "0.8 ms");
        assert_eq!(microseconds(12_345), "12 ms");
        assert_eq!(microseconds(1_400_000), "1.4 s");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(seconds(11_520), "3 h 12 min");
    }

    #[test]
    fn an_open_count_says_so() {
        assert_eq!(count(1_000, true), "1,000+");
        assert_eq!(count(1_000, false), "1,000");
    }
}
