//! Every route, with everything that its requests can name, and every credential that must not open it.

use crate::desk::{CLOCK, Desk, OWN, new_id};
use crate::roles::all_of;
use crate::site::Site;
use domain::id::ActorId;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::bucket_of;
use sync_protocol::{
    Change, Dot, Envelope, Epoch, Guard, Key, Kind, Offer, Op, PROTOCOL, PROTOCOL_HEADER, Place, Push,
    RecordState, RegisterState, Replica, ReplicaId, Speaks, Stamp, Upload, Version,
};
use sync_server::devices::admin;
use sync_server::http::{Access, Route, routes};
use uuid::Uuid;

/// What requests name: what a clinic has, or what is nowhere.
struct Named {
    record: Uuid,
    author: ReplicaId,
}

impl Named {
    fn key(&self) -> Key {
        Key { collection: "patient".to_owned(), record: self.record }
    }

    /// The op that made the record, as a message calls it.
    fn made(&self) -> Dot {
        Dot { replica: AUTHOR, seq: 1 }
    }

    /// The record as its author may have it.
    fn state(&self) -> RecordState {
        let stamp = Stamp { at_ms: 1_000, author: self.author, actor: ActorId(Uuid::from_u128(7)) };
        let version = Version::first(self.made());
        let life = RegisterState { version: version.clone(), stamp, value: true };
        let name = RegisterState { version, stamp, value: vec![json!("intruder")] };
        let registers = BTreeMap::from([("name".to_owned(), name)]);
        RecordState { kind: Kind::Mutable, life, registers }
    }
}

/// A message's number of whoever made the record.
const AUTHOR: Replica = Replica(1);

/// A sound request, and what a device of another clinic is to be told.
struct Asked {
    what: &'static str,
    path: String,
    body: Option<Value>,
    told: StatusCode,
}

/// Whoever asks, and what about.
struct Asking<'a> {
    desk: &'a Desk,
    named: &'a Named,
    epoch: Epoch,
}

impl Asking<'_> {
    fn message<M: Speaks + Serialize>(&self, message: M) -> Value {
        let ids = [(OWN, self.desk.id), (AUTHOR, self.named.author)];
        let id_of = |number| ids.iter().find(|(own, _)| *own == number).map(|(_, id)| *id);
        serde_json::to_value(Envelope::seal(message, id_of).unwrap()).unwrap()
    }

    fn push(&self, ops: Vec<Op>) -> Value {
        let transaction = self.desk.transaction(ops);
        let transactions = vec![transaction.into()];
        self.message(Push { epoch: self.epoch, clock: CLOCK, transactions })
    }

    /// What the route can be asked with. A route that is not here fails the test: whoever adds one says it.
    fn asked(&self, route: &Route) -> Vec<Asked> {
        let Self { desk, named, epoch } = self;
        let key = named.key();
        let one = |what, path: String, told| vec![Asked { what, path, body: None, told }];
        let with =
            |what, body: Value, told| Asked { what, path: route.path.to_owned(), body: Some(body), told };
        let own = || route.path.to_owned();
        match route.path {
            "/healthz" | "/readyz" | "/openapi.json" => one("", own(), StatusCode::OK),
            "/v1/pair" => {
                let body = json!({"code": "00000-00000", "device": named.author.device, "name": "x"});
                vec![with("a device of another clinic", body, StatusCode::FORBIDDEN)]
            }
            // About the clinic of the credential, whatever anybody has elsewhere.
            "/v1/epoch" | "/v1/devices" => one("", own(), StatusCode::OK),
            "/v1/invites" => one("", own(), StatusCode::CREATED),
            "/v1/live" => one("", own(), StatusCode::SWITCHING_PROTOCOLS),
            "/v1/devices/{device}" => {
                one("its device", format!("/v1/devices/{}", named.author.device), StatusCode::NOT_FOUND)
            }
            "/v1/push" => {
                let in_its_name =
                    Op { id: Dot { replica: AUTHOR, seq: 2 }, ..desk.insert(key.record, "intruder") };
                let mut rename = desk.insert(key.record, "");
                rename.base = Some(Version::first(named.made()));
                rename.change = Change::Set { register: "name".to_owned(), values: vec![json!("intruder")] };
                let mut guarded = desk.insert(new_id(), "intruder");
                let (collection, register) = (key.collection.clone(), "name".to_owned());
                guarded.guards = vec![Guard { collection, record: key.record, register, at: named.made() }];
                let insert = desk.insert(key.record, "intruder");
                vec![
                    with("in its device's name", self.push(vec![in_its_name]), StatusCode::FORBIDDEN),
                    with("a guard of its record", self.push(vec![guarded]), StatusCode::OK),
                    with("a change of its record", self.push(vec![rename]), StatusCode::OK),
                    with("its record anew", self.push(vec![insert]), StatusCode::OK),
                ]
            }
            "/v1/pull" => {
                let from = |after: Place| json!({"epoch": epoch, "after": after, "limit": 10});
                vec![
                    with("everything", from(Place { seq: 0, key: None }), StatusCode::OK),
                    with("behind its record", from(Place { seq: 0, key: Some(key) }), StatusCode::OK),
                ]
            }
            "/v1/offer" => {
                let versions = vec![(String::new(), Version::first(named.made()))];
                let offer = Offer { epoch: *epoch, records: vec![(key, versions)] };
                vec![with("its record", self.message(offer), StatusCode::OK)]
            }
            "/v1/upload" => {
                let records = vec![(key, named.state())];
                let (epoch, clock) = (*epoch, CLOCK);
                let upload = Upload {
                    epoch,
                    clock,
                    in_device_time: false,
                    records,
                    rejections: Vec::new(),
                    never_made: Vec::new(),
                };
                vec![with("its record", self.message(upload), StatusCode::NO_CONTENT)]
            }
            "/v1/digests" => vec![with("", json!({"epoch": epoch}), StatusCode::OK)],
            "/v1/bucket" => {
                let body = json!({"epoch": epoch, "bucket": bucket_of(&key)});
                vec![with("that of its record", body, StatusCode::OK)]
            }
            other => panic!("{other} is not listed in this test"),
        }
    }
}

async fn ask(desk: &Desk, method: &Method, asked: &Asked, token: Option<&str>) -> (StatusCode, String) {
    let mut request = crate::desk::http().request(method.clone(), format!("{}{}", desk.address, asked.path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if asked.path == "/v1/live" {
        request = request.header("connection", "upgrade").header("upgrade", "websocket");
        request = request.header("sec-websocket-version", "13");
        request = request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    if let Some(body) = &asked.body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    // What follows on an open channel is no answer.
    let is_open = status == StatusCode::SWITCHING_PROTOCOLS;
    (status, if is_open { String::new() } else { answer.text().await.unwrap() })
}

/// Those that change nothing first, so that what they find does not depend on the others.
fn readers_first() -> Vec<Route> {
    let mut routes = routes();
    routes.sort_by_key(|route| ["/v1/push", "/v1/upload"].contains(&route.path));
    routes
}

/// A code whose time is over.
async fn expired(site: &Site, clinic: Uuid) -> String {
    let code = admin::invite(&site.owner, clinic).await.unwrap().to_string();
    let age = "UPDATE invite SET expires_at = expires_at - interval '15 minutes' WHERE redeemed_at IS NULL";
    sqlx::query(age).execute(&site.owner).await.unwrap();
    code
}

/// A clinic with a desk and a record, which are all that requests can name of it.
async fn clinic_with_a_record(site: &Site) -> (Desk, Named) {
    let desk = site.desk(site.clinic().await).await;
    let record = new_id();
    desk.push(vec![desk.transaction(vec![desk.insert(record, "Ada Secret")])]).await;
    let named = Named { record, author: desk.id };
    let in_its_bucket: Value = desk
        .post("/v1/bucket", &json!({"epoch": desk.epoch().await, "bucket": bucket_of(&named.key())}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(in_its_bucket["message"]["records"].as_array().unwrap().len(), 1, "{in_its_bucket}");
    (desk, named)
}

/// Everything that the database has of a clinic, but for when devices were heard of: one that was shut out is.
async fn kept(site: &Site, clinic: Uuid) -> Vec<Value> {
    let mut rows: Vec<Value> =
        all_of(site, clinic).await.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    rows.iter_mut().for_each(|row| row["last_contact"] = Value::Null);
    rows
}

#[tokio::test]
async fn no_route_opens_without_a_credential_that_is_good() {
    let site = Site::open().await;
    let (desk, named) = clinic_with_a_record(&site).await;
    let clinic = desk.clinic;
    let (gone, stranger) = (site.desk(clinic).await, site.desk(site.clinic().await).await);
    admin::revoke(&site.owner, clinic, gone.id.device).await.unwrap();
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
    let epoch = desk.epoch().await;
    // Each of them asks as the device would whose credential it lacks.
    let asking = Asking { desk: &desk, named: &named, epoch };
    let before = kept(&site, clinic).await;
    for route in routes() {
        for asked in asking.asked(&route) {
            let place = format!("{} {}, {}", route.method, route.path, asked.what);
            for (token, what) in wrong.iter().filter(|_| route.access == Access::Device) {
                let (status, body) = ask(&desk, &route.method, &asked, *token).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{place} with {what}");
                for secret in ["Ada", &clinic.to_string(), &named.record.to_string(), &epoch.0.to_string()] {
                    assert!(!body.contains(secret), "{place} with {what}: {body}");
                }
            }
            if route.access == Access::Anyone {
                let (status, _) = ask(&desk, &route.method, &asked, None).await;
                assert_eq!(status, asked.told, "{place}");
            }
        }
    }
    assert_eq!(kept(&site, clinic).await, before);
}

#[tokio::test]
async fn a_code_whose_time_is_over_or_that_is_spent_lets_nobody_in() {
    let site = Site::open().await;
    let (desk, named) = clinic_with_a_record(&site).await;
    let late = expired(&site, desk.clinic).await;
    let spent = admin::invite(&site.owner, desk.clinic).await.unwrap().to_string();
    let own = admin::invite(&site.owner, site.clinic().await).await.unwrap().to_string();
    Desk::pair(&site.address, &spent).await;
    let before = all_of(&site, desk.clinic).await;
    // Under an id of its own, and under that of a device that is let in already.
    for device in [new_id(), named.author.device] {
        for code in [&late, &spent] {
            let body = json!({"code": code, "device": device, "name": "x"});
            assert_eq!(desk.post("/v1/pair", &body).await.status(), StatusCode::FORBIDDEN);
        }
    }
    // Another clinic's code lets the same id into that clinic.
    let body = json!({"code": own, "device": named.author.device, "name": "x"});
    let paired: Value = desk.post("/v1/pair", &body).await.json().await.unwrap();
    assert_ne!(paired["clinic"], json!(desk.clinic));
    assert_eq!(all_of(&site, desk.clinic).await, before);
}

/// An answer with what its asker knows already left out.
fn without_what_was_asked(body: &str, stranger: &Desk, named: &Named, own: Epoch, asked: Epoch) -> String {
    let known = [
        (named.record, "RECORD"),
        (named.author.device, "DEVICE"),
        (named.author.incarnation, "INCARNATION"),
        (stranger.id.device, "OWN-DEVICE"),
        (stranger.id.incarnation, "OWN-INCARNATION"),
        (own.0, "OWN-EPOCH"),
        (asked.0, "EPOCH"),
    ];
    known.iter().fold(body.to_owned(), |body, (id, name)| body.replace(&id.to_string(), name))
}

#[tokio::test]
async fn another_clinics_device_learns_and_changes_as_much_as_if_there_were_nothing() {
    let site = Site::open().await;
    let (desk, there) = clinic_with_a_record(&site).await;
    let nowhere = Named { record: new_id(), author: ReplicaId { device: new_id(), incarnation: new_id() } };
    let (foreign, made_up) = (desk.epoch().await, Epoch(new_id()));
    // One asks about what this clinic has, the other one about what nobody has.
    let clinics = [site.clinic().await, site.clinic().await];
    let strangers = [site.desk(clinics[0]).await, site.desk(clinics[1]).await];
    let before = all_of(&site, desk.clinic).await;
    for route in readers_first().into_iter().filter(|route| route.access == Access::Device) {
        let own = [strangers[0].epoch().await, strangers[1].epoch().await];
        // In the epoch of their own clinics, and in one that is none of theirs.
        for (epochs, is_own) in [(own, true), ([foreign, made_up], false)] {
            let asking = [
                Asking { desk: &strangers[0], named: &there, epoch: epochs[0] },
                Asking { desk: &strangers[1], named: &nowhere, epoch: epochs[1] },
            ];
            for (about_it, about_nothing) in asking[0].asked(&route).iter().zip(asking[1].asked(&route)) {
                if about_it.body.is_none() && !is_own {
                    continue;
                }
                let place = format!("{} {}, {}", route.method, route.path, about_it.what);
                let (status, body) = ask(&desk, &route.method, about_it, Some(&strangers[0].token)).await;
                // A message of another life of the server is refused before anything is looked up.
                let told = if is_own || about_it.told == StatusCode::FORBIDDEN {
                    about_it.told
                } else {
                    StatusCode::CONFLICT
                };
                assert_eq!(status, told, "{place}, own epoch: {is_own}");
                assert!(!body.contains("Ada"), "{place}: {body}");
                let (other, elsewhere) =
                    ask(&desk, &route.method, &about_nothing, Some(&strangers[1].token)).await;
                assert_eq!(status, other, "{place}");
                if ["/v1/devices", "/v1/invites"].contains(&route.path) {
                    // They name nothing, and tell times and new codes.
                    for id in [there.author.device, desk.clinic] {
                        assert!(!body.contains(&id.to_string()), "{place}: {body}");
                    }
                    continue;
                }
                assert_eq!(
                    without_what_was_asked(&body, &strangers[0], &there, own[0], epochs[0]),
                    without_what_was_asked(&elsewhere, &strangers[1], &nowhere, own[1], epochs[1]),
                    "{place}"
                );
            }
        }
    }
    assert_eq!(all_of(&site, desk.clinic).await, before);
    // What they wrote is in their own clinics, and this clinic's device is still welcome.
    assert_eq!(desk.names().await, [(there.record, "Ada Secret".to_owned())]);
    assert!(strangers[0].names().await.contains(&(there.record, "intruder".to_owned())));
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
