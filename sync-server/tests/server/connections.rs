//! Whoever holds connections without using them, and how many there may be.

use crate::desk::new_id;
use crate::live;
use crate::site::{SERVER, Site};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use sync_protocol::Place;
use sync_server::serve::{Running, Settings, Timeouts, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A time-out that a test waits for, and how long one waits in vain.
const SHORT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(20);

const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const HALF: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n";

async fn server(site: &Site, max_clients: usize, timeouts: Timeouts) -> Running {
    start(Settings { max_clients, timeouts, ..site.settings(SERVER) }).await.unwrap()
}

/// What the server says until it ends the connection.
async fn until_closed(connection: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // It may also cut it.
    let _ = timeout(PATIENCE, connection.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// Asks on an open connection; nothing if it is closed instead of answered.
async fn ask(connection: &mut TcpStream) -> Option<()> {
    connection.write_all(WHOLE).await.ok()?;
    let mut answer = [0; 1_000];
    let bytes = timeout(PATIENCE, connection.read(&mut answer)).await.unwrap().ok()?;
    answer[..bytes].starts_with(b"HTTP/1.1 200").then_some(())
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Waits until somebody who comes anew is served.
async fn until_served(address: SocketAddr) {
    let started = Instant::now();
    while ask(&mut connect(address).await).await.is_none() {
        assert!(started.elapsed() < PATIENCE, "there is no room");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_request_whose_headers_do_not_end_is_not_waited_for() {
    let site = Site::open().await;
    let new = server(&site, 10, Timeouts { first_request: SHORT, ..Timeouts::default() }).await;
    for sent in [&b""[..], HALF, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut slow = connect(new.address).await;
        slow.write_all(sent).await.unwrap();
        until_closed(&mut slow).await;
    }
    new.stop().await.unwrap();
    // Nor the next request on a connection, nor one that does not come.
    let kept = server(&site, 10, Timeouts { idle: SHORT, ..Timeouts::default() }).await;
    for sent in [&b""[..], HALF] {
        let mut slow = connect(kept.address).await;
        ask(&mut slow).await.unwrap();
        slow.write_all(sent).await.unwrap();
        until_closed(&mut slow).await;
    }
    kept.stop().await.unwrap();
}

#[tokio::test]
async fn version_2_of_http_is_refused_whose_streams_can_stall_on_a_connection_that_does_not() {
    let site = Site::open().await;
    let server = server(&site, 10, Timeouts::default()).await;
    let mut connection = connect(server.address).await;
    let begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // GET, http, the path and the authority, as the one stream's headers and its end.
    let request = b"\0\0\x17\x01\x05\0\0\0\x01\x82\x86\x04\x08/healthz\x41\x09localhost";
    connection.write_all(&[&begin[..], request].concat()).await.unwrap();
    let (mut told, mut part) = (Vec::new(), [0; 1_000]);
    while !String::from_utf8_lossy(&told).contains(r#""code":"version""#) {
        let bytes = timeout(PATIENCE, connection.read(&mut part)).await.unwrap().unwrap();
        assert!(bytes > 0, "{told:?}");
        told.extend_from_slice(&part[..bytes]);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_never_read_is_given_up() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    // More than the system keeps of what was sent and not taken.
    let long = "x".repeat(15 << 20);
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), &long)])]).await;
    let pull =
        sync_protocol::Pull { epoch: desk.epoch().await, after: Place { seq: 0, key: None }, limit: 10 };
    let body = serde_json::to_string(&pull).unwrap();
    let request = format!(
        "POST /v1/pull HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        desk.token,
        body.len()
    );
    let stalled = Duration::from_secs(2);
    let server = server(&site, 1, Timeouts { stalled, ..Timeouts::default() }).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut reader = socket.connect(server.address).await.unwrap();
    reader.write_all(request.as_bytes()).await.unwrap();
    // The answer has begun, and is not read. Its connection is the only one that there may be.
    reader.peek(&mut [0]).await.unwrap();
    assert!(ask(&mut connect(server.address).await).await.is_none());
    until_served(server.address).await;
    let answer = until_closed(&mut reader).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert!(answer.len() < long.len(), "{} bytes of it came", answer.len());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_live_channel_outlasts_all_that_requests_are_held_to() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, mut other) = (site.desk(clinic).await, site.desk(clinic).await);
    let all = Timeouts { first_request: SHORT, idle: SHORT, request: SHORT, stalled: SHORT };
    let server = server(&site, 10, all).await;
    other.address = server.url();
    let mut channel = live::connect(&other).await;
    tokio::time::sleep(SHORT * 4).await;
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    assert_eq!(live::hint(&mut channel).await.unwrap().head, 1);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn beyond_so_many_connections_the_next_one_is_refused_until_one_ends() {
    let site = Site::open().await;
    let mut desk = site.desk(site.clinic().await).await;
    let server = server(&site, 2, Timeouts::default()).await;
    desk.address = server.url();
    // A live channel counts as well.
    let channel = live::connect(&desk).await;
    let mut held = connect(server.address).await;
    ask(&mut held).await.unwrap();
    for _ in 0..3 {
        assert!(ask(&mut connect(server.address).await).await.is_none());
    }
    ask(&mut held).await.unwrap();
    drop(channel);
    until_served(server.address).await;
    ask(&mut held).await.unwrap();
    server.stop().await.unwrap();
}

/// How often the database was asked whether it is there.
async fn questions(owner: &PgPool) -> i64 {
    let count = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
                 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND userid <> current_user::regrole AND query = 'SELECT $1'";
    sqlx::query_scalar(count).fetch_one(owner).await.unwrap()
}

#[tokio::test]
async fn however_often_somebody_asks_whether_it_is_ready_the_database_is_asked_once_a_second() {
    let site = Site::open().await;
    sqlx::query("CREATE EXTENSION pg_stat_statements").execute(&site.owner).await.unwrap();
    let (http, ready) = (crate::desk::http(), format!("{}/readyz", site.address));
    let started = Instant::now();
    for _ in 0..20 {
        let asked = (0..10).map(|_| http.get(&ready).send());
        for answer in futures_util::future::join_all(asked).await {
            assert_eq!(answer.unwrap().status(), reqwest::StatusCode::OK);
        }
    }
    let most = i64::try_from(started.elapsed().as_secs()).unwrap() + 1;
    let asked = questions(&site.owner).await;
    assert!((1..=most).contains(&asked), "{asked} times in {most} seconds");
}
