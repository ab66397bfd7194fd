//! A desk whose way to the server fails in part or in the middle: it says so, and goes on by itself.

use crate::killing::child;
use crate::stand_in::{Does, StandIn};
use crate::support::*;
use contract::SyncState;
use serde_json::json;
use std::collections::BTreeSet;

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nFrontdesk-Protocol: 1\r\n\
                    Content-Type: application/problem+json\r\n\r\n\
                    {\"code\":\"busy\",\"title\":\"the server is busy\",\"status\":503}";

/// Two desks that go on by themselves, the first of them behind what stands in for the server.
async fn clinic(site: &scratch_postgres::Site) -> (StandIn, TestDesk, TestDesk) {
    let clinic = site.create_clinic("Clinic").unwrap();
    let stand_in = StandIn::start(&site.address()).await;
    let [desk, other] = [TestDesk::open().await, TestDesk::open().await];
    desk.pair_at(&stand_in.address(), &clinic.code, "Front").await;
    other.pair(site, &site.invite(&clinic.id).unwrap(), "Back").await;
    for desk in [&desk, &other] {
        desk.until_up_to_date().await;
    }
    (stand_in, desk, other)
}

/// Rule 9; powersync-native#15.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_failed_is_tried_again_by_itself_and_not_with_the_next_save() {
    let Some(site) = site() else { return };
    let (stand_in, desk, other) = clinic(&site).await;
    stand_in.set("/v1/push", Does::Answer(BUSY));
    desk.create("Ann", "Ash").await;
    // Nobody saves, nothing arrives, and the live channel stays as it is.
    stand_in.until_met(3).await;
    assert_eq!(desk.status().await.unsent, 1);
    stand_in.pass();
    desk.until_up_to_date().await;
    other.until("the patient", async |desk| desk.families().await == ["Ash"]).await;
}

/// Rules 9 and 19; "connected, no error" while the upload queue is wedged (PowerSync under partitions, Jepsen).
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_whose_pushes_are_not_answered_is_not_up_to_date_though_the_channel_is_open_and_pages_come() {
    let Some(site) = site() else { return };
    let (stand_in, desk, other) = clinic(&site).await;
    let stuck = async |desk: &TestDesk| {
        let status = desk.status().await;
        assert!(status.state != SyncState::UpToDate && status.unsent == 1, "{status:?}");
        status
    };
    // Refused again and again.
    stand_in.set("/v1/push", Does::Answer(BUSY));
    desk.create("Ann", "Ash").await;
    stand_in.until_met(1).await;
    desk.until("told", async |desk| stuck(desk).await.state == SyncState::Offline).await;
    other.create("Bea", "Birch").await;
    // What cannot be sent holds up nothing that comes.
    desk.until("the other's", async |desk| {
        assert!(stuck(desk).await.problem.is_some_and(|problem| problem.message.contains("tried again")));
        desk.families().await == ["Ash", "Birch"]
    })
    .await;
    stuck(&desk).await;
    stand_in.pass();
    desk.until_up_to_date().await;
    // Left without an answer.
    stand_in.set("/v1/push", Does::Swallow);
    desk.create("Cleo", "Cedar").await;
    stand_in.until_met(1).await;
    other.create("Dora", "Dogwood").await;
    other.until_up_to_date().await;
    for _ in 0..50 {
        stuck(&desk).await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stand_in.pass();
    let all = ["Ash", "Birch", "Cedar", "Dogwood"];
    for desk in [&desk, &other] {
        desk.until("everything", async |desk| desk.families().await == all).await;
        desk.until_up_to_date().await;
        desk.is_sound().await;
    }
}

/// Rule 9: what was lost with the network is not waited for when the network is there again.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_asks_again_for_what_was_lost_when_the_way_to_the_server_broke_and_is_there_again() {
    let Some(mut site) = site() else { return };
    let (stand_in, desk, other) = clinic(&site).await;
    stand_in.set("/v1/push", Does::Swallow);
    desk.create("Ann", "Ash").await;
    stand_in.until_met(1).await;
    // The live channel ends and comes back. The connection of the push stays as it is.
    site.kill_server();
    site.start_server().unwrap();
    stand_in.until_met(2).await;
    stand_in.pass();
    other.until("the patient", async |desk| desk.families().await == ["Ash"]).await;
}

/// A desk that was killed when a request for `path` had met with that; it goes on with the server as it is.
async fn killed(
    stand_in: &StandIn,
    dir: tempfile::TempDir,
    first: Option<u64>,
    path: &'static str,
    does: Does,
) -> TestDesk {
    stand_in.set(path, does);
    let mut child = child(dir.path(), first);
    stand_in.until_met(1).await;
    child.kill_with_children().unwrap();
    stand_in.pass();
    TestDesk { desk: start(dir.path().to_owned(), true).await, dir }
}

/// Rule 9; powersync-sqlite-core#162.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_killed_in_the_middle_of_a_push_or_a_pull_is_not_stuck() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let stand_in = StandIn::start(&site.address()).await;
    let other = TestDesk::quiet().await;
    other.pair(&site, &clinic.code, "Other").await;
    app::seed_clinic(&other.desk, 600, 3, &mut |_, _| {}).await.unwrap();
    other.exchange().await;
    let TestDesk { desk, mut dir } = TestDesk::quiet().await;
    let code = site.invite(&clinic.id).unwrap();
    let request = json!({"address": stand_in.address(), "code": code, "device_name": "Killed"});
    desk.call("sync_pair", request).await.unwrap();
    desk.close().await;
    drop(desk);
    let mut before = 0;
    for (first, path, does) in [
        // In the middle of the first copy, with a page on the way.
        (None, "/v1/pull", Does::LoseAnswer),
        // Before the server heard of it, and when it had merged it and nobody knew.
        (Some(1_000), "/v1/push", Does::Swallow),
        (Some(2_000), "/v1/push", Does::LoseAnswer),
        // With what others did on the way.
        (None, "/v1/pull", Does::LoseAnswer),
    ] {
        other.create("Ann", path).await;
        other.exchange().await;
        let desk = killed(&stand_in, dir, first, path, does).await;
        desk.until("sent", async |desk| desk.status().await.unsent == 0).await;
        desk.until_up_to_date().await;
        other.exchange().await;
        let names = desk.names().await;
        assert_eq!(names, other.names().await, "{path} {does:?}");
        let made = names.iter().filter(|(family, _)| family.starts_with("Number ")).count();
        assert!(first.is_none() || made > before, "{path} {does:?}: nothing of what was saved is there");
        let saved: BTreeSet<_> = names.iter().filter(|(family, _)| family.starts_with("Number ")).collect();
        assert_eq!(saved.len(), made, "a save is there twice");
        before = made;
        assert_eq!(desk.status().await.conflicts, 0);
        desk.is_sound().await;
        let TestDesk { desk, dir: folder } = desk;
        desk.close().await;
        drop(desk);
        dir = folder;
    }
}
