//! A desk: what it says over HTTP, and what it hears.

use domain::id::ActorId;
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use sync_protocol::{
    Change, Clock, Dot, Envelope, Epoch, Key, Kind, Op, Outcome, Page, Place, Pull, Push, Pushed, Replica,
    ReplicaId, Sent, Transaction, Version,
};
use uuid::Uuid;

static IDS: AtomicU32 = AtomicU32::new(1);

/// An id that no other test has.
pub fn new_id() -> Uuid {
    Uuid::from_u128(0x5000_0000_0000_0000 | u128::from(IDS.fetch_add(1, Ordering::Relaxed)))
}

pub struct Desk {
    http: reqwest::Client,
    pub address: String,
    pub token: String,
    pub clinic: Uuid,
    pub id: ReplicaId,
    seq: AtomicU64,
    pub known_epoch: Option<Epoch>,
}

/// The desk's own replica: the first of every message that it sends.
pub const OWN: Replica = Replica(0);

/// A client that goes to nobody but the server.
pub fn http() -> reqwest::Client {
    // It can speak TLS and asks for a provider of ciphers, also where it uses none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Desk {
    pub async fn pair(address: &str, code: &str) -> Self {
        let device = new_id();
        let http = http();
        let body = json!({"code": code, "device": device, "name": "Front desk"});
        let answer = http.post(format!("{address}/v1/pair")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let paired: Value = answer.json().await.unwrap();
        let clinic = paired["clinic"].as_str().unwrap().parse().unwrap();
        Self::new(address, clinic, device, paired["token"].as_str().unwrap())
    }

    /// One that was let in.
    pub fn new(address: &str, clinic: Uuid, device: Uuid, token: &str) -> Self {
        Self {
            http: http(),
            address: address.to_owned(),
            token: token.to_owned(),
            clinic,
            id: ReplicaId { device, incarnation: new_id() },
            seq: AtomicU64::new(1),
            known_epoch: None,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token)
    }

    pub async fn post(&self, path: &str, body: &impl serde::Serialize) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Nothing if the server is gone.
    pub async fn try_post(&self, path: &str, body: &impl serde::Serialize) -> Option<Response> {
        self.request(Method::POST, path).json(body).send().await.ok()
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn epoch(&self) -> Epoch {
        self.get("/v1/epoch").await
    }

    pub fn seal<M: sync_protocol::Speaks>(&self, message: M) -> Envelope<M> {
        let id = self.id;
        Envelope::seal(message, |replica| (replica == OWN).then_some(id)).unwrap()
    }

    /// The next op of this desk.
    pub fn op(&self, record: Uuid, base: Option<Version>, change: Change) -> Op {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        Op {
            id: Dot { replica: OWN, seq },
            collection: "patient".to_owned(),
            record,
            kind: Kind::Mutable,
            base,
            guards: Vec::new(),
            change,
        }
    }

    pub fn insert(&self, record: Uuid, name: &str) -> Op {
        self.op(record, None, Change::Insert { registers: vec![("name".to_owned(), vec![json!(name)])] })
    }

    pub fn rename(&self, record: Uuid, base: &Op, name: &str) -> Op {
        let change = Change::Set { register: "name".to_owned(), values: vec![json!(name)] };
        self.op(record, Some(base.version()), change)
    }

    pub fn transaction(&self, ops: Vec<Op>) -> Transaction {
        Transaction { id: new_id(), actor: ActorId(Uuid::from_u128(7)), clock: CLOCK, ops }
    }

    pub async fn message(&self, transactions: Vec<Transaction>) -> Envelope<Push> {
        self.message_in(self.epoch().await, transactions)
    }

    pub fn message_in(&self, epoch: Epoch, transactions: Vec<Transaction>) -> Envelope<Push> {
        let transactions = transactions.into_iter().map(Sent::from).collect();
        self.seal(Push { epoch, clock: CLOCK, transactions })
    }

    pub async fn push(&self, transactions: Vec<Transaction>) -> Vec<Outcome> {
        let answer = self.post("/v1/push", &self.message(transactions).await).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Envelope<Pushed>>().await.unwrap().message.results
    }

    pub async fn page(&self, after: Place, limit: u32) -> Page {
        self.page_in(self.epoch().await, after, limit).await.unwrap()
    }

    /// Nothing if the desk asks too often.
    pub async fn page_in(&self, epoch: Epoch, after: Place, limit: u32) -> Option<Page> {
        let answer = self.post("/v1/pull", &Pull { epoch, after, limit }).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        Some(answer.json::<Envelope<Page>>().await.unwrap().message)
    }

    /// Everything, in pages of `limit`, and how many pages that took.
    pub async fn pull_all(&self, limit: u32) -> (Vec<(Key, sync_protocol::RecordState)>, u64, u32) {
        let (mut records, mut after, mut pages) = (Vec::new(), Place { seq: 0, key: None }, 0);
        loop {
            let page = self.page(after, limit).await;
            pages += 1;
            records.extend(page.records);
            after = page.next;
            if let Some(head) = page.head {
                return (records, head, pages);
            }
        }
    }

    /// The names of all patients.
    pub async fn names(&self) -> Vec<(Uuid, String)> {
        let (records, _, _) = self.pull_all(1_000).await;
        let patients = records.into_iter().filter(|(key, _)| key.collection == "patient");
        let mut names: Vec<_> = patients
            .map(|(key, record)| (key.record, record.registers["name"].value[0].as_str().unwrap().to_owned()))
            .collect();
        names.sort();
        names
    }
}

pub const CLOCK: Clock = Clock { wall_ms: 1_000, boot_ms: 500, boot: None };
