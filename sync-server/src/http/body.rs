//! Bodies of JSON. What somebody sends is limited in bytes (see the router), in values, and in how much of it is in memory
//! at once.

use super::limits::Room;
use super::{Problem, Shared};
use crate::sync::Caller;
use axum::Json;
use axum::RequestExt;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError};
use serde::de::DeserializeOwned;

/// A body of more than this is large.
const LARGE_BYTES: usize = 1 << 20;
/// Commas and opening brackets of a body outside of its texts, roughly its values: each takes up to 32 bytes once it is
/// read, however short it is. A push of the largest size has half of this.
const VALUES_MAX: usize = 4_000_000;

/// A body of JSON whose faults are told as problems, and its leave to be in memory.
pub struct Body<T>(pub T, pub Option<Room>);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let title = "the body has to be application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "malformed", title));
        }
        let (bytes, room) = collect(request, shared).await?;
        if values(&bytes) > VALUES_MAX {
            return Err(too_large());
        }
        let Json(message) = Json::from_bytes(&bytes)?;
        Ok(Self(message, room))
    }
}

/// Nobody has to look closely unless there may be too many. What is a text here is one to whoever reads the body.
fn values(bytes: &[u8]) -> usize {
    let separates = |byte: &u8| matches!(byte, b',' | b'[' | b'{');
    let most = bytes.iter().filter(|byte| separates(byte)).count();
    if most <= VALUES_MAX {
        return most;
    }
    let (mut in_text, mut is_escaped) = (false, false);
    let outside = bytes.iter().filter(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            _ => return !in_text && separates(byte),
        }
        false
    });
    outside.take(VALUES_MAX + 1).count()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads all of a body. Whoever sends a large one has to have room for it.
async fn collect(request: Request, shared: &Shared) -> Result<(Vec<u8>, Option<Room>), Problem> {
    let caller = request.extensions().get::<Caller>().copied();
    let mut body = request.into_limited_body();
    let (mut bytes, mut room) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(unread)?.into_data() else { continue };
        if bytes.len() + data.len() > LARGE_BYTES && room.is_none() {
            // A stranger's body is limited to much less.
            let caller = caller.ok_or_else(too_large)?;
            room = Some(shared.limits.large(caller).await?);
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, room))
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large")
}

fn unread(error: axum::Error) -> Problem {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        cause = error.source();
    }
    Problem::new(StatusCode::BAD_REQUEST, "malformed", "the body cannot be read to its end")
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        // What is wrong and where; the text quotes names of fields, never values.
        let status = match rejection.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        Self::new(status, "malformed", rejection.body_text())
    }
}
