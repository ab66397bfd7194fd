//! How often somebody may ask, how long a request may take, and whose limits count behind a proxy.

use crate::desk::{Desk, http, new_id};
use crate::site::{SERVER, Site};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::{Duration, Instant};
use sync_server::devices::admin;
use sync_server::serve::{Running, Settings, Timeouts, start};

/// Within this time any machine asks more often than it may.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for the epoch until that is too often; what was answered before.
async fn until_too_often(desk: &Desk, token: &str) -> Vec<StatusCode> {
    let http = http();
    let url = format!("{}/v1/epoch", desk.address);
    let (started, mut answers) = (Instant::now(), Vec::new());
    while started.elapsed() < PATIENCE {
        let asked = (0..20).map(|_| http.get(&url).bearer_auth(token).send());
        for answer in join_all(asked).await {
            match answer.unwrap().status() {
                StatusCode::TOO_MANY_REQUESTS => return answers,
                status => answers.push(status),
            }
        }
    }
    panic!("{} answers, and none is that this is too often", answers.len());
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_to_wait_and_no_other() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let answers = until_too_often(&desk, &desk.token).await;
    assert!(answers.len() >= 200, "a desk that has much to say at once: {}", answers.len());
    assert!(answers.iter().all(|status| *status == StatusCode::OK));
    other.epoch().await;
}

#[tokio::test]
async fn an_address_that_tries_credentials_is_told_to_wait_and_its_desks_are_served() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    desk.epoch().await;
    let wrong = with_another_secret(&desk.token);
    let answers = until_too_often(&desk, &wrong).await;
    assert!(answers.iter().all(|status| *status == StatusCode::UNAUTHORIZED));
    // A credential that is known is not looked up.
    desk.epoch().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up_and_leaves_the_clinic_free() {
    let site = Site::open().await;
    let timeouts = Timeouts { request: Duration::from_millis(500), ..Timeouts::default() };
    let server = start(Settings { timeouts, ..site.settings(SERVER) }).await.unwrap();
    let mut desk = site.desk(site.clinic().await).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    let address = std::mem::replace(&mut desk.address, server.url());
    let holder = site.hold().await;
    assert_eq!(desk.post("/v1/push", &message).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    holder.rollback().await.unwrap();
    // The same again is taken, by this server and by another one.
    assert_eq!(desk.post("/v1/push", &message).await.status(), StatusCode::OK);
    desk.address = address;
    assert_eq!(desk.post("/v1/push", &message).await.status(), StatusCode::OK);
    assert_eq!(desk.names().await.len(), 1);
    server.stop().await.unwrap();
}

/// A credential of the same form that nobody has.
fn with_another_secret(token: &str) -> String {
    let last = if token.ends_with('A') { "E" } else { "A" };
    format!("{}{last}", &token[..token.len() - 1])
}

async fn behind_a_proxy(site: &Site) -> Running {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    start(Settings { trusted_proxies, ..site.settings(SERVER) }).await.unwrap()
}

/// Tries a code, as a proxy passes it on that says where from.
async fn pair(address: &str, code: &str, forwarded: &str) -> StatusCode {
    let body = json!({"code": code, "device": new_id(), "name": "Front desk"});
    let request = http().post(format!("{address}/v1/pair")).header("x-forwarded-for", forwarded);
    request.json(&body).send().await.unwrap().status()
}

const WRONG: &str = "00000-00000";

#[tokio::test]
async fn behind_a_proxy_that_is_trusted_one_guesser_of_codes_is_in_nobody_elses_way() {
    let site = Site::open().await;
    let server = behind_a_proxy(&site).await;
    let code = admin::invite(&site.owner, site.clinic().await).await.unwrap().to_string();
    for n in 0..10 {
        // What the guesser claims to have come through is before what the proxy says.
        let forwarded = format!("203.0.113.{n}, 198.51.100.7");
        assert_eq!(pair(&server.url(), WRONG, &forwarded).await, StatusCode::FORBIDDEN);
    }
    let claimed = "203.0.113.99, 198.51.100.7";
    assert_eq!(pair(&server.url(), &code, claimed).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(pair(&server.url(), &code, "198.51.100.8").await, StatusCode::OK);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_cannot_pretend_to_be_many() {
    let site = Site::open().await;
    let code = admin::invite(&site.owner, site.clinic().await).await.unwrap().to_string();
    for n in 0..10 {
        assert_eq!(pair(&site.address, WRONG, &format!("203.0.113.{n}")).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(pair(&site.address, &code, "203.0.113.99").await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_proxy_credentials_are_counted_by_where_they_come_from() {
    let site = Site::open().await;
    let server = behind_a_proxy(&site).await;
    let url = format!("{}/v1/epoch", server.url());
    let desk = site.desk(site.clinic().await).await;
    let wrong = with_another_secret(&desk.token);
    let http = http();
    let ask = |token: &str, from: &str| {
        http.request(Method::GET, &url).bearer_auth(token).header("x-forwarded-for", from).send()
    };
    let started = Instant::now();
    while join_all((0..20).map(|_| ask(&wrong, "198.51.100.7")))
        .await
        .into_iter()
        .all(|answer| answer.unwrap().status() == StatusCode::UNAUTHORIZED)
    {
        assert!(started.elapsed() < PATIENCE);
    }
    // This server has not seen the desk's credential yet: it has to be looked up.
    assert_eq!(ask(&desk.token, "198.51.100.8").await.unwrap().status(), StatusCode::OK);
    server.stop().await.unwrap();
}
