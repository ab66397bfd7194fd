//! One device: it speaks the protocol and keeps nothing but what it needs for its next message.

use anyhow::{Context, Result, bail};
use domain::id::ActorId;
use futures_util::{SinkExt, StreamExt};
use rand::RngExt;
use reqwest::{Client, Response, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use sync_protocol::{
    Change, Clock, Dot, Envelope, Epoch, Kind, Op, Place, Pull, Push, Pushed, Replica, ReplicaId,
    Transaction, Version,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;

/// Rows that a push changes.
pub const ROWS: usize = 5;
/// Appointments of its own that a device moves about.
const APPOINTMENTS: usize = 50;
/// What a device that stalls finds to read: 16 pages of the largest size for the whole clinic.
const FILLED_ROWS: usize = 250;
const FILLED_BYTES: usize = 16_000;
const PAGE: u32 = 2_000;
const COLLECTION: &str = "appointment";

pub struct Device {
    server: SocketAddr,
    own: IpAddr,
    http: Client,
    token: String,
    epoch: Epoch,
    id: ReplicaId,
    work: Mutex<Work>,
}

/// What the next push is made of.
struct Work {
    next_op: u64,
    appointments: Vec<(Uuid, Option<Version>)>,
    next: usize,
}

/// A page as far as it is looked at.
#[derive(Deserialize)]
struct Seen {
    records: Vec<(IgnoredAny, SeenRecord)>,
    next: Place,
    head: Option<u64>,
}

#[derive(Deserialize)]
struct SeenRecord {
    registers: BTreeMap<String, SeenRegister>,
}

#[derive(Deserialize)]
struct SeenRegister {
    values: Vec<Value>,
}

#[derive(Deserialize)]
struct Sealed<M> {
    message: M,
}

/// What a pull brought: for each push that is seen for the first time, when it was begun, and by whom.
pub struct Arrived {
    pub pushes: Vec<(Uuid, Instant)>,
    pub next: Place,
    pub is_whole: bool,
}

impl Device {
    /// Lets a device in by its code.
    pub async fn pair(server: SocketAddr, own: IpAddr, code: String) -> Result<Self> {
        let http = Client::builder().no_proxy().local_address(own).tcp_nodelay(true).build()?;
        let device = random();
        let body = json!({"code": code, "device": device, "name": "Front desk"});
        let answer = http.post(format!("http://{server}/v1/pair")).json(&body).send().await?;
        let paired: Value = read(answer).await?;
        let token = paired["token"].as_str().context("pairing told no token")?.to_owned();
        let answer = http.get(format!("http://{server}/v1/epoch")).bearer_auth(&token).send().await?;
        let epoch = read(answer).await?;
        let appointments = (0..APPOINTMENTS).map(|_| (random(), None)).collect();
        let work = Mutex::new(Work { next_op: 1, appointments, next: 0 });
        Ok(Self { server, own, http, token, epoch, id: ReplicaId { device, incarnation: random() }, work })
    }

    pub fn id(&self) -> Uuid {
        self.id.device
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let request = self.http.post(format!("http://{}{path}", self.server)).bearer_auth(&self.token);
        read(request.json(body).send().await?).await
    }

    /// A code for another device.
    pub async fn invite(&self) -> Result<String> {
        let invite: Value = self.post("/v1/invites", &json!(null)).await?;
        Ok(invite["code"].as_str().context("an invite told no code")?.to_owned())
    }

    /// Moves the next few appointments, and returns how many the server says it has.
    pub async fn push(&self, started_us: u64) -> Result<usize> {
        let ops = {
            let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
            (0..ROWS).map(|_| work.next_op(self.id.device, started_us)).collect()
        };
        self.send(ops).await
    }

    /// Pushes what takes long to read.
    pub async fn fill(&self) -> Result<()> {
        let text = "x".repeat(FILLED_BYTES);
        let ops = {
            let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
            (0..FILLED_ROWS).map(|_| work.op(random(), None, insert(vec![json!(text)]))).collect()
        };
        self.send(ops).await.map(|_| ())
    }

    async fn send(&self, ops: Vec<Op>) -> Result<usize> {
        let rows = ops.len();
        let transaction = Transaction { id: random(), actor: ActorId(Uuid::nil()), clock: clock(), ops };
        let transactions = vec![transaction.into()];
        let push = Push { epoch: self.epoch, clock: clock(), transactions };
        let answer: Envelope<Pushed> =
            self.post("/v1/push", &Envelope { replicas: vec![self.id], message: push }).await?;
        match answer.message.results.first() {
            Some(outcome) if outcome.rejected.is_none() => Ok(rows),
            outcome => bail!("a push was answered by {outcome:?}"),
        }
    }

    /// The next page.
    pub async fn pull(&self, after: Place, began: Instant) -> Result<Arrived> {
        let pull = Pull { epoch: self.epoch, after, limit: PAGE };
        let page = self.post::<Sealed<Seen>>("/v1/pull", &pull).await?.message;
        Ok(Arrived { pushes: page.pushes(began), next: page.next, is_whole: page.head.is_some() })
    }

    /// How far the clinic is.
    pub async fn head(&self) -> Result<u64> {
        let mut after = Place { seq: 0, key: None };
        loop {
            let arrived = self.pull(after, Instant::now()).await?;
            if arrived.is_whole {
                return Ok(arrived.next.seq);
            }
            after = arrived.next;
        }
    }

    async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.own, 0))?;
        Ok(socket.connect(self.server).await?)
    }

    /// Opens the live channel.
    pub async fn listen(&self) -> Result<WebSocketStream<TcpStream>> {
        let mut request = format!("ws://{}/v1/live", self.server).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {}", self.token).parse()?);
        let (channel, _) = tokio_tungstenite::client_async(request, self.connect().await?).await?;
        Ok(channel)
    }

    /// Keeps the live channel open and answers what the server asks there; ends with it.
    pub async fn hear_nothing(self: Arc<Self>) {
        let Ok(mut channel) = self.listen().await else { return };
        while let Some(Ok(_)) = channel.next().await {
            // Whatever is due to be answered goes out.
            let _ = channel.flush().await;
        }
    }

    /// Opens the live channel and asks for a large page, and reads neither for as long as what is returned is kept.
    pub async fn stall(&self) -> Result<(WebSocketStream<TcpStream>, TcpStream)> {
        let channel = self.listen().await?;
        let mut stream = self.connect().await?;
        let pull = Pull { epoch: self.epoch, after: Place { seq: 0, key: None }, limit: PAGE };
        let body = serde_json::to_string(&pull)?;
        let request = format!(
            "POST /v1/pull HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.server,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        Ok((channel, stream))
    }
}

/// A hint, as far as it is looked at.
#[derive(Deserialize)]
pub struct Heard {
    pub head: u64,
    #[serde(default)]
    changes: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    after: u64,
    page: Sealed<Seen>,
}

impl Heard {
    pub fn read(message: &Message) -> Option<Self> {
        serde_json::from_str(message.to_text().ok()?).ok()
    }

    /// The changes that follow on where somebody is, who is behind them then.
    pub fn take(self, cursor: &mut Place, began: Instant) -> Vec<(Uuid, Instant)> {
        let mut pushes = Vec::new();
        for told in self.changes {
            if cursor.key.is_none() && cursor.seq == told.after {
                cursor.seq += 1;
                pushes.extend(told.page.message.pushes(began));
            }
        }
        pushes
    }
}

impl Seen {
    fn pushes(&self, began: Instant) -> Vec<(Uuid, Instant)> {
        let mut pushes: Vec<_> = self.records.iter().filter_map(|(_, record)| record.push(began)).collect();
        pushes.sort();
        pushes.dedup();
        pushes
    }
}

impl Work {
    fn op(&mut self, record: Uuid, base: Option<Version>, change: Change) -> Op {
        let id = Dot { replica: Replica(0), seq: self.next_op };
        self.next_op += 1;
        let collection = COLLECTION.to_owned();
        Op { id, collection, record, kind: Kind::Mutable, base, guards: Vec::new(), change }
    }

    /// Makes an appointment, or moves it once it is there.
    fn next_op(&mut self, device: Uuid, started_us: u64) -> Op {
        let at = self.next % self.appointments.len();
        self.next += 1;
        let (record, base) = self.appointments[at].clone();
        let slot = vec![
            json!(device),
            json!(started_us),
            json!("America/New_York"),
            json!(random().simple().to_string()),
        ];
        let change = match &base {
            None => insert(slot),
            Some(_) => Change::Set { register: "slot".to_owned(), values: slot },
        };
        let op = self.op(record, base, change);
        self.appointments[at].1 = Some(op.version());
        op
    }
}

/// A row of an appointment's size.
fn insert(slot: Vec<Value>) -> Change {
    let id = || json!(random().simple().to_string());
    Change::Insert {
        registers: vec![
            ("slot".to_owned(), slot),
            ("patient".to_owned(), vec![id(), id()]),
            ("status".to_owned(), vec![json!("confirmed"), json!(null)]),
            ("notes".to_owned(), vec![json!("Second visit; asks for a quiet room, arrives by taxi.")]),
        ],
    }
}

impl SeenRecord {
    /// Who moved the appointment, and when that was begun.
    fn push(&self, began: Instant) -> Option<(Uuid, Instant)> {
        let slot = &self.registers.get("slot")?.values;
        let device = slot.first()?.as_str()?.parse().ok()?;
        Some((device, began + std::time::Duration::from_micros(slot.get(1)?.as_u64()?)))
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T> {
    let status = answer.status();
    let body = answer.bytes().await?;
    if status != StatusCode::OK && status != StatusCode::CREATED {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}

fn random() -> Uuid {
    Uuid::from_u128(rand::rng().random())
}

fn clock() -> Clock {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let wall_ms = i64::try_from(wall).unwrap_or(i64::MAX);
    Clock { wall_ms, boot_ms: wall_ms, boot: None }
}
