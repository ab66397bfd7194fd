//! The live channel: the server tells how far the clinic is, so that a desk asks at once and not at the next poll.

use super::address;
use super::http::{Http, certificate_error};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use std::time::Duration;
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

#[derive(Deserialize)]
struct Hint {
    head: u64,
}

/// Keeps the channel open for as long as somebody listens.
pub async fn listen(http: Http, news: mpsc::Sender<News>) {
    let mut pause = PAUSE.0;
    loop {
        let ended = hear(&http, &news).await;
        if news.is_closed() {
            return;
        }
        match ended {
            Ok(()) => pause = PAUSE.0,
            Err(error) => {
                // The rounds tell people why; this only tries again.
                tracing::debug!(reason = certificate_error(&error), %error, "no live channel");
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

/// Hears until the channel ends.
async fn hear(http: &Http, news: &mpsc::Sender<News>) -> Result<(), Error> {
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
                if let Ok(Hint { head }) = serde_json::from_str(&text)
                    && news.send(News::Head(head)).await.is_err()
                {
                    return Ok(());
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
