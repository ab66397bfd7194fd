//! Keystrokes: what was pressed, what it is written as.

/// A keystroke, as the browser tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// `KeyboardEvent.key`.
    pub key: String,
    pub control: bool,
    pub shift: bool,
    pub alt: bool,
}

/// A shortcut, written as people read it: `Ctrl+Shift+N`, `?`, `Enter`.
pub type Chord = &'static str;

impl Stroke {
    /// Whether this is `chord`.
    pub fn is(&self, chord: Chord) -> bool {
        let mut parts: Vec<&str> = chord.split('+').filter(|part| !part.is_empty()).collect();
        let Some(key) = parts.pop() else { return false };
        let has = |name: &str| parts.contains(&name);
        // A sign such as `?` takes Shift on one keyboard and not on another.
        let is_sign = key.chars().count() == 1 && !key.chars().all(char::is_alphanumeric);
        self.key.eq_ignore_ascii_case(name_of(key))
            && self.control == has("Ctrl")
            && self.alt == has("Alt")
            && (is_sign || self.shift == has("Shift"))
    }
}

fn name_of(key: &str) -> &str {
    match key {
        "Esc" => "Escape",
        "Space" => " ",
        other => other,
    }
}

/// Whether a keystroke means `chord` although the person is in a text field.
pub fn works_in_fields(chord: Chord) -> bool {
    chord.starts_with("Ctrl+")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(key: &str) -> Stroke {
        Stroke { key: key.to_owned(), control: false, shift: false, alt: false }
    }

    #[test]
    fn modifiers_must_match() {
        let pressed = Stroke { control: true, ..stroke("k") };
        assert!(pressed.is("Ctrl+K"));
        assert!(!pressed.is("K"));
        assert!(!pressed.is("Ctrl+Shift+K"));
        assert!(Stroke { shift: true, ..pressed }.is("Ctrl+Shift+K"));
    }

    #[test]
    fn signs_are_the_same_with_and_without_shift() {
        assert!(stroke("?").is("?"));
        assert!(Stroke { shift: true, ..stroke("?") }.is("?"));
        assert!(stroke("/").is("/"));
        assert!(!Stroke { shift: true, ..stroke("N") }.is("N"));
    }

    #[test]
    fn keys_with_names_are_found_by_them() {
        assert!(stroke("Escape").is("Esc"));
        assert!(stroke(" ").is("Space"));
    }
}
