//! Errors as HTTP tells them: RFC 9457, with a code that a device acts on.

use crate::error::ServerError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sync_protocol::{Envelope, Refusal};
use utoipa::{IntoResponses, ToSchema};

/// What went wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
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

/// What any request may be answered with instead. Only for the description.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "a description is never made")]
pub enum Problems {
    /// The request cannot be understood
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No credential, one that nobody knows, or one of a device that was shut out
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// A wrong code, or a change in another device's name
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such thing in this clinic
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// Another method is meant
    #[response(status = 405)]
    Method,
    /// The server is in another epoch, or the database is a copy
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large, on the way or inflated
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not JSON
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// Too many requests
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Problem),
    /// The database cannot be reached
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
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
            ServerError::NotReady => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title),
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
