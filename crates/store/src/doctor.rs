//! Is the database sound, and is what is derived what it should be?

use crate::derive::LISTING_COLUMNS;
use crate::error::StoreError;
use crate::open::Store;
use sqlx::{AssertSqlSafe, SqliteConnection};

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// Numbers, never data.
    pub detail: String,
}

impl Store {
    /// Runs every check. Takes the writer: nothing changes while it looks.
    pub async fn doctor(&self) -> Result<Vec<Check>, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let connection = &mut *connection;
        Ok(vec![
            versions(connection).await?,
            pages(connection).await?,
            integrity(connection).await?,
            listing(connection).await?,
            tags(connection).await?,
            counts(connection).await?,
            words(connection).await?,
            consents(connection).await?,
            search_index(connection, "search index", "patient_search").await?,
            search_index(connection, "contact search index", "patient_contact_search").await?,
            record_versions(connection).await?,
            parked(connection).await?,
        ])
    }
}

async fn versions(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let (sqlite, cipher): (String, String) = versions_of(connection).await?;
    let schema: i64 =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await?;
    Ok(Check {
        name: "versions",
        ok: true,
        detail: format!("SQLite {sqlite}, SQLCipher {cipher}, schema {schema}"),
    })
}

/// The versions of SQLite and of SQLCipher.
pub async fn versions_of(connection: &mut SqliteConnection) -> Result<(String, String), StoreError> {
    let sqlite = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
    let cipher = sqlx::query_scalar("PRAGMA cipher_version").fetch_one(connection).await?;
    Ok((sqlite, cipher))
}

/// The version of the newest migration.
pub async fn schema_version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await?)
}

/// The authentication code of every page.
async fn pages(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let faults: Vec<String> =
        sqlx::query_scalar("PRAGMA cipher_integrity_check").fetch_all(connection).await?;
    Ok(Check { name: "cipher", ok: faults.is_empty(), detail: format!("{} damaged pages", faults.len()) })
}

async fn integrity(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let lines: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(connection).await?;
    let ok = lines == ["ok"];
    let detail = if ok { "sound".to_owned() } else { format!("{} faults", lines.len()) };
    Ok(Check { name: "integrity", ok, detail })
}

/// Rows that are in one of two queries only.
async fn difference(
    connection: &mut SqliteConnection,
    name: &'static str,
    kept: &str,
    computed: &str,
) -> Result<Check, StoreError> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM (SELECT * FROM ({kept}) EXCEPT SELECT * FROM ({computed}))),
                (SELECT count(*) FROM (SELECT * FROM ({computed}) EXCEPT SELECT * FROM ({kept})))"
    );
    let (extra, missing): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(Check { name, ok: extra == 0 && missing == 0, detail: format!("{extra} wrong, {missing} missing") })
}

async fn listing(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let kept = format!("SELECT {LISTING_COLUMNS} FROM patient_listing");
    let computed = format!("SELECT {LISTING_COLUMNS} FROM patient_listing_source");
    difference(connection, "patient listing", &kept, &computed).await
}

async fn tags(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    difference(
        connection,
        "listing by tag",
        "SELECT no, tag, archived, sort_name, birth_key, created_at FROM patient_listing_tag",
        "SELECT DISTINCT l.no, fold(t.value), l.archived, l.sort_name, l.birth_key, l.created_at
         FROM patient_listing l, json_each(l.tags) t",
    )
    .await
}

async fn counts(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    difference(
        connection,
        "counters",
        "SELECT facet, value, archived, n FROM patient_count WHERE n <> 0",
        "SELECT 'all' AS facet, '' AS value, archived, count(*) AS n FROM patient_listing GROUP BY archived
         UNION ALL SELECT 'tier', tier, archived, count(*) FROM patient_listing GROUP BY tier, archived
         UNION ALL SELECT 'alert', '', archived, count(*) FROM patient_listing WHERE alert > 0 GROUP BY archived
         UNION ALL SELECT 'tag', tag, archived, count(*) FROM patient_listing_tag GROUP BY tag, archived",
    )
    .await
}

/// Words of names that are gone may stay; none may be missing.
async fn words(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT DISTINCT w.value FROM patient_listing l, json_each(words(l.names)) w
                               EXCEPT SELECT word FROM search_word)",
    )
    .fetch_one(connection)
    .await?;
    Ok(Check { name: "spellings", ok: missing == 0, detail: format!("{missing} words missing") })
}

async fn consents(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    difference(
        connection,
        "consent",
        "SELECT event_id FROM consent_superseded",
        "SELECT DISTINCT unhex(s.value) FROM consent_event e, json_each(iif(json_valid(e.supersedes), e.supersedes, '[]')) s
         WHERE length(unhex(s.value)) = 16",
    )
    .await
}

/// FTS5 compares its index with the listing itself.
async fn search_index(
    connection: &mut SqliteConnection,
    name: &'static str,
    table: &str,
) -> Result<Check, StoreError> {
    let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)");
    let ok = sqlx::query(AssertSqlSafe(sql)).execute(connection).await.is_ok();
    Ok(Check { name, ok, detail: if ok { "agrees".into() } else { "differs from the listing".into() } })
}

/// Every synced row has a version.
async fn record_versions(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let tables = crate::manifest::COLLECTIONS.iter();
    let counts: Vec<_> = tables
        .map(|c| {
            let exists = "SELECT 1 FROM record_version v WHERE v.record = t.id AND v.register = 0";
            format!("SELECT count(*) AS n FROM {} t WHERE NOT EXISTS ({exists})", c.name)
        })
        .collect();
    let sql = format!("SELECT sum(n) FROM ({})", counts.join(" UNION ALL "));
    let missing: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(Check {
        name: "versions of records",
        ok: missing == 0,
        detail: format!("{missing} records without one"),
    })
}

/// Parked records are no fault of the database; somebody should look at them.
async fn parked(connection: &mut SqliteConnection) -> Result<Check, StoreError> {
    let parked = crate::apply::parked_count(connection).await?;
    Ok(Check { name: "parked records", ok: true, detail: format!("{parked} parked") })
}
