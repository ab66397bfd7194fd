//! Every word on the screen, from `locales/*.json`.
//!
//! `t!(patients.title)` is a text; `t!(patients.selected, count = 3)` one with values in it, in
//! the form for the number. A key that is not in the catalogue does not compile.

use std::fmt::Write;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// A place in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub usize);

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Plain(&'static str),
    Counted { one: &'static str, other: &'static str },
}

/// A value that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    Words(String),
}

macro_rules! values {
    ($($number:ty),+) => {$(
        impl From<$number> for Value {
            fn from(n: $number) -> Self {
                Self::Number(n as u64)
            }
        }
    )+};
}
values!(u8, u32, u64, usize);

impl From<&str> for Value {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<String> for Value {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

/// A text without values.
pub fn text(key: Key) -> &'static str {
    match FIRST.get(key.0).map(|(_, text)| *text) {
        Some(Text::Plain(text) | Text::Counted { other: text, .. }) => text,
        None => "",
    }
}

/// A text with values in it. The one named `count` decides the form.
pub fn filled(key: Key, values: &[(&str, Value)]) -> String {
    let count = values.iter().find(|(name, _)| *name == "count");
    let pattern = match (FIRST.get(key.0).map(|(_, text)| *text), count) {
        (Some(Text::Counted { one, .. }), Some((_, Value::Number(1)))) => one,
        (Some(Text::Plain(text) | Text::Counted { other: text, .. }), _) => text,
        (None, _) => "",
    };
    fill(pattern, values)
}

/// The text of a name that is only known at run time (`tier.gold`), if the catalogue has it.
pub fn named(group: &str, name: &str) -> Option<&'static str> {
    FIRST.iter().find_map(|(key, text)| match text {
        Text::Plain(text) if key.split_once('.') == Some((group, name)) => Some(*text),
        _ => None,
    })
}

/// A number as people write it: `12,345`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn fill(pattern: &str, values: &[(&str, Value)]) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, following)) = after.split_once('}') else {
            rest = after;
            break;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, Value::Number(n))) => text.push_str(&number(*n)),
            Some((_, Value::Words(words))) => text.push_str(words),
            None => {
                let _ = write!(text, "{{{name}}}");
            }
        }
        rest = following;
    }
    text + rest
}

/// A text of the catalogue.
#[macro_export]
macro_rules! t {
    ($group:ident . $name:ident) => {
        $crate::i18n::text($crate::i18n::keys::$group::$name)
    };
    ($group:ident . $name:ident, $($value_name:ident = $value:expr),+ $(,)?) => {
        $crate::i18n::filled(
            $crate::i18n::keys::$group::$name,
            &[$((stringify!($value_name), $crate::i18n::Value::from($value))),+],
        )
    };
}

#[cfg(test)]
mod tests;
