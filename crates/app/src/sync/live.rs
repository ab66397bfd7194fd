//! The live channel: the server tells how far the clinic is, so that a desk asks at once and not at the next poll, and what
//! changed, so that most often it need not ask.

use super::address;
use super::http::{Http, certificate_error};
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sync_protocol::{Envelope, Hint, Page, Pull, Told};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

/// The server asks every ten seconds whether the desk is there. Silence for as long as this means that it is not.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// The first pause before a lost channel is made anew, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// The server closes with this when the clinic has shut the device out.
const REVOKED: u16 = 4001;

/// What the channel tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The channel is open: whatever came before it is to be fetched now.
    Open,
    /// The clinic's newest change.
    Head(u64),
    /// The device was shut out.
    Revoked,
}

/// Changes that the channel told and that nobody has asked for yet: what is not taken at once is soon of no use.
const TOLD_MAX: usize = 64;

/// What the channel told.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    told: Mutex<VecDeque<Told>>,
    is_open: AtomicBool,
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Told>> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the channel is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    fn set_open(&self, is_open: bool) {
        self.0.is_open.store(is_open, Ordering::Relaxed);
    }

    fn add(&self, changes: Vec<Told>) {
        let mut told = self.lock();
        told.extend(changes);
        let surplus = told.len().saturating_sub(TOLD_MAX);
        told.drain(..surplus);
    }

    /// The answer to `pull`, as far as the channel gave it already: pages that follow on each other. A clinic that is
    /// fetched from its beginning is asked for.
    pub fn answer(&self, pull: &Pull) -> Vec<Envelope<Page>> {
        let mut told = self.lock();
        let mut pages = Vec::new();
        if pull.after.key.is_none() && pull.after.seq > 0 {
            let mut reached = pull.after.seq;
            for Told { epoch, after, page } in told.drain(..) {
                if epoch == pull.epoch && after == reached && page.message.head == after.checked_add(1) {
                    reached += 1;
                    pages.push(page);
                }
            }
        }
        pages
    }
}

/// Keeps the channel open for as long as somebody listens.
pub async fn listen(http: Http, heard: Heard, news: mpsc::Sender<News>) {
    let mut pause = PAUSE.0;
    let mut was_open = false;
    loop {
        let ended = hear(&http, &heard, &news, was_open).await;
        was_open |= heard.is_open();
        heard.set_open(false);
        if news.is_closed() {
            return;
        }
        match ended {
            Ok(()) => pause = PAUSE.0,
            Err(error) => {
                // The rounds tell people why; this only tries again.
                tracing::debug!(reason = certificate_error(&error).map(tracing::field::display), %error, "no live channel");
                pause = (pause * 2).min(PAUSE.1);
            }
        }
        tokio::time::sleep(jittered(pause)).await;
    }
}

/// Between half of a pause and all of it, so that desks do not come back all at once.
pub fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is whole.
    let part = if getrandom::fill(&mut byte).is_ok() { byte[0] } else { u8::MAX };
    pause.mul_f64(0.5 + f64::from(part) / 510.0)
}

/// Changes that a newer server tells in another way are asked for.
fn read(text: &str) -> Option<Hint> {
    #[derive(serde::Deserialize)]
    struct Head {
        head: u64,
    }
    let head = |Head { head }| Hint { head, changes: Vec::new() };
    serde_json::from_str(text).or_else(|_| serde_json::from_str(text).map(head)).ok()
}

/// Hears until the channel ends.
async fn hear(http: &Http, heard: &Heard, news: &mpsc::Sender<News>, was_open: bool) -> Result<(), Error> {
    let mut url = address::of(&http.server, "/v1/live");
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // Both are of the kind that may take each other's place.
    let _ = url.set_scheme(scheme);
    let mut request = url.as_str().into_client_request()?;
    if let Some(value) = http.token().and_then(|token| format!("Bearer {token}").parse().ok()) {
        request.headers_mut().insert("authorization", value);
    }
    let connector = Connector::Rustls(http.tls.clone());
    let connecting = connect_async_tls_with_config(request, None, true, Some(connector));
    let late = || Error::Io(std::io::ErrorKind::TimedOut.into());
    let (mut socket, _) = timeout(CONNECT, connecting).await.map_err(|_| late())??;
    heard.set_open(true);
    if was_open {
        http.mended();
    }
    if news.send(News::Open).await.is_err() {
        return Ok(());
    }
    loop {
        let message = tokio::select! {
            message = timeout(SILENCE, socket.next()) => message.map_err(|_| late())?,
            () = news.closed() => {
                // Whoever is left finds out by silence.
                let _ = socket.close(None).await;
                return Ok(());
            }
        };
        match message.transpose()? {
            Some(Message::Text(text)) => {
                if let Some(Hint { head, changes }) = read(&text) {
                    heard.add(changes);
                    if news.send(News::Head(head)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Some(Message::Close(Some(frame))) if u16::from(frame.code) == REVOKED => {
                let _ = news.send(News::Revoked).await;
                return Ok(());
            }
            // Answers to pings are written with the next flush.
            Some(Message::Ping(_)) => socket.flush().await?,
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_protocol::{Epoch, Place};
    use uuid::Uuid;

    const EPOCH: Epoch = Epoch(Uuid::from_u128(1));

    fn told(epoch: Epoch, after: u64) -> Told {
        let head = after + 1;
        let next = Place { seq: head, key: None };
        let page = Page { records: Vec::new(), next, head: Some(head), newest: head };
        Told { epoch, after, page: Envelope { replicas: Vec::new(), message: page } }
    }

    fn answered(heard: &Heard, seq: u64) -> Vec<u64> {
        let pull = Pull { epoch: EPOCH, after: Place { seq, key: None }, limit: 10 };
        heard.answer(&pull).into_iter().map(|page| page.message.newest).collect()
    }

    #[test]
    fn changes_that_follow_on_where_the_desk_is_answer_its_question() {
        let heard = Heard::default();
        // Two of them were here already, by another way.
        heard.add((3..8).map(|after| told(EPOCH, after)).collect());
        assert_eq!(answered(&heard, 5), [6, 7, 8]);
        assert!(answered(&heard, 8).is_empty());
    }

    #[test]
    fn a_gap_another_epoch_or_a_half_read_page_is_for_the_server_to_answer() {
        let heard = Heard::default();
        heard.add(vec![told(EPOCH, 6)]);
        assert!(answered(&heard, 5).is_empty());
        heard.add(vec![told(EPOCH, 5), told(EPOCH, 7)]);
        assert_eq!(answered(&heard, 5), [6]);
        heard.add(vec![told(Epoch(Uuid::from_u128(2)), 5)]);
        assert!(answered(&heard, 5).is_empty());
        heard.add(vec![told(EPOCH, 5)]);
        let key = sync_protocol::Key { collection: "patient".to_owned(), record: Uuid::nil() };
        let pull = Pull { epoch: EPOCH, after: Place { seq: 5, key: Some(key) }, limit: 10 };
        assert!(heard.answer(&pull).is_empty());
    }

    #[test]
    fn a_clinic_that_is_fetched_from_its_beginning_is_asked_for() {
        let heard = Heard::default();
        heard.add(vec![told(EPOCH, 0)]);
        assert!(answered(&heard, 0).is_empty());
    }

    #[test]
    fn a_hint_is_heard_though_its_changes_cannot_be_read() {
        assert_eq!(read("{\"head\":7}"), Some(Hint { head: 7, changes: Vec::new() }));
        let newer = "{\"head\":7,\"changes\":[{\"kind\":\"of a newer server\"}]}";
        assert_eq!(read(newer), Some(Hint { head: 7, changes: Vec::new() }));
        let told = Hint { head: 7, changes: vec![told(EPOCH, 6)] };
        assert_eq!(read(&serde_json::to_string(&told).unwrap()), Some(told));
        assert_eq!(read("7"), None);
    }

    #[test]
    fn what_nobody_asks_for_is_not_kept_for_good() {
        let heard = Heard::default();
        for after in 0..1_000 {
            heard.add(vec![told(EPOCH, after)]);
        }
        assert_eq!(heard.lock().len(), TOLD_MAX);
    }
}
