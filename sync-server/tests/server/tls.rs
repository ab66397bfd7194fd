//! The server behind a certificate, and what it says where there is none to be had.

use crate::desk::{Desk, new_id};
use crate::live;
use crate::process::refusal;
use crate::site::{SERVER, Site};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sync_server::devices::admin;
use sync_server::serve::{Settings, Tls, start};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An authority, and what it made out for this machine.
struct Authority {
    certificate: CertificateDer<'static>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let server = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("certificate.pem"), server.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { certificate: authority.der().clone(), folder }
    }

    fn tls(&self) -> Tls {
        Tls { certificate: self.file("certificate.pem"), key: self.file("key.pem") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Somebody who trusts this authority and no other.
    fn client(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        TlsConnector::from(Arc::new(config.unwrap().with_root_certificates(roots).with_no_client_auth()))
    }
}

async fn connect(client: &TlsConnector, server: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let name = "localhost".try_into().unwrap();
    client.connect(name, TcpStream::connect(server).await?).await
}

/// Whatever comes to the address that is returned goes on to the server, in TLS.
async fn tunnel(client: TlsConnector, server: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut plain, _)) = listener.accept().await {
            let client = client.clone();
            tokio::spawn(async move {
                let mut secret = connect(&client, server).await.unwrap();
                // Either side may hang up as it likes.
                let _ = tokio::io::copy_bidirectional(&mut plain, &mut secret).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn a_device_that_trusts_the_certificate_pairs_and_pushes_and_another_does_not_connect() {
    let (site, ours, others) = (Site::open().await, Authority::new(), Authority::new());
    let server = start(Settings { tls: Some(ours.tls()), ..site.settings(SERVER) }).await.unwrap();
    assert!(server.url().starts_with("https://"), "{}", server.url());
    let code = admin::invite(&site.owner, site.clinic().await).await.unwrap();
    let refused = connect(&others.client(), server.address).await.unwrap_err().to_string();
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    // Nor does the server take for a request what is not secret.
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // It may also cut the connection.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    let address = tunnel(ours.client(), server.address).await;
    let desk = Desk::pair(&address, &code.to_string()).await;
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    assert_eq!(desk.names().await.len(), 1);
    // The live channel goes the same way.
    let mut channel = live::connect(&desk).await;
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Bea")])]).await;
    live::hint_of(&mut channel, 2).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_keep_secrets_says_so_and_does_not_start() {
    let (site, authority) = (Site::open().await, Authority::new());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key) = (text(&authority.file("certificate.pem")), text(&authority.file("key.pem")));
    let anywhere = ["--listen", "0.0.0.0:0"];
    let told = refusal(&site, &anywhere);
    assert!(told.contains("plain HTTP is only served on this machine itself"), "{told}");
    let told = refusal(&site, &["--listen", "[::]:0"]);
    assert!(told.contains("plain HTTP is only served on this machine itself"), "{told}");
    let told = refusal(&site, &["--tls-cert", &certificate]);
    assert!(told.contains("--tls-key"), "{told}");
    let missing = text(&authority.file("none.pem"));
    let told = refusal(&site, &["--tls-cert", &missing, "--tls-key", &key]);
    assert!(told.contains(&format!("the certificate {missing} cannot be read: No such file")), "{told}");
    let told = refusal(&site, &["--tls-cert", &certificate, "--tls-key", &missing]);
    assert!(
        told.contains(&format!("the certificate's key {missing} cannot be read: No such file")),
        "{told}"
    );
    // Files that are there and are none, and a key of another certificate.
    let told = refusal(&site, &["--tls-cert", &key, "--tls-key", &key]);
    assert!(told.contains(&format!("{key} has no certificate in PEM")), "{told}");
    let told = refusal(&site, &["--tls-cert", &certificate, "--tls-key", &certificate]);
    assert!(told.contains(&format!("{certificate} has no private key in PEM")), "{told}");
    let other = Authority::new();
    let told = refusal(&site, &["--tls-cert", &certificate, "--tls-key", &text(&other.file("key.pem"))]);
    assert!(told.contains("do not belong together"), "{told}");
}
