//! Finding patients: candidates come from the indexes, `domain::search` ranks them.

use crate::error::StoreError;
use crate::json;
use crate::listing::{ListingRow, ROW, RawRow};
use chrono::NaiveDate;
use domain::search::{Candidate, Match, Query, Term, best};
use domain::text::{is_typo_of, typo_keys};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqliteConnection};

/// A find, and why it is one.
#[derive(Clone, Debug)]
pub struct Hit {
    pub row: ListingRow,
    pub matched_by: Match,
}

#[derive(Deserialize)]
struct CandidateRow {
    row: RawRow,
    names: String,
    sounds: String,
    contacts: String,
    chart: String,
}

/// One source of candidates: a subquery, and what is bound to it. Each is bounded, so that a
/// common beginning costs no more than a rare name.
struct Source {
    sql: &'static str,
    values: Vec<String>,
}

impl Source {
    fn of(sql: &'static str, value: impl Into<String>) -> Self {
        Self { sql, values: vec![value.into()] }
    }

    /// Everything from `start` on that begins with it.
    fn beginning_with(sql: &'static str, start: &str) -> Self {
        Self { sql, values: vec![start.to_owned(), format!("{start}\u{10FFFF}")] }
    }
}

const BY_FAMILY: &str = "SELECT * FROM (SELECT no FROM patient_listing WHERE archived = 0 AND sort_name >= ? AND sort_name < ? ORDER BY sort_name, no LIMIT 60)";
const BY_NAMES: &str =
    "SELECT * FROM (SELECT rowid AS no FROM patient_search WHERE patient_search MATCH ? LIMIT 100)";
const BY_CONTACT: &str = "SELECT * FROM (SELECT rowid AS no FROM patient_contact_search WHERE patient_contact_search MATCH ? LIMIT 80)";
// The plus keeps SQLite from asking the names' index anew for each of the numbers.
const BY_NAMES_AND_CONTACT: &str = "SELECT * FROM (SELECT rowid AS no FROM patient_search WHERE patient_search MATCH ? AND +rowid IN (SELECT rowid FROM patient_contact_search WHERE patient_contact_search MATCH ?) LIMIT 150)";
const BY_BIRTH_DATE: &str = "SELECT * FROM (SELECT no FROM patient_listing WHERE archived IN (0, 1) AND birth_key IN (SELECT value FROM json_each(?)) LIMIT 80)";
const BY_CHART: &str =
    "SELECT * FROM (SELECT no FROM patient_listing WHERE chart <> '' AND chart >= ? AND chart < ? LIMIT 40)";

/// The best `limit` patients for `query`, the best first. Two statements.
pub async fn search_patients(
    connection: &mut SqliteConnection,
    query: &Query,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let spellings = find_spellings(connection, query).await?;
    let rows = find_candidates(connection, &sources(query, &spellings)?).await?;
    let candidates: Vec<Candidate<'_>> = rows.iter().map(candidate).collect();
    let ranked: Vec<_> = best(query, &candidates, limit);
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    Ok(ranked
        .into_iter()
        .filter_map(|(at, score)| Some((rows[at].take()?, score.matched_by)))
        .map(|(found, matched_by)| Hit { row: found.row.into(), matched_by })
        .collect())
}

fn candidate(found: &CandidateRow) -> Candidate<'_> {
    Candidate {
        given: &found.row.shown.given,
        middle: &found.row.shown.middle,
        family: &found.row.shown.family,
        preferred: &found.row.shown.preferred_name,
        names: &found.names,
        sounds: &found.sounds,
        contacts: &found.contacts,
        external_id: &found.chart,
        birth_date: found.row.shown.birth_date.as_deref().and_then(|date| date.parse::<NaiveDate>().ok()),
        archived: found.row.archived != 0,
    }
}

/// Words in the database that each typed word may be a slip for: (place of the term, word).
async fn find_spellings(
    connection: &mut SqliteConnection,
    query: &Query,
) -> Result<Vec<(usize, String)>, StoreError> {
    let keys = query.terms.iter().enumerate().flat_map(|(at, term)| {
        typo_keys(&term.word).into_iter().map(move |key| vec![Value::from(at), Value::from(key)])
    });
    let near = sqlx::query_scalar(
        "SELECT json_group_array(json_array(place, word)) FROM (
           SELECT DISTINCT typed.value ->> 0 AS place, s.word AS word FROM json_each(?) AS typed
           CROSS JOIN search_spelling s ON s.key = typed.value ->> 1 LIMIT 400)",
    );
    let found: Vec<(i64, String)> = json::fetch(connection, near.bind(json::rows(keys)?)).await?;
    let place = |at: i64| usize::try_from(at).ok().filter(|at| *at < query.terms.len());
    Ok(found
        .into_iter()
        .filter_map(|(at, word)| Some((place(at)?, word)))
        .filter(|(at, word)| is_typo_of(&query.terms[*at].word, word))
        .collect())
}

fn sources(query: &Query, spellings: &[(usize, String)]) -> Result<Vec<Source>, StoreError> {
    let mut sources = Vec::new();
    if let Some(first) = query.terms.first() {
        sources.push(Source::beginning_with(BY_FAMILY, &first.word));
        let exact = all_terms(query, |_, term| names(&[term.word.as_str()], term, ""));
        let begins = all_terms(query, |_, term| names(&[term.word.as_str()], term, "*"));
        // Of several words one may be spelt right and the other not; a single one is asked for above.
        let spelt = |term: &Term| (query.terms.len() > 1).then(|| names(&[term.word.as_str()], term, "*"));
        let likely = all_terms(query, |at, term| {
            let typos = spellings.iter().filter(|(place, _)| *place == at).map(|(_, word)| word.as_str());
            any_of([spelt(term), Some(list("names", typos, "")), Some(sounds(&term.nicknames))])
        });
        let sounding = all_terms(query, |_, term| any_of([spelt(term), Some(sounds(&term.sounds))]));
        if let Some(digits) = &query.digits {
            // Either alone may be far too common: all the Smiths, all the numbers with 555 in them.
            let either = any_of([&begins, &likely, &sounding].map(|names| Some(names.clone())));
            let values = vec![either, quoted(digits)];
            sources.push(Source { sql: BY_NAMES_AND_CONTACT, values });
        }
        let asked = [exact, begins, likely, sounding].into_iter().filter(|names| !names.is_empty());
        sources.extend(asked.map(|names| Source::of(BY_NAMES, names)));
    }
    let fragments = [query.digits.as_deref(), query.email.as_deref()];
    sources.extend(fragments.into_iter().flatten().map(|text| Source::of(BY_CONTACT, quoted(text))));
    if !query.dates.is_empty() {
        sources.push(Source::of(BY_BIRTH_DATE, serde_json::to_string(&query.dates)?));
    }
    sources.extend(query.chart.as_deref().map(|start| Source::beginning_with(BY_CHART, start)));
    Ok(sources)
}

/// A full-text expression that every term must fulfil; empty if one of them cannot. Two terms that are
/// one name written apart may fulfil it together.
fn all_terms(query: &Query, expression: impl Fn(usize, &Term) -> String) -> String {
    let each: Vec<_> = query.terms.iter().enumerate().map(|(at, term)| expression(at, term)).collect();
    if each.iter().any(String::is_empty) {
        return String::new();
    }
    each.iter().map(|term| format!("({term})")).collect::<Vec<_>>().join(" AND ")
}

fn names(words: &[&str], term: &Term, suffix: &str) -> String {
    let joined = term.joined.as_deref();
    list("names", words.iter().copied().chain(joined), suffix)
}

fn sounds(codes: &[String]) -> String {
    list("sounds", codes.iter().map(String::as_str), "")
}

fn list<'a>(column: &str, words: impl Iterator<Item = &'a str>, suffix: &str) -> String {
    let words: Vec<_> = words.map(|word| format!("{}{suffix}", quoted(word))).collect();
    if words.is_empty() { String::new() } else { format!("{column} : ({})", words.join(" OR ")) }
}

fn any_of<const N: usize>(parts: [Option<String>; N]) -> String {
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.map(|part| format!("({part})")).collect::<Vec<_>>().join(" OR ")
}

/// A word as FTS5 takes it literally. A NUL would end the expression.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\0', "").replace('"', "\"\""))
}

async fn find_candidates(
    connection: &mut SqliteConnection,
    sources: &[Source],
) -> Result<Vec<CandidateRow>, StoreError> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let union = sources.iter().map(|source| source.sql).collect::<Vec<_>>().join(" UNION ");
    let sql = format!(
        "SELECT json_group_array(json_array({ROW}, l.names, l.sounds, l.contacts, l.chart)) FROM ({union}) AS found
         CROSS JOIN patient_listing l ON l.no = found.no"
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
    for value in sources.iter().flat_map(|source| &source.values) {
        query = query.bind(value);
    }
    json::fetch(connection, query).await
}

#[cfg(test)]
mod tests;
