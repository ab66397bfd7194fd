use super::*;
use chrono::{TimeDelta, TimeZone};
use contract::SyncProblem;

fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 3, day, hour, minute, 0).single().expect("a time")
}

fn clock() -> Clock {
    Clock { now: at(14, 12, 30), local: |at| at.naive_utc() }
}

fn status(state: SyncState) -> SyncStatus {
    SyncStatus {
        state,
        server: None,
        unsent: 0,
        unsent_since: None,
        last_contact: Some(at(14, 12, 4)),
        problem: None,
        percent: None,
        conflicts: 0,
        attention: 0,
        parked: 0,
        waiting: 0,
        clock_ahead_s: None,
    }
}

fn unsent(state: SyncState, unsent: u64) -> SyncStatus {
    SyncStatus { unsent, unsent_since: Some(at(14, 11, 40)), ..status(state) }
}

fn stopped(code: SyncProblemCode) -> SyncStatus {
    let problem = Some(SyncProblem { code, message: String::new() });
    SyncStatus { problem, ..status(SyncState::Stopped) }
}

fn text(status: &SyncStatus) -> String {
    status_line(status, clock()).text
}

#[test]
fn a_desk_without_a_server_says_that_it_is_alone() {
    let shown = status_line(&status(SyncState::Alone), clock());
    assert_eq!(shown, line("This device only", Tone::Neutral, Glyph::Device));
}

#[test]
fn up_to_date_is_said_with_the_time_of_the_last_contact() {
    let shown = status_line(&status(SyncState::UpToDate), clock());
    assert_eq!(shown, line("Up to date · 12:04", Tone::Done, Glyph::Check));
    let never = SyncStatus { last_contact: None, ..status(SyncState::UpToDate) };
    assert_eq!(text(&never), "Up to date");
    let yesterday = SyncStatus { last_contact: Some(at(13, 18, 0)), ..status(SyncState::UpToDate) };
    assert_eq!(text(&yesterday), "Up to date · Yesterday, 18:00");
}

#[test]
fn nothing_is_done_while_something_is_unsent_or_the_server_has_not_answered() {
    use SyncState::{Alone, Joining, Offline, Starting, Stopped, UpToDate, Working};
    for state in [Alone, Starting, Joining, Working, UpToDate, Offline, Stopped] {
        let shown = status_line(&unsent(state, 1), clock());
        assert_ne!(shown.tone, Tone::Done, "{state:?} with something unsent");
        assert!(!shown.text.contains("Up to date"), "{state:?} with something unsent");
        if state != UpToDate {
            assert_ne!(status_line(&status(state), clock()).tone, Tone::Done, "{state:?}");
        }
    }
}

#[test]
fn sending_tells_how_much_and_receiving_that_nothing_of_ours_waits() {
    assert_eq!(
        status_line(&unsent(SyncState::Working, 3), clock()),
        line("Sending 3", Tone::Accent, Glyph::Sync)
    );
    assert_eq!(text(&unsent(SyncState::UpToDate, 3)), "Sending 3");
    assert_eq!(text(&status(SyncState::Working)), "Receiving");
}

#[test]
fn before_the_first_attempt_it_is_connecting() {
    assert_eq!(text(&status(SyncState::Starting)), "Connecting");
    assert_eq!(text(&unsent(SyncState::Starting, 14)), "Connecting · 14 unsent");
}

#[test]
fn joining_tells_how_far_it_is_if_that_is_known() {
    let half = SyncStatus { percent: Some(40), ..status(SyncState::Joining) };
    assert_eq!(status_line(&half, clock()), line("Joining · 40 %", Tone::Accent, Glyph::Sync));
    assert_eq!(text(&status(SyncState::Joining)), "Joining");
    let too_far = SyncStatus { percent: Some(120), ..half };
    assert_eq!(text(&too_far), "Joining · 100 %");
}

#[test]
fn offline_tells_what_is_unsent_and_since_when() {
    let shown = status_line(&unsent(SyncState::Offline, 14), clock());
    assert_eq!(shown, line("Offline · 14 unsent since 11:40", Tone::Waiting, Glyph::Offline));
    let yesterday = SyncStatus { unsent_since: Some(at(13, 11, 40)), ..unsent(SyncState::Offline, 14) };
    assert_eq!(text(&yesterday), "Offline · 14 unsent since yesterday, 11:40");
    let unknown = SyncStatus { unsent_since: None, ..unsent(SyncState::Offline, 14) };
    assert_eq!(text(&unknown), "Offline · 14 unsent");
}

#[test]
fn offline_with_nothing_unsent_tells_the_last_contact() {
    assert_eq!(text(&status(SyncState::Offline)), "Offline since 12:04");
    let never = SyncStatus { last_contact: None, ..status(SyncState::Offline) };
    assert_eq!(text(&never), "Offline");
}

#[test]
fn what_waits_for_a_person_comes_before_what_goes_on_by_itself() {
    for state in [SyncState::Starting, SyncState::Working, SyncState::UpToDate, SyncState::Offline] {
        let conflict = SyncStatus { conflicts: 1, ..unsent(state, 3) };
        let shown = status_line(&conflict, clock());
        assert_eq!(shown, line("Conflicts 1", Tone::Waiting, Glyph::Conflict));
        let both = SyncStatus { attention: 2, ..conflict };
        let shown = status_line(&both, clock());
        assert_eq!(shown, line("2 need attention", Tone::Waiting, Glyph::Warning));
    }
    let one = SyncStatus { attention: 1, ..status(SyncState::UpToDate) };
    assert_eq!(text(&one), "1 needs attention");
}

#[test]
fn what_stops_sync_comes_first_and_tells_what_stays_unsent() {
    let revoked = SyncStatus { attention: 2, conflicts: 1, ..stopped(SyncProblemCode::Revoked) };
    assert_eq!(status_line(&revoked, clock()), line("Shut out", Tone::Danger, Glyph::Stop));
    assert_eq!(text(&SyncStatus { unsent: 3, ..revoked }), "Shut out · 3 unsent");
    assert_eq!(text(&status(SyncState::Stopped)), "Sync stopped");
}

#[test]
fn every_problem_has_words_of_its_own() {
    use SyncProblemCode::{
        Busy, Certificate, Code, Database, NotAServer, OtherClinic, Revoked, TooLarge, Unknown, Unreachable,
        Version,
    };
    let codes = [
        Unreachable,
        NotAServer,
        Certificate,
        Revoked,
        Unknown,
        Code,
        OtherClinic,
        Version,
        TooLarge,
        Busy,
        Database,
    ];
    let mut texts: Vec<String> = codes.into_iter().map(|code| text(&stopped(code))).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), codes.len());
}

#[test]
fn the_oldest_unsent_save_is_told_with_its_age() {
    assert_eq!(super::unsent(&status(SyncState::UpToDate), clock()), "Nothing");
    let one = unsent(SyncState::Offline, 1);
    assert_eq!(super::unsent(&one, clock()), "1 save, from 11:40 (50 minutes ago)");
    let some = unsent(SyncState::Offline, 14);
    assert_eq!(super::unsent(&some, clock()), "14 saves, the oldest from 11:40 (50 minutes ago)");
    let unknown = SyncStatus { unsent_since: None, ..some };
    assert_eq!(super::unsent(&unknown, clock()), "14 saves");
}

#[test]
fn the_last_contact_is_told_with_its_age() {
    assert_eq!(contact(&status(SyncState::Offline), clock()), "12:04 (26 minutes ago)");
    let never = SyncStatus { last_contact: None, ..status(SyncState::Offline) };
    assert_eq!(contact(&never, clock()), "Not known");
}

#[test]
fn ages_have_the_unit_that_fits() {
    let ago = |delta: TimeDelta| clock().age(clock().now - delta);
    assert_eq!(ago(TimeDelta::seconds(59)), "just now");
    assert_eq!(ago(TimeDelta::minutes(1)), "1 minute ago");
    assert_eq!(ago(TimeDelta::minutes(59)), "59 minutes ago");
    assert_eq!(ago(TimeDelta::minutes(60)), "1 hour ago");
    assert_eq!(ago(TimeDelta::hours(47)), "47 hours ago");
    assert_eq!(ago(TimeDelta::hours(48)), "2 days ago");
    assert_eq!(ago(TimeDelta::minutes(-5)), "just now");
}

#[test]
fn a_wrong_clock_is_told_with_how_wrong_it_is() {
    let told = |seconds| wrong_clock(&SyncStatus { clock_ahead_s: seconds, ..status(SyncState::UpToDate) });
    assert_eq!(told(None), None);
    let says = |seconds, what: &str| {
        let text = told(Some(seconds)).expect("a sentence");
        assert!(text.contains(what), "{text}");
    };
    says(360, "was 6 minutes ahead of");
    says(-3_600, "was 1 hour behind");
    says(-172_800, "was 2 days behind");
    says(315_576_000, "was 3,652 days ahead of");
}

#[test]
fn only_a_device_that_the_server_does_not_let_in_needs_a_code() {
    assert!(needs_code(&stopped(SyncProblemCode::Revoked)));
    assert!(needs_code(&stopped(SyncProblemCode::Unknown)));
    assert!(!needs_code(&stopped(SyncProblemCode::Version)));
    assert!(!needs_code(&status(SyncState::Stopped)));
}

#[test]
fn up_to_date_is_explained_as_such_only_when_it_is() {
    let done = explanation(&status(SyncState::UpToDate));
    assert_ne!(explanation(&unsent(SyncState::UpToDate, 1)), done);
    assert_ne!(explanation(&status(SyncState::Working)), done);
    assert_ne!(explanation(&status(SyncState::Offline)), done);
}

#[test]
fn before_the_desk_has_answered_nothing_is_claimed() {
    assert_eq!(not_known(true), line("Sync state not known", Tone::Neutral, Glyph::Sync));
    assert_eq!(not_known(false), line("This device only", Tone::Neutral, Glyph::Device));
}
