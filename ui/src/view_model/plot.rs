//! A plot of how long commands take: logarithmic, because they differ by factors of a thousand.

/// Powers of ten, in microseconds, that the axis is marked with.
pub const MARKS_US: [u64; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

/// The axis begins here, in microseconds.
const FROM_US: f64 = 100.0;
/// The axis ends here, in microseconds.
const TO_US: f64 = 2_000_000.0;

/// Where `us` is on the axis, 0 to 1.
pub fn place(us: u64) -> f64 {
    let us = (us as f64).clamp(FROM_US, TO_US);
    (us / FROM_US).ln() / (TO_US / FROM_US).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_rises_from_nought_to_one() {
        assert_eq!(place(0), 0.0);
        assert_eq!(place(10_000_000), 1.0);
        assert!(MARKS_US.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
    }
}
