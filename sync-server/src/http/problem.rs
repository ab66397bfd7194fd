//! Errors as HTTP tells them: RFC 9457, with a code that a device acts on.

use crate::error::ServerError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sync_protocol::{Envelope, Refusal};

/// What went wrong with a request.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    status: u16,
    /// For the device: what to do.
    code: &'static str,
    /// For a person.
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Envelope<Refusal>>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self { kind: "about:blank", status: status.as_u16(), code, title: title.into(), refusal: None }
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "this needs the credential of a paired device")
    }

    pub fn revoked() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "revoked", "this device was shut out by the clinic")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Every part of it has a JSON form.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ServerError> for Problem {
    fn from(error: ServerError) -> Self {
        let title = error.to_string();
        match error {
            ServerError::Refused(refusal) => {
                let (status, code) = match refusal.message {
                    Refusal::Epoch { .. } => (StatusCode::CONFLICT, "epoch"),
                    Refusal::Copied { .. } => (StatusCode::CONFLICT, "copied"),
                    Refusal::Malformed { .. } => (StatusCode::BAD_REQUEST, "malformed"),
                };
                Self { refusal: Some(refusal), ..Self::new(status, code, title) }
            }
            ServerError::Wire(_) | ServerError::TooLarge(_) => {
                Self::new(StatusCode::BAD_REQUEST, "malformed", title)
            }
            ServerError::ForeignAuthor(_) => Self::new(StatusCode::FORBIDDEN, "foreign_author", title),
            ServerError::Code => Self::new(StatusCode::FORBIDDEN, "code", title),
            ServerError::NoDevice => Self::new(StatusCode::NOT_FOUND, "not_found", title),
            ServerError::Database(sqlx::Error::PoolTimedOut) => {
                tracing::warn!("no connection to the database became free in time");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "the server is busy; try again in a moment",
                )
            }
            ServerError::Database(error) => {
                tracing::error!(%error, "the database failed");
                let title = "the server cannot reach its database; try again in a moment";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title)
            }
            ServerError::Stored(_) | ServerError::Randomness(_) => {
                tracing::error!(%error, "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the server failed; its log says more",
                )
            }
        }
    }
}

impl IntoResponse for ServerError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
