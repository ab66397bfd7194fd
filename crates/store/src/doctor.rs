//! Is the database sound, and is what is derived what it should be?

use crate::derive::{LISTING_COLUMNS, STANDING, SUPERSEDED, day, invoice, ledger};
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
        let checks = [
            ("versions", versions(connection).await),
            ("cipher", pages(connection).await),
            ("integrity", integrity(connection).await),
            ("patient listing", listing(connection).await),
            ("listing by tag", tags(connection).await),
            ("counters", counts(connection).await),
            ("spellings", words(connection).await),
            ("consent", consents(connection).await),
            ("invoices", invoices(connection).await),
            ("payments", payments(connection).await),
            ("search index", search_index(connection, "patient_search").await),
            ("contact search index", search_index(connection, "patient_contact_search").await),
            ("versions of records", record_versions(connection).await),
            ("parked records", parked(connection).await),
        ];
        Ok(checks.into_iter().map(|(name, found)| check(name, found)).collect())
    }
}

/// Whether all is well, and numbers.
type Found = Result<(bool, String), StoreError>;

/// What cannot be read is a fault as well, and does not hide the others.
fn check(name: &'static str, found: Found) -> Check {
    let (ok, detail) = found.unwrap_or_else(|error| (false, error.to_string()));
    Check { name, ok, detail }
}

async fn versions(connection: &mut SqliteConnection) -> Found {
    let (sqlite, cipher): (String, String) = versions_of(connection).await?;
    let schema: i64 =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await?;
    Ok((true, format!("SQLite {sqlite}, SQLCipher {cipher}, schema {schema}")))
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
async fn pages(connection: &mut SqliteConnection) -> Found {
    let faults: Vec<String> =
        sqlx::query_scalar("PRAGMA cipher_integrity_check").fetch_all(connection).await?;
    Ok((faults.is_empty(), format!("{} damaged pages", faults.len())))
}

async fn integrity(connection: &mut SqliteConnection) -> Found {
    let lines: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(connection).await?;
    let ok = lines == ["ok"];
    Ok((ok, if ok { "sound".to_owned() } else { format!("{} faults", lines.len()) }))
}

/// Rows that are in one of two queries only.
async fn difference(connection: &mut SqliteConnection, kept: &str, computed: &str) -> Found {
    let sql = format!(
        "SELECT (SELECT count(*) FROM (SELECT * FROM ({kept}) EXCEPT SELECT * FROM ({computed}))),
                (SELECT count(*) FROM (SELECT * FROM ({computed}) EXCEPT SELECT * FROM ({kept})))"
    );
    let (extra, missing): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok((extra == 0 && missing == 0, format!("{extra} wrong, {missing} missing")))
}

async fn listing(connection: &mut SqliteConnection) -> Found {
    let kept = format!("SELECT {LISTING_COLUMNS} FROM patient_listing");
    let computed = format!("SELECT {LISTING_COLUMNS} FROM patient_listing_source");
    difference(connection, &kept, &computed).await
}

async fn tags(connection: &mut SqliteConnection) -> Found {
    difference(
        connection,
        "SELECT no, tag, archived, sort_name, birth_key, created_at FROM patient_listing_tag",
        "SELECT DISTINCT l.no, fold(t.value), l.archived, l.sort_name, l.birth_key, l.created_at
         FROM patient_listing l, json_each(l.tags) t",
    )
    .await
}

async fn counts(connection: &mut SqliteConnection) -> Found {
    difference(
        connection,
        "SELECT facet, value, archived, n FROM patient_count WHERE n <> 0",
        "SELECT 'all' AS facet, '' AS value, archived, count(*) AS n FROM patient_listing GROUP BY archived
         UNION ALL SELECT 'tier', tier, archived, count(*) FROM patient_listing GROUP BY tier, archived
         UNION ALL SELECT 'alert', '', archived, count(*) FROM patient_listing WHERE alert > 0 GROUP BY archived
         UNION ALL SELECT 'tag', tag, archived, count(*) FROM patient_listing_tag GROUP BY tag, archived",
    )
    .await
}

/// Words of names that are gone may stay; none may be missing.
async fn words(connection: &mut SqliteConnection) -> Found {
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT DISTINCT w.value FROM patient_listing l, json_each(words(l.names)) w
                               EXCEPT SELECT word FROM search_word)",
    )
    .fetch_one(connection)
    .await?;
    Ok((missing == 0, format!("{missing} words missing")))
}

async fn consents(connection: &mut SqliteConnection) -> Found {
    let (ok, superseded) =
        difference(connection, "SELECT event_id FROM consent_superseded", SUPERSEDED).await?;
    let kept = "SELECT patient_id, recorded_at, event_id FROM consent_standing";
    let (stands, standing) = difference(connection, kept, STANDING).await?;
    Ok((ok && stands, format!("superseded: {superseded}; standing: {standing}")))
}

async fn invoices(connection: &mut SqliteConnection) -> Found {
    let kept = format!("SELECT {} FROM invoice_tax", invoice::TAX_COLUMNS);
    let (ok, taxes) = difference(connection, &kept, invoice::TAXES).await?;
    let kept = format!("SELECT {} FROM invoice_total", invoice::TOTAL_COLUMNS);
    let (sound, totals) = difference(connection, &kept, &invoice::totals_where("true")).await?;
    Ok((ok && sound, format!("taxes: {taxes}; totals: {totals}")))
}

/// From the ledger to what lists and accounts show.
async fn payments(connection: &mut SqliteConnection) -> Found {
    let kept = format!("SELECT {} FROM invoice_settled", ledger::SETTLED_COLUMNS);
    let (ok, settled) = difference(connection, &kept, &ledger::settled()).await?;
    let kept = format!("SELECT {} FROM invoice_listing", ledger::LISTING_COLUMNS);
    let computed = format!("SELECT {} FROM invoice_listing_source", ledger::LISTING_COLUMNS);
    let (listed, listing) = difference(connection, &kept, &computed).await?;
    let kept =
        format!("SELECT {} FROM patient_account WHERE owed <> 0 OR credit <> 0", ledger::ACCOUNT_COLUMNS);
    let (booked, accounts) = difference(connection, &kept, &ledger::accounts()).await?;
    let kept = format!("SELECT {} FROM closed_payment", day::CLOSED_COLUMNS);
    let (shut, closed) = difference(connection, &kept, &day::closed()).await?;
    let kept = format!("SELECT {} FROM open_payment", day::OPEN_COLUMNS);
    let (left, open) = difference(connection, &kept, day::OPEN).await?;
    let detail =
        format!("paid: {settled}; listing: {listing}; accounts: {accounts}; closed: {closed}; open: {open}");
    Ok((ok && listed && booked && shut && left, detail))
}

/// FTS5 compares its index with the listing itself.
async fn search_index(connection: &mut SqliteConnection, table: &str) -> Found {
    let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)");
    let ok = sqlx::query(AssertSqlSafe(sql)).execute(connection).await.is_ok();
    Ok((ok, if ok { "agrees".into() } else { "differs from the listing".into() }))
}

/// Every synced row has a version.
async fn record_versions(connection: &mut SqliteConnection) -> Found {
    let tables = crate::manifest::COLLECTIONS.iter();
    let counts: Vec<_> = tables
        .map(|c| {
            let exists = "SELECT 1 FROM record_version v WHERE v.record = t.id AND v.register = 0";
            format!("SELECT count(*) AS n FROM {} t WHERE NOT EXISTS ({exists})", c.name)
        })
        .collect();
    let sql = format!("SELECT sum(n) FROM ({})", counts.join(" UNION ALL "));
    let missing: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok((missing == 0, format!("{missing} records without one")))
}

/// Parked records are no fault of the database; somebody should look at them.
async fn parked(connection: &mut SqliteConnection) -> Found {
    let parked = crate::apply::parked_count(connection).await?;
    Ok((true, format!("{parked} parked")))
}
