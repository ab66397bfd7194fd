//! Keys by the names that are printed on them.

use anyhow::{Context, Result};
use thirtyfour::{Key, WebDriver};

/// Presses a key, alone or with others held: `Enter`, `Control+k`, `Control+Shift+p`.
pub async fn press(driver: &WebDriver, chord: &str) -> Result<()> {
    let mut names: Vec<&str> = chord.split('+').collect();
    let last = names.pop().and_then(key).with_context(|| format!("there is no key named {chord}"))?;
    let held = names
        .into_iter()
        .map(|name| key(name).with_context(|| format!("there is no key named {name}")))
        .collect::<Result<Vec<char>>>()?;

    let mut actions = driver.action_chain();
    for modifier in &held {
        actions = actions.key_down(*modifier);
    }
    actions = actions.key_down(last).key_up(last);
    for modifier in held.iter().rev() {
        actions = actions.key_up(*modifier);
    }
    Ok(actions.perform().await?)
}

fn key(name: &str) -> Option<char> {
    let key = match name {
        "Control" => Key::Control,
        "Shift" => Key::Shift,
        "Alt" => Key::Alt,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Tab" => Key::Tab,
        "Space" => Key::Space,
        "Backspace" => Key::Backspace,
        "Delete" => Key::Delete,
        "Home" => Key::Home,
        "End" => Key::End,
        "PageUp" => Key::PageUp,
        "PageDown" => Key::PageDown,
        "ArrowUp" => Key::Up,
        "ArrowDown" => Key::Down,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        letter => return single(letter),
    };
    Some(char::from(key))
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_name_that_is_printed_on_it() {
        assert_eq!(key("k"), Some('k'));
        assert_eq!(key("Enter"), Some(char::from(Key::Enter)));
        assert_eq!(key("Any"), None);
    }
}
