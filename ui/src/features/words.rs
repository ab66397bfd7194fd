//! The words for values that come from the desk.

use chrono::{DateTime, NaiveDate, Utc};
use contract::{MatchedBy, PatientRow};
use domain::consent::{Channel, Decision, Purpose};
use domain::date::age_years;
use domain::patient::{AlertLevel, NoteKind, Severity, Tier};

use crate::t;
use crate::view_model::format;
use crate::view_model::sync::Clock;
use crate::{browser, i18n};

pub fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Standard => t!(tier.standard),
        Tier::Silver => t!(tier.silver),
        Tier::Gold => t!(tier.gold),
        Tier::Platinum => t!(tier.platinum),
    }
}

pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => t!(severity.unknown),
        Severity::Mild => t!(severity.mild),
        Severity::Moderate => t!(severity.moderate),
        Severity::Severe => t!(severity.severe),
    }
}

pub fn alert_level(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::AlertOnly => t!(alert.alert_only),
        AlertLevel::DoNotBook => t!(alert.do_not_book),
    }
}

pub fn note_kind(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::General => t!(note.general),
        NoteKind::Clinical => t!(note.clinical),
        NoteKind::Billing => t!(note.billing),
        NoteKind::Scheduling => t!(note.scheduling),
    }
}

pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => t!(consent.sms),
        Channel::Email => t!(consent.email),
        Channel::Phone => t!(consent.phone),
    }
}

pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Appointments => t!(consent.appointments),
        Purpose::Marketing => t!(consent.marketing),
    }
}

pub fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Unknown => t!(consent.unknown),
        Decision::Granted => t!(consent.granted),
        Decision::Denied => t!(consent.denied),
    }
}

pub fn matched_by(matched: MatchedBy) -> Option<&'static str> {
    match matched {
        // That is what one expects: nothing to say.
        MatchedBy::Name => None,
        MatchedBy::Nickname => Some(t!(matched.nickname)),
        MatchedBy::Spelling => Some(t!(matched.spelling)),
        MatchedBy::Sound => Some(t!(matched.sound)),
        MatchedBy::Phone => Some(t!(matched.phone)),
        MatchedBy::Email => Some(t!(matched.email)),
        MatchedBy::BirthDate => Some(t!(matched.birth_date)),
        MatchedBy::ChartNumber => Some(t!(matched.chart_number)),
    }
}

/// A word that the desk chose from an open list: a reason, a target, a check.
pub fn named(group: &str, word: &str) -> String {
    i18n::named(group, word).map_or_else(|| word.replace('_', " "), str::to_owned)
}

/// The name that a patient goes by; never empty.
pub fn name(row: &PatientRow) -> String {
    or_nameless(row.name.display(&row.preferred_name))
}

pub fn or_nameless(name: String) -> String {
    if name.trim().is_empty() { t!(patient.nameless).to_owned() } else { name }
}

/// `Mar 14, 1985 · 41`.
pub fn birth(date: Option<NaiveDate>) -> String {
    let Some(date) = date else { return String::new() };
    match age_years(date, browser::today()) {
        Some(age) => t!(patient.birth_and_age, date = format::date(date), age = age),
        None => format::date(date),
    }
}

/// The clock on this desk's wall.
pub fn clock() -> Clock {
    Clock { now: browser::now(), local: browser::local }
}

/// When something was, as people say it.
pub fn moment(at: DateTime<Utc>) -> String {
    format::moment(browser::local(at), browser::local(browser::now()))
}

/// When something was, exactly.
pub fn exact(at: DateTime<Utc>) -> String {
    format::exact(browser::local(at))
}

/// The day something was.
pub fn day(at: DateTime<Utc>) -> String {
    format::date(browser::local(at).date())
}
