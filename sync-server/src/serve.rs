//! A serving process: from its settings to its orderly end.

use crate::connections::Connections;
pub use crate::connections::Timeouts;
use crate::database::Database;
use crate::error::SetupError;
use crate::http::{self, Shared};
use crate::live::Live;
use crate::metrics::Listening;
pub use crate::tls::Tls;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use ipnet::IpNet;
use sqlx::postgres::{PgConnectOptions, PgListener};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long requests under way may take when the server ends.
const DRAIN: Duration = Duration::from_secs(20);

/// How often limits forget who has not asked for a while.
const TIDY_UP: Duration = Duration::from_secs(60);

/// How to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A role that row-level security holds back.
    pub database: PgConnectOptions,
    /// Connections to the database at most.
    pub connections: u32,
    pub listen: SocketAddr,
    /// Without it only this machine itself is served.
    pub tls: Option<Tls>,
    /// Where Prometheus asks, in plain HTTP; nowhere unless it is told.
    pub metrics: Option<SocketAddr>,
    /// Connections at most; more are refused.
    pub max_clients: usize,
    /// Whose word on where a request comes from counts.
    pub trusted_proxies: Vec<IpNet>,
    pub timeouts: Timeouts,
}

/// A server that serves.
pub struct Running {
    pub address: SocketAddr,
    metrics: Option<Listening>,
    scheme: &'static str,
    handle: Handle<SocketAddr>,
    ending: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    background: JoinSet<()>,
    database: Database,
}

/// Starts serving.
///
/// # Errors
/// What is missing, and what to do about it.
pub async fn start(settings: Settings) -> Result<Running, SetupError> {
    if settings.tls.is_none() && !settings.listen.ip().is_loopback() {
        return Err(SetupError::PlainHttp);
    }
    let tls = settings.tls.as_ref().map(Tls::load).transpose()?;
    let database = Database::connect(settings.database, settings.connections).await?;
    database.check_role().await?;
    let hints = Live::connect(&database).await?;
    let (ending, is_ending) = watch::channel(false);
    let shared = Shared {
        trusted_proxies: settings.trusted_proxies.into(),
        request_timeout: settings.timeouts.request,
        ..Shared::new(database.clone(), is_ending)
    };
    let listen = |source| SetupError::Listen { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let metrics = settings
        .metrics
        .map(|address| Listening::start(address, Arc::clone(&shared.metrics), database.clone()))
        .transpose()?;
    let handle = Handle::new();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let service = http::router(shared.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let connections = Connections::new(settings.max_clients, settings.timeouts.stalled);
    let server = axum_server::from_tcp(listener).map_err(listen)?.handle(handle.clone());
    let server = settings.timeouts.apply_to(server);
    let serving = match tls {
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).acceptor(connections);
            tokio::spawn(server.acceptor(acceptor).serve(service))
        }
        None => tokio::spawn(server.acceptor(connections).serve(service)),
    };
    let background = background(shared, hints);
    Ok(Running { address, metrics, scheme, handle, ending, serving, background, database })
}

/// What goes on beside the requests.
fn background(shared: Shared, hints: PgListener) -> JoinSet<()> {
    let mut background = JoinSet::new();
    let Shared { database, tokens, live, limits, .. } = shared;
    background.spawn({
        let database = database.clone();
        async move { tokens.watch(&database).await }
    });
    background.spawn({
        let (live, database) = (Arc::clone(&live), database.clone());
        async move { live.tell(&database).await }
    });
    background.spawn(async move { live.listen(&database, hints).await });
    background.spawn(async move {
        loop {
            tokio::time::sleep(TIDY_UP).await;
            limits.tidy_up();
        }
    });
    background
}

impl Running {
    /// Where devices reach it.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where Prometheus reaches it, if it does.
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics.as_ref().map(|metrics| format!("http://{}/metrics", metrics.address))
    }

    /// Takes no new requests, ends the live channels, lets the requests under way end, and disconnects.
    ///
    /// # Errors
    /// Listening had failed.
    pub async fn stop(mut self) -> Result<(), SetupError> {
        // Nobody listens if no device is connected.
        let _ = self.ending.send(true);
        self.handle.graceful_shutdown(Some(DRAIN));
        let ended = self.serving.await;
        self.background.shutdown().await;
        if let Some(metrics) = self.metrics.take() {
            metrics.stop().await;
        }
        self.database.pool().close().await;
        match ended {
            Ok(Err(source)) => Err(SetupError::Listen { address: self.address, source }),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Serves until somebody asks the process to end.
    ///
    /// # Errors
    /// Listening failed.
    pub async fn until_asked(self) -> Result<(), SetupError> {
        asked_to_end().await;
        tracing::info!("ending; requests under way are answered first");
        self.stop().await
    }
}

/// Waits for SIGTERM or Ctrl-C.
async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals only killing is left.
    let _ = interrupt.await;
}
