//! Clinics are kept apart by Postgres itself, whatever the server's code does.

use crate::desk::new_id;
use crate::site::{SERVER, Site};
use scratch_postgres::OWNER;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use sync_server::SetupError;
use sync_server::serve::start;

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
