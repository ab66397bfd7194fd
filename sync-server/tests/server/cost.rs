//! What requests cost the database, counted by Postgres itself.

use crate::desk::{Desk, new_id};
use crate::site::Site;
use sqlx::PgPool;

/// Statements that the server ran in this database since the last count.
async fn statements(site: &Site) -> i64 {
    let count = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
                 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND userid <> current_user::regrole
                 -- Asked and told beside the requests, now and then.
                 AND query NOT LIKE '%devices_revoked_since%' AND query NOT LIKE '%pg_notify%'";
    let counted: i64 = sqlx::query_scalar(count).fetch_one(&site.owner).await.unwrap();
    reset(&site.owner).await;
    counted
}

async fn reset(owner: &PgPool) {
    sqlx::query("SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)")
        .execute(owner)
        .await
        .unwrap();
}

async fn push_of(site: &Site, desk: &Desk, rows: usize) -> i64 {
    let ops: Vec<_> = (0..rows).map(|_| desk.insert(new_id(), "x")).collect();
    let message = desk.message(ops.into_iter().map(|op| desk.transaction(vec![op])).collect()).await;
    statements(site).await;
    assert!(desk.post("/v1/push", &message).await.status().is_success());
    statements(site).await
}

#[tokio::test]
async fn a_push_costs_as_many_statements_however_many_rows_it_has() {
    let site = Site::open().await;
    sqlx::query("CREATE EXTENSION pg_stat_statements").execute(&site.owner).await.unwrap();
    let desk = site.desk(site.clinic().await).await;
    // The first one introduces the desk.
    push_of(&site, &desk, 1).await;
    let one = push_of(&site, &desk, 1).await;
    let many = push_of(&site, &desk, 2_000).await;
    // A connection may be made anew in between, and a credential looked up again.
    assert!(one >= 4 && many <= one + 4, "{one} for one row, {many} for 2,000");
    assert!(many <= 10, "{many}");
}

/// Rows and index entries that Postgres went through in the clinics' tables since they were made.
async fn gone_through(site: &Site) -> (i64, i64) {
    let rows = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables
                WHERE relname IN ('record', 'answer', 'never_made', 'bucket')";
    let entries = "SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes
                   WHERE relname IN ('record', 'answer', 'never_made', 'bucket')";
    let rows = sqlx::query_scalar(rows).fetch_one(&site.owner).await.unwrap();
    (rows, sqlx::query_scalar(entries).fetch_one(&site.owner).await.unwrap())
}

#[tokio::test]
async fn a_database_that_was_just_made_is_searched_by_key_though_it_has_no_statistics() {
    const ROWS: usize = 3_000;
    let mut site = Site::open().await;
    for table in ["record", "answer", "never_made", "bucket"] {
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&site.owner).await.unwrap();
    }
    let mut desk = site.desk(site.clinic().await).await;
    // After some executions Postgres keeps a plan: here one that was made while the tables were empty.
    for _ in 0..8 {
        desk.push(Vec::new()).await;
        desk.page(sync_protocol::Place { seq: 0, key: None }, 1_000).await;
    }
    let made: Vec<_> = (0..ROWS).map(|_| desk.insert(new_id(), "x")).collect();
    desk.push(made.iter().map(|op| desk.transaction(vec![op.clone()])).collect()).await;
    // Another connection plans by tables that are full and of which nothing is known.
    site.stop_server().await;
    site.start_server().await;
    desk.address = site.address.clone();
    let edit = |op: &sync_protocol::Op| desk.transaction(vec![desk.rename(op.record, op, "y")]);
    desk.push(made.iter().map(edit).collect()).await;
    for op in made.iter().take(40) {
        desk.push(vec![desk.transaction(vec![desk.rename(op.record, op, "z")])]).await;
    }
    assert_eq!(desk.pull_all(100).await.0.len(), ROWS);
    // What a connection did is counted when it ends.
    site.stop_server().await;
    let (rows, entries) = gone_through(&site).await;
    assert_eq!(rows, 0, "a table was read from end to end");
    // A look-up and the check of a key each time that a row is written, and its place in a page.
    let most = i64::try_from(6 * ROWS).unwrap();
    assert!(entries <= most, "{entries} index entries for {ROWS} rows");
}

#[tokio::test]
async fn no_question_of_a_device_scans_a_table() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let other = site.desk(site.clinic().await).await;
    for desk in [&desk, &other] {
        let ops = (0..3_000).map(|_| desk.insert(new_id(), "x")).collect();
        desk.push(vec![desk.transaction(ops)]).await;
    }
    sqlx::query("ANALYZE").execute(&site.owner).await.unwrap();
    let mut role = PgPool::connect(&site.url(crate::site::SERVER)).await.unwrap().acquire().await.unwrap();
    let set = format!("SET frontdesk.clinic = '{}'", desk.clinic);
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *role).await.unwrap();
    let clinic = desk.clinic;
    let questions = [
        format!(
            "SELECT seq, collection, record_id, state FROM record WHERE clinic_id = '{clinic}'
             AND (seq, collection, record_id) > (0, 'patient', '{clinic}') ORDER BY seq, collection, record_id LIMIT 100"
        ),
        format!("SELECT state FROM record WHERE clinic_id = '{clinic}' AND collection = 'patient' AND record_id = '{clinic}'"),
        format!("SELECT state FROM record WHERE clinic_id = '{clinic}' AND collection = 'patient' AND bucket = 7::smallint"),
    ];
    for question in questions {
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {question}")))
            .fetch_all(&mut *role)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{question}\n{plan}");
        assert!(plan.contains("Index Cond"), "{question}\n{plan}");
    }
}
