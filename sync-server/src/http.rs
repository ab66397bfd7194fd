//! The server as devices reach it: which routes there are, who may use them, and what each is limited to.

mod authenticate;
mod body;
mod channel;
mod description;
mod handlers;
mod limits;
mod origin;
mod problem;
mod ready;

pub use description::document;
pub use limits::Limits;
pub use problem::Problem;
pub use ready::Ready;

use crate::connections::Timeouts;
use crate::database::Database;
use crate::live::Live;
use crate::metrics::{self, Metrics};
use crate::sync::Caller;
use crate::tokens::Tokens;
use crate::work::Change;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;
use sync_protocol::{MESSAGE_MAX_BYTES, PROTOCOL, PROTOCOL_HEADER};
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

/// The largest body on the wire, and what it may be inflated to. No text takes more than seven eighths of its size once it
/// is compressed.
pub const BODY_MAX_BYTES: usize = 16 << 20;
pub const INFLATED_MAX_BYTES: usize = MESSAGE_MAX_BYTES;
/// The most that a request without a credential may say.
const ANYONE_MAX_BYTES: usize = 4 << 10;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Anyone,
    /// A device that was let in and not shut out, within its own clinic.
    Device,
}

/// A route of the server.
#[derive(Clone, Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// Answers from this size on are compressed: less fits into one packet as it is.
const COMPRESSED_MIN_BYTES: u16 = 1_400;

/// What the handlers share.
#[derive(Clone)]
pub struct Shared {
    pub database: Database,
    pub tokens: Arc<Tokens>,
    pub live: Arc<Live>,
    pub limits: Arc<Limits>,
    pub metrics: Arc<Metrics>,
    pub ready: Arc<Ready>,
    /// Proxies whose word on where a request comes from counts.
    pub trusted_proxies: Arc<[IpNet]>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Turns true when the server is about to end.
    pub ending: watch::Receiver<bool>,
}

impl Shared {
    /// That of a server that begins, behind no proxy.
    pub fn new(database: Database, ending: watch::Receiver<bool>) -> Self {
        Self {
            database,
            tokens: Arc::default(),
            live: Arc::default(),
            limits: Arc::default(),
            metrics: Arc::default(),
            ready: Arc::default(),
            trusted_proxies: Arc::default(),
            request_timeout: Timeouts::default().request,
            ending,
        }
    }

    /// Tells whoever should know what was committed, after the device that did it.
    fn announce(&self, caller: Caller, change: Change) {
        self.metrics.merged(&change);
        let live = Arc::clone(&self.live);
        tokio::spawn(async move { live.announce(caller.clinic, change) });
    }
}

/// A row of the table. Its handler is asked by its method and by no other.
fn route<H: Handler<T, Shared>, T: 'static>(
    method: Method,
    path: &'static str,
    access: Access,
    handler: H,
) -> (Route, MethodRouter<Shared>) {
    let by = match method {
        Method::POST => MethodFilter::POST,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    (Route { method, path, access }, on(by, handler))
}

/// Every route: the router is built from this, so that there is none beside it.
fn table() -> Vec<(Route, MethodRouter<Shared>)> {
    use Access::{Anyone, Device};
    vec![
        route(Method::GET, "/healthz", Anyone, handlers::healthz),
        route(Method::GET, "/readyz", Anyone, handlers::readyz),
        route(Method::GET, "/openapi.json", Anyone, description::openapi),
        route(Method::POST, "/v1/pair", Anyone, handlers::pair),
        route(Method::GET, "/v1/epoch", Device, handlers::epoch),
        route(Method::POST, "/v1/push", Device, handlers::push),
        route(Method::POST, "/v1/pull", Device, handlers::pull),
        route(Method::POST, "/v1/offer", Device, handlers::offer),
        route(Method::POST, "/v1/upload", Device, handlers::upload),
        route(Method::POST, "/v1/digests", Device, handlers::digests),
        route(Method::POST, "/v1/bucket", Device, handlers::bucket),
        route(Method::GET, "/v1/live", Device, channel::live),
        route(Method::GET, "/v1/devices", Device, handlers::devices),
        route(Method::DELETE, "/v1/devices/{device}", Device, handlers::revoke),
        route(Method::POST, "/v1/invites", Device, handlers::invite),
    ]
}

/// Refuses HTTP/2, which the listener takes as well: the time-outs of connections know nothing of its streams.
async fn version_1(request: Request, next: Next) -> Response {
    if request.version() > Version::HTTP_11 {
        let title = "this server speaks HTTP/1.1";
        return Problem::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "version", title).into_response();
    }
    next.run(request).await
}

/// The routes and who may use them.
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|(route, _)| route).collect()
}

/// A device tells by it a server of another version from what is no Frontdesk server at all.
async fn tell_protocol(mut response: Response) -> Response {
    response.headers_mut().insert(HeaderName::from_static(PROTOCOL_HEADER), HeaderValue::from(PROTOCOL));
    response
}

/// The whole server.
pub fn router(shared: Shared) -> Router {
    let (mut anyone, mut devices) = (Router::new(), Router::new());
    for (route, handler) in table() {
        match route.access {
            Access::Anyone => anyone = anyone.route(route.path, handler),
            Access::Device => devices = devices.route(route.path, handler),
        }
    }
    // From the outside in: who it is, then what the body is inflated to. A stranger's body is never read.
    let devices = devices
        .layer(DefaultBodyLimit::max(INFLATED_MAX_BYTES))
        .layer(RequestDecompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(BODY_MAX_BYTES))
        .route_layer(from_fn_with_state(shared.clone(), authenticate::device));
    anyone
        .layer(DefaultBodyLimit::max(ANYONE_MAX_BYTES))
        .merge(devices)
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this address takes another method")
        })
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such address") })
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_MIN_BYTES))),
        )
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, shared.request_timeout))
        .layer(from_fn(version_1))
        .layer(TraceLayer::new_for_http())
        .layer(from_fn_with_state(shared.clone(), origin::note))
        .layer(from_fn_with_state(Arc::clone(&shared.metrics), metrics::count))
        .layer(map_response(tell_protocol))
        .with_state(shared)
}
