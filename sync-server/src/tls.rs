//! The certificate that devices see.

use crate::error::SetupError;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the certificate with its chain is, and its key; PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Tls {
    /// Reads both.
    ///
    /// # Errors
    /// One of the files cannot be read or has not what it should have, or the two do not belong together.
    pub(crate) fn load(&self) -> Result<RustlsConfig, SetupError> {
        let certificate = read("the certificate", &self.certificate)?;
        let key = read("the certificate's key", &self.key)?;
        let lacks = |path: &Path, what| SetupError::NotPem { path: path.to_owned(), what };
        let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| lacks(&self.certificate, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| lacks(&self.key, "private key"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(SetupError::Certificate)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(RustlsConfig::from_config(Arc::new(config)))
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, SetupError> {
    std::fs::read(path).map_err(|source| SetupError::File { what, path: path.to_owned(), source })
}
