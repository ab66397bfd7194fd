use super::*;
use DateOrder::{DayFirst, MonthFirst};
use proptest::prelude::*;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn today() -> NaiveDate {
    day(2026, 6, 15)
}

#[test]
fn a_date_is_understood_in_every_way_it_is_written() {
    for text in [
        "1985-03-14",
        "1985/3/14",
        " 3/14/1985 ",
        "03/14/1985",
        "14.03.1985",
        "14/03/1985",
        "3-14-85",
        "03141985",
        "19850314",
        "14031985",
        "031485",
        "14 Mar 1985",
        "14-MAR-85",
        "March 14, 1985",
        "mar 14 85",
        "Mar. 14th, 1985",
        "1985 march 14",
        "14 de marzo de 1985",
        "1985-03-14T00:00:00Z",
        "1985-03-14 00:00:00.000",
        "3/14/1985 12:00:00 AM",
    ] {
        assert_eq!(parse_date(text, MonthFirst, today()), Ok(day(1985, 3, 14)), "{text}");
        assert_eq!(parse_date(text, DayFirst, today()), Ok(day(1985, 3, 14)), "{text}");
    }
}

#[test]
fn the_order_decides_only_what_could_be_either() {
    assert_eq!(parse_date("3/4/1985", MonthFirst, today()), Ok(day(1985, 3, 4)));
    assert_eq!(parse_date("3/4/1985", DayFirst, today()), Ok(day(1985, 4, 3)));
    assert_eq!(parse_date("03041985", DayFirst, today()), Ok(day(1985, 4, 3)));
    assert_eq!(parse_date("1985-04-03", DayFirst, today()), Ok(day(1985, 4, 3)));
    assert_eq!(parse_date("20121985", MonthFirst, today()), Ok(day(1985, 12, 20)));
}

#[test]
fn a_year_of_two_digits_is_never_in_the_future() {
    assert_eq!(parse_date("6/15/26", MonthFirst, today()), Ok(day(2026, 6, 15)));
    assert_eq!(parse_date("6/16/26", MonthFirst, today()), Ok(day(1926, 6, 16)));
    assert_eq!(parse_date("1/1/00", MonthFirst, today()), Ok(day(2000, 1, 1)));
    assert_eq!(parse_date("2/29/00", MonthFirst, today()), Ok(day(2000, 2, 29)));
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "",
        " ",
        "hello",
        "1985",
        "3/14",
        "1985-13-01",
        "31/31/1985",
        "2/30/1985",
        "2023-02-29",
        "14 Xyz 1985",
        "555-0102",
        "5550102030",
        "555-123-4567",
        "12-34-56-78",
        "3/14/985",
        "99999999999999999999",
        "1985-03",
        "m 14 1985",
        "14 14 14 14",
        "Mar Mar 1985",
        "東京",
    ] {
        assert_eq!(parse_date(text, MonthFirst, today()), Err(Problem::NotADate), "{text}");
    }
}

#[test]
fn a_birth_date_is_neither_in_the_future_nor_more_than_130_years_ago() {
    let judge = |text| birth_date(text, MonthFirst, today());
    assert_eq!(judge("2026-06-15"), Ok(today()));
    assert_eq!(judge("2026-06-16"), Err(Problem::InTheFuture));
    assert_eq!(judge("1896-06-15"), Ok(day(1896, 6, 15)));
    assert_eq!(judge("1896-06-14"), Err(Problem::TooLongAgo));
    assert_eq!(judge("nonsense"), Err(Problem::NotADate));
}

#[test]
fn age_counts_whole_years() {
    assert_eq!(age_years(day(1985, 6, 15), today()), Some(41));
    assert_eq!(age_years(day(1985, 6, 16), today()), Some(40));
    assert_eq!(age_years(day(2004, 2, 29), day(2026, 2, 28)), Some(21));
    assert_eq!(age_years(day(2004, 2, 29), day(2026, 3, 1)), Some(22));
    assert_eq!(age_years(day(2027, 1, 1), today()), None);
}

#[test]
fn a_typed_date_is_searched_in_both_orders() {
    assert_eq!(candidate_dates("3/4/1985", today()), [day(1985, 3, 4), day(1985, 4, 3)]);
    assert_eq!(candidate_dates("3/14/1985", today()), [day(1985, 3, 14)]);
    assert_eq!(candidate_dates("smith", today()), []);
    assert_eq!(candidate_dates("2099-01-01", today()), []);
}

proptest! {
    #[test]
    fn any_text_is_judged_without_failing(text in "\\PC{0,24}") {
        let _ = candidate_dates(&text, today());
    }

    #[test]
    fn every_date_is_read_back_as_it_was_written(days in 0i64..47_000, style in 0usize..6) {
        let date = today() - chrono::Duration::days(days);
        let format = ["%Y-%m-%d", "%m/%d/%Y", "%m%d%Y", "%B %-d, %Y", "%-d %b %Y", "%Y%m%d"][style];
        prop_assert_eq!(birth_date(&date.format(format).to_string(), MonthFirst, today()), Ok(date));
    }

    #[test]
    fn a_two_digit_date_is_not_after_today(text in "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}") {
        if let Ok(date) = parse_date(&text, MonthFirst, today()) {
            prop_assert!(date <= today());
        }
    }
}
