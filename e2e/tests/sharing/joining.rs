use crate::proxy::{Proxy, Weather};
use crate::support::*;
use contract::{ErrorCode, SyncState};
use serde_json::{Value, json};
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_worked_alone_brings_what_it_has_and_gets_what_the_others_have() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let [first, alone] = [TestDesk::quiet().await, TestDesk::quiet().await];
    first.pair(&site, &clinic.code, "Front").await;
    first.create("Ann", "Ash").await;
    first.exchange().await;
    app::seed_clinic(&alone.desk, 2_500, 3, &mut |_, _| {}).await.unwrap();
    alone.create("Bea", "Birch").await;
    alone.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    alone.exchange().await;
    first.exchange().await;
    let total = async |desk: &TestDesk| desk.call("patient_facets", json!({})).await;
    assert_eq!(total(&first).await, total(&alone).await);
    let found = alone.call("patient_search", json!({"text": "ash ann"})).await;
    assert_eq!(found["hits"][0]["name"]["family"], "Ash", "{found}");
    assert_eq!(alone.status().await.conflicts, 0);
    for desk in [&first, &alone] {
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_desk_says_how_far_the_first_copy_is_and_is_up_to_date_only_with_all_of_it() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let first = TestDesk::quiet().await;
    first.pair(&site, &clinic.code, "Front").await;
    app::seed_clinic(&first.desk, 3_000, 3, &mut |_, _| {}).await.unwrap();
    first.exchange().await;
    let fresh = TestDesk::open().await;
    assert_eq!(fresh.status().await.state, SyncState::Alone);
    // Slow enough for every page to be seen.
    let proxy = Proxy::start(&site.address()).await;
    proxy.set(Weather::Delay(20));
    fresh.pair_at(&proxy.address(), &site.invite(&clinic.id).unwrap(), "Back").await;
    let mut seen = Vec::new();
    let mut has_grown = false;
    loop {
        let status = fresh.status().await;
        match status.state {
            SyncState::UpToDate => break,
            SyncState::Joining => seen.extend(status.percent),
            state => assert!(matches!(state, SyncState::Starting | SyncState::Working), "{status:?}"),
        }
        if !seen.is_empty() && !has_grown {
            has_grown = true;
            // From here on there is several times as much to fetch as before.
            for n in 0..20 {
                first.create("New", &format!("Meanwhile {n}")).await;
            }
            first.exchange().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    seen.dedup();
    assert!(seen.len() > 2 && seen.is_sorted() && seen.last() <= Some(&100), "{seen:?}");
    assert_eq!(fresh.status().await.percent, None);
    let facets = async |desk: &TestDesk| desk.call("patient_facets", json!({})).await;
    assert_eq!(facets(&fresh).await, facets(&first).await);
    fresh.is_sound().await;
}

fn ask(address: &str, code: &str) -> Value {
    json!({"address": address, "code": code, "device_name": "Front"})
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_connecting_is_said_and_changes_nothing() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let other = site.create_clinic("Other").unwrap();
    let desk = TestDesk::quiet().await;
    for (request, code, says) in [
        (ask("http://127.0.0.1:9", &clinic.code), ErrorCode::Sync, "nobody answers"),
        (ask("http://10.1.2.3", &clinic.code), ErrorCode::Sync, "in the open"),
        (ask("what is this", &clinic.code), ErrorCode::Sync, "no address"),
        (ask(&site.address(), "AAAAA-BBBBB"), ErrorCode::Sync, "code is wrong"),
        (
            ask(&format!("{}/elsewhere", site.address()), &clinic.code),
            ErrorCode::Sync,
            "no Frontdesk sync server",
        ),
        (
            json!({"address": site.address(), "code": clinic.code, "device_name": " "}),
            ErrorCode::Invalid,
            "is needed",
        ),
        (
            json!({"address": site.address(), "code": clinic.code, "device_name": "A", "authority": "nonsense"}),
            ErrorCode::Sync,
            "PEM",
        ),
    ] {
        let error = desk.fails("sync_pair", request.clone()).await;
        assert!(error.code == code && error.message.contains(says), "{request}: {error:?}");
        assert_eq!(desk.status().await.state, SyncState::Alone);
    }
    desk.pair(&site, &clinic.code, "Front").await;
    let spent = TestDesk::quiet().await.fails("sync_pair", ask(&site.address(), &clinic.code)).await;
    assert!(spent.message.contains("used already"), "{spent:?}");
    let elsewhere = desk.fails("sync_pair", ask(&site.address(), &other.code)).await;
    assert!(elsewhere.message.contains("another clinic"), "{elsewhere:?}");
    // The other clinic does not keep a device that never comes.
    let devices = site.administer(&["device", "list", "--clinic", &other.id]).unwrap();
    assert!(devices.contains("shut out"), "{devices}");
    desk.exchange().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_shut_out_is_told_within_5_seconds_and_keeps_its_unsent_work() {
    let Some(site) = site() else { return };
    let (clinic, desks) = clinic_of(&site, 2).await;
    for desk in &desks {
        desk.until_up_to_date().await;
    }
    let list = desks[0].call("sync_devices", json!({})).await;
    let devices = list["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    let other = devices.iter().find(|device| device["is_this"] == false).unwrap();
    assert_eq!(other["name"], "Desk 1");
    let started = Instant::now();
    desks[0].call("sync_revoke", json!({"device": other["id"]})).await;
    desks[1].until("told", async |desk| desk.status().await.state == SyncState::Stopped).await;
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    let problem = desks[1].status().await.problem.unwrap();
    assert!(problem.message.contains("shut this device out"), "{problem:?}");
    desks[1].create("Ann", "Ash").await;
    assert_eq!(desks[1].status().await.unsent, 1);
    let unsent = desks[1].call("unsent_list", json!({"limit": 50})).await;
    let row = &unsent["rows"][0];
    assert_eq!((&row["subject"]["patient_name"], &row["is_new"]), (&json!("Ann Ash"), &json!(true)));
    // Let in again, it goes on where it was.
    desks[1].pair(&site, &site.invite(&clinic.id).unwrap(), "Desk 1").await;
    desks[1].until_up_to_date().await;
    desks[0].until("the patient", async |desk| desk.families().await == ["Ash"]).await;
    assert_eq!(desks[1].call("unsent_list", json!({"limit": 50})).await["rows"], json!([]));
}
