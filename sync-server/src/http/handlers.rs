//! The requests, one function each: reads the message, has it done, and says how it went.

use super::body::Body;
use super::origin::Origin;
use super::problem::Problems;
use super::{Problem, Shared};
use crate::devices::{self, Device, INVITE_MINUTES};
use crate::error::ServerError;
use crate::secrets::Code;
use crate::sync::{self, Caller};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use sync_protocol::{
    Bucket, Content, Digests, Envelope, Epoch, Key, Offer, Page, Pull, Push, Pushed, Upload,
};
use tokio::time::timeout;
use tracing::Instrument;
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest name of a device.
const NAME_MAX_CHARS: usize = 100;

type Answer<T> = Result<Json<T>, ServerError>;

/// The process is there.
#[utoipa::path(get, path = "/healthz", tag = "process", responses((status = 200, description = "It is", body = String)))]
pub async fn healthz() -> &'static str {
    "ok"
}

/// The process can reach its database.
#[utoipa::path(
    get, path = "/readyz", tag = "process",
    responses((status = 200, description = "It can", body = String), Problems),
)]
pub async fn readyz(State(shared): State<Shared>) -> Result<&'static str, ServerError> {
    shared.ready.check(&shared.database).await?;
    Ok("ok")
}

/// A device that was given a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    code: String,
    device: Uuid,
    name: String,
}

/// What the device is from now on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Paired {
    pub clinic: Uuid,
    /// Its credential, told this once.
    pub token: String,
}

/// Lets a device in by its code, which is spent then.
#[utoipa::path(
    post, path = "/v1/pair", tag = "devices", request_body = Pair,
    responses((status = 200, description = "It is in", body = Paired), Problems),
)]
pub async fn pair(
    State(shared): State<Shared>,
    Extension(Origin(address)): Extension<Origin>,
    Body(pair, _room): Body<Pair>,
) -> Result<Json<Paired>, Problem> {
    shared.limits.code(address)?;
    let name = pair.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        let title = format!("a device needs a name of at most {NAME_MAX_CHARS} letters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", title));
    }
    let token = devices::pair(&shared.database, &Code::typed(&pair.code), pair.device, name).await?;
    Ok(Json(Paired { clinic: token.clinic, token: token.to_string() }))
}

/// The clinic's epoch.
#[utoipa::path(
    get, path = "/v1/epoch", tag = "sync", security(("device" = [])),
    responses((status = 200, description = "Done", body = Epoch), Problems),
)]
pub async fn epoch(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer<Epoch> {
    Ok(Json(sync::epoch(&shared.database, caller).await?))
}

/// Merges transactions; a retry gets the answer of the first time.
#[utoipa::path(
    post, path = "/v1/push", tag = "sync", security(("device" = [])),
    request_body = Envelope<Push>,
    responses((status = 200, description = "Done", body = Envelope<Pushed>), Problems),
)]
pub async fn push(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(push, room): Body<Envelope<Push>>,
) -> Answer<Envelope<Pushed>> {
    to_its_end(shared.request_timeout, async move {
        let _room = room;
        let (pushed, change) = sync::push(&shared.database, caller, push).await?;
        shared.announce(caller, change);
        Ok(Json(pushed))
    })
    .await
}

/// The next records in the order of their last change.
#[utoipa::path(
    post, path = "/v1/pull", tag = "sync", security(("device" = [])),
    request_body = Pull,
    responses((status = 200, description = "Done", body = Envelope<Page>), Problems),
)]
pub async fn pull(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(pull, _room): Body<Pull>,
) -> Answer<Envelope<Page>> {
    Ok(Json(sync::pull(&shared.database, caller, &pull).await?))
}

/// Those of the offered records that have something the clinic lacks.
#[utoipa::path(
    post, path = "/v1/offer", tag = "sync", security(("device" = [])),
    request_body = Envelope<Offer>,
    responses((status = 200, description = "Done", body = Vec<Key>), Problems),
)]
pub async fn offer(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(offer, _room): Body<Envelope<Offer>>,
) -> Answer<Vec<Key>> {
    Ok(Json(sync::offer(&shared.database, caller, offer).await?))
}

/// Takes what the clinic lacks.
#[utoipa::path(
    post, path = "/v1/upload", tag = "sync", security(("device" = [])),
    request_body = Envelope<Upload>,
    responses((status = 204, description = "Done"), Problems),
)]
pub async fn upload(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(upload, room): Body<Envelope<Upload>>,
) -> Result<StatusCode, ServerError> {
    to_its_end(shared.request_timeout, async move {
        let _room = room;
        let change = sync::upload(&shared.database, caller, upload).await?;
        shared.announce(caller, change);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Goes on if the device goes away meanwhile: what was committed has to be announced, or nobody hears of it before the
/// next poll.
async fn to_its_end<T: Send + 'static>(
    within: Duration,
    work: impl Future<Output = Result<T, ServerError>> + Send + 'static,
) -> Result<T, ServerError> {
    let ended = tokio::spawn(timeout(within, work).in_current_span()).await;
    ended.ok().and_then(Result::ok).unwrap_or(Err(sqlx::Error::WorkerCrashed.into()))
}

/// Asks for the sums of an epoch.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AskDigests {
    epoch: Epoch,
}

/// Sums over the clinic's records.
#[utoipa::path(
    post, path = "/v1/digests", tag = "sync", security(("device" = [])),
    request_body = AskDigests,
    responses((status = 200, description = "Done", body = Digests), Problems),
)]
pub async fn digests(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(ask, _room): Body<AskDigests>,
) -> Answer<Digests> {
    Ok(Json(sync::digests(&shared.database, caller, ask.epoch).await?))
}

/// Asks for the records of a bucket.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AskBucket {
    epoch: Epoch,
    bucket: Bucket,
}

/// The records of a part of a collection.
#[utoipa::path(
    post, path = "/v1/bucket", tag = "sync", security(("device" = [])),
    request_body = AskBucket,
    responses((status = 200, description = "Done", body = Envelope<Content>), Problems),
)]
pub async fn bucket(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(ask, _room): Body<AskBucket>,
) -> Answer<Envelope<Content>> {
    Ok(Json(sync::bucket(&shared.database, caller, ask.epoch, &ask.bucket).await?))
}

/// The clinic's devices.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", security(("device" = [])),
    responses((status = 200, description = "Done", body = Vec<Device>), Problems),
)]
pub async fn devices(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<Device>> {
    Ok(Json(devices::list(&shared.database, caller).await?))
}

/// Shuts a device out.
#[utoipa::path(
    delete, path = "/v1/devices/{device}", tag = "devices", security(("device" = [])),
    params(("device" = Uuid, Path, description = "Its id")),
    responses((status = 204, description = "Done"), Problems),
)]
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
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Invite {
    pub code: String,
    pub minutes: i32,
}

/// A code that lets one more device in.
#[utoipa::path(
    post, path = "/v1/invites", tag = "devices", security(("device" = [])),
    responses((status = 201, description = "Done", body = Invite), Problems),
)]
pub async fn invite(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<(StatusCode, Json<Invite>), ServerError> {
    let code = devices::invite(&shared.database, caller).await?;
    Ok((StatusCode::CREATED, Json(Invite { code: code.to_string(), minutes: INVITE_MINUTES })))
}
