//! Requests at the limits of size, and one byte or header beyond; and heads that two readers could cut
//! differently.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::json;

use crate::{
    bank_process::{BankProcess, Response, new_person, new_rich_person, post_bytes},
    hostile::{exchange, last_seq},
};

/// Bytes of a body, of a batch's, and of a head; and headers (docs/bank.md, "Connections").
const BODY_MAX: usize = 16_384;
const BATCH_MAX: usize = 262_144;
const HEAD_MAX: usize = 16_384;
const HEADERS_MAX: usize = 64;

fn start() -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    (data, bank)
}

/// A JSON object with spaces before its end, so many that it has `bytes` in all.
fn padded(object: &str, bytes: usize) -> String {
    let (open, close) = object.split_at(object.len() - 1);
    let spaces = " ".repeat(bytes - object.len());
    format!("{open}{spaces}{close}")
}

fn post(bank: &BankProcess, key: &str, path: &str, body: &str) -> Response {
    let counter = &bank.tokens.counter;
    exchange(bank, &post_bytes(counter, key, path, body.as_bytes()))
}

#[test]
fn a_body_of_16384_bytes_is_read_and_one_of_a_byte_more_is_not() {
    let (_data, bank) = start();
    let li = new_person(&bank, 1);
    let deposit = json!({"account": li.account, "amount": "1.00"}).to_string();
    let above = padded(&deposit, BODY_MAX + 1);
    let before = last_seq(&bank);
    post(&bank, "above", "/v1/deposits", &above).refused(413, "body_too_large");
    assert_eq!(last_seq(&bank), before);
    let at = padded(&deposit, BODY_MAX);
    let done = post(&bank, "at", "/v1/deposits", &at).expect(201);
    assert_eq!(done.text("balance"), "1.00");

    // In chunks nobody announces the length.
    for (bytes, status) in [(BODY_MAX, 201), (BODY_MAX + 1, 413)] {
        let body = padded(&deposit, bytes);
        let (first, second) = body.split_at(10_000);
        let request = format!(
            "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {}\r\nidempotency-key: c{bytes}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            bank.tokens.counter,
            first.len(),
            second.len(),
        );
        assert_eq!(exchange(&bank, request.as_bytes()).status, status);
    }
}

#[test]
fn a_batch_of_262144_bytes_is_read_and_one_of_a_byte_more_is_not() {
    let (_data, bank) = start();
    let firm = new_rich_person(&bank, 1, "100.00");
    let li = new_person(&bank, 2);
    let wish = json!({"from": firm.account, "kind": "voucher", "face_value": "1.00", "count": 1, "amount": "1.00"});
    let mut client = bank.client();
    let bought = client.post(&bank.tokens.counter, "/v1/welfare/batches", &wish);
    let issues = format!(
        "/v1/welfare/batches/{}/issues",
        bought.expect(201).text("batch")
    );
    let to = json!({"to": [li.customer]}).to_string();
    let before = last_seq(&bank);
    let above = post(&bank, "above", &issues, &padded(&to, BATCH_MAX + 1));
    above.refused(413, "body_too_large");
    assert_eq!(last_seq(&bank), before);
    let done = post(&bank, "at", &issues, &padded(&to, BATCH_MAX)).expect(201);
    assert_eq!(done.body["issued"], 1);
}

#[test]
fn sixty_four_headers_are_read_and_sixty_five_are_not() {
    let (_data, bank) = start();
    let with = |count: usize| {
        // Beside the host.
        let headers = "x: y\r\n".repeat(count - 1);
        let request = format!("GET /healthz HTTP/1.1\r\nhost: b\r\n{headers}\r\n");
        exchange(&bank, request.as_bytes()).status
    };
    assert_eq!((with(HEADERS_MAX), with(HEADERS_MAX + 1)), (200, 431));
}

#[test]
fn a_head_of_16384_bytes_is_read_and_one_of_a_byte_more_is_not() {
    let (_data, bank) = start();
    let with = |bytes: usize| {
        let bare = "GET /healthz HTTP/1.1\r\nhost: b\r\nx: \r\n\r\n".len();
        let value = "y".repeat(bytes - bare);
        let request = format!("GET /healthz HTTP/1.1\r\nhost: b\r\nx: {value}\r\n\r\n");
        exchange(&bank, request.as_bytes()).status
    };
    assert_eq!((with(HEAD_MAX), with(HEAD_MAX + 1)), (200, 431));
}

/// Everything that a connection answers until the bank closes it.
fn answers(bank: &BankProcess, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(bank.address).unwrap();
    stream.write_all(sent).unwrap();
    let mut told = Vec::new();
    // What lies unread when the bank closes resets the connection.
    let _ = stream.read_to_end(&mut told);
    String::from_utf8(told).unwrap()
}

/// Who reads by the length and who reads by the chunks would take what follows for different requests.
/// RFC 9112 (6.3) lets the chunks count and has the connection closed.
#[test]
fn a_body_with_two_lengths_ends_its_connection_and_smuggles_nothing() {
    let (_data, bank) = start();
    let li = new_person(&bank, 1);
    let before = last_seq(&bank);
    let deposit = json!({"account": li.account, "amount": "1.00"}).to_string();
    let smuggled = post_bytes(
        &bank.tokens.counter,
        "smuggled",
        "/v1/deposits",
        deposit.as_bytes(),
    );
    let smuggled = String::from_utf8(smuggled).unwrap();
    let length = "content-length: 4\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    for framing in [format!("{length}{chunked}"), format!("{chunked}{length}")] {
        let request = format!(
            "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {}\r\nidempotency-key: outer\r\n{framing}\r\n0\r\n\r\n{smuggled}",
            bank.tokens.counter
        );
        let told = answers(&bank, request.as_bytes());
        assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
        assert!(told.contains("connection: close\r\n"), "{told}");
        assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "{told}");
    }
    assert_eq!(last_seq(&bank), before);
}

/// Such a client waits for frames, which is nothing that an answer of HTTP/1.1 would tell it.
#[test]
fn a_greeting_of_http_2_is_hung_up_on() {
    let (_data, bank) = start();
    let before = last_seq(&bank);
    let told = answers(
        &bank,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    );
    assert_eq!(told, "");
    assert_eq!(last_seq(&bank), before);
}
