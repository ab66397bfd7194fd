//! A file on its way to the desk, part by part.

use contract::IMPORT_PART_MAX_BYTES;

/// Where the next part begins and ends; absent once all of the file has gone.
pub fn next_part(sent: u64, size: u64) -> Option<(u64, u64)> {
    (sent < size).then(|| (sent, size.min(sent + IMPORT_PART_MAX_BYTES as u64)))
}

/// Whole per cent, never 100 before the end.
pub fn percent(done: u64, all: u64) -> u64 {
    match all {
        0 => 0,
        _ if done >= all => 100,
        _ => (done.saturating_mul(100) / all).min(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_follow_each_other_to_the_last_byte() {
        let size = 2 * IMPORT_PART_MAX_BYTES as u64 + 5;
        let mut sent = 0;
        let mut parts = 0;
        while let Some((begin, end)) = next_part(sent, size) {
            assert_eq!(begin, sent);
            sent = end;
            parts += 1;
        }
        assert_eq!((sent, parts), (size, 3));
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert_eq!(next_part(0, 0), None);
    }

    #[test]
    fn a_hundred_per_cent_is_only_at_the_end() {
        assert_eq!([percent(0, 0), percent(999, 1_000), percent(1_000, 1_000)], [0, 99, 100]);
    }
}
