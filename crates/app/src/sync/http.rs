//! Talking to the server: HTTP with JSON, compressed, and what its answers mean.

use super::address;
use super::error::SyncError;
use super::peer::{Peer, Spoken};
use chrono::DateTime;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sync_protocol::{Envelope, Refusal};
use tokio::sync::watch;

/// A connection that is not in use is closed before the server closes it, which is after 75 s: a question that crosses the
/// end would fail.
const IDLE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(5);
/// The server gives up on a request after 30 seconds.
const ANSWER: Duration = Duration::from_secs(40);
/// What was asked before the way to the server broke is answered within this time after it is there again, or is lost.
const OVERDUE: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const KEEP_ALIVES: u32 = 3;
/// Bodies from this size on are compressed: less fits into one packet as it is.
const COMPRESSED_MIN_BYTES: usize = 1_400;
/// Fast, and small enough: the network is rarely what is slow.
const ZSTD_LEVEL: i32 = 1;

/// The server at an address.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    pub server: Url,
    pub tls: Arc<ClientConfig>,
    /// What the server said of itself last.
    pub peer: Peer,
    token: Option<String>,
    sent: Arc<AtomicU64>,
    /// The way to the server broke, and is there again.
    mended: watch::Sender<()>,
}

/// A problem as the server tells it (RFC 9457).
#[derive(serde::Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    refusal: Option<Envelope<Refusal>>,
}

/// An answer that is no success.
#[derive(Debug)]
pub enum Answered {
    /// In the terms of the message.
    Refused(Envelope<Refusal>),
    Failed(SyncError),
}

/// Where nothing is asked that a server of sync would refuse.
impl From<Answered> for SyncError {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Failed(error) => error,
            Answered::Refused(_) => Self::NotAServer,
        }
    }
}

impl From<SyncError> for Answered {
    fn from(error: SyncError) -> Self {
        Self::Failed(error)
    }
}

impl Http {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// The address, or the certificate of the own authority, is none.
    pub fn new(server: Url, authority: Option<&str>, token: Option<String>) -> Result<Self, SyncError> {
        let tls = Arc::new(tls(&server, authority)?);
        let client = Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&tls))
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // Whoever sends a desk elsewhere is not its server.
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            // A connection that a router has forgotten is found out, also while an answer is waited for.
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(KEEP_ALIVES)
            .build()
            .map_err(|_| SyncError::Address)?;
        Ok(Self {
            client,
            server,
            tls,
            peer: Peer::default(),
            token,
            sent: Arc::default(),
            mended: watch::Sender::new(()),
        })
    }

    /// Bytes of all bodies so far, as they went out.
    pub fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The way to the server broke, and is there again: nobody waits long any more for what was asked before.
    pub fn mended(&self) {
        self.mended.send_replace(());
    }

    /// The credential.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, address::of(&self.server, path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// # Errors
    /// Nobody answers, or not as a server does.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Answered> {
        self.read(self.request(Method::GET, path)).await
    }

    /// # Errors
    /// Nobody answers, or not as a server does.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Answered> {
        self.read(self.request_with(path, body)?).await
    }

    /// # Errors
    /// Nobody answers, or not as a server does.
    pub async fn post_for_nothing(&self, path: &str, body: &impl Serialize) -> Result<(), Answered> {
        self.be_done(self.request_with(path, body)?).await
    }

    /// # Errors
    /// Nobody answers, or not as a server does.
    pub async fn delete(&self, path: &str) -> Result<(), Answered> {
        self.be_done(self.request(Method::DELETE, path)).await
    }

    fn request_with(&self, path: &str, body: &impl Serialize) -> Result<RequestBuilder, SyncError> {
        let body = serde_json::to_vec(body).map_err(StoreJson)?;
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
        if body.len() < COMPRESSED_MIN_BYTES {
            self.sent.fetch_add(body.len() as u64, Ordering::Relaxed);
            return Ok(request.body(body));
        }
        let compressed = zstd::encode_all(body.as_slice(), ZSTD_LEVEL).map_err(|_| SyncError::Busy)?;
        self.sent.fetch_add(compressed.len() as u64, Ordering::Relaxed);
        Ok(request.header(CONTENT_ENCODING, "zstd").body(compressed))
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Answered> {
        let (body, spoken) = self.send(request).await?;
        serde_json::from_slice(&body).map_err(|_| spoken.unreadable().into())
    }

    /// Only a Frontdesk server's word is taken for it that something was done.
    async fn be_done(&self, request: RequestBuilder) -> Result<(), Answered> {
        let (_, spoken) = self.send(request).await?;
        if spoken.is_ours() { Ok(()) } else { Err(SyncError::NotAServer.into()) }
    }

    async fn send(&self, request: RequestBuilder) -> Result<(Vec<u8>, Spoken), Answered> {
        let mended = self.mended.subscribe();
        tokio::select! {
            answered = self.answer(request) => answered,
            () = overdue(mended) => Err(SyncError::Unreachable.into()),
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(Vec<u8>, Spoken), Answered> {
        let response = request.send().await.map_err(|error| failure(&error))?;
        let spoken = self.peer.hear(response.headers());
        if !response.status().is_success() {
            return Err(refused(response, spoken).await?);
        }
        let body = response.bytes().await.map_err(|error| failure(&error))?;
        Ok((body.into(), spoken))
    }
}

/// Ends some time after the way broke and was mended.
async fn overdue(mut mended: watch::Receiver<()>) {
    // Whoever asks has the sender.
    if mended.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(OVERDUE).await;
}

/// What cannot be written as JSON is a fault of the store's.
struct StoreJson(serde_json::Error);

impl From<StoreJson> for SyncError {
    fn from(error: StoreJson) -> Self {
        Self::Store(error.0.into())
    }
}

async fn refused(response: Response, spoken: Spoken) -> Result<Answered, SyncError> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    if !is_problem {
        // A balancer without servers behind it says so in its own way.
        let gone = matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        );
        return Err(if gone { SyncError::Busy } else { spoken.unreadable() });
    }
    let body = response.bytes().await.map_err(|error| failure(&error))?;
    let problem: Problem = serde_json::from_slice(&body).map_err(|_| spoken.unreadable())?;
    Ok(spoken.explain(meaning(problem)))
}

fn meaning(problem: Problem) -> Answered {
    if let Some(refusal) = problem.refusal {
        return Answered::Refused(refusal);
    }
    Answered::Failed(match problem.code.as_str() {
        "revoked" => SyncError::Revoked,
        "unauthorized" => SyncError::Unknown,
        "code" => SyncError::Code,
        "too_often" => SyncError::TooOften,
        "busy" | "unavailable" | "internal" => SyncError::Busy,
        "not_found" => SyncError::NotAServer,
        "too_large" => SyncError::TooLarge,
        _ => SyncError::Version(problem.title),
    })
}

/// Why there is no answer.
fn failure(error: &reqwest::Error) -> SyncError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(error) = certificate_error(error) {
            return error;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return if error.is_connect() { SyncError::Unreachable } else { SyncError::Slow };
    }
    if error.is_decode() || error.is_body() { SyncError::Slow } else { SyncError::Unreachable }
}

/// What is wrong with the certificate, if that is what is wrong. TLS errors hide inside those of files.
pub fn certificate_error(error: &(dyn Error + 'static)) -> Option<SyncError> {
    if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref()) {
        return certificate_error(inner);
    }
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(reason) => Some(distrust(reason)),
        rustls::Error::NoCertificatesPresented => Some(SyncError::Certificate("there is none".to_owned())),
        _ => None,
    }
}

fn distrust(reason: &CertificateError) -> SyncError {
    match reason {
        CertificateError::ExpiredContext { time, not_after } => {
            SyncError::Expired { until: day(*not_after), today: day(*time) }
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            SyncError::NotYetValid { from: day(*not_before), today: day(*time) }
        }
        reason => SyncError::Certificate(reason.to_string()),
    }
}

/// `14 March 2025`.
fn day(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map_or_else(|| "no day at all".to_owned(), |time| time.format("%-d %B %Y").to_string())
}

/// Whom to trust: those that the system trusts, and the clinic's own authority.
fn tls(server: &Url, authority: Option<&str>) -> Result<ClientConfig, SyncError> {
    let mut roots = RootCertStore::empty();
    if server.scheme() == "https" {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(pem) = authority {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let certificates = certificates.map_err(|_| SyncError::Authority)?;
        if certificates.is_empty() || roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(SyncError::Authority);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SyncError::Authority)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
