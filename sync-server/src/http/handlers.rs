//! The requests, one function each: reads the message, has it done, and says how it went.

use super::{Problem, Shared};
use crate::devices::{self, Device, INVITE_MINUTES};
use crate::error::ServerError;
use crate::secrets::Code;
use crate::sync::{self, Caller};
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use sync_protocol::{
    Bucket, Content, Digests, Envelope, Epoch, Key, Offer, Page, Pull, Push, Pushed, Upload,
};
use uuid::Uuid;

/// The longest name of a device.
const NAME_MAX_CHARS: usize = 100;

/// A body of JSON whose faults are told as problems.
pub struct Body<T>(T);

impl<T, S> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let code =
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "malformed" };
        // What is wrong and where; the text quotes names of fields, never values.
        let status = match rejection.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        Self::new(status, code, rejection.body_text())
    }
}

type Answer<T> = Result<Json<T>, ServerError>;

/// The process is there.
pub async fn healthz() -> &'static str {
    "ok"
}

/// The process can reach its database.
pub async fn readyz(State(shared): State<Shared>) -> Result<&'static str, ServerError> {
    sqlx::query("SELECT 1").execute(shared.database.pool()).await?;
    Ok("ok")
}

/// A device that was given a code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    code: String,
    device: Uuid,
    name: String,
}

/// What the device is from now on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Paired {
    pub clinic: Uuid,
    /// Its credential, told this once.
    pub token: String,
}

pub async fn pair(
    State(shared): State<Shared>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Body(pair): Body<Pair>,
) -> Result<Json<Paired>, Problem> {
    shared.limits.code(address.ip())?;
    let name = pair.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        let title = format!("a device needs a name of at most {NAME_MAX_CHARS} letters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", title));
    }
    let token = devices::pair(&shared.database, &Code::typed(&pair.code), pair.device, name).await?;
    Ok(Json(Paired { clinic: token.clinic, token: token.to_string() }))
}

pub async fn epoch(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer<Epoch> {
    Ok(Json(sync::epoch(&shared.database, caller).await?))
}

pub async fn push(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(push): Body<Envelope<Push>>,
) -> Answer<Envelope<Pushed>> {
    let (pushed, head) = sync::push(&shared.database, caller, push).await?;
    shared.live.announce(caller.clinic, head);
    Ok(Json(pushed))
}

pub async fn pull(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(pull): Body<Pull>,
) -> Answer<Envelope<Page>> {
    Ok(Json(sync::pull(&shared.database, caller, &pull).await?))
}

pub async fn offer(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(offer): Body<Envelope<Offer>>,
) -> Answer<Vec<Key>> {
    Ok(Json(sync::offer(&shared.database, caller, offer).await?))
}

pub async fn upload(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(upload): Body<Envelope<Upload>>,
) -> Result<StatusCode, ServerError> {
    let head = sync::upload(&shared.database, caller, upload).await?;
    shared.live.announce(caller.clinic, head);
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for the sums of an epoch.
#[derive(Debug, Deserialize)]
pub struct AskDigests {
    epoch: Epoch,
}

pub async fn digests(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(ask): Body<AskDigests>,
) -> Answer<Digests> {
    Ok(Json(sync::digests(&shared.database, caller, ask.epoch).await?))
}

/// Asks for the records of a bucket.
#[derive(Debug, Deserialize)]
pub struct AskBucket {
    epoch: Epoch,
    bucket: Bucket,
}

pub async fn bucket(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(ask): Body<AskBucket>,
) -> Answer<Envelope<Content>> {
    Ok(Json(sync::bucket(&shared.database, caller, ask.epoch, &ask.bucket).await?))
}

pub async fn devices(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<Device>> {
    Ok(Json(devices::list(&shared.database, caller).await?))
}

pub async fn revoke(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    device: Result<Path<Uuid>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode, ServerError> {
    let Path(device) = device.map_err(|_| ServerError::NoDevice)?;
    devices::revoke(&shared.database, caller, device).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A code that lets one more device in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invite {
    pub code: String,
    pub minutes: i32,
}

pub async fn invite(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<(StatusCode, Json<Invite>), ServerError> {
    let code = devices::invite(&shared.database, caller).await?;
    Ok((StatusCode::CREATED, Json(Invite { code: code.to_string(), minutes: INVITE_MINUTES })))
}
