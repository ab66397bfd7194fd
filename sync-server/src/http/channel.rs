//! The live channel of a device: hints how far its clinic is.

use super::problem::Problems;
use super::{Problem, Shared};
use crate::devices::Standing;
use crate::error::ServerError;
use crate::live::{Latest, PAUSE};
use crate::secrets::Token;
use crate::sync::Caller;
use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// How often a device is asked whether it is still there, and how long its silence may last.
const PING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);
/// How long one hint may take to be taken.
const SEND: Duration = Duration::from_secs(10);
/// A device sends nothing but pongs.
const MESSAGE_MAX_BYTES: usize = 1 << 10;

/// The device was shut out; it is told so, and why it hears nothing more.
const REVOKED: u16 = 4001;
const GOING_AWAY: u16 = 1001;

/// A WebSocket on which the server tells how far the clinic is: `{"head": 12}`, and with it the latest changes, if they are
/// small: what a pull would bring, for whoever has everything before them.
#[utoipa::path(
    get, path = "/v1/live", tag = "sync", security(("device" = [])),
    responses((status = 101, description = "The channel is open"), Problems),
)]
pub async fn live(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Extension(token): Extension<Token>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "this address is for WebSockets of version 13")
    })?;
    // Before the device hears that the channel is open and asks for what came before.
    let latest = shared.live.subscribe(caller.clinic);
    let response = upgrade
        .max_message_size(MESSAGE_MAX_BYTES)
        .write_buffer_size(0)
        .on_upgrade(move |socket| serve(shared, caller, token, latest, socket));
    Ok(response)
}

async fn serve(
    shared: Shared,
    caller: Caller,
    token: Token,
    latest: watch::Receiver<Latest>,
    mut socket: WebSocket,
) {
    let _counted = shared.metrics.channel();
    let end = hint(shared, caller, &token, latest, &mut socket).await;
    if let Some((code, reason)) = end {
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // Whoever is gone need not be told.
        let _ = timeout(SEND, socket.send(close)).await;
    }
}

/// Sends hints until one side ends it; tells with what to close, if there is somebody to tell.
async fn hint(
    mut shared: Shared,
    caller: Caller,
    token: &Token,
    mut latest: watch::Receiver<Latest>,
    socket: &mut WebSocket,
) -> Option<(u16, &'static str)> {
    let mut told = 0;
    let mut revoked = shared.tokens.revoked();
    let mut heard = Instant::now();
    let mut ping = tokio::time::interval(PING);
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            changed = latest.changed() => {
                changed.ok()?;
                sleep_until(not_before).await;
                not_before = Instant::now() + PAUSE;
                let hint = {
                    let latest = latest.borrow_and_update();
                    // After a restore numbers begin anew.
                    let hint = latest.hint(told.min(latest.head.saturating_sub(1)));
                    told = latest.head;
                    hint
                };
                send(socket, Message::Text(hint.into())).await?;
            }
            message = socket.recv() => {
                message?.ok()?;
                heard = Instant::now();
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    return None;
                }
                match standing(&shared, token).await {
                    Ok(Standing::Welcome(known)) if known == caller => {}
                    Ok(_) => return Some((REVOKED, "revoked")),
                    Err(_) => return Some((GOING_AWAY, "connect again")),
                }
                send(socket, Message::Ping(Vec::new().into())).await?;
            }
            gone = revoked.recv() => match gone {
                Ok(gone) if gone == caller => return Some((REVOKED, "revoked")),
                Ok(_) => {}
                // More were revoked at once than fit: whoever is still welcome connects again.
                Err(_) => return Some((GOING_AWAY, "connect again")),
            },
            () = async { let _ = shared.ending.wait_for(|ending| *ending).await; } => return Some((GOING_AWAY, "the server ends")),
        }
    }
}

/// Whose token it is by now: as for requests it is asked anew once a minute. The device may have another one, for instance.
async fn standing(shared: &Shared, token: &Token) -> Result<Standing, ServerError> {
    match shared.tokens.known(token) {
        Some(caller) => Ok(Standing::Welcome(caller)),
        None => shared.tokens.look_up(&shared.database, token).await,
    }
}

/// A device that takes nothing is left alone.
async fn send(socket: &mut WebSocket, message: Message) -> Option<()> {
    timeout(SEND, socket.send(message)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use axum::extract::{FromRequest, Request};
    use axum::http::header;
    use uuid::Uuid;

    /// A request for a channel, as a connection hands it to the router.
    async fn upgrade() -> WebSocketUpgrade {
        let mut request = Request::builder()
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .body(axum::body::Body::empty())
            .unwrap();
        let never = hyper::upgrade::on(&mut request);
        request.extensions_mut().insert(never);
        WebSocketUpgrade::from_request(request, &()).await.unwrap()
    }

    #[tokio::test]
    async fn whatever_is_committed_after_the_answer_was_made_is_heard() {
        let shared = Shared::new(Database::unconnected(), watch::channel(false).1);
        let caller = Caller { clinic: Uuid::from_u128(1), device: Uuid::from_u128(2) };
        let token = Token::draw(caller.clinic).unwrap();
        let answer =
            live(State(shared.clone()), Extension(caller), Extension(token), Ok(upgrade().await)).await;
        // The answer is not on its way yet, and the task that serves the channel has not run.
        assert_eq!(answer.unwrap().status(), StatusCode::SWITCHING_PROTOCOLS);
        assert!(shared.live.is_heard(caller.clinic));
        assert!(!shared.live.is_heard(Uuid::from_u128(3)));
    }
}
