//! Every route with every credential that must not open it.

use crate::desk::{Desk, new_id};
use crate::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use sync_protocol::{Epoch, PROTOCOL, PROTOCOL_HEADER, Place};
use sync_server::devices::admin;
use sync_server::http::{Access, routes};
use uuid::Uuid;

/// What a route is asked with: a sound request about the clinic of `desk`.
struct Asked {
    path: String,
    body: Option<Value>,
}

/// A route that is not here fails the test: whoever adds one says what it is asked with.
async fn asked(route: &str, desk: &Desk, epoch: Epoch, code: &str) -> Option<Asked> {
    let at = |path: &str| Asked { path: path.to_owned(), body: None };
    let with = |body: Value| Asked { path: route.to_owned(), body: Some(body) };
    let empty = |extra: Value| {
        let mut message = json!({"epoch": epoch});
        message.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        with(json!({"replicas": [], "message": message}))
    };
    let clock = json!({"wall_ms": 1, "boot_ms": 1, "boot": null});
    Some(match route {
        "/healthz" | "/readyz" | "/openapi.json" | "/v1/epoch" | "/v1/live" | "/v1/devices"
        | "/v1/invites" => at(route),
        "/v1/devices/{device}" => at(&format!("/v1/devices/{}", desk.id.device)),
        "/v1/pair" => with(json!({"code": code, "device": new_id(), "name": "x"})),
        "/v1/push" => {
            let transactions = vec![desk.transaction(vec![desk.insert(new_id(), "intruder")])];
            let push = desk.message_in(epoch, transactions);
            with(serde_json::to_value(push).unwrap())
        }
        "/v1/pull" => with(json!({"epoch": epoch, "after": Place { seq: 0, key: None }, "limit": 10})),
        "/v1/offer" => empty(json!({"records": []})),
        "/v1/upload" => empty(json!({"clock": clock, "records": [], "rejections": []})),
        "/v1/digests" => with(json!({"epoch": epoch})),
        "/v1/bucket" => with(json!({"epoch": epoch, "bucket": {"collection": "patient", "number": 0}})),
        _ => return None,
    })
}

/// A code whose time is over.
async fn expired(site: &Site, clinic: Uuid) -> String {
    let code = admin::invite(&site.owner, clinic).await.unwrap().to_string();
    let age = "UPDATE invite SET expires_at = expires_at - interval '15 minutes' WHERE redeemed_at IS NULL";
    sqlx::query(age).execute(&site.owner).await.unwrap();
    code
}

async fn ask(desk: &Desk, method: &Method, asked: &Asked, token: Option<&str>) -> (StatusCode, String) {
    let http = crate::desk::http();
    let mut request = http.request(method.clone(), format!("{}{}", desk.address, asked.path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = &asked.body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn no_route_opens_to_who_may_not_use_it() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, gone, stranger) =
        (site.desk(clinic).await, site.desk(clinic).await, site.desk(site.clinic().await).await);
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada Secret")])]).await;
    admin::revoke(&site.owner, clinic, gone.id.device).await.unwrap();
    let epoch = desk.epoch().await;
    let secret = |token: &str| token.split_once('.').unwrap().1.to_owned();
    let forged = format!("{}.{}", clinic.simple(), secret(&stranger.token));
    let nobody = format!("{}.{}", Uuid::from_u128(9).simple(), secret(&desk.token));
    let code = expired(&site, clinic).await;
    let (mut slip, shout) = (desk.token.clone(), desk.token.to_uppercase());
    let last = if slip.pop() == Some('A') { 'B' } else { 'A' };
    slip.insert(40, last);
    let endless = format!("{}{}", desk.token, "A".repeat(4_000));
    let wrong = [
        (None, "no token"),
        (Some(code.as_str()), "a code whose time is over"),
        (Some(slip.as_str()), "a token with a slip"),
        (Some(shout.as_str()), "a token in capitals"),
        (Some(endless.as_str()), "a token with more behind it"),
        (Some("\u{fc}\u{1f511}"), "what is no header at all"),
        (Some(""), "an empty token"),
        (Some(gone.token.as_str()), "a revoked device"),
        (Some(forged.as_str()), "another clinic's device that names this one"),
        (Some(nobody.as_str()), "a clinic that there is not"),
        (Some("0"), "no token at all"),
    ];
    for route in routes() {
        let asked = asked(route.path, &desk, epoch, &code).await;
        let asked = asked.unwrap_or_else(|| panic!("{} is not listed in this test", route.path));
        for (token, what) in wrong.iter().filter(|_| route.access == Access::Device) {
            let (status, body) = ask(&desk, &route.method, &asked, *token).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{} with {what}", route.path);
            assert!(!body.contains("Ada") && !body.contains(&clinic.to_string()), "{body}");
        }
        if route.access == Access::Anyone {
            let (status, _) = ask(&desk, &route.method, &asked, None).await;
            // There is one that lets somebody in, and not by this code.
            let expected = if route.path == "/v1/pair" { StatusCode::FORBIDDEN } else { StatusCode::OK };
            assert_eq!(status, expected, "{}", route.path);
        }
    }
}

#[tokio::test]
async fn another_clinics_device_finds_nothing_of_this_one() {
    let site = Site::open().await;
    let (desk, stranger) = (site.desk(site.clinic().await).await, site.desk(site.clinic().await).await);
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada Secret")])]).await;
    let epoch = desk.epoch().await;
    for route in
        routes().into_iter().filter(|route| route.access == Access::Device && route.path != "/v1/live")
    {
        let asked = asked(route.path, &desk, epoch, "").await.unwrap();
        let (status, body) = ask(&desk, &route.method, &asked, Some(&stranger.token)).await;
        assert!(!body.contains("Ada"), "{}: {body}", route.path);
        assert!(!body.contains(&desk.id.device.to_string()), "{}: {body}", route.path);
        // What names something of this clinic is refused; what does not is about the stranger's own clinic.
        let own = ["/v1/epoch", "/v1/devices", "/v1/invites"].contains(&route.path);
        assert_eq!(status.is_success(), own, "{}: {status}", route.path);
    }
    // The same in the stranger's own epoch: what names devices or records of this clinic finds none.
    let own = stranger.epoch().await;
    for route in routes().into_iter().filter(|route| route.access == Access::Device) {
        let Some(asked) = asked(route.path, &desk, own, "").await.filter(|asked| asked.body.is_some()) else {
            continue;
        };
        let (status, body) = ask(&desk, &route.method, &asked, Some(&stranger.token)).await;
        assert!(
            !body.contains("Ada") && !body.contains(&desk.id.device.to_string()),
            "{}: {body}",
            route.path
        );
        let expected = if route.path == "/v1/push" { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert!(status == expected || status == StatusCode::NO_CONTENT, "{}: {status}", route.path);
    }
    assert_eq!(desk.names().await.len(), 1);
    assert_eq!(stranger.names().await.len(), 0);
    // The device is still welcome: another clinic cannot shut it out.
    desk.epoch().await;
}

#[tokio::test]
async fn every_answer_tells_the_protocol_also_to_whom_nothing_else_is_told() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let nowhere = [(Method::GET, "/v9/nothing"), (Method::PUT, "/v1/push"), (Method::GET, "/")];
    let all = routes().into_iter().map(|route| (route.method, route.path)).chain(nowhere);
    for (method, path) in all {
        let stranger = crate::desk::http().request(method.clone(), format!("{}{path}", desk.address));
        for request in [stranger, desk.request(method, path)] {
            let answer = request.send().await.unwrap();
            let told = answer.headers().get(PROTOCOL_HEADER).and_then(|value| value.to_str().ok());
            assert_eq!(told, Some(PROTOCOL.to_string().as_str()), "{path}: {}", answer.status());
            assert!(answer.headers().contains_key("date"), "{path}");
        }
    }
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = serde_json::to_value(sync_server::http::document()).unwrap();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| {
                let access = if operation["security"].is_null() { Access::Anyone } else { Access::Device };
                (path.clone(), method.to_uppercase(), format!("{access:?}"))
            })
        })
        .collect();
    let there: BTreeSet<_> = routes()
        .into_iter()
        .map(|route| (route.path.to_owned(), route.method.to_string(), format!("{:?}", route.access)))
        .collect();
    assert_eq!(described, there);
}
