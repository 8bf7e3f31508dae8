//! How a bank is served, by the options of the command: TLS, rate limits, what it tells.

use crate::bank_tools::seed;
use crate::serving::Serving;
use crate::support::{alone, code, output, said};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
};

/// Writes a fresh certificate for `localhost` and its key.
fn certify(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(folder.join("certificate.pem"), made.cert.pem()).expect("it is written");
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("it is written");
}

/// What a client that trusts this folder's certificate alone is told about the bank's health.
fn health_over_tls(bank: &Serving, folder: &Path) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem"));
    let trusted = roots.add(certificate.expect("a certificate"));
    trusted.expect("it can be trusted");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(client, TcpStream::connect(&bank.address)?);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_bank_with_a_certificate_is_served_over_tls_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    certify(here);
    let tls = ["--tls-cert", "certificate.pem", "--tls-key", "key.pem"];
    {
        let _alone = alone();
        let bank = Serving::start(here, "city", &tls);
        assert_eq!(bank.scheme, "https");
        let answer = health_over_tls(&bank, here).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let strangers = tempfile::tempdir().expect("a folder");
        certify(strangers.path());
        assert!(health_over_tls(&bank, strangers.path()).is_err());
        let mut plain = TcpStream::connect(&bank.address).expect("it listens");
        let sent = plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: bank\r\n\r\n");
        sent.expect("it is sent");
        let mut told = Vec::new();
        let _ = plain.read_to_end(&mut told);
        assert!(!told.starts_with(b"HTTP/"), "{told:?}");
    }
    let serve = ["bank", "serve", "--addr", "127.0.0.1:0", "--data", "city"];
    for half in [&tls[..2], &tls[2..]] {
        let refused = output(here, &[&serve, half].concat());
        assert_eq!(code(&refused), 2, "{}", said(&refused));
    }
    // A wrong input: exit code 2, and the bank is as it was.
    let key = fs::read_to_string(here.join("key.pem")).expect("it is there");
    let encrypted = key.replace(" PRIVATE", " ENCRYPTED PRIVATE");
    for (content, why) in [
        (
            Some(encrypted.as_str()),
            "is encrypted; give it without a passphrase",
        ),
        (Some("no key"), "holds no private key"),
        (None, "key.pem cannot be read"),
    ] {
        match content {
            Some(content) => fs::write(here.join("key.pem"), content).expect("it is written"),
            None => fs::remove_file(here.join("key.pem")).expect("it is there"),
        }
        let refused = output(here, &[&serve[..], &tls].concat());
        assert_eq!(code(&refused), 2, "{}", said(&refused));
        let told = said(&refused);
        // Long lines are broken, and bars stand before what follows.
        let told: Vec<&str> = told.split_whitespace().filter(|it| *it != "│").collect();
        assert!(told.join(" ").contains(why), "{told:?}");
    }
}

/// How many requests are answered before one comes too soon, out of so many.
fn passed(most: usize, ask: impl Fn() -> String) -> usize {
    (0..most)
        .take_while(|_| !ask().starts_with("HTTP/1.1 429 "))
        .count()
}

#[test]
fn customers_and_addresses_are_limited_as_often_as_the_options_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    let list = fs::read_to_string(here.join("customers.csv")).expect("the list");
    let mut customers = csv::Reader::from_reader(list.as_bytes());
    let heads = customers.headers().expect("heads").clone();
    let first = customers.records().next().expect("a row").expect("a row");
    let of = |name: &str| {
        let place = heads.iter().position(|head| head == name);
        first[place.unwrap_or_else(|| panic!("{name} in {heads:?}"))].to_owned()
    };
    let (customer, device) = (of("customer"), of("device_token"));
    let log_in = format!(
        "{{\"customer\":\"{customer}\",\"device_token\":\"{device}\",\"channel\":\"mobile\"}}"
    );
    let path = format!("/v1/customers/{customer}/accounts");
    let _alone = alone();
    // A bank that is served for tests has no limits of its own.
    for (options, limited) in [
        (vec!["--customer-rate", "4", "--address-rate", "4"], true),
        (vec!["--customer-rate", "0", "--address-rate", "0"], false),
        (vec!["--test"], false),
    ] {
        let bank = Serving::start(here, "city", &options);
        let answer = bank.ask(
            "POST",
            "/v1/sessions",
            "idempotency-key: first\r\n",
            &log_in,
        );
        let session = answer.split("\"session\":\"").nth(1).expect(&answer);
        let session = session.split('"').next().expect("its end");
        let header = format!("authorization: Bearer {session}\r\n");
        let own = passed(120, || bank.ask("GET", &path, &header, ""));
        let strangers = passed(120, || bank.ask("POST", "/v1/sessions", "", "{}"));
        for passed in [own, strangers] {
            // Three seconds' worth at once, and what the time of asking brings.
            let right = if limited {
                (10..100).contains(&passed)
            } else {
                passed == 120
            };
            assert!(
                right,
                "{options:?}: {own} of a customer, {strangers} of an address"
            );
        }
        if limited {
            let late = bank.ask("GET", &path, &header, "");
            assert!(late.contains("retry-after: "), "{late}");
            assert!(late.contains("\"code\":\"rate_limited\""), "{late}");
        }
    }
}

#[test]
fn a_bank_tells_about_its_requests_unless_it_is_told_not_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    {
        let _alone = alone();
        for (options, told) in [(vec![], true), (vec!["--observability", "off"], false)] {
            let bank = Serving::start(here, "city", &options);
            let refusal = bank.ask("POST", "/v1/deposits", "", "{}");
            assert!(
                refusal.contains("\"code\":\"unauthenticated\""),
                "{refusal}"
            );
            assert_eq!(refusal.contains("x-request-id: "), told, "{refusal}");
            assert_eq!(refusal.contains("\"instance\":"), told, "{refusal}");
            let figures = bank.ask("GET", "/metrics", "", "");
            assert_eq!(
                figures.contains("route=\"/v1/deposits\""),
                told,
                "{figures}"
            );
            assert!(figures.contains("bank_journal_seq 0"), "{figures}");
        }
    }
    let words = ["bank", "serve", "--data", "city", "--observability", "loud"];
    let refused = output(here, &words);
    assert_eq!(code(&refused), 2);
    assert!(
        said(&refused).contains("full and off"),
        "{}",
        said(&refused)
    );
}

#[test]
fn a_journal_does_not_cross_a_network_without_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for url in [
        "postgres://bank@db.example/bank",
        "postgres://bank@127.0.0.1/bank?sslmode=require",
    ] {
        for words in [
            vec!["bank", "serve", "--addr", "127.0.0.1:0", "--data", "city"],
            vec!["bank", "repair", "--keep-prefix", "--data", "city"],
            vec!["bank", "verify", "--data", "city"],
        ] {
            let refused = output(here, &[&words[..], &["--postgres", url]].concat());
            assert_eq!(code(&refused), 1, "{words:?} {url}");
            let said = said(&refused);
            assert!(said.contains("without TLS"), "{words:?} {url}: {said}");
        }
    }
}
