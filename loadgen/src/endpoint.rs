//! Where load is sent: one address, in clear or over TLS, in HTTP/1.1 or HTTP/2; and
//! whether it may be sent there at all.

use crate::error::LoadError;
use crate::target_process::process_listening_on;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How far load may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// This machine only.
    #[default]
    Loopback,
    /// Also this host, which whoever runs the load has named as theirs.
    OwnHost(String),
}

/// The version of HTTP that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// One exchange at a time on a connection.
    #[default]
    Http1,
    /// Many exchanges at a time on a connection.
    Http2,
}

impl Version {
    /// As files and reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
        }
    }
}

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those that this machine believes.
    #[default]
    System,
    /// Those in this file of PEM certificates.
    File(PathBuf),
}

/// TLS towards one host.
#[derive(Debug, Clone)]
pub struct Tls {
    pub config: Arc<ClientConfig>,
    pub name: ServerName<'static>,
}

/// An address that load may be sent to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base: String,
    authority: String,
    address: SocketAddr,
    tls: Option<Tls>,
    version: Version,
}

impl Endpoint {
    /// `base` is such as `http://127.0.0.1:8080` or `https://localhost:8443`, and must lie
    /// within `reach`.
    ///
    /// # Errors
    /// [`LoadError::TargetAddress`] for anything but `http[s]://HOST[:PORT]`;
    /// [`LoadError::NotLoopback`] for another machine that is not named as one's own;
    /// [`LoadError::Unreachable`] when the host's name means nothing here;
    /// [`LoadError::Certificates`] when there are none to believe.
    pub fn new(
        base: &str,
        version: Version,
        trust: &Trust,
        reach: &Reach,
    ) -> Result<Self, LoadError> {
        let bad = |why: &str| LoadError::TargetAddress {
            target: base.to_owned(),
            why: why.to_owned(),
        };
        let uri: http::Uri = base.parse().map_err(|_| bad("it is not an address"))?;
        let (scheme, port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(bad("only http and https are spoken")),
        };
        if uri.path() != "/" || uri.query().is_some() {
            return Err(bad("it has a path"));
        }
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it has a user name"));
        }
        let host = authority.host();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(port);
        let addresses: Vec<SocketAddr> = (name, port)
            .to_socket_addrs()
            .map_err(|error| LoadError::Unreachable {
                target: base.to_owned(),
                why: error.to_string(),
            })?
            .collect();
        let here = addresses.iter().map(SocketAddr::ip).all(is_loopback);
        let named = matches!(reach, Reach::OwnHost(own) if own.eq_ignore_ascii_case(name));
        if !here && !named {
            return Err(LoadError::NotLoopback {
                host: name.to_owned(),
            });
        }
        let address = *addresses
            .first()
            .ok_or_else(|| bad("its host has no address"))?;
        let tls = match scheme {
            "https" => Some(Tls {
                config: Arc::new(client_config(version, trust)?),
                name: ServerName::try_from(name.to_owned())
                    .map_err(|_| bad("its host cannot stand in a certificate"))?,
            }),
            _ => None,
        };
        Ok(Self {
            base: format!("{scheme}://{authority}"),
            authority: authority.to_string(),
            address,
            tls,
            version,
        })
    }

    /// As people write it: `http://127.0.0.1:8080`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The version of HTTP that is spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The process that listens there, if it runs on this machine and is ours to see.
    pub fn process(&self) -> Option<u32> {
        let here = self.address.ip().is_loopback();
        here.then(|| process_listening_on(self.address.port()))?
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

fn client_config(version: Version, trust: &Trust) -> Result<ClientConfig, LoadError> {
    let bad = |why: String| LoadError::Certificates {
        from: match trust {
            Trust::System => "this machine's store".to_owned(),
            Trust::File(path) => path.display().to_string(),
        },
        why,
    };
    let certificates = match trust {
        Trust::System => rustls_native_certs::load_native_certs().certs,
        Trust::File(path) => read_certificates(path).map_err(&bad)?,
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(bad("there is no certificate in it".to_owned()));
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let protocol: &[u8] = match version {
        Version::Http1 => b"http/1.1",
        Version::Http2 => b"h2",
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| error.to_string())
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_loopback(),
        IpAddr::V6(six) => {
            six.is_loopback() || six.to_ipv4_mapped().is_some_and(|four| four.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, reach: &Reach) -> Result<Endpoint, LoadError> {
        Endpoint::new(base, Version::Http1, &Trust::System, reach)
    }

    #[test]
    fn this_machine_is_allowed_under_all_its_names() {
        for base in [
            "http://127.0.0.1:81",
            "http://localhost:81/",
            "http://[::1]:81",
        ] {
            endpoint(base, &Reach::Loopback).expect(base);
        }
    }

    #[test]
    fn another_machine_must_be_named_as_ones_own() {
        let far = "http://192.0.2.7:80";
        let refused = endpoint(far, &Reach::Loopback);
        assert!(matches!(refused, Err(LoadError::NotLoopback { .. })));
        let other = endpoint(far, &Reach::OwnHost("192.0.2.8".into()));
        assert!(matches!(other, Err(LoadError::NotLoopback { .. })));
        endpoint(far, &Reach::OwnHost("192.0.2.7".into())).unwrap();
    }

    #[test]
    fn addresses_that_are_none_are_refused_by_name() {
        for base in [
            "",
            "bank",
            "ftp://127.0.0.1:1",
            "http://127.0.0.1:1/v1",
            "http://a@127.0.0.1",
        ] {
            let refused = endpoint(base, &Reach::Loopback);
            assert!(
                matches!(refused, Err(LoadError::TargetAddress { .. })),
                "{base}"
            );
        }
    }

    #[test]
    fn a_file_without_certificates_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "nothing").unwrap();
        let refused = Endpoint::new(
            "https://127.0.0.1:1",
            Version::Http1,
            &Trust::File(path),
            &Reach::Loopback,
        );
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("ca.pem"), "{said}");
    }
}
