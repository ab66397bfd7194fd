//! The import table of ARCHITECTURE.md, held against `cargo metadata`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::project;
use crate::step::output_of;

/// Which of our crates each of our crates may import. One that is not listed may not exist.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("contract", &["domain"]),
    ("sync-protocol", &["domain"]),
    ("sync-engine", &["domain", "sync-protocol"]),
    ("store", &["domain", "sync-protocol", "sync-engine"]),
    ("app", &["domain", "contract", "store", "sync-engine", "sync-protocol"]),
    ("frontdesk", &["app", "contract", "domain"]),
    ("ui", &["domain", "contract"]),
    ("sync-server", &["sync-protocol", "sync-engine", "domain"]),
    // What is not shipped may look at anything that is.
    ("e2e", &["headless", "scratch-postgres", "contract", "app", "store"]),
    (
        "bench",
        &["headless", "scratch-postgres", "e2e", "contract", "app", "store", "domain", "sync-protocol"],
    ),
    ("xtask", &["headless", "scratch-postgres"]),
    ("headless", &[]),
    ("scratch-postgres", &["headless"]),
    ("bindgen", &[]),
];

/// Libraries that have one home. A name that ends in `*` stands for all that begin so.
const BELONGS_TO: &[(&str, &[&str])] = &[
    ("tauri*", &["frontdesk"]),
    ("leptos*", &["ui"]),
    ("axum*", &["sync-server"]),
    ("sqlx*", &["store", "sync-server"]),
    ("libsqlite3-sys", &["store"]),
];

/// Each of our crates with the names of what it depends on, tests' dependencies apart.
pub type Workspace = BTreeMap<String, Vec<Dependency>>;

#[derive(Clone, Debug)]
pub struct Dependency {
    name: String,
    for_tests: bool,
}

pub fn read_workspace() -> Result<Workspace> {
    let text = output_of(
        project::cargo("metadata")?.args(["--no-deps", "--format-version", "1"]),
        "A Cargo.toml does not read well.",
    )?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata did not answer in JSON")?;
    Ok(packages(&metadata))
}

fn packages(metadata: &Value) -> Workspace {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dependencies = |package: &Value| {
        list(&package["dependencies"])
            .iter()
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                for_tests: dependency["kind"] == "dev",
            })
            .collect()
    };
    list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["name"]), dependencies(package)))
        .collect()
}

pub fn breaches(workspace: &Workspace) -> Vec<String> {
    workspace
        .iter()
        .flat_map(|(name, dependencies)| {
            let mut found = wrong_imports(name, dependencies, workspace);
            found.extend(wrong_homes(name, dependencies));
            found
        })
        .collect()
}

fn wrong_imports(name: &str, dependencies: &[Dependency], workspace: &Workspace) -> Vec<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "{name}: a new crate needs a row in the import table of xtask/src/tidy/layers.rs"
        )];
    };
    dependencies
        .iter()
        .filter(|dependency| workspace.contains_key(&dependency.name))
        // A test may bring in more, as long as what is shipped does not.
        .filter(|dependency| !dependency.for_tests && !allowed.contains(&dependency.name.as_str()))
        .map(|dependency| {
            format!("{name} must not import {}: see the table in ARCHITECTURE.md", dependency.name)
        })
        .collect()
}

fn wrong_homes(name: &str, dependencies: &[Dependency]) -> Vec<String> {
    dependencies
        .iter()
        .filter_map(|dependency| {
            let (_, homes) = BELONGS_TO.iter().find(|(pattern, _)| matches(pattern, &dependency.name))?;
            let wrong = !homes.contains(&name) && !dependency.for_tests;
            wrong
                .then(|| format!("{name} must not use {}: only {} may", dependency.name, homes.join(" and ")))
        })
        .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(entries: &[(&str, &[&str])]) -> Workspace {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), for_tests: false };
        entries
            .iter()
            .map(|(name, list)| ((*name).to_owned(), list.iter().map(dependency).collect()))
            .collect()
    }

    #[test]
    fn imports_along_the_table_pass() {
        assert!(breaches(&workspace(&[("domain", &["serde"]), ("contract", &["domain"])])).is_empty());
    }

    #[test]
    fn an_import_against_the_direction_is_named() {
        let found = breaches(&workspace(&[("domain", &["store"]), ("store", &[])]));
        assert_eq!(found, ["domain must not import store: see the table in ARCHITECTURE.md"]);
    }

    #[test]
    fn a_library_outside_its_home_is_named() {
        let found = breaches(&workspace(&[("app", &["sqlx"]), ("ui", &["leptos_router", "tauri-sys"])]));
        assert_eq!(
            found,
            [
                "app must not use sqlx: only store and sync-server may",
                "ui must not use tauri-sys: only frontdesk may"
            ]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_named() {
        assert_eq!(breaches(&workspace(&[("helpers", &[])])).len(), 1);
    }

    #[test]
    fn the_dependencies_of_tests_are_read_apart() {
        let metadata = serde_json::json!({"packages": [{"name": "contract", "dependencies": [
            {"name": "store", "kind": "dev"}, {"name": "serde", "kind": null}]}, {"name": "store", "dependencies": []}]});
        assert!(breaches(&packages(&metadata)).is_empty());
    }
}
