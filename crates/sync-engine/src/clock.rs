//! When ops were made, by the server's reckoning (rule 4).

use crate::planted::{self, Bug};
use sync_protocol::Clock;

/// The time of each transaction, milliseconds since 1970 by the server's clock, which shows `received_ms`.
///
/// A transaction is as old as the device's clocks say that it is. By the clock that counts from the device's start, if it
/// is the same start, that is exact, however wrong the wall clock. Otherwise it is what the wall clock says, as far as
/// that can be: not later than the receipt and than what came after it, not earlier than what came before it.
pub fn times(now: Clock, received_ms: i64, made: &[Clock]) -> Vec<i64> {
    if planted::is(Bug::ClockTrusted) {
        return made.iter().map(|made| made.wall_ms).collect();
    }
    let is_exact = |made: &Clock| now.boot.is_some() && now.boot == made.boot;
    let mut times = vec![0; made.len()];
    // Backwards: what is exact, and the latest that the others can be.
    let mut latest = received_ms;
    let mut bounds = vec![received_ms; made.len()];
    for (at, made) in made.iter().enumerate().rev() {
        if is_exact(made) {
            latest = latest.min(received_ms.saturating_sub(now.boot_ms.saturating_sub(made.boot_ms)));
            times[at] = latest;
        }
        bounds[at] = latest;
    }
    // Forwards: a wall clock that cannot be right says nothing about others.
    let mut earliest = i64::MIN;
    for (at, made) in made.iter().enumerate() {
        if !is_exact(made) {
            let told = received_ms.saturating_sub(now.wall_ms.saturating_sub(made.wall_ms));
            times[at] = told.clamp(earliest.min(bounds[at]), bounds[at]);
            if told > bounds[at] {
                continue;
            }
        }
        earliest = earliest.max(times[at]);
    }
    // Backwards again: the order stays.
    for at in (1..times.len()).rev() {
        times[at - 1] = times[at - 1].min(times[at]);
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const RECEIVED: i64 = 1_000_000;

    fn clock(wall_ms: i64, boot_ms: i64, boot: u128) -> Clock {
        Clock { wall_ms, boot_ms, boot: (boot != 0).then(|| Uuid::from_u128(boot)) }
    }

    #[test]
    fn a_wrong_clock_makes_no_difference() {
        for wrong in [0, 315_360_000_000, -315_360_000_000] {
            let made = [clock(500 + wrong, 20, 0), clock(700 + wrong, 220, 0)];
            assert_eq!(times(clock(1_000 + wrong, 520, 0), RECEIVED, &made), [999_500, 999_700]);
        }
    }

    #[test]
    fn a_clock_that_was_corrected_meanwhile_makes_no_difference_within_one_start() {
        let made = [clock(315_360_000_500, 20, 1), clock(700, 220, 1)];
        assert_eq!(times(clock(1_000, 520, 1), RECEIVED, &made), [999_500, 999_700]);
    }

    #[test]
    fn nothing_is_later_than_its_receipt_and_the_order_stays() {
        let made = [clock(9_000, 0, 2), clock(500, 0, 2), clock(2_000, 0, 2)];
        assert_eq!(times(clock(1_000, 0, 3), RECEIVED, &made), [999_500, 999_500, 1_000_000]);
    }

    #[test]
    fn a_start_with_a_wrong_clock_drags_nobody() {
        // The clock was right, then in 1970, and is right again.
        let made = [clock(400, 0, 1), clock(-99_000_000, 0, 2), clock(800, 10, 3)];
        assert_eq!(times(clock(1_000, 210, 3), RECEIVED, &made), [999_400, 999_400, 999_800]);
        // It was ten years ahead for a while.
        let made = [clock(400, 0, 1), clock(315_360_000_000, 0, 2), clock(800, 10, 3)];
        assert_eq!(times(clock(1_000, 210, 3), RECEIVED, &made), [999_400, 999_800, 999_800]);
    }

    #[test]
    fn no_number_is_too_large() {
        let made = [clock(i64::MIN, i64::MIN, 1), clock(i64::MAX, i64::MAX, 1), clock(i64::MIN, 0, 2)];
        assert_eq!(times(clock(i64::MAX, i64::MAX, 1), RECEIVED, &made).len(), 3);
    }
}
