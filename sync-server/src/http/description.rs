//! What the server says of itself: OpenAPI.

use super::{channel, handlers};
use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk sync server",
        description = "Keeps the desks of one or more clinics in step. Every answer tells the number of the protocol in the header \
                       `frontdesk-protocol`."
    ),
    paths(
        openapi,
        handlers::healthz,
        handlers::readyz,
        handlers::pair,
        handlers::epoch,
        handlers::push,
        handlers::pull,
        handlers::offer,
        handlers::upload,
        handlers::digests,
        handlers::bucket,
        channel::live,
        handlers::devices,
        handlers::revoke,
        handlers::invite
    ),
    modifiers(&Credential)
)]
struct Api;

/// The credential that pairing told the device.
struct Credential;

impl Modify for Credential {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("device", bearer);
    }
}

/// Every route, what it takes and what it answers.
pub fn document() -> Document {
    Api::openapi()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "process", responses((status = 200, description = "OpenAPI")))]
pub async fn openapi() -> Json<Document> {
    Json(document())
}
