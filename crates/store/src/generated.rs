//! Triggers and views are generated, so they are not migrations: they are made anew whenever what
//! the app generates differs from what the file has.

use crate::error::StoreError;
use crate::{capture, derive, manifest};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Brings triggers and views up to date.
pub async fn install(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut statements = derive::statements();
    statements.extend(capture::trigger_statements(manifest::COLLECTIONS));
    let digest = digest(&statements);
    let present: Option<String> =
        sqlx::query_scalar("SELECT digest FROM generated_schema").fetch_optional(&mut *connection).await?;
    if present.as_ref() == Some(&digest) {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let old: Vec<(String, String)> = sqlx::query_as(
        "SELECT type, name FROM sqlite_schema
         WHERE type IN ('trigger', 'view') AND (name GLOB 'capture_*' OR name GLOB 'derive_*' OR name GLOB '*_source')
         LIMIT 1000",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let drops: Vec<_> = old.iter().map(|(kind, name)| format!("DROP {kind} {name}")).collect();
    for statement in drops.into_iter().chain(statements) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    sqlx::query("INSERT INTO generated_schema (one, digest) VALUES (1, ?) ON CONFLICT DO UPDATE SET digest = excluded.digest")
        .bind(digest)
        .execute(&mut *transaction)
        .await?;
    // What an older trigger or an older rule of the text functions derived is derived anew.
    for statement in derive::rebuild() {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Only ever compared with itself: a hash that another build computes differently costs a
/// regeneration, nothing more.
fn digest(statements: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    statements.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
