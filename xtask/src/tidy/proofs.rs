//! The documents that say which test stands for what name tests that are there.

use std::collections::BTreeSet;

const DOCUMENTS: [&str; 2] = ["docs/AUDIT.md", "docs/sync-proofs.md"];
/// Names of tests are sentences: nothing else in these documents has so many words.
const WORDS: usize = 5;

pub fn breaches(files: &[(String, String)]) -> Vec<String> {
    let code = files.iter().filter(|(path, _)| path.ends_with(".rs"));
    let tests: BTreeSet<_> = code.flat_map(|(_, text)| functions(text)).collect();
    let documents = files.iter().filter(|(path, _)| DOCUMENTS.contains(&path.as_str()));
    let missing = documents.flat_map(|(path, text)| {
        let missing = sentences(text).filter(|name| !tests.contains(name));
        missing.map(move |name| format!("{path}: there is no test {name}"))
    });
    missing.collect()
}

fn functions(code: &str) -> impl Iterator<Item = &str> {
    let after = code.split("fn ").skip(1);
    after.map(|rest| {
        rest.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).next().unwrap_or("")
    })
}

/// What stands between backticks and reads like a test's name.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |word: &&str| {
        word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    text.split('`').skip(1).step_by(2).filter(is_name).filter(|word| word.split('_').count() >= WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_like_the_name_of_a_test_is_taken_for_one() {
        let text =
            "| a rule | `a_test_that_stands_for_it`, `sync_server`, `cargo xtask tidy` | `Store::write` |";
        assert_eq!(sentences(text).collect::<Vec<_>>(), ["a_test_that_stands_for_it"]);
    }

    #[test]
    fn functions_are_found_by_their_names() {
        let code = "#[test]\nfn one_is_one() {}\nasync fn other(a: u8) {}";
        assert_eq!(functions(code).collect::<Vec<_>>(), ["one_is_one", "other"]);
    }
}
