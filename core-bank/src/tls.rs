//! TLS, when the server was given a certificate: rustls with ring, since the address may face a
//! network. Ring compiles in seconds and needs no `CMake`, which rustls's default provider does.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, InconsistentKeys, ServerConfig,
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
    /// A file is not there or may not be read.
    #[error("the {what} in {} cannot be read: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// A file is PEM in part.
    #[error("the {what} in {} cannot be read: {fault}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// There is nothing of the kind in the file.
    #[error("{} holds no {what} in PEM{hint}", path.display())]
    Nothing {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What it seems to hold instead.
        hint: &'static str,
    },
    /// The key cannot be read without a passphrase, which nobody could type when the bank starts by itself.
    #[error(
        "the private key in {} is encrypted; give it without a passphrase (`openssl pkey -in encrypted.pem -out key.pem`), in a file for its owner only",
        .0.display()
    )]
    Encrypted(PathBuf),
    /// The key belongs to another certificate.
    #[error(
        "the key in {} is not that of the certificate in {}: name the key that belongs to the first certificate of the chain",
        .0.key.display(),
        .0.certificate.display()
    )]
    OtherKey(TlsFiles),
    /// Neither is of a kind that can be used, or they cannot be used together.
    #[error(
        "the certificate in {} and the key in {} cannot be used together: {error}",
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
    let chain = chain(&files.certificate)?;
    let key = private_key(&files.key)?;
    let pair = |error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::OtherKey(files.clone())
        }
        error => TlsError::Pair {
            files: files.clone(),
            error,
        },
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

/// The certificates of a file, in its order.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let what = "certificate";
    let pem = read(path, what)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(path, what, &error))?;
    if chain.is_empty() {
        return Err(nothing(path, what, &pem));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let what = "private key";
    let pem = read(path, what)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        // Of PKCS #8 (RFC 7468, 11) and of OpenSSL's older files (RFC 1421, 4.6.1.1).
        _ if holds(&pem, "BEGIN ENCRYPTED PRIVATE KEY")
            || holds(&pem, "Proc-Type: 4,ENCRYPTED") =>
        {
            TlsError::Encrypted(path.to_owned())
        }
        pem::Error::NoItemsFound => nothing(path, what, &pem),
        error => damaged(path, what, &error),
    })
}

fn read(path: &Path, what: &'static str) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File {
        path: path.to_owned(),
        what,
        error,
    })
}

fn holds(pem: &[u8], text: &str) -> bool {
    memchr::memmem::find(pem, text.as_bytes()).is_some()
}

fn nothing(path: &Path, what: &'static str, content: &[u8]) -> TlsError {
    let hint = if holds(content, "BEGIN CERTIFICATE REQUEST") {
        ": it holds a request for a certificate, which an authority still has to sign"
    } else if holds(content, "PRIVATE KEY-----") {
        ": it holds a private key"
    } else if holds(content, "BEGIN CERTIFICATE") {
        ": it holds a certificate"
    } else if content.is_empty() {
        ": it is empty"
    } else if content.starts_with(&[0x30]) {
        ": it seems to be DER or PKCS #12; `openssl` makes PEM of both"
    } else {
        ""
    };
    TlsError::Nothing {
        path: path.to_owned(),
        what,
        hint,
    }
}

fn damaged(path: &Path, what: &'static str, error: &pem::Error) -> TlsError {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let fault = match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("its end, `-----END {}-----`, is missing", text(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("`{}` is no line that begins a section", text(line))
        }
        error => error.to_string(),
    };
    TlsError::Damaged {
        path: path.to_owned(),
        what,
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a certificate's and a key's file with this content.
    fn said(certificate: &str, key: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
        };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        let acceptor = acceptor(&files).map(drop);
        acceptor.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn what_is_wrong_with_a_certificate_or_a_key_is_said() {
        let new_one = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (made, other) = (new_one(), new_one());
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        assert_eq!(said(&certificate, &key), "");
        // Both beside each other, in either file, are no fault.
        let both = format!("{key}{certificate}");
        assert_eq!(said(&both, &both), "");
        let encrypted = key.replace(" PRIVATE", " ENCRYPTED PRIVATE");
        let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let request = certificate.replace("CERTIFICATE", "CERTIFICATE REQUEST");
        let cut = |pem: &str| pem[..pem.len() - 30].to_owned();
        for (certificate, key, why) in [
            (
                &certificate,
                &encrypted,
                "key.pem is encrypted; give it without a passphrase",
            ),
            (
                &certificate,
                &older.to_owned(),
                "key.pem is encrypted; give it without a passphrase",
            ),
            (
                &certificate,
                &other.signing_key.serialize_pem(),
                "key.pem is not that of the certificate in",
            ),
            (
                &key,
                &key,
                "certificate.pem holds no certificate in PEM: it holds a private key",
            ),
            (
                &certificate,
                &certificate,
                "key.pem holds no private key in PEM: it holds a certificate",
            ),
            (
                &request,
                &key,
                "holds no certificate in PEM: it holds a request",
            ),
            (
                &String::new(),
                &key,
                "certificate.pem holds no certificate in PEM: it is empty",
            ),
            (
                &certificate,
                &"0\u{1}".to_owned(),
                "key.pem holds no private key in PEM: it seems to be DER",
            ),
            (
                &cut(&certificate),
                &key,
                "certificate.pem cannot be read: its end, `-----END CERTIFICATE",
            ),
            (
                &certificate,
                &cut(&key),
                "key.pem cannot be read: its end, `-----END PRIVATE KEY",
            ),
        ] {
            let told = said(certificate, key);
            assert!(told.contains(why), "{why}: {told}");
            assert!(
                !told.contains("Error") && !told.contains("[45, 45"),
                "{told}"
            );
        }
        let files = TlsFiles {
            certificate: "/nowhere/certificate.pem".into(),
            key: "/nowhere/key.pem".into(),
        };
        let told = acceptor(&files).map(drop).unwrap_err().to_string();
        assert!(
            told.contains("/nowhere/certificate.pem cannot be read: No such file"),
            "{told}"
        );
    }
}
