//! A network that fails in every way that one does: between a desk and the server, byte by byte.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Every packet takes so many milliseconds.
    Delay(u64),
    /// Nobody can connect, and who was connected is cut off.
    Cut,
    /// Connections are made, and nothing passes in either direction.
    HalfOpen,
    /// What the desk sends arrives; no answer does.
    DownLost,
    /// Answers pass; what the desk sends does not arrive.
    UpLost,
    /// Whatever the desk sends reaches the server twice, the second time on a connection of its own.
    Doubled,
    /// Connections end after so many bytes of an answer.
    Torn(usize),
    /// Whatever the desk sends arrives with the second of these for the first, which are of one length. No message ends
    /// with the first's beginning.
    Garbled(&'static str, &'static str),
}

/// A proxy in front of one server.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// In front of the server at `address` (`http://…`).
    pub async fn start(address: &str) -> Self {
        let server = address.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (weather, now) = watch::channel(Weather::Fair);
        let task = tokio::spawn(async move {
            loop {
                let Ok((desk, _)) = listener.accept().await else { continue };
                tokio::spawn(connection(desk, server, now.clone()));
            }
        });
        Self { address, weather, task }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From here on it is so. Connections that a change of the weather has damaged end, as they do when a router that
    /// forgot them is asked again.
    pub fn set(&self, weather: Weather) {
        // Nobody is connected if nobody listens.
        let _ = self.weather.send(weather);
    }
}

async fn connection(desk: TcpStream, server: SocketAddr, weather: watch::Receiver<Weather>) {
    let began = *weather.borrow();
    if began == Weather::Cut {
        return;
    }
    let Ok(upstream) = TcpStream::connect(server).await else { return };
    let shadow = match began {
        Weather::Doubled => TcpStream::connect(server).await.ok(),
        _ => None,
    };
    let _ = (desk.set_nodelay(true), upstream.set_nodelay(true));
    let (desk_read, desk_write) = desk.into_split();
    let (server_read, server_write) = upstream.into_split();
    let (shadow_write, shadow_drain) = match shadow.map(TcpStream::into_split) {
        Some((read, write)) => (Some(write), Some(tokio::spawn(drain(read)))),
        None => (None, None),
    };
    let lost = Lost::default();
    let up = pass(desk_read, server_write, shadow_write, weather.clone(), Direction::Up, &lost);
    let down = pass(server_read, desk_write, None, weather.clone(), Direction::Down, &lost);
    tokio::select! {
        () = up => {}
        () = down => {}
        () = damaged(weather, began, &lost) => {}
    }
    if let Some(drain) = shadow_drain {
        drain.abort();
    }
}

/// Whether bytes of a connection were lost. No network goes on with one as if nothing had been.
#[derive(Default)]
struct Lost {
    any: AtomicBool,
    told: Notify,
}

impl Lost {
    fn tell(&self) {
        self.any.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }
}

/// Ends when the weather has changed from or to one that breaks connections. Of changes that follow on each other quickly
/// it may see the last one alone; what was lost meanwhile it is told.
async fn damaged(mut weather: watch::Receiver<Weather>, began: Weather, lost: &Lost) {
    let breaks =
        |weather| matches!(weather, Weather::Cut | Weather::HalfOpen | Weather::UpLost | Weather::DownLost);
    let mut broken = breaks(began);
    loop {
        let now = *weather.borrow_and_update();
        if now == Weather::Cut || (!breaks(now) && (broken || lost.any.load(Ordering::SeqCst))) {
            return;
        }
        broken |= breaks(now);
        tokio::select! {
            changed = weather.changed() => if changed.is_err() { return },
            () = lost.told.notified() => {}
        }
    }
}

async fn drain(mut read: OwnedReadHalf) {
    let mut buffer = vec![0; 16 << 10];
    while read.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut shadow: Option<OwnedWriteHalf>,
    weather: watch::Receiver<Weather>,
    direction: Direction,
    lost: &Lost,
) {
    let mut buffer = vec![0; 16 << 10];
    let (mut passed, mut held) = (0, 0);
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer[held..]).await else { return };
        let (read, now) = (held + count, *weather.borrow());
        let whole = match now {
            Weather::Garbled(word, other) if direction == Direction::Up => {
                garble(&mut buffer[..read], word, other)
            }
            _ => read,
        };
        let (count, bytes) = (whole, &buffer[..whole]);
        match (now, direction) {
            (Weather::HalfOpen, _)
            | (Weather::DownLost, Direction::Down)
            | (Weather::UpLost, Direction::Up) => {
                lost.tell();
                held = 0;
                continue;
            }
            (Weather::Delay(ms), _) => tokio::time::sleep(Duration::from_millis(ms)).await,
            (Weather::Torn(limit), Direction::Down) if passed + count > limit => {
                let rest = limit.saturating_sub(passed);
                let _ = to.write_all(&bytes[..rest]).await;
                return;
            }
            _ => {}
        }
        if let Some(shadow) = &mut shadow {
            // The server may have had enough of a request that came twice.
            let _ = shadow.write_all(bytes).await;
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
        passed += count;
        buffer.copy_within(whole..read, 0);
        held = read - whole;
    }
}

/// Puts `other` for each `word`; tells how many bytes there are before one that may be about to begin.
fn garble(bytes: &mut [u8], word: &str, other: &str) -> usize {
    assert_eq!(word.len(), other.len());
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(word.as_bytes()) {
            bytes[at..at + word.len()].copy_from_slice(other.as_bytes());
        }
    }
    let begins = |at: &usize| word.as_bytes().starts_with(&bytes[*at..]);
    (bytes.len().saturating_sub(word.len() - 1)..bytes.len()).find(begins).unwrap_or(bytes.len())
}
