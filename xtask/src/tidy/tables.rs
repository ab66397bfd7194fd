//! Every table of the server is keyed by clinic first: no transaction crosses clinics, and a distributed Postgres may
//! be cut along them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the server's tables are declared.
const MIGRATIONS: &str = "migrations/postgres";

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
}
