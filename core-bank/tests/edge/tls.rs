//! TLS with a certificate that the test makes.

use std::{
    fs,
    io::{BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::bank_process::{BankProcess, Response, post_bytes, read_response_of};

/// Writes a fresh certificate for `localhost` and its key.
fn certify(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

/// A client that trusts the folder's certificate and nothing else.
fn greet(address: SocketAddr, folder: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem")).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    StreamOwned::new(client, stream)
}

fn exchange(
    stream: &mut BufReader<StreamOwned<ClientConnection, TcpStream>>,
    request: &[u8],
) -> Response {
    stream.get_mut().write_all(request).unwrap();
    read_response_of(stream).unwrap()
}

#[test]
fn a_bank_with_a_certificate_speaks_tls_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let papers = tempfile::tempdir().unwrap();
    certify(papers.path());
    let options = format!("tls={}", papers.path().display());
    let bank = BankProcess::start(data.path(), &options);
    let mut stream = BufReader::new(greet(bank.address, papers.path()));
    let health = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    exchange(&mut stream, health).expect(200);
    // The same connection carries more, writes among them.
    let body = br#"{"name":"A","id_number":"11010519491231002X"}"#;
    let request = post_bytes(&bank.tokens.counter, "tls", "/v1/identity-checks", body);
    exchange(&mut stream, &request).expect(201);

    // Plain HTTP is not understood, and a stranger's certificate is not trusted.
    let mut plain = TcpStream::connect(bank.address).unwrap();
    plain.write_all(health).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/"), "{said:?}");
    let strangers = tempfile::tempdir().unwrap();
    certify(strangers.path());
    let mut stream = greet(bank.address, strangers.path());
    assert!(stream.write_all(health).is_err());
    bank.send_terminate();
    assert!(bank.wait().success());
}

#[test]
fn a_greeting_that_never_ends_is_cut_off_after_five_seconds() {
    let data = tempfile::tempdir().unwrap();
    let papers = tempfile::tempdir().unwrap();
    certify(papers.path());
    let options = format!("tls={}", papers.path().display());
    let bank = BankProcess::start(data.path(), &options);
    let mut half = TcpStream::connect(bank.address).unwrap();
    half.write_all(&[0x16, 0x03, 0x01]).unwrap();
    half.set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    let began = Instant::now();
    let mut said = Vec::new();
    let _ = half.read_to_end(&mut said);
    let took = began.elapsed().as_secs_f64();
    assert!((4.5..8.0).contains(&took), "cut after {took} s");
    let mut stream = BufReader::new(greet(bank.address, papers.path()));
    exchange(
        &mut stream,
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
    )
    .expect(200);
}

#[test]
fn a_bank_whose_certificate_or_key_is_none_does_not_start_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let papers = tempfile::tempdir().unwrap();
    let options = format!("tls={}", papers.path().display());
    let said = BankProcess::start_in_vain_with(data.path(), &options);
    assert!(said.contains("certificate.pem cannot be read"), "{said}");
    certify(papers.path());
    fs::write(papers.path().join("certificate.pem"), "no certificate").unwrap();
    let said = BankProcess::start_in_vain_with(data.path(), &options);
    assert!(said.contains("holds no certificate"), "{said}");
    certify(papers.path());
    fs::write(papers.path().join("key.pem"), "no key").unwrap();
    let said = BankProcess::start_in_vain_with(data.path(), &options);
    assert!(said.contains("key.pem holds no private key"), "{said}");
    // The key of another certificate.
    certify(papers.path());
    let kept = fs::read(papers.path().join("key.pem")).unwrap();
    certify(papers.path());
    fs::write(papers.path().join("key.pem"), kept).unwrap();
    let said = BankProcess::start_in_vain_with(data.path(), &options);
    let named = "key.pem is not that of the certificate in";
    assert_eq!(said.matches(named).count(), 1, "{said}");
}
