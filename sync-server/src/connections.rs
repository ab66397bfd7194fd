//! The connections of a server process: how many there are at once, and what becomes of one whose other side takes
//! nothing of what it asked for.

use crate::lock;
use axum_server::Server;
use axum_server::accept::Accept;
use std::future::{Future, Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready as or_pending};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// How often the log tells that connections are refused.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How long the server waits for whom.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the beginning of a connection to the end of its first request's headers. A TLS handshake has ten seconds of
    /// its own.
    pub first_request: Duration,
    /// From an answer to the end of the next request's headers. Longer than the pause between two polls of a desk, which
    /// would otherwise make a connection anew for each.
    pub idle: Duration,
    /// For a request with its body, until its answer begins.
    pub request: Duration,
    /// For the other side to take anything at all of what is sent to it.
    pub stalled: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_request: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            request: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
        }
    }
}

impl Timeouts {
    /// Has a server keep them. What speaks version 2 gets no further than one refusal (see the router): who takes nothing
    /// there need not stop taking bytes.
    pub fn apply_to<A>(self, server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
        let mut server = server.first_request_timeout(self.first_request).accept_error_handler(failed);
        let builder = server.http_builder();
        builder.http1().header_read_timeout(self.idle);
        builder
            .http2()
            .max_concurrent_streams(1)
            .keep_alive_interval(self.idle)
            .keep_alive_timeout(self.stalled);
        server
    }
}

/// Somebody's connection came to nothing, or nobody can connect at all.
fn failed(from: Option<&SocketAddr>, error: &io::Error) {
    match from {
        Some(address) => tracing::debug!(%address, %error, "a connection came to nothing"),
        None => tracing::error!(%error, "no connection can be taken; LimitNOFILE may be too low"),
    }
}

/// Takes connections, up to a number; the others are refused at once, since their devices come again by themselves.
#[derive(Clone, Debug)]
pub struct Connections {
    most: usize,
    free: Arc<Semaphore>,
    stalled: Duration,
    told: Arc<Mutex<Option<Instant>>>,
}

impl Connections {
    pub fn new(most: usize, stalled: Duration) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most)), stalled, told: Arc::default() }
    }

    fn take(&self, tcp: TcpStream) -> io::Result<Connection> {
        let Ok(one) = Arc::clone(&self.free).try_acquire_owned() else {
            self.tell();
            return Err(io::Error::other("there are too many connections"));
        };
        // Answers and hints are small, and somebody waits for each.
        tcp.set_nodelay(true)?;
        Ok(Connection { tcp, stalled: self.stalled, until: None, _one: one })
    }

    fn tell(&self) {
        let mut told = lock(&self.told);
        if told.is_none_or(|at| at.elapsed() > TOLD_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(most = self.most, "connections are refused; --max-clients allows no more");
        }
    }
}

impl<S> Accept<TcpStream, S> for Connections {
    type Stream = Connection;
    type Service = S;
    type Future = Ready<io::Result<(Connection, S)>>;

    fn accept(&self, tcp: TcpStream, service: S) -> Self::Future {
        ready(self.take(tcp).map(|connection| (connection, service)))
    }
}

/// One of the connections, also after it became a live channel. It fails if what is written to it is not taken.
#[derive(Debug)]
pub struct Connection {
    tcp: TcpStream,
    stalled: Duration,
    /// While the other side takes nothing.
    until: Option<Pin<Box<Sleep>>>,
    _one: OwnedSemaphorePermit,
}

impl Connection {
    /// What came of writing; a failure if nothing has come of it for too long.
    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.until = None;
            return written;
        }
        let stalled = self.stalled;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(stalled)));
        or_pending!(until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(context, parts);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
