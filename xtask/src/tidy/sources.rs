//! Habits that can be read off the text of a file.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::step::output_of;

const MAX_LINES: usize = 500;
const MAX_ARCHITECTURE_WORDS: usize = 2_500;

/// What begins a statement in SQL, spelt so that this file does not find itself.
const SQL: [&str; 5] =
    ["SELECT\u{20}", "INSERT\u{20}INTO", "UPDATE\u{20}", "DELETE\u{20}FROM", "CREATE\u{20}TABLE"];
/// What ends the app instead of handling a failure, spelt likewise.
const PANICS: [&str; 2] = [".unwrap\u{28})", ".expect\u{28}"];
const MAY_SPEAK_SQL: [&str; 5] =
    ["crates/store/", "sync-server/", "migrations/", "docs/", "xtask/scratch-postgres/"];

/// What gives a router something to answer, and the only lines of the server that may: who may use a route stands in one
/// table, and the router is built from that.
const ROUTES: [&str; 8] = [
    ".route(",
    ".route_service(",
    ".nest(",
    ".nest_service(",
    ".merge(",
    ".fallback(",
    ".fallback_service(",
    ".method_not_allowed_fallback(",
];
const MAY_ROUTE: [&str; 6] = [
    "sync-server/src/http.rs: Access::Anyone => anyone = anyone.route(route.path, handler),",
    "sync-server/src/http.rs: Access::Device => devices = devices.route(route.path, handler),",
    "sync-server/src/http.rs: .merge(devices)",
    "sync-server/src/http.rs: .method_not_allowed_fallback(|| async {",
    "sync-server/src/http.rs: .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, \"not_found\", \"there is no such address\") })",
    // On a listener that devices do not reach.
    "sync-server/src/metrics.rs: let router = Router::new().route(\"/metrics\", get(tell)).with_state((metrics, database));",
];

/// Hosts that packages come from: a mirror's name in a lock file would tie the project to one machine.
const REGISTRY_HOSTS: [&str; 4] = [
    "registry.npmjs\u{2e}org",
    "static.crates\u{2e}io",
    "deb.debian\u{2e}org",
    "files.pythonhosted\u{2e}org",
];

/// The files that git knows or would add, with their texts.
pub fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let listed = output_of(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
        "This check reads the list of files from git.",
    )?;
    let read = |path: &str| Some((path.to_owned(), fs::read_to_string(root.join(path)).ok()?));
    Ok(listed.lines().filter_map(read).collect())
}

/// Everything that is wrong with these files.
pub fn breaches(files: &[(String, String)]) -> Vec<String> {
    let test_modules: Vec<String> =
        files.iter().flat_map(|(path, text)| test_modules_of(path, text)).collect();
    let is_test = |path: &str| is_test_file(path) || test_modules.iter().any(|module| module == path);
    files.iter().flat_map(|(path, text)| in_file(path, text, is_test(path))).collect()
}

/// The files of the modules that a file declares for its tests alone.
fn test_modules_of(path: &str, text: &str) -> Vec<String> {
    let Some(stem) = path.strip_suffix(".rs") else { return Vec::new() };
    let folder = match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder,
        _ => stem,
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines
        .windows(2)
        .filter(|pair| pair[0] == "#[cfg(test)]")
        .filter_map(|pair| pair[1].split_once("mod ")?.1.strip_suffix(';'))
        .map(|name| format!("{folder}/{name}.rs"))
        .collect()
}

fn in_file(path: &str, text: &str, is_test: bool) -> Vec<String> {
    let mut found = Vec::new();
    if path.ends_with(".rs") {
        found.extend(too_long(path, text));
        if !is_test {
            found.extend(panics(path, text));
            found.extend(stray_sql(path, text));
            found.extend(stray_routes(path, text));
        }
    }
    if path == "ARCHITECTURE.md" {
        found.extend(too_wordy(path, text));
    }
    found.extend(registry_hosts(path, text));
    found
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MAX_LINES).then(|| format!("{path}: {lines} lines; divide it (at most {MAX_LINES})"))
}

/// The lints know better, but this one also sees what a `cfg` hides from them on this system.
fn panics(path: &str, text: &str) -> Vec<String> {
    lines_of_code(text)
        .filter(|(_, line)| PANICS.iter().any(|panic| line.contains(panic)))
        .map(|(number, _)| format!("{path}:{number}: handle the failure instead of unwrap or expect"))
        .collect()
}

fn stray_sql(path: &str, text: &str) -> Vec<String> {
    if MAY_SPEAK_SQL.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    lines_of_code(text)
        .filter(|(_, line)| SQL.iter().any(|begin| line.contains(&format!("\"{begin}"))))
        .map(|(number, _)| format!("{path}:{number}: SQL belongs into crates/store"))
        .collect()
}

fn stray_routes(path: &str, text: &str) -> Vec<String> {
    if !path.starts_with("sync-server/src/") {
        return Vec::new();
    }
    lines_of_code(text)
        .filter(|(_, line)| ROUTES.iter().any(|route| line.contains(route)))
        .filter(|(_, line)| !MAY_ROUTE.contains(&format!("{path}: {}", line.trim_end()).as_str()))
        .map(|(number, _)| {
            format!("{path}:{number}: a route belongs into the table of sync-server/src/http.rs")
        })
        .collect()
}

fn registry_hosts(path: &str, text: &str) -> Vec<String> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| REGISTRY_HOSTS.iter().any(|host| line.contains(host)))
        .map(|(index, _)| format!("{path}:{}: leave out the name of a package host", index + 1))
        .collect()
}

fn too_wordy(path: &str, text: &str) -> Option<String> {
    let words = text.split_whitespace().count();
    (words > MAX_ARCHITECTURE_WORDS)
        .then(|| format!("{path}: {words} words; at most {MAX_ARCHITECTURE_WORDS}"))
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.starts_with("e2e/")
        || path.ends_with("_tests.rs")
}

/// The lines before the test module, numbered from one, comments left out.
fn lines_of_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_start()))
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwrap_is_found_in_code_but_not_in_tests_or_comments() {
        let code =
            "fn f() {\n    a.unwrap();\n    // b.unwrap();\n}\n#[cfg(test)]\nmod tests { c.unwrap(); }";
        assert_eq!(in_file("crates/app/src/lib.rs", code, false).len(), 1);
        assert!(in_file("crates/app/tests/all.rs", code, true).is_empty());
    }

    #[test]
    fn sql_is_found_outside_the_store_only() {
        let code = format!("let query = \"{}id FROM patient\";", SQL[0]);
        assert_eq!(
            in_file("crates/app/src/lib.rs", &code, false),
            ["crates/app/src/lib.rs:1: SQL belongs into crates/store"]
        );
        assert!(in_file("crates/store/src/lib.rs", &code, false).is_empty());
    }

    #[test]
    fn a_route_beside_the_table_is_found_in_the_server_only() {
        let code = "let router = Router::new()\n    .route(\"/v1/back\", get(door));";
        assert_eq!(
            in_file("sync-server/src/http.rs", code, false),
            ["sync-server/src/http.rs:2: a route belongs into the table of sync-server/src/http.rs"]
        );
        assert!(in_file("crates/app/src/lib.rs", code, false).is_empty());
        assert!(in_file("sync-server/src/http.rs", "    .merge(devices)", false).is_empty());
        assert_eq!(in_file("sync-server/src/sync.rs", "    .merge(devices)", false).len(), 1);
    }

    #[test]
    fn a_long_file_and_a_wordy_document_are_found() {
        assert_eq!(in_file("ui/src/main.rs", &"\n".repeat(MAX_LINES + 1), false).len(), 1);
        assert_eq!(in_file("ARCHITECTURE.md", &"word ".repeat(MAX_ARCHITECTURE_WORDS + 1), false).len(), 1);
    }

    #[test]
    fn the_name_of_a_package_host_is_found_in_any_file() {
        assert_eq!(
            in_file("ui/package-lock.json", &format!("https://{}/x", REGISTRY_HOSTS[0]), false).len(),
            1
        );
    }

    #[test]
    fn a_module_for_tests_alone_is_known_by_its_declaration() {
        assert_eq!(
            test_modules_of("crates/store/src/lib.rs", "mod a;\n#[cfg(test)]\nmod plan;"),
            ["crates/store/src/plan.rs"]
        );
        assert_eq!(
            test_modules_of("crates/store/src/list.rs", "#[cfg(test)]\nmod plan;"),
            ["crates/store/src/list/plan.rs"]
        );
    }
}
