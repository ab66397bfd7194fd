//! How sync stands, and what an upgrade shows.

use crate::support::*;
use crate::sync::{paired, server, stranger, sync, tag, tag_key};
use serde_json::json;
use store::Usage;

#[tokio::test]
async fn what_an_earlier_version_kept_is_shown_by_one_that_knows_it() {
    let (server, desk) = (server(), paired(2).await);
    stranger(&server);
    for n in 1..4 {
        server.borrow_mut().put(tag_key(n), tag(json!(format!("tag {n}"))));
    }
    sync(&desk, &server).await;
    let anew = async || {
        store::sync::show_what_is_new(&desk.store, &Usage::default(), desk.context()).await.unwrap();
        desk.rows("SELECT label FROM patient_tag ORDER BY label").await
    };
    assert_eq!(anew().await, ["tag 1", "tag 2", "tag 3"]);
    // As an earlier version would have it: no such collection, and one record that it could not show.
    let forget = "DELETE FROM patient_tag; DELETE FROM record_version WHERE collection = 5;
        UPDATE sync_state SET shown = (SELECT json_group_array(json(value)) FROM json_each(shown)
          WHERE value ->> 0 <> 'patient_tag');
        INSERT INTO parked_record (collection, record, op, reason, parked_at)
          SELECT collection, record, '{}', 'unknown', 0 FROM server_record LIMIT 1;";
    let mut write = desk.store.apply(&Usage::default(), desk.context()).await.unwrap();
    sqlx::raw_sql(forget).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(anew().await, ["tag 1", "tag 2", "tag 3"]);
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM parked_record").await, 0);
    assert_eq!(desk.faults().await, []);
    // Once: a version that has shown everything leaves the rows alone.
    let mut write = desk.store.apply(&Usage::default(), desk.context()).await.unwrap();
    sqlx::raw_sql("DELETE FROM patient_tag").execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(anew().await, [] as [String; 0]);
}

/// A restored server tells everything again.
#[tokio::test]
async fn what_a_new_epoch_tells_as_it_is_here_is_not_written_again() {
    let (server, desk) = (server(), paired(2).await);
    desk.insert(&[patient(1, "Ann"), patient(2, "Bea")]).await;
    sync(&desk, &server).await;
    // What is written loses the space.
    let mark = "UPDATE server_record SET state = state || ' '";
    let mut write = desk.store.apply(&Usage::default(), desk.context()).await.unwrap();
    sqlx::raw_sql(mark).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
    let restored = server.borrow().restored(2);
    *server.borrow_mut() = restored;
    let other = paired(3).await;
    sync(&other, &server).await;
    other
        .write(async |write| {
            write.declare_current();
            execute(write, &format!("UPDATE patient SET given = 'Anna' WHERE id = {}", blob(id(1)))).await
        })
        .await
        .unwrap();
    sync(&other, &server).await;
    sync(&desk, &server).await;
    let count = "SELECT count(*) FROM server_record WHERE state NOT LIKE '% '";
    assert_eq!(desk.value::<i64>(count).await, 1);
    assert_eq!(desk.rows("SELECT given || family FROM patient ORDER BY family").await, ["AnnaAnn", "Bea"]);
    assert_eq!(desk.faults().await, []);
}

#[tokio::test]
async fn a_record_is_unsent_from_its_change_until_the_server_has_answered() {
    let (server, desk) = (server(), paired(2).await);
    let unsent = async || {
        let versions = desk.versions(&[id(1), id(2)]).await;
        let mut read = desk.store.read(&Usage::default()).await.unwrap();
        let unsent = store::sync::unsent_of(&mut read, &versions).await.unwrap();
        read.end().await.unwrap();
        Vec::from_iter(unsent)
    };
    desk.insert(&[patient(1, "Ann"), patient(2, "Bea")]).await;
    assert_eq!(unsent().await, [id(1), id(2)]);
    sync(&desk, &server).await;
    assert!(unsent().await.is_empty());
    desk.write(async |write| {
        write.declare_current();
        execute(write, &format!("UPDATE patient SET given = 'Anna' WHERE id = {}", blob(id(1)))).await
    })
    .await
    .unwrap();
    assert_eq!(unsent().await, [id(1)]);
    sync(&desk, &server).await;
    assert!(unsent().await.is_empty());
}

#[tokio::test]
async fn how_things_stand_costs_no_more_for_all_that_was_ever_sent() {
    let (server, desk) = (server(), paired(2).await);
    let mut costs = Vec::new();
    for n in 0..300 {
        desk.insert(&[patient(n + 1, "Ann")]).await;
        if [9, 299].contains(&n) {
            sync(&desk, &server).await;
            let usage = Usage::default();
            let mut read = desk.store.read(&usage).await.unwrap();
            let overview = store::sync::overview(&mut read).await.unwrap();
            read.end().await.unwrap();
            assert_eq!(overview.unsent, 0);
            costs.push(usage.cost().vm_steps);
        }
    }
    desk.insert(&[patient(1_000, "Bea")]).await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    let overview = store::sync::overview(&mut read).await.unwrap();
    read.end().await.unwrap();
    assert!(overview.unsent == 1 && overview.unsent_since.is_some());
    assert!(costs[1] <= costs[0] + 20, "{costs:?}");
}
