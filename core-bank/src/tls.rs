//! TLS, when the server was given a certificate: rustls with ring, since the address may face a
//! network. Ring compiles in seconds and needs no `CMake`, which rustls's default provider does.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject as _},
        },
    },
};

/// Where the certificate chain and its key lie, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why a server cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or is no PEM of what it should be.
    #[error("{} cannot be read as {what}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        error: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The key is not the certificate's, or neither is of a kind that can be used.
    #[error(
        "the certificate in {} and the key in {} cannot be used together: {error}. Name the key that belongs to the first certificate of the chain",
        files.certificate.display(),
        files.key.display()
    )]
    Pair {
        /// The files.
        files: TlsFiles,
        /// What is wrong.
        error: rustls::Error,
    },
}

/// Reads the files and makes what greets connections.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let fault = |path: &Path, what: &'static str| {
        let path = path.to_owned();
        move |error| TlsError::File { path, what, error }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(fault(&files.certificate, "certificates"))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(files.certificate.clone()));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(fault(&files.key, "a private key"))?;
    let pair = |error| TlsError::Pair {
        files: files.clone(),
        error,
    };
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
