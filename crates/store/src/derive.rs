//! Derived data: side tables that triggers keep, from whatever order rows arrive in.
//!
//! One view says what a patient's listing row is; triggers copy it, `doctor` compares with it. What invoices add up to is
//! in [`invoice`], what was paid of them in [`ledger`], which day's close that is in in [`day`].

pub(crate) mod day;
pub(crate) mod invoice;
pub(crate) mod ledger;

use crate::ffi::{Answer, Arguments, add_function};
use domain::patient::Name;
use domain::text;
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The columns that [`SOURCE`] computes.
pub(crate) const LISTING_COLUMNS: &str = "patient_id, archived, sort_name, birth_key, created_at, tier, alert, shown, chart, tags, names, sounds, contacts";

/// Raised whenever a text function answers differently: everything derived is then derived anew.
const TEXT_RULES: &str = "-- text rules 1";

/// Empties the derived tables and fills them from the synced ones.
pub(crate) fn rebuild() -> Vec<String> {
    let mut statements = vec![
        "DELETE FROM patient_listing".to_owned(),
        format!(
            "INSERT INTO patient_listing ({LISTING_COLUMNS}) SELECT {LISTING_COLUMNS} FROM patient_listing_source"
        ),
        "DELETE FROM consent_superseded".to_owned(),
        format!("INSERT INTO consent_superseded (event_id) {SUPERSEDED}"),
        "DELETE FROM consent_standing".to_owned(),
        format!("INSERT INTO consent_standing (patient_id, recorded_at, event_id) {STANDING}"),
    ];
    statements.extend(invoice::rebuild());
    statements.extend(ledger::rebuild());
    statements.extend(day::rebuild());
    statements
}

/// The consent events that a later one has taken account of.
pub(crate) const SUPERSEDED: &str =
    "SELECT DISTINCT unhex(s.value) FROM consent_event e, json_each(iif(json_valid(e.supersedes), e.supersedes, '[]')) s
     WHERE length(unhex(s.value)) = 16";

/// The others.
pub(crate) const STANDING: &str = "SELECT e.patient_id, e.recorded_at, e.id FROM consent_event e
     WHERE NOT EXISTS (SELECT 1 FROM consent_superseded s WHERE s.event_id = e.id)";

/// What a patient's listing row is.
const SOURCE: &str = "
CREATE VIEW patient_listing_source AS
SELECT
  p.id AS patient_id,
  p.archived_at IS NOT NULL AS archived,
  sort_key(p.family, p.given) AS sort_name,
  coalesce(p.birth_date, '9999-12-31') AS birth_key,
  p.created_at AS created_at,
  p.tier AS tier,
  coalesce((SELECT max(iif(level = 'do_not_book', 2, 1)) FROM patient_alert WHERE patient_id = p.id), 0) AS alert,
  json_array(p.prefix, p.given, p.middle, p.family, p.suffix, p.preferred_name, p.pronouns, p.birth_date,
    coalesce((SELECT value FROM patient_contact WHERE patient_id = p.id AND kind = 'phone'
              ORDER BY is_primary DESC, position, id LIMIT 1), ''),
    coalesce((SELECT value FROM patient_contact WHERE patient_id = p.id AND kind = 'email'
              ORDER BY is_primary DESC, position, id LIMIT 1), '')) AS shown,
  chart_key(p.external_id) AS chart,
  (SELECT json_group_array(label ORDER BY label) FROM patient_tag WHERE patient_id = p.id) AS tags,
  search_names(p.given, p.middle, p.family, p.preferred_name) AS names,
  search_sounds(p.given, p.middle, p.family, p.preferred_name) AS sounds,
  search_contacts((SELECT json_group_array(value ORDER BY kind, value) FROM patient_contact WHERE patient_id = p.id)) AS contacts
FROM patient p";

/// The view and the triggers, in the order they are to be made.
pub fn statements() -> Vec<String> {
    let mut statements = vec![format!("{}\n{TEXT_RULES}", SOURCE.trim())];
    statements.extend(patient_triggers());
    statements.extend(CHILDREN.iter().flat_map(|(table, columns)| child_triggers(table, columns)));
    statements.extend(FIXED.iter().map(|statement| (*statement).to_owned()));
    statements.extend(invoice::triggers());
    statements.extend(ledger::statements());
    statements.extend(day::statements());
    statements
}

/// What belongs to a patient, and the columns of the listing that depend on it.
const CHILDREN: [(&str, &str); 3] =
    [("patient_contact", "shown, contacts"), ("patient_alert", "alert"), ("patient_tag", "tags")];

fn refresh(patient: &str) -> String {
    let update: Vec<_> = LISTING_COLUMNS
        .split(", ")
        .filter(|column| *column != "patient_id")
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!(
        "INSERT INTO patient_listing ({LISTING_COLUMNS})\n    \
           SELECT {LISTING_COLUMNS} FROM patient_listing_source WHERE patient_id = {patient}\n    \
           ON CONFLICT (patient_id) DO UPDATE SET {};",
        update.join(", ")
    )
}

/// Only what can have changed: every other column would be computed and written to its indexes again,
/// for each phone number of an import. A patient who is not there yet has no listing.
fn refresh_columns(patient: &str, columns: &str) -> String {
    format!(
        "UPDATE patient_listing SET ({columns}) = (SELECT {columns} FROM patient_listing_source WHERE patient_id = {patient})\n  \
         WHERE patient_id = {patient};"
    )
}

/// Unless everything is derived anew in the end.
fn trigger(name: &str, event: &str, body: &str) -> String {
    let condition = if event.contains(" WHEN ") { "AND" } else { "WHEN" };
    format!("CREATE TRIGGER derive_{name} AFTER {event} {condition} deriving()\nBEGIN\n  {body}\nEND")
}

fn patient_triggers() -> [String; 3] {
    let columns = "prefix, given, middle, family, suffix, preferred_name, pronouns, birth_date, archived_at, created_at, tier, external_id";
    [
        trigger("patient_insert", "INSERT ON patient", &refresh("NEW.id")),
        trigger("patient_update", &format!("UPDATE OF {columns} ON patient"), &refresh("NEW.id")),
        trigger(
            "patient_delete",
            "DELETE ON patient",
            "DELETE FROM patient_listing WHERE patient_id = OLD.id;",
        ),
    ]
}

fn child_triggers(table: &str, columns: &str) -> [String; 4] {
    let (new, old) =
        ["NEW.patient_id", "OLD.patient_id"].map(|patient| refresh_columns(patient, columns)).into();
    [
        trigger(&format!("{table}_insert"), &format!("INSERT ON {table}"), &new),
        trigger(&format!("{table}_update"), &format!("UPDATE ON {table}"), &new),
        trigger(
            &format!("{table}_move"),
            &format!("UPDATE OF patient_id ON {table} WHEN OLD.patient_id IS NOT NEW.patient_id"),
            &old,
        ),
        trigger(&format!("{table}_delete"), &format!("DELETE ON {table}"), &old),
    ]
}

/// What hangs on the listing itself.
const FIXED: &[&str] = &[
    "CREATE TRIGGER derive_listing_insert AFTER INSERT ON patient_listing
BEGIN
  INSERT INTO patient_search (rowid, names, sounds) VALUES (NEW.no, NEW.names, NEW.sounds);
  INSERT INTO patient_contact_search (rowid, contacts) VALUES (NEW.no, NEW.contacts);
  INSERT INTO search_word (word) SELECT value FROM json_each(words(NEW.names)) WHERE true ON CONFLICT DO NOTHING;
  INSERT INTO patient_listing_tag (no, tag, archived, sort_name, birth_key, created_at)
    SELECT DISTINCT NEW.no, fold(value), NEW.archived, NEW.sort_name, NEW.birth_key, NEW.created_at FROM json_each(NEW.tags);
  INSERT INTO patient_count (facet, value, archived, n)
    SELECT facet, value, NEW.archived, 1 FROM (
      SELECT 'all' AS facet, '' AS value UNION ALL SELECT 'tier', NEW.tier UNION ALL SELECT 'alert', '' WHERE NEW.alert > 0)
    WHERE true ON CONFLICT (facet, value, archived) DO UPDATE SET n = n + 1;
END",
    "CREATE TRIGGER derive_listing_names AFTER UPDATE OF names, sounds ON patient_listing
WHEN OLD.names IS NOT NEW.names OR OLD.sounds IS NOT NEW.sounds
BEGIN
  INSERT INTO patient_search (patient_search, rowid, names, sounds) VALUES ('delete', OLD.no, OLD.names, OLD.sounds);
  INSERT INTO patient_search (rowid, names, sounds) VALUES (NEW.no, NEW.names, NEW.sounds);
  INSERT INTO search_word (word) SELECT value FROM json_each(words(NEW.names)) WHERE true ON CONFLICT DO NOTHING;
END",
    "CREATE TRIGGER derive_listing_contacts AFTER UPDATE OF contacts ON patient_listing
WHEN OLD.contacts IS NOT NEW.contacts
BEGIN
  INSERT INTO patient_contact_search (patient_contact_search, rowid, contacts) VALUES ('delete', OLD.no, OLD.contacts);
  INSERT INTO patient_contact_search (rowid, contacts) VALUES (NEW.no, NEW.contacts);
END",
    "CREATE TRIGGER derive_listing_tags AFTER UPDATE OF tags, archived, sort_name, birth_key, created_at ON patient_listing
WHEN OLD.tags IS NOT NEW.tags OR OLD.archived IS NOT NEW.archived OR OLD.sort_name IS NOT NEW.sort_name
  OR OLD.birth_key IS NOT NEW.birth_key OR OLD.created_at IS NOT NEW.created_at
BEGIN
  DELETE FROM patient_listing_tag WHERE no = OLD.no;
  INSERT INTO patient_listing_tag (no, tag, archived, sort_name, birth_key, created_at)
    SELECT DISTINCT NEW.no, fold(value), NEW.archived, NEW.sort_name, NEW.birth_key, NEW.created_at FROM json_each(NEW.tags);
END",
    "CREATE TRIGGER derive_listing_counts AFTER UPDATE OF archived, tier, alert ON patient_listing
WHEN OLD.archived IS NOT NEW.archived OR OLD.tier IS NOT NEW.tier OR (OLD.alert > 0) IS NOT (NEW.alert > 0)
BEGIN
  UPDATE patient_count SET n = n - 1 WHERE archived = OLD.archived AND (facet, value) IN (
    SELECT 'all', '' UNION ALL SELECT 'tier', OLD.tier UNION ALL SELECT 'alert', '' WHERE OLD.alert > 0);
  INSERT INTO patient_count (facet, value, archived, n)
    SELECT facet, value, NEW.archived, 1 FROM (
      SELECT 'all' AS facet, '' AS value UNION ALL SELECT 'tier', NEW.tier UNION ALL SELECT 'alert', '' WHERE NEW.alert > 0)
    WHERE true ON CONFLICT (facet, value, archived) DO UPDATE SET n = n + 1;
END",
    "CREATE TRIGGER derive_listing_delete AFTER DELETE ON patient_listing
BEGIN
  INSERT INTO patient_search (patient_search, rowid, names, sounds) VALUES ('delete', OLD.no, OLD.names, OLD.sounds);
  INSERT INTO patient_contact_search (patient_contact_search, rowid, contacts) VALUES ('delete', OLD.no, OLD.contacts);
  DELETE FROM patient_listing_tag WHERE no = OLD.no;
  UPDATE patient_count SET n = n - 1 WHERE archived = OLD.archived AND (facet, value) IN (
    SELECT 'all', '' UNION ALL SELECT 'tier', OLD.tier UNION ALL SELECT 'alert', '' WHERE OLD.alert > 0);
END",
    "CREATE TRIGGER derive_tag_insert AFTER INSERT ON patient_listing_tag
BEGIN
  INSERT INTO patient_count (facet, value, archived, n) VALUES ('tag', NEW.tag, NEW.archived, 1)
    ON CONFLICT (facet, value, archived) DO UPDATE SET n = n + 1;
END",
    "CREATE TRIGGER derive_tag_delete AFTER DELETE ON patient_listing_tag
BEGIN
  UPDATE patient_count SET n = n - 1 WHERE facet = 'tag' AND value = OLD.tag AND archived = OLD.archived;
END",
    "CREATE TRIGGER derive_word AFTER INSERT ON search_word
BEGIN
  INSERT INTO search_spelling (key, word)
    SELECT value, NEW.word FROM json_each(typo_keys(NEW.word)) WHERE true ON CONFLICT DO NOTHING;
END",
    "CREATE TRIGGER derive_consent AFTER INSERT ON consent_event WHEN deriving()
BEGIN
  INSERT INTO consent_superseded (event_id)
    SELECT unhex(value) FROM json_each(iif(json_valid(NEW.supersedes), NEW.supersedes, '[]'))
    WHERE length(unhex(value)) = 16 ON CONFLICT DO NOTHING;
  DELETE FROM consent_standing
    WHERE event_id IN (SELECT unhex(value) FROM json_each(iif(json_valid(NEW.supersedes), NEW.supersedes, '[]')));
  INSERT INTO consent_standing (patient_id, recorded_at, event_id)
    SELECT NEW.patient_id, NEW.recorded_at, NEW.id
    WHERE NOT EXISTS (SELECT 1 FROM consent_superseded WHERE event_id = NEW.id);
END",
    // Nobody takes an event back. One that no server takes leaves the table, and what it took account of stands again.
    "CREATE TRIGGER derive_consent_gone AFTER DELETE ON consent_event WHEN deriving()
BEGIN
  DELETE FROM consent_standing WHERE event_id = OLD.id;
  DELETE FROM consent_superseded
    WHERE event_id IN (SELECT unhex(value) FROM json_each(iif(json_valid(OLD.supersedes), OLD.supersedes, '[]')))
      AND event_id NOT IN (
        SELECT unhex(s.value) FROM consent_event e, json_each(iif(json_valid(e.supersedes), e.supersedes, '[]')) s
        WHERE length(unhex(s.value)) = 16);
  INSERT INTO consent_standing (patient_id, recorded_at, event_id)
    SELECT patient_id, recorded_at, id FROM consent_event
    WHERE id IN (SELECT unhex(value) FROM json_each(iif(json_valid(OLD.supersedes), OLD.supersedes, '[]')))
      AND NOT EXISTS (SELECT 1 FROM consent_superseded WHERE event_id = id)
    ON CONFLICT DO NOTHING;
END",
];

struct Stateless;

type Result1 = Result<Answer, &'static str>;

fn text_at<'a>(arguments: &'a Arguments<'_>, index: usize) -> &'a str {
    arguments.text(index).unwrap_or_default()
}

fn json(list: &[String]) -> Result1 {
    serde_json::to_string(list).map(Answer::Text).map_err(|_| "frontdesk: a list cannot be written")
}

fn name(arguments: &Arguments<'_>) -> Name {
    Name {
        given: text_at(arguments, 0).to_owned(),
        middle: text_at(arguments, 1).to_owned(),
        family: text_at(arguments, 2).to_owned(),
        ..Name::default()
    }
}

fn sort_key(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    Ok(Answer::Text(text::sort_key(text_at(arguments, 0), text_at(arguments, 1))))
}

fn search_names(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    Ok(Answer::Text(text::search_names(&name(arguments), text_at(arguments, 3))))
}

fn search_sounds(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    Ok(Answer::Text(text::search_sounds(&name(arguments), text_at(arguments, 3))))
}

fn search_contacts(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    let values: Vec<String> = serde_json::from_str(text_at(arguments, 0)).unwrap_or_default();
    Ok(Answer::Text(text::search_contacts(values.iter().map(String::as_str))))
}

fn words(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    json(
        &text_at(arguments, 0)
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    )
}

fn typo_keys(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    json(&text::typo_keys(text_at(arguments, 0)))
}

/// As `domain::search` compares chart numbers.
fn chart_key(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    Ok(Answer::Text(text_at(arguments, 0).trim().to_lowercase()))
}

fn fold(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    Ok(Answer::Text(text::fold(text_at(arguments, 0))))
}

/// Makes the text functions known to a connection.
pub async fn register_functions(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let none = &Arc::new(Stateless);
    add_function(connection, "sort_key", 2, true, none, sort_key).await?;
    add_function(connection, "search_names", 4, true, none, search_names).await?;
    add_function(connection, "search_sounds", 4, true, none, search_sounds).await?;
    add_function(connection, "search_contacts", 1, true, none, search_contacts).await?;
    add_function(connection, "words", 1, true, none, words).await?;
    add_function(connection, "typo_keys", 1, true, none, typo_keys).await?;
    add_function(connection, "chart_key", 1, true, none, chart_key).await?;
    add_function(connection, "fold", 1, true, none, fold).await?;
    invoice::register_functions(connection, none).await
}
