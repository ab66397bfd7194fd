//! Clinics are kept apart by Postgres itself, whatever the server's code does.

use crate::desk::new_id;
use crate::site::{SERVER, Site};
use scratch_postgres::OWNER;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use sync_server::SetupError;
use sync_server::serve::start;
use uuid::Uuid;

#[tokio::test]
async fn a_role_that_sees_all_clinics_is_not_served_with() {
    let site = Site::open().await;
    let refused = start(site.settings(OWNER)).await.err().unwrap();
    assert!(matches!(refused, SetupError::RoleTooMighty { .. }), "{refused}");
    // An owner without a superuser's rights is as mighty.
    let owner = format!("owner_of_{}", site.database);
    for sql in [format!("CREATE ROLE {owner} LOGIN"), format!("ALTER TABLE record OWNER TO {owner}")] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&site.owner).await.unwrap();
    }
    let refused = start(site.settings(&owner)).await.err().unwrap();
    assert!(matches!(refused, SetupError::RoleTooMighty { .. }), "{refused}");
    sqlx::raw_sql("ALTER TABLE record NO FORCE ROW LEVEL SECURITY").execute(&site.owner).await.unwrap();
    let refused = start(site.settings(SERVER)).await.err().unwrap();
    assert!(matches!(refused, SetupError::TablesOpen), "{refused}");
}

#[tokio::test]
async fn the_servers_role_sees_nothing_of_another_clinic() {
    let site = Site::open().await;
    let (ours, theirs) = (site.clinic().await, site.clinic().await);
    for clinic in [ours, theirs] {
        let desk = site.desk(clinic).await;
        desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    }
    let mut role = PgConnection::connect(&site.url(SERVER)).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut role)
    .await
    .unwrap();
    assert!(tables.len() >= 8, "{tables:?}");
    for table in &tables {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut role).await.unwrap();
        assert_eq!(count, 0, "{table} without a clinic");
    }
    let mut transaction = role.begin().await.unwrap();
    let set = format!("SET LOCAL frontdesk.clinic = '{ours}'");
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *transaction).await.unwrap();
    for table in &tables {
        let sql = format!("SELECT count(*) FROM {table} WHERE clinic_id <> '{ours}'");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(count, 0, "{table} of another clinic");
    }
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM record").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(seen, 1);
    transaction.commit().await.unwrap();
    // What a transaction named is forgotten with it.
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM record").fetch_one(&mut role).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn the_servers_role_cannot_write_into_another_clinic_nor_take_more_rights() {
    let site = Site::open().await;
    let (ours, theirs) = (site.clinic().await, site.clinic().await);
    let mut role = PgConnection::connect(&site.url(SERVER)).await.unwrap();
    let record = |clinic| {
        format!(
            "INSERT INTO record (clinic_id, collection, record_id, seq, state)
             VALUES ('{clinic}', 'patient', '{clinic}', 1, '{{}}')"
        )
    };
    let attempts = [
        record(theirs),
        "TRUNCATE record".to_owned(),
        "DELETE FROM record".to_owned(),
        "ALTER TABLE record NO FORCE ROW LEVEL SECURITY".to_owned(),
        format!("UPDATE clinic SET epoch = gen_random_uuid() WHERE clinic_id = '{ours}'"),
        format!("INSERT INTO clinic (clinic_id, name, epoch) VALUES ('{}', 'x', '{ours}')", new_id()),
        format!("UPDATE device SET token_hash = 'x' WHERE clinic_id = '{ours}'"),
        format!("SET ROLE {OWNER}"),
        "CREATE TABLE mine ()".to_owned(),
    ];
    for attempt in attempts {
        let mut transaction = role.begin().await.unwrap();
        let set = format!("SET LOCAL frontdesk.clinic = '{ours}'");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *transaction).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(attempt.clone())).execute(&mut *transaction).await;
        let code =
            done.err().and_then(|error| error.into_database_error()?.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{attempt}");
    }
}

/// What Postgres says to `sql` in a transaction of the clinic `of`: how many rows it changed, or the error's code.
async fn attempt(role: &mut PgConnection, of: Option<Uuid>, sql: &str) -> Result<u64, String> {
    let mut transaction = role.begin().await.unwrap();
    let named = of.map(|clinic| clinic.to_string()).unwrap_or_default();
    let set = format!("SET LOCAL frontdesk.clinic = '{named}'");
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *transaction).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *transaction).await;
    let changed = match done {
        Ok(done) => Ok(done.rows_affected()),
        Err(error) => Err(error.as_database_error().unwrap().code().unwrap().into_owned()),
    };
    // For good, if it was possible.
    let _ = transaction.commit().await;
    changed
}

/// Every table with its columns that can be written.
async fn tables(site: &Site) -> Vec<(String, Vec<String>)> {
    sqlx::query_as(
        "SELECT table_name::text, array_agg(column_name::text) FROM information_schema.columns
         WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name IN (
           SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')
         AND table_name <> '_sqlx_migrations' GROUP BY table_name ORDER BY table_name",
    )
    .fetch_all(&site.owner)
    .await
    .unwrap()
}

/// Everything that the database has of a clinic.
pub async fn all_of(site: &Site, clinic: Uuid) -> Vec<String> {
    let mut all = Vec::new();
    for (table, _) in tables(site).await {
        let sql = format!("SELECT to_json(t)::text FROM {table} t WHERE clinic_id = '{clinic}' ORDER BY 1");
        all.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(&site.owner).await.unwrap());
    }
    all
}

#[tokio::test]
async fn no_statement_of_the_servers_role_reads_or_changes_a_row_of_another_clinic_in_any_table() {
    let site = Site::open().await;
    let (ours, theirs) = (site.clinic().await, site.clinic().await);
    for clinic in [ours, theirs] {
        let desk = site.desk(clinic).await;
        let mut rejected = desk.insert(new_id(), "never made");
        let at = sync_protocol::Dot { replica: crate::desk::OWN, seq: 1 };
        let (collection, register) = ("patient".to_owned(), String::new());
        rejected.guards = vec![sync_protocol::Guard { collection, record: new_id(), register, at }];
        desk.push(vec![
            desk.transaction(vec![desk.insert(new_id(), "Ada")]),
            desk.transaction(vec![rejected]),
        ])
        .await;
    }
    let before = all_of(&site, theirs).await;
    let mut role = PgConnection::connect(&site.url(SERVER)).await.unwrap();
    let tables = tables(&site).await;
    assert!(tables.len() >= 8, "{tables:?}");
    for (table, columns) in &tables {
        let row = format!("SELECT to_json(t)::text FROM {table} t WHERE clinic_id = '{theirs}' LIMIT 1");
        let row: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(row)).fetch_optional(&site.owner).await.unwrap();
        let row = row.unwrap_or_else(|| panic!("{table} has no row to try with")).replace('\'', "''");
        let list = columns.join(", ");
        let from = format!("FROM json_populate_record(NULL::public.{table}, '{row}')");
        let insert = format!("INSERT INTO {table} ({list}) SELECT {list} {from}");
        let merge = format!("{insert} ON CONFLICT DO NOTHING");
        for of in [Some(ours), None] {
            for insert in [&insert, &merge] {
                assert_eq!(attempt(&mut role, of, insert).await, Err("42501".to_owned()), "{insert}");
            }
            let harmless = [Ok(0), Err("42501".to_owned())];
            for column in columns {
                let update = format!("UPDATE {table} SET {column} = {column} WHERE clinic_id = '{theirs}'");
                let done = attempt(&mut role, of, &update).await;
                assert!(harmless.contains(&done), "{update}: {done:?}");
            }
            for sql in [
                format!("DELETE FROM {table} WHERE clinic_id = '{theirs}'"),
                format!("SELECT * FROM {table} WHERE clinic_id = '{theirs}'"),
                format!("SELECT * FROM {table} WHERE clinic_id = '{theirs}' FOR UPDATE"),
            ] {
                let done = attempt(&mut role, of, &sql).await;
                assert!(harmless.contains(&done), "{sql}: {done:?}");
            }
        }
        // Nor is a row of ours given away.
        let give = format!("UPDATE {table} SET clinic_id = '{theirs}'");
        assert_eq!(attempt(&mut role, Some(ours), &give).await, Err("42501".to_owned()), "{give}");
        for sql in [format!("TRUNCATE {table}"), format!("COPY {table} TO '/tmp/frontdesk'")] {
            assert_eq!(attempt(&mut role, Some(theirs), &sql).await, Err("42501".to_owned()), "{sql}");
        }
    }
    assert_eq!(all_of(&site, theirs).await, before);
}

#[tokio::test]
async fn the_servers_role_may_call_three_functions_and_no_others_of_ours() {
    let site = Site::open().await;
    let may: Vec<String> = sqlx::query_scalar(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY proname",
    )
    .bind(SERVER)
    .fetch_all(&site.owner)
    .await
    .unwrap();
    assert_eq!(may, ["current_clinic", "devices_revoked_since", "redeem_invite"]);
}
