use super::*;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn values_are_put_in_by_name() {
    let values = [("name", Value::from("Ana")), ("count", Value::from(1_234_u32))];
    assert_eq!(fill("{name}: {count} of {count}", &values), "Ana: 1,234 of 1,234");
}

#[test]
fn a_brace_that_is_never_closed_loses_nothing_before_it() {
    assert_eq!(fill("a {name", &[]), "a name");
}

#[test]
fn numbers_have_a_comma_at_every_thousand() {
    let written: Vec<_> = [0, 999, 1_000, 50_000, 1_234_567].into_iter().map(number).collect();
    assert_eq!(written, ["0", "999", "1,000", "50,000", "1,234,567"]);
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// Every `t!(…)` of the page: its key and the names of its values.
fn uses() -> Vec<(String, Vec<String>)> {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let code: Vec<String> = files
        .iter()
        .filter(|path| !path.starts_with("src/i18n") && !path.ends_with("i18n.rs"))
        .map(|path| fs::read_to_string(path).expect("a source file"))
        .collect();
    code.iter().flat_map(|code| code.split("t!(").skip(1)).map(read_use).collect()
}

fn read_use(after: &str) -> (String, Vec<String>) {
    let mut depth = 0;
    let end = after
        .char_indices()
        .find(|(_, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth < 0
        })
        .map_or(after.len(), |(at, _)| at);
    let inside = &after[..end];
    let key: String = inside.split(',').next().unwrap_or_default().split_whitespace().collect();
    let values = inside
        .match_indices(" = ")
        .filter_map(|(at, _)| inside[..at].rsplit([',', ' ', '\n']).next().map(str::to_owned))
        .collect();
    (key, values)
}

fn places(text: &Text) -> Vec<String> {
    let (Text::Plain(text) | Text::Counted { other: text, .. }) = text;
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_text_gets_the_values_it_names() {
    for (key, values) in uses() {
        let Some((_, text)) = FIRST.iter().find(|(known, _)| *known == key) else { continue };
        for place in places(text) {
            assert!(values.contains(&place), "t!({key}) lacks {place}");
        }
    }
}

#[test]
fn every_text_is_used() {
    let used: Vec<String> = uses().into_iter().map(|(key, _)| key).collect();
    // Groups that are looked up by a word the desk sends.
    let by_word =
        ["field", "reason", "target", "check", "column", "contact", "record", "register", "sync_event"];
    let unused: Vec<_> = FIRST
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| !by_word.iter().any(|group| key.starts_with(&format!("{group}."))))
        .filter(|key| !used.iter().any(|used| used == key))
        .collect();
    assert!(unused.is_empty(), "not used anywhere: {unused:?}");
}
