//! Faults that can be switched on, to prove that the simulation finds them.
//!
//! Only with the feature `planted`; without it every question is answered no, at compile time.

/// A mistake that somebody could have made. Several are taken from other systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A page's cursor is one too far.
    CursorOffByOne,
    /// The cursor is committed before the records that it counts.
    CursorBeforeBatch,
    /// A page that ends inside a change goes on behind the change.
    PageCutInsideChange,
    /// A transaction counts as acknowledged once it was sent.
    AcknowledgedWhenSent,
    /// An acknowledgement of another epoch counts.
    AcknowledgedAcrossEpochs,
    /// Pending ends with the acknowledgement, before its page came.
    ClearedBeforePage,
    /// What comes takes the place of what is pending.
    PulledOverPending,
    /// Who merges lets the incoming value win a tie.
    TieBrokenByIncoming,
    /// A retry is merged again.
    RetryMergedAgain,
    /// A base counts only if it is exactly what is there.
    AncestryIgnored,
    /// The losing value is not kept.
    ConflictDropped,
    /// A fact may be overwritten.
    FactOverwritten,
    /// A fact is rejected together with the guarded ops of its transaction.
    FactRejected,
    /// Guards are not looked at.
    GuardIgnored,
    /// A retry is judged anew, the stored result is not looked at.
    ResultForgotten,
    /// A delete wins over an edit whose author did not know of it.
    DeleteWins,
    /// A restored server is only pulled from.
    NothingUploaded,
    /// A request of an earlier epoch is taken.
    EpochIgnored,
    /// Nobody is told of what was rejected.
    RejectionNotTold,
    /// A device that was copied goes on under its old incarnation.
    CopyNotNoticed,
    /// The other side's digest is adopted instead of the records.
    DigestAdopted,
    /// A device's clock is taken as it is.
    ClockTrusted,
    /// More is rejected than has a reason.
    RejectedTooMuch,
}

impl Bug {
    pub const ALL: [Self; 23] = [
        Self::CursorOffByOne,
        Self::CursorBeforeBatch,
        Self::PageCutInsideChange,
        Self::AcknowledgedWhenSent,
        Self::AcknowledgedAcrossEpochs,
        Self::ClearedBeforePage,
        Self::PulledOverPending,
        Self::TieBrokenByIncoming,
        Self::RetryMergedAgain,
        Self::AncestryIgnored,
        Self::ConflictDropped,
        Self::FactOverwritten,
        Self::FactRejected,
        Self::GuardIgnored,
        Self::ResultForgotten,
        Self::DeleteWins,
        Self::NothingUploaded,
        Self::EpochIgnored,
        Self::RejectionNotTold,
        Self::CopyNotNoticed,
        Self::DigestAdopted,
        Self::ClockTrusted,
        Self::RejectedTooMuch,
    ];
}

#[cfg(feature = "planted")]
mod choice {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Makes this thread commit the mistake, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether this thread commits the mistake.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(not(feature = "planted"))]
mod choice {
    use super::Bug;

    /// Nothing is planted.
    pub const fn is(_bug: Bug) -> bool {
        false
    }
}

pub use choice::*;
