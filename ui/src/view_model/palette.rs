//! Which actions fit what was typed into the palette.

/// How well `label` fits `typed`: higher is better, absent if it does not.
///
/// Every letter must occur in order; beginnings of words and runs count for more.
pub fn score(typed: &str, label: &str) -> Option<u32> {
    let label: Vec<char> = label.to_lowercase().chars().collect();
    let mut points = 0;
    let mut at = 0;
    let mut last: Option<usize> = None;
    for wanted in typed.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let found = (at..label.len()).find(|place| label[*place] == wanted)?;
        let begins_word = found == 0 || !label[found - 1].is_alphanumeric();
        let follows = last.is_some_and(|last| last + 1 == found);
        points += 1 + if begins_word { 6 } else { 0 } + if follows { 4 } else { 0 };
        last = Some(found);
        at = found + 1;
    }
    // Of two that fit alike, the shorter one was meant.
    Some(points * 64 / (label.len() as u32 + 16))
}

/// The entries that fit, best first; all, in their order, if nothing was typed.
pub fn rank<'a, T>(typed: &str, entries: &'a [T], label: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let mut scored: Vec<(u32, &T)> =
        entries.iter().filter_map(|entry| score(typed, label(entry)).map(|points| (points, entry))).collect();
    if !typed.trim().is_empty() {
        scored.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    }
    scored.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [&str; 5] =
        ["New patient", "Import a file", "Go to patients", "Go to settings", "Dark theme"];

    #[test]
    fn initials_find_an_action() {
        assert_eq!(rank("np", &ACTIONS, |label| label).first(), Some(&&"New patient"));
        assert_eq!(rank("gs", &ACTIONS, |label| label).first(), Some(&&"Go to settings"));
    }

    #[test]
    fn the_beginning_of_a_word_beats_letters_inside() {
        assert_eq!(rank("the", &ACTIONS, |label| label).first(), Some(&&"Dark theme"));
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_nothing_typed_leaves_all() {
        assert!(rank("zzz", &ACTIONS, |label| label).is_empty());
        assert_eq!(rank(" ", &ACTIONS, |label| label).len(), ACTIONS.len());
    }
}
