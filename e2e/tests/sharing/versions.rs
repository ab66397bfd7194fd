//! A server of another version, and what is no server of ours, at the address where one was.

use crate::stand_in::{Does, StandIn};
use crate::support::*;
use contract::{SyncProblemCode, SyncState};
use serde_json::json;

/// A route that it does not have, a message with less in it than it needs.
const OLDER: [&str; 2] = [
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nFrontdesk-Protocol: 0\r\n\
     Content-Type: application/problem+json\r\n\r\n\
     {\"code\":\"not_found\",\"title\":\"there is no such address\",\"status\":404}",
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nFrontdesk-Protocol: 0\r\n\
     Content-Type: application/problem+json\r\n\r\n\
     {\"code\":\"malformed\",\"title\":\"unknown field\",\"status\":400,\
      \"refusal\":{\"replicas\":[],\"message\":{\"code\":\"malformed\",\"why\":\"unknown field\"}}}",
];

/// An answer of another form, and one that says that the route is gone.
const NEWER: [&str; 2] = [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nFrontdesk-Protocol: 4000000000\r\n\
     Content-Type: application/json\r\n\r\n{\"of\":\"a newer server\"}",
    "HTTP/1.1 410 Gone\r\nConnection: close\r\nFrontdesk-Protocol: 4000000000\r\n\
     Content-Type: application/problem+json\r\n\r\n\
     {\"code\":\"gone\",\"title\":\"ask in another way\",\"status\":410}",
];

/// A page, a page that is missing, another service's problem.
const OTHER: [&str; 3] = [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<h1>It works!</h1>",
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<h1>Not found</h1>",
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: application/problem+json\r\n\r\n\
     {\"code\":\"not_found\",\"title\":\"no such thing\",\"status\":404}",
];

fn answers() -> impl Iterator<Item = (&'static str, &'static str, SyncProblemCode)> {
    let older = OLDER.map(|answer| (answer, "server is older", SyncProblemCode::Version));
    let newer = NEWER.map(|answer| (answer, "server is newer", SyncProblemCode::Version));
    let other = OTHER.map(|answer| (answer, "no Frontdesk sync server", SyncProblemCode::NotAServer));
    older.into_iter().chain(newer).chain(other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_became_older_newer_or_something_else_is_told_and_gets_everything_when_it_is_right_again()
 {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let stand_in = StandIn::start(&site.address()).await;
    let [desk, other] = [TestDesk::open().await, TestDesk::quiet().await];
    desk.pair_at(&stand_in.address(), &clinic.code, "Front").await;
    desk.until_up_to_date().await;
    for (n, (answer, says, code)) in answers().enumerate() {
        stand_in.set("/v1/", Does::Answer(answer));
        desk.call("sync_now", json!({})).await;
        desk.until("told", async |desk| desk.status().await.state == SyncState::Stopped).await;
        let problem = desk.status().await.problem.unwrap();
        assert!(problem.message.contains(says), "{answer}: {problem:?}");
        assert_eq!(problem.code, code);
        desk.create("Ann", &format!("Ash {n}")).await;
        assert_eq!(desk.status().await.unsent, 1, "{answer}");
        stand_in.pass();
        desk.call("sync_now", json!({})).await;
        desk.until("sent", async |desk| desk.status().await.unsent == 0).await;
        desk.until_up_to_date().await;
        assert_eq!(desk.status().await.problem, None);
    }
    other.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    other.exchange().await;
    assert_eq!(other.families().await.len(), answers().count());
    assert_eq!(other.families().await, desk.families().await);
    desk.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_connected_to_the_wrong_version_is_told_which_is_to_be_updated() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let stand_in = StandIn::start(&site.address()).await;
    let desk = TestDesk::quiet().await;
    let request = json!({"address": stand_in.address(), "code": clinic.code, "device_name": "Front"});
    for (answer, says, _) in answers() {
        stand_in.set("/v1/pair", Does::Answer(answer));
        let error = desk.fails("sync_pair", request.clone()).await;
        assert!(error.message.contains(says), "{answer}: {error:?}");
    }
    stand_in.pass();
    desk.call("sync_pair", request).await;
    desk.exchange().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_believed_that_something_was_done() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let stand_in = StandIn::start(&site.address()).await;
    let [desk, other] = [TestDesk::quiet().await, TestDesk::quiet().await];
    // What it has already is uploaded with the first exchange.
    desk.create("Ann", "Ash").await;
    desk.pair_at(&stand_in.address(), &clinic.code, "Front").await;
    stand_in.set("/v1/upload", Does::Answer(OTHER[0]));
    let error = app::sync_once(&desk.desk).await.unwrap_err();
    assert!(error.to_string().contains("no Frontdesk sync server"), "{error}");
    stand_in.pass();
    desk.exchange().await;
    other.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    other.exchange().await;
    assert_eq!(other.families().await, ["Ash"]);
}
