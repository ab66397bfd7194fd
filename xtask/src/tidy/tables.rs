//! Every table of the server is keyed by clinic first, and so is every index: no transaction crosses clinics, and a
//! distributed Postgres may be cut along them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the server's tables are declared.
const MIGRATIONS: &str = "migrations/postgres";

/// Indexes that serve a question about no clinic in particular. Neither is unique: nothing is promised across clinics.
const ACROSS_CLINICS: &[(&str, &str)] = &[
    ("device_revoked", "a server process asks who was shut out, of all clinics at once"),
    ("invite_code", "a new device has a code, and learns by it which clinic it is of"),
];

pub fn breaches(root: &Path) -> Result<Vec<String>> {
    let folder = root.join(MIGRATIONS);
    let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut breaches = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let sql = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let tables = unkeyed(&sql).into_iter();
        breaches.extend(tables.map(|table| {
            format!("{MIGRATIONS}/{name}: the key of the table {table} has to begin with clinic_id")
        }));
        let indexes = crossing(&sql).into_iter();
        breaches.extend(indexes.map(|index| {
            format!("{MIGRATIONS}/{name}: {index} has to begin with clinic_id, or to be explained in xtask/src/tidy/tables.rs")
        }));
    }
    Ok(breaches)
}

/// The tables whose primary key is missing or begins with something else.
fn unkeyed(sql: &str) -> Vec<&str> {
    let declarations = sql.split("\nCREATE TABLE ").skip(1).filter_map(|rest| rest.split_once('('));
    let unkeyed = declarations.filter(|(_, rest)| {
        // A declaration ends with the first line that closes it.
        let columns = rest.split("\n)").next().unwrap_or_default();
        let words: Vec<_> = columns.split_whitespace().collect();
        let columns = words.join(" ");
        !columns.contains("PRIMARY KEY (clinic_id") && !columns.contains("clinic_id uuid PRIMARY KEY")
    });
    unkeyed.map(|(name, _)| name.trim()).collect()
}

/// The indexes and constraints that begin with something else than the clinic, but for those that are explained. One that
/// is unique is never.
fn crossing(sql: &str) -> Vec<String> {
    let code = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words: Vec<_> = code.flat_map(str::split_whitespace).collect();
    let text = words.join(" ");
    let begins = |columns: &str| columns.trim_start().starts_with("clinic_id");
    let mut found = Vec::new();
    for statement in text.split(';').map(str::trim).filter(|statement| statement.starts_with("CREATE ")) {
        let Some((head, columns)) = statement.split_once(" INDEX ") else { continue };
        let (name, columns) = columns.split_once(" ON ").unwrap_or((columns, ""));
        let columns = columns.split_once('(').map_or("", |(_, columns)| columns);
        let is_explained =
            ACROSS_CLINICS.iter().any(|(known, _)| *known == name) && !head.ends_with("UNIQUE");
        if !begins(columns) && !is_explained {
            found.push(format!("the index {name}"));
        }
    }
    for (before, columns) in text.match_indices("UNIQUE (").map(|(at, begin)| text.split_at(at + begin.len()))
    {
        if !begins(columns) {
            let table = before.rsplit_once("TABLE ").map_or("", |(_, rest)| rest);
            found
                .push(format!("what is unique in the table {}", table.split(' ').next().unwrap_or_default()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_not_keyed_by_clinic_is_named() {
        let sql = "\nCREATE TABLE clinic (\n  clinic_id  uuid  PRIMARY KEY,\n  name text\n);\n\
                   CREATE TABLE good (\n  clinic_id uuid,\n  id uuid,\n  PRIMARY KEY (clinic_id, id)\n);\n\
                   CREATE TABLE bad (\n  id uuid PRIMARY KEY,\n  clinic_id uuid\n);\n\
                   CREATE TABLE worse (\n  clinic_id uuid,\n  PRIMARY KEY (id, clinic_id)\n);\n\
                   CREATE TABLE none (\n  clinic_id uuid\n);\n";
        assert_eq!(unkeyed(sql), ["bad", "worse", "none"]);
    }

    #[test]
    fn an_index_that_crosses_clinics_is_named_unless_it_is_explained() {
        let sql = "CREATE INDEX good ON record (clinic_id, seq);\n-- CREATE INDEX gone ON record (seq);\n\
                   CREATE INDEX bad\n  ON record (seq);\nCREATE UNIQUE INDEX worse ON device USING btree (token_hash);\n\
                   CREATE INDEX device_revoked ON device (revoked_at) WHERE revoked_at IS NOT NULL;\n\
                   CREATE UNIQUE INDEX invite_code ON invite (code_hash);\n\
                   CREATE TABLE replica (\n  clinic_id uuid,\n  UNIQUE (clinic_id, device)\n);\n\
                   CREATE TABLE loose (\n  clinic_id uuid,\n  UNIQUE (device)\n);\n";
        let found = [
            "the index bad",
            "the index worse",
            "the index invite_code",
            "what is unique in the table loose",
        ];
        assert_eq!(crossing(sql), found);
    }
}
