//! Letting devices in, and shutting them out.

use crate::desk::{Desk, new_id};
use crate::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use sync_server::devices::admin;

async fn pair(address: &str, code: &str) -> StatusCode {
    let body = json!({"code": code, "device": new_id(), "name": "Front desk"});
    let http = crate::desk::http();
    http.post(format!("{address}/v1/pair")).json(&body).send().await.unwrap().status()
}

#[tokio::test]
async fn a_code_lets_one_device_in_and_only_for_a_while() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let code = admin::invite(&site.owner, clinic).await.unwrap().to_string();
    assert_eq!(pair(&site.address, "00000-00000").await, StatusCode::FORBIDDEN);
    // As somebody types it who heard it over the phone.
    assert_eq!(pair(&site.address, &code.to_lowercase().replace('-', " ")).await, StatusCode::OK);
    assert_eq!(pair(&site.address, &code).await, StatusCode::FORBIDDEN, "it is spent");
    let late = admin::invite(&site.owner, clinic).await.unwrap().to_string();
    sqlx::query("UPDATE invite SET expires_at = now() - interval '1 second' WHERE redeemed_at IS NULL")
        .execute(&site.owner)
        .await
        .unwrap();
    assert_eq!(pair(&site.address, &late).await, StatusCode::FORBIDDEN, "its time is over");
}

#[tokio::test]
async fn a_code_lets_one_device_in_even_if_two_use_it_at_once() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    // Ten tries at most come through at once.
    for _ in 0..5 {
        let code = admin::invite(&site.owner, clinic).await.unwrap().to_string();
        let (a, b) = tokio::join!(pair(&site.address, &code), pair(&site.address, &code));
        let let_in = [a, b].into_iter().filter(|status| *status == StatusCode::OK).count();
        assert_eq!(let_in, 1);
    }
}

#[tokio::test]
async fn codes_cannot_be_tried_one_after_the_other() {
    let site = Site::open().await;
    let code = admin::invite(&site.owner, site.clinic().await).await.unwrap().to_string();
    for _ in 0..10 {
        assert_eq!(pair(&site.address, "00000-00000").await, StatusCode::FORBIDDEN);
    }
    assert_eq!(pair(&site.address, &code).await, StatusCode::TOO_MANY_REQUESTS, "also not the right one");
}

#[tokio::test]
async fn a_desk_sees_its_clinics_devices_and_lets_another_one_in() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    site.desk(site.clinic().await).await;
    let answer = desk.request(Method::POST, "/v1/invites").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let invite: Value = answer.json().await.unwrap();
    let other = Desk::pair(&site.address, invite["code"].as_str().unwrap()).await;
    assert_eq!(other.clinic, desk.clinic);
    let devices: Vec<Value> = other.get("/v1/devices").await;
    let ids: Vec<_> = devices.iter().map(|device| device["id"].clone()).collect();
    assert_eq!(ids, [json!(desk.id.device), json!(other.id.device)]);
    assert!(devices.iter().all(|device| device["name"] == "Front desk" && device["revoked_at"].is_null()));
    assert!(!devices.iter().any(|device| device.get("token_hash").is_some()));
}

#[tokio::test]
async fn a_device_that_was_shut_out_is_refused_within_five_seconds_by_every_server() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, mut other) = (site.desk(clinic).await, site.desk(clinic).await);
    let (second, address) = site.another_server().await;
    other.address = address;
    // Both servers know the token by now.
    other.epoch().await;
    let path = format!("/v1/devices/{}", other.id.device);
    assert_eq!(desk.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let revoked = Instant::now();
    let problem: Value = loop {
        let answer = other.request(Method::GET, "/v1/epoch").send().await.unwrap();
        if answer.status() == StatusCode::UNAUTHORIZED {
            break answer.json().await.unwrap();
        }
        assert!(revoked.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(problem["code"], "revoked", "it is told why");
    desk.epoch().await;
    second.stop().await.unwrap();
}
