//! Failures in sentences that say what to do.

use contract::{ErrorBody, ErrorCode};
use domain::field::Problem;

use crate::t;

/// What happened, in a few words.
pub fn title(error: &ErrorBody) -> &'static str {
    match error.code {
        ErrorCode::NotFound => t!(error.not_found_title),
        ErrorCode::Denied => t!(error.denied_title),
        ErrorCode::Locked => t!(error.locked_title),
        ErrorCode::DiskFull => t!(error.disk_full_title),
        ErrorCode::ReadOnly => t!(error.read_only_title),
        ErrorCode::Corrupt => t!(error.corrupt_title),
        ErrorCode::NewerDatabase => t!(error.newer_title),
        ErrorCode::Busy => t!(error.busy_title),
        ErrorCode::BadFile => t!(error.bad_file_title),
        _ => t!(error.other_title),
    }
}

/// What to do about it.
pub fn sentence(error: &ErrorBody) -> String {
    let text = match error.code {
        ErrorCode::Invalid => t!(error.invalid),
        ErrorCode::NotFound => t!(error.not_found),
        ErrorCode::Stale => t!(error.stale),
        ErrorCode::Denied => t!(error.denied),
        ErrorCode::Locked => t!(error.locked),
        ErrorCode::WrongPassphrase => t!(error.wrong_passphrase),
        ErrorCode::TooLarge => t!(error.too_large),
        ErrorCode::DiskFull => t!(error.disk_full),
        ErrorCode::ReadOnly => t!(error.read_only),
        ErrorCode::NewerDatabase => t!(error.newer),
        ErrorCode::Cancelled => t!(error.cancelled),
        // The desk knows more about these than their code says.
        ErrorCode::Busy
        | ErrorCode::Corrupt
        | ErrorCode::BadFile
        | ErrorCode::BadRequest
        | ErrorCode::Refused
        | ErrorCode::Sync
        | ErrorCode::Internal => {
            return error.message.clone();
        }
    };
    text.to_owned()
}

/// What is wrong with a field, and what to write instead.
pub fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::Required => t!(problem.required),
        Problem::TooLong => t!(problem.too_long),
        Problem::ControlCharacter => t!(problem.control_character),
        Problem::NotADate => t!(problem.not_a_date),
        Problem::OtherDateOrder => t!(problem.other_date_order),
        Problem::InTheFuture => t!(problem.in_the_future),
        Problem::TooLongAgo => t!(problem.too_long_ago),
        Problem::NotAPhone => t!(problem.not_a_phone),
        Problem::NotAnEmail => t!(problem.not_an_email),
        Problem::Repeated => t!(problem.repeated),
        Problem::TooMany => t!(problem.too_many),
        Problem::NotAnAmount => t!(problem.not_an_amount),
        Problem::TooLarge => t!(problem.too_large),
        Problem::TooMuchOff => t!(problem.too_much_off),
        Problem::AboveDue => t!(problem.above_due),
        Problem::NotAChoice => t!(problem.not_a_choice),
        Problem::NoSuchRecord => t!(problem.no_such_record),
        Problem::ChangedMeanwhile => t!(problem.changed_meanwhile),
        Problem::TooManyCells => t!(problem.too_many_cells),
        Problem::NotText => t!(problem.not_text),
        Problem::UnclosedQuote => t!(problem.unclosed_quote),
    }
}
