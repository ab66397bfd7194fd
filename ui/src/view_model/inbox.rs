//! Where the focus goes in a list whose entries are dealt with one after the other.

/// The entry that is `step` further than `active`; at an end it stays there. Without one, the first.
pub fn neighbour<'a, T: PartialEq>(entries: &'a [T], active: Option<&T>, step: isize) -> Option<&'a T> {
    let at = active.and_then(|active| entries.iter().position(|entry| entry == active));
    match at {
        Some(at) => entries.get(at.saturating_add_signed(step).min(entries.len() - 1)),
        None => entries.first(),
    }
}

/// The entry that follows `gone`; the one before it if it was the last, none if it was the only one.
pub fn successor<'a, T: PartialEq>(entries: &'a [T], gone: &T) -> Option<&'a T> {
    let at = entries.iter().position(|entry| entry == gone)?;
    entries.get(at + 1).or_else(|| at.checked_sub(1).and_then(|before| entries.get(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: [char; 3] = ['a', 'b', 'c'];

    #[test]
    fn steps_end_at_the_ends() {
        assert_eq!(neighbour(&ENTRIES, Some(&'a'), 1), Some(&'b'));
        assert_eq!(neighbour(&ENTRIES, Some(&'b'), -1), Some(&'a'));
        assert_eq!(neighbour(&ENTRIES, Some(&'a'), -1), Some(&'a'));
        assert_eq!(neighbour(&ENTRIES, Some(&'c'), 1), Some(&'c'));
    }

    #[test]
    fn whoever_is_nowhere_begins_at_the_first() {
        assert_eq!(neighbour(&ENTRIES, None, 1), Some(&'a'));
        assert_eq!(neighbour(&ENTRIES, Some(&'x'), -1), Some(&'a'));
        assert_eq!(neighbour::<char>(&[], None, 1), None);
    }

    #[test]
    fn after_an_entry_is_dealt_with_the_next_one_follows() {
        assert_eq!(successor(&ENTRIES, &'a'), Some(&'b'));
        assert_eq!(successor(&ENTRIES, &'c'), Some(&'b'));
        assert_eq!(successor(&['a'], &'a'), None);
        assert_eq!(successor(&ENTRIES, &'x'), None);
    }
}
