//! What is said of sync: never more than what the server has acknowledged.

use chrono::{DateTime, NaiveDateTime, Utc};
use contract::{SyncProblemCode, SyncState, SyncStatus};

use crate::components::icon::Glyph;
use crate::components::mark::Tone;
use crate::t;
use crate::view_model::format;

#[cfg(test)]
mod tests;

/// The clock on this desk's wall.
#[derive(Clone, Copy)]
pub struct Clock {
    pub now: DateTime<Utc>,
    /// What it shows at a moment.
    pub local: fn(DateTime<Utc>) -> NaiveDateTime,
}

impl Clock {
    /// `11:40`, `yesterday, 11:40`, `Mar 14, 11:40`: within a sentence.
    pub fn since(&self, at: DateTime<Utc>) -> String {
        let (at, now) = ((self.local)(at), (self.local)(self.now));
        match (now.date() - at.date()).num_days() {
            1 => t!(sync.yesterday, time = format::clock(at)),
            _ => format::moment(at, now),
        }
    }

    /// `12:04`, `Yesterday, 12:04`: on its own.
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        format::moment((self.local)(at), (self.local)(self.now))
    }

    /// `4 minutes`, `2 hours`, `3 days`. A clock that was set back makes nothing older than now.
    pub fn age(&self, at: DateTime<Utc>) -> String {
        let minutes = u64::try_from((self.now - at).num_minutes()).unwrap_or(0);
        match minutes {
            0 => t!(sync.age_moment).to_owned(),
            1..60 => t!(sync.age_minutes, count = minutes),
            60..2_880 => t!(sync.age_hours, count = minutes / 60),
            _ => t!(sync.age_days, count = minutes / 1_440),
        }
    }
}

/// The line at the foot of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub tone: Tone,
    pub glyph: Glyph,
}

fn line(text: impl Into<String>, tone: Tone, glyph: Glyph) -> Line {
    Line { text: text.into(), tone, glyph }
}

/// The one thing to know of sync now: what stops it, then what waits for a person, then what is on its way.
///
/// Done is said only of a server that has acknowledged everything.
pub fn status_line(status: &SyncStatus, clock: Clock) -> Line {
    match status.state {
        SyncState::Alone => line(t!(status.device_only), Tone::Neutral, Glyph::Device),
        SyncState::Stopped => line(stopped(status), Tone::Danger, Glyph::Stop),
        // Until it is over the lists are not whole, which matters more than what is in them.
        SyncState::Joining => line(joining(status), Tone::Accent, Glyph::Sync),
        _ if status.attention > 0 => {
            line(t!(sync.line_attention, count = status.attention), Tone::Waiting, Glyph::Warning)
        }
        _ if status.conflicts > 0 => {
            line(t!(sync.line_conflicts, n = status.conflicts), Tone::Waiting, Glyph::Conflict)
        }
        SyncState::Offline => line(offline(status, clock), Tone::Waiting, Glyph::Offline),
        SyncState::Starting => line(starting(status), Tone::Neutral, Glyph::Sync),
        _ if status.unsent > 0 => line(t!(sync.line_sending, n = status.unsent), Tone::Accent, Glyph::Sync),
        SyncState::Working => line(t!(sync.line_receiving), Tone::Accent, Glyph::Sync),
        SyncState::UpToDate => line(up_to_date(status, clock), Tone::Done, Glyph::Check),
    }
}

fn stopped(status: &SyncStatus) -> String {
    let why = stopped_by(status.problem.as_ref().map(|problem| problem.code));
    match status.unsent {
        0 => why.to_owned(),
        unsent => t!(sync.line_stopped, why = why, n = unsent),
    }
}

fn stopped_by(code: Option<SyncProblemCode>) -> &'static str {
    match code {
        Some(SyncProblemCode::Unreachable) => t!(sync.stop_unreachable),
        Some(SyncProblemCode::NotAServer) => t!(sync.stop_not_a_server),
        Some(SyncProblemCode::Certificate) => t!(sync.stop_certificate),
        Some(SyncProblemCode::Revoked) => t!(sync.stop_revoked),
        Some(SyncProblemCode::Unknown) => t!(sync.stop_unknown),
        Some(SyncProblemCode::Code) => t!(sync.stop_code),
        Some(SyncProblemCode::OtherClinic) => t!(sync.stop_other_clinic),
        Some(SyncProblemCode::Version) => t!(sync.stop_version),
        Some(SyncProblemCode::TooLarge) => t!(sync.stop_too_large),
        Some(SyncProblemCode::Busy) => t!(sync.stop_busy),
        Some(SyncProblemCode::Database) => t!(sync.stop_database),
        None => t!(sync.stop_other),
    }
}

fn joining(status: &SyncStatus) -> String {
    match status.percent {
        Some(percent) => t!(sync.line_joining_percent, n = percent.min(100)),
        None => t!(sync.line_joining).to_owned(),
    }
}

fn offline(status: &SyncStatus, clock: Clock) -> String {
    match (status.unsent, status.unsent_since, status.last_contact) {
        (0, _, Some(contact)) => t!(sync.line_offline_since, time = clock.since(contact)),
        (0, _, None) => t!(sync.line_offline).to_owned(),
        (unsent, Some(since), _) => {
            t!(sync.line_offline_unsent_since, n = unsent, time = clock.since(since))
        }
        (unsent, None, _) => t!(sync.line_offline_unsent, n = unsent),
    }
}

fn starting(status: &SyncStatus) -> String {
    match status.unsent {
        0 => t!(sync.line_starting).to_owned(),
        unsent => t!(sync.line_starting_unsent, n = unsent),
    }
}

fn up_to_date(status: &SyncStatus, clock: Clock) -> String {
    match status.last_contact {
        Some(contact) => t!(sync.line_up_to_date_at, time = clock.moment(contact)),
        None => t!(sync.line_up_to_date).to_owned(),
    }
}

/// What the state means for whoever works at this desk.
pub fn explanation(status: &SyncStatus) -> &'static str {
    match status.state {
        SyncState::Alone => t!(status.explanation),
        SyncState::Starting => t!(sync.means_starting),
        SyncState::Joining => t!(sync.means_joining),
        SyncState::UpToDate if status.unsent == 0 => t!(sync.means_up_to_date),
        SyncState::Working | SyncState::UpToDate => t!(sync.means_working),
        SyncState::Offline => t!(sync.means_offline),
        SyncState::Stopped => t!(sync.means_stopped),
    }
}

/// How many saves are not sent, and how old the oldest is.
pub fn unsent(status: &SyncStatus, clock: Clock) -> String {
    match (status.unsent, status.unsent_since) {
        (0, _) => t!(sync.unsent_none).to_owned(),
        (unsent, None) => t!(sync.unsent_some, count = unsent),
        (unsent, Some(since)) => {
            t!(sync.unsent_since, count = unsent, time = clock.since(since), age = clock.age(since))
        }
    }
}

/// When the server last answered.
pub fn contact(status: &SyncStatus, clock: Clock) -> String {
    match status.last_contact {
        Some(contact) => t!(sync.contact_at, time = clock.moment(contact), age = clock.age(contact)),
        None => t!(sync.contact_unknown).to_owned(),
    }
}

/// What is wrong with this computer's clock, if anything is.
pub fn wrong_clock(status: &SyncStatus) -> Option<String> {
    let seconds = status.clock_ahead_s?;
    let minutes = seconds.unsigned_abs() / 60;
    let span = match minutes {
        0..60 => t!(sync.span_minutes, count = minutes),
        60..2_880 => t!(sync.span_hours, count = minutes / 60),
        _ => t!(sync.span_days, count = minutes / 1_440),
    };
    Some(if seconds > 0 { t!(sync.clock_ahead, span = span) } else { t!(sync.clock_behind, span = span) })
}

/// Whether this desk needs a new code before it can go on.
pub fn needs_code(status: &SyncStatus) -> bool {
    let codes = [SyncProblemCode::Revoked, SyncProblemCode::Unknown, SyncProblemCode::Code];
    status.state == SyncState::Stopped
        && status.problem.as_ref().is_some_and(|problem| codes.contains(&problem.code))
}

/// What is shown before the desk has answered.
pub fn not_known(paired: bool) -> Line {
    match paired {
        true => line(t!(sync.line_unknown), Tone::Neutral, Glyph::Sync),
        false => line(t!(status.device_only), Tone::Neutral, Glyph::Device),
    }
}
