//! How statements are carried out: for tests that no list scans a table or sorts.

use crate::ffi;
use sqlx::{AssertSqlSafe, SqliteConnection};

/// A sort that is let through says so, with what bounds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sorting {
    None,
    /// The rows of one patient.
    OfOnePatient,
}

/// Asserts that no statement that ran on the connection since the last call scans a table or sorts.
///
/// Read one after the other are only: lists that came as a parameter, rows that a full-text MATCH
/// yields, and what a subquery yields that was itself searched for and is bounded by a LIMIT. The
/// small b-tree by which a `UNION` or `DISTINCT` of such rows finds what is double is no sort.
pub async fn assert_indexed(connection: &mut SqliteConnection, sorting: Sorting) {
    let meter = ffi::meter_of(connection).await.unwrap().unwrap();
    let ran = std::mem::take(&mut *meter.ran.lock().unwrap());
    let own = ran.into_iter().filter(|sql| !sql.contains("'main'.") && !sql.starts_with("BEGIN"));
    let statements: Vec<_> = own.collect();
    assert!(!statements.is_empty(), "nothing ran");
    for sql in statements {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        let steps: Vec<_> = plan.iter().map(|(.., detail)| detail.as_str()).collect();
        for step in &steps {
            let explained = || format!("{step}\nin {sql}\nplan:\n{}", steps.join("\n"));
            if let Some(scanned) = step.strip_prefix("SCAN ") {
                assert!(is_bounded(scanned, &steps), "{}", explained());
            }
            if step.contains("TEMP B-TREE") && step.contains("ORDER BY") {
                assert!(sorting == Sorting::OfOnePatient, "{}", explained());
            }
        }
    }
    meter.ran.lock().unwrap().clear();
}

/// Leaves what ran so far out of the next check.
pub async fn forget_statements(connection: &mut SqliteConnection) {
    ffi::meter_of(connection).await.unwrap().unwrap().ran.lock().unwrap().clear();
}

fn is_bounded(scanned: &str, steps: &[&str]) -> bool {
    let name = scanned.split(' ').next().unwrap_or_default();
    let of_subquery = steps.iter().any(|step| {
        step.strip_prefix("CO-ROUTINE ")
            .or(step.strip_prefix("MATERIALIZE "))
            .is_some_and(|made| made == name)
    });
    // FTS5 says M where it matches; json_each has no table to scan.
    let of_list =
        scanned.contains("VIRTUAL TABLE INDEX") && (!name.ends_with("_search") || scanned.contains(":M"));
    scanned == "CONSTANT ROW" || name.starts_with("(subquery") || of_subquery || of_list
}
