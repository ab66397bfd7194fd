//! What desks find at the server's address: the server itself, or something else, request by request. What a network does
//! byte by byte is `proxy`'s.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// The server answers.
    Pass,
    /// Something else answers, with this.
    Answer(&'static str),
    /// Nobody answers, and the server hears nothing of it.
    Swallow,
    /// The server hears it, and its answer is lost.
    LoseAnswer,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    path: &'static str,
    does: Does,
}

/// Stands between desks and a server.
pub struct StandIn {
    address: SocketAddr,
    rule: watch::Sender<Rule>,
    met: Arc<watch::Sender<u32>>,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl StandIn {
    /// In front of the server at `address` (`http://…`); everything passes.
    pub async fn start(address: &str) -> Self {
        let server = address.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (rule, now) = watch::channel(Rule { path: "", does: Does::Pass });
        let met = Arc::new(watch::channel(0).0);
        let counts = met.clone();
        let task = tokio::spawn(async move {
            while let Ok((desk, _)) = listener.accept().await {
                tokio::spawn(connection(desk, server, now.clone(), counts.clone()));
            }
        });
        Self { address, rule, met, task }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From here on that happens to requests whose path begins so. Whoever waits for an answer in vain is cut off.
    pub fn set(&self, path: &'static str, does: Does) {
        self.met.send_replace(0);
        self.rule.send_replace(Rule { path, does });
    }

    pub fn pass(&self) {
        self.set("", Does::Pass);
    }

    /// Waits until it has happened so many times.
    pub async fn until_met(&self, times: u32) {
        let mut met = self.met.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(20), met.wait_for(|met| *met >= times)).await;
        assert!(waited.is_ok(), "{times} requests");
    }
}

/// The path of the request that begins with these bytes. A desk asks for one thing at a time on a connection.
fn path(bytes: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(bytes.split(|byte| *byte == b'\r').next()?).ok()?;
    let (method, rest) = line.split_once(' ')?;
    ["GET", "POST", "DELETE"].contains(&method).then_some(rest)
}

async fn connection(
    desk: TcpStream,
    server: SocketAddr,
    mut rule: watch::Receiver<Rule>,
    met: Arc<watch::Sender<u32>>,
) {
    let Ok(upstream) = TcpStream::connect(server).await else { return };
    let _ = (desk.set_nodelay(true), upstream.set_nodelay(true));
    let (mut from_desk, mut to_desk) = desk.into_split();
    let (mut from_server, mut to_server) = upstream.into_split();
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let count = tokio::select! {
            read = from_desk.read(&mut asked) => match read {
                Ok(count @ 1..) => count,
                _ => return,
            },
            read = from_server.read(&mut answered) => match read {
                Ok(count @ 1..) if to_desk.write_all(&answered[..count]).await.is_ok() => continue,
                _ => return,
            },
        };
        let bytes = &asked[..count];
        let Rule { path: begins, does } = *rule.borrow_and_update();
        let is_meant = path(bytes).is_some_and(|path| path.starts_with(begins));
        match if is_meant { does } else { Does::Pass } {
            Does::Pass => {
                if to_server.write_all(bytes).await.is_err() {
                    return;
                }
                continue;
            }
            Does::Answer(answer) => {
                let _ = (to_desk.write_all(answer.as_bytes()).await, to_desk.shutdown().await);
                met.send_modify(|met| *met += 1);
                // Whoever is cut off before all was said does not listen to the answer.
                let mut nowhere = tokio::io::sink();
                let rest = tokio::io::copy(&mut from_desk, &mut nowhere);
                let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
                return;
            }
            Does::Swallow => met.send_modify(|met| *met += 1),
            Does::LoseAnswer => {
                // The rest of the request, until the server answers.
                let _ = to_server.write_all(bytes).await;
                let rest = tokio::io::copy(&mut from_desk, &mut to_server);
                tokio::select! {
                    _ = rest => {}
                    _ = from_server.read(&mut answered) => met.send_modify(|met| *met += 1),
                }
            }
        }
        // Open, and without a word, until something else is to happen.
        let _ = rule.changed().await;
        return;
    }
}
