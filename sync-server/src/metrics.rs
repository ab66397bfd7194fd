//! What a server process counts of its own work, as Prometheus asks for it: on a listener of its own, which devices do
//! not reach. Labels are names of the code: no clinic, no device, nothing that somebody sent.

use crate::database::Database;
use crate::error::SetupError;
use crate::work::Change;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_server::Handle;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;

/// The bounds by which answers are sorted, in seconds: from what a poll takes to the time-out.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A request by where it went and what became of it.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    /// As the router has it, without the ids of an address.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByRoute {
    route: String,
}

/// The counters of one process. All begin at zero with it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<ByRoute, Histogram>,
    rows: Counter,
    conflicts: Counter,
    rejections: Counter,
    channels: Gauge,
    connections: Gauge,
    connections_in_use: Gauge,
    memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let [rows, conflicts, rejections] = [(); 3].map(|()| Counter::default());
        let [channels, connections, connections_in_use, memory] = [(); 4].map(|()| Gauge::default());
        let ours = registry.sub_registry_with_prefix("frontdesk");
        ours.register("requests", "Requests that were answered", requests.clone());
        let until = "How long requests took until their answer began";
        ours.register_with_unit("request_duration", until, Unit::Seconds, seconds.clone());
        ours.register("rows_merged", "Records that devices' changes were written to", rows.clone());
        ours.register("conflicts", "Conflicts between changes that were added", conflicts.clone());
        let rejected = "Transactions of which something was rejected";
        ours.register("rejections", rejected, rejections.clone());
        ours.register("live_channels", "Devices that are connected to hear hints", channels.clone());
        ours.register("database_connections", "Connections to the database", connections.clone());
        let used = "Connections to the database that a request has";
        ours.register("database_connections_in_use", used, connections_in_use.clone());
        let resident = "Memory of the process; of Linux only";
        registry.register_with_unit("process_resident_memory", resident, Unit::Bytes, memory.clone());
        Self {
            registry,
            requests,
            seconds,
            rows,
            conflicts,
            rejections,
            channels,
            connections,
            connections_in_use,
            memory,
        }
    }
}

impl Metrics {
    /// A change of a clinic was committed.
    pub fn merged(&self, change: &Change) {
        self.rows.inc_by((change.records.len() - change.conflicts) as u64);
        self.conflicts.inc_by(change.conflicts as u64);
        self.rejections.inc_by(change.rejections as u64);
    }

    /// A device is connected for as long as it keeps what is returned.
    pub fn channel(&self) -> Channel {
        self.channels.inc();
        Channel(self.channels.clone())
    }

    fn answered(&self, method: &Method, route: String, status: StatusCode, since: Instant) {
        self.seconds.get_or_create(&ByRoute { route: route.clone() }).observe(since.elapsed().as_secs_f64());
        let method = known(method);
        self.requests.get_or_create(&Answered { method, route, status: status.as_u16() }).inc();
    }

    /// Everything as text, in the form of OpenMetrics.
    fn text(&self, database: &Database) -> Result<String, std::fmt::Error> {
        let pool = database.pool();
        let (all, idle) = (i64::from(pool.size()), i64::try_from(pool.num_idle()).unwrap_or(i64::MAX));
        self.connections.set(all);
        self.connections_in_use.set((all - idle).max(0));
        self.memory.set(resident_bytes().unwrap_or(0));
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts the connected device until it is dropped.
#[derive(Debug)]
pub struct Channel(Gauge);

impl Drop for Channel {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Anybody may make up a method.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Notes each request of the server with its answer.
pub async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let since = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    metrics.answered(&method, route.unwrap_or_else(|| "other".to_owned()), response.status(), since);
    response
}

/// The listener of the metrics.
pub struct Listening {
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// Serves `GET /metrics` at `address`, in plain HTTP and to whoever reaches it.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start(address: SocketAddr, metrics: Arc<Metrics>, database: Database) -> Result<Self, SetupError> {
        let listen = |source| SetupError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let router = Router::new().route("/metrics", get(tell)).with_state((metrics, database));
        let handle = Handle::new();
        let server = axum_server::from_tcp(listener).map_err(listen)?.handle(handle.clone());
        let serving = tokio::spawn(server.serve(router.into_make_service()));
        Ok(Self { address: bound, handle, serving })
    }

    /// Ends it at once: whoever asks, asks again.
    pub async fn stop(self) {
        self.handle.shutdown();
        // How it ended changes nothing any more.
        let _ = self.serving.await;
    }
}

async fn tell(State((metrics, database)): State<(Arc<Metrics>, Database)>) -> Response {
    match metrics.text(&database) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The line `VmRSS:  1234 kB` that Linux tells of a process.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<i64>().ok()?.checked_mul(1024)
}
