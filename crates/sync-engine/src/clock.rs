//! When ops were made, by the server's reckoning (rule 4).

use crate::planted::{self, Bug};
use sync_protocol::Clock;

/// The time of each transaction, milliseconds since 1970 by the server's clock, which shows `received_ms`.
///
/// A transaction is as old as the device's clocks say that it is: by the clock that counts from its start, if it is
/// the same start, else by the wall clock. A wrong clock thus makes no difference. None is later than its receipt or
/// than those after it.
pub fn times(now: Clock, received_ms: i64, made: &[Clock]) -> Vec<i64> {
    let mut latest = received_ms;
    let mut times: Vec<_> = made
        .iter()
        .rev()
        .map(|made| {
            if planted::is(Bug::ClockTrusted) {
                return made.wall_ms;
            }
            let age = if now.boot.is_some() && now.boot == made.boot {
                now.boot_ms.saturating_sub(made.boot_ms)
            } else {
                now.wall_ms.saturating_sub(made.wall_ms)
            };
            latest = latest.min(received_ms.saturating_sub(age));
            latest
        })
        .collect();
    times.reverse();
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
    fn no_number_is_too_large() {
        let made = [clock(i64::MIN, i64::MIN, 1), clock(i64::MAX, i64::MAX, 1), clock(i64::MIN, 0, 2)];
        assert_eq!(times(clock(i64::MAX, i64::MAX, 1), RECEIVED, &made).len(), 3);
    }
}
