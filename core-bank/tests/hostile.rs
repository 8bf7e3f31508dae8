//! What hostile clients send: the right refusal, never a failure, and nothing changed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, balance, fresh_key, new_rich_person, post_bytes, resident_id};
use serde_json::json;

fn start(options: &str) -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), options);
    (data, bank)
}

#[test]
fn hostile_bodies_get_the_right_refusal_and_change_nothing() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "10.00");
    let seq = || {
        let ready = bank.client().get("", "/readyz").expect(200);
        ready.body["seq"].as_u64().unwrap()
    };
    let before = seq();
    let account = &person.account;
    let cash =
        |amount: &str| format!(r#"{{"account":"{account}","amount":{amount}}}"#).into_bytes();
    let deep = format!("{{\"account\":{}1", "[".repeat(4_000)).into_bytes();
    let table: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, "malformed_json"),
        (b"{".to_vec(), 400, "malformed_json"),
        (b"\xff\xfe{}".to_vec(), 400, "malformed_json"),
        (b"{\"account\":\"\xff\"}".to_vec(), 400, "malformed_json"),
        (b"{} {}".to_vec(), 400, "invalid_body"),
        (b"[]".to_vec(), 400, "invalid_body"),
        (b"null".to_vec(), 400, "invalid_body"),
        (b"\"text\"".to_vec(), 400, "invalid_body"),
        (b"{}".to_vec(), 400, "invalid_body"),
        (deep, 400, "invalid_body"),
        (
            format!(r#"["{account}","1.00"]"#).into_bytes(),
            400,
            "invalid_body",
        ),
        (
            format!(r#"{{"account":"{account}"}}"#).into_bytes(),
            400,
            "invalid_body",
        ),
        (
            format!(r#"{{"account":7,"amount":"1"}}"#).into_bytes(),
            400,
            "invalid_body",
        ),
        (
            format!(r#"{{"account":"{account}","amount":"1","x":1}}"#).into_bytes(),
            400,
            "invalid_body",
        ),
        (
            format!(r#"{{"account":"{account}","amount":"1","amount":"2"}}"#).into_bytes(),
            400,
            "invalid_body",
        ),
        (
            format!(r#"{{"account":"{account}","amount":"1"}}}}"#).into_bytes(),
            400,
            "malformed_json",
        ),
        (cash("12.34"), 422, "amount_format"),
        (cash("1e400"), 400, "malformed_json"),
        (cash("null"), 422, "amount_format"),
        (cash("[\"1\"]"), 422, "amount_format"),
        (cash("\"-1\""), 422, "amount_format"),
        (cash("\"1e3\""), 422, "amount_format"),
        (cash("\"NaN\""), 422, "amount_format"),
        (cash("\"0.00\""), 422, "amount_not_positive"),
        (cash("\"0.001\""), 422, "amount_scale"),
        (cash("\"99999999999999\""), 422, "amount_too_large"),
        (
            br#"{"account":"../../etc/passwd","amount":"1"}"#.to_vec(),
            404,
            "account_not_found",
        ),
        (
            br#"{"account":"99999999999999999999999","amount":"1"}"#.to_vec(),
            404,
            "account_not_found",
        ),
        (
            br#"{"account":"\u0000","amount":"1"}"#.to_vec(),
            404,
            "account_not_found",
        ),
    ];
    let mut recorded = 0;
    for (body, status, code) in table {
        let request = post_bytes(&bank.tokens.atm, &fresh_key(), "/v1/deposits", &body);
        let answer = bank.client().exchange(&request).unwrap();
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{shown}: {answer:?}"
        );
        recorded += u64::from(code == "account_not_found");
    }
    let large = post_bytes(
        &bank.tokens.atm,
        &fresh_key(),
        "/v1/deposits",
        &vec![b' '; 17 * 1024],
    );
    bank.client()
        .exchange(&large)
        .unwrap()
        .refused(413, "body_too_large");
    // Refusals that the rules gave are recorded; those of the parser are not.
    assert_eq!(seq(), before + recorded);
    assert_eq!(balance(&bank, &person), "10.00");

    let mut client = bank.client();
    let t = &bank.tokens;
    let bad_person = json!({"name": "A", "id_number": "110105194912310021"});
    client
        .post(&t.counter, "/v1/identity-checks", &bad_person)
        .refused(422, "identity_not_verified");
    let no_name = json!({"name": "\u{0}", "id_number": resident_id(5)});
    client
        .post(&t.counter, "/v1/identity-checks", &no_name)
        .refused(400, "invalid_body");
    let again = json!({"identity_check": person.check, "phone": "13800000000"});
    let exists = client
        .post(&t.counter, "/v1/customers", &again)
        .refused(409, "customer_exists");
    assert_eq!(exists.text("customer"), person.customer);
    let strange = json!({"from": account, "to": "622700'; --", "amount": "1", "bank": "CCB"});
    client
        .post(&t.counter, "/v1/transfers", &strange)
        .refused(400, "invalid_body");
    let no_bank = json!({"from": account, "to": account, "amount": "1", "bank": null});
    client
        .post(&t.counter, "/v1/transfers", &no_bank)
        .refused(400, "invalid_body");
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "page=1",
        "cursor=a",
        "limit=1&limit=2",
    ] {
        let path = format!("/v1/accounts/{account}/entries?{query}");
        client.get(&t.atm, &path).refused(400, "invalid_query");
    }
    client
        .get(&t.operator, "/v1/audit/records?limit=10001")
        .refused(400, "invalid_query");
    client
        .get(
            &t.operator,
            &format!("/v1/audit/records?after={}", u64::MAX),
        )
        .expect(200);
    client
        .get(&t.operator, "/v1/audit/accounts?after=1")
        .refused(400, "invalid_query");
    for path in [
        "/",
        "/v1",
        "/v2/deposits",
        "/v1/deposits/",
        "/v1/%2e%2e/healthz",
        "//v1/deposits",
    ] {
        client.get(&t.atm, path).refused(404, "not_found");
    }
    client
        .get(&t.atm, "/v1/accounts/%ff%fe/entries")
        .refused(404, "account_not_found");
    client
        .get(&t.atm, "/v1/deposits")
        .refused(405, "method_not_allowed");
    let no_key = format!(
        "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {}\r\ncontent-length: 2\r\n\r\n{{}}",
        t.atm
    );
    client
        .exchange(no_key.as_bytes())
        .unwrap()
        .refused(400, "idempotency_key_missing");
    let xml = format!(
        "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\ncontent-type: text/xml\r\ncontent-length: 2\r\n\r\n{{}}",
        t.atm
    );
    client
        .exchange(xml.as_bytes())
        .unwrap()
        .refused(415, "unsupported_media_type");
    let bomb = format!(
        "GET /healthz HTTP/1.1\r\nhost: b\r\n{}\r\n",
        "x: y\r\n".repeat(100)
    );
    assert_eq!(bank.client().exchange(bomb.as_bytes()).unwrap().status, 431);
}

#[test]
fn a_head_that_never_ends_is_cut_off_after_five_seconds_and_an_idle_client_is_not() {
    let (_data, bank) = start("");
    let mut idle = bank.client();
    idle.get("", "/healthz").expect(200);
    let mut half = TcpStream::connect(bank.address).unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nho").unwrap();
    let began = Instant::now();
    half.set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    let mut rest = Vec::new();
    half.read_to_end(&mut rest).unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!((4.5..8.0).contains(&took), "cut after {took} s");
    idle.get("", "/healthz").expect(200);

    // A body that never ends is answered, not waited for.
    let mut slow = bank.client();
    let mut request = post_bytes(&bank.tokens.atm, "slow", "/v1/deposits", b"{\"account\"");
    let text = String::from_utf8(request.clone())
        .unwrap()
        .replace("content-length: 10", "content-length: 99");
    request = text.into_bytes();
    slow.exchange(&request)
        .unwrap()
        .refused(408, "request_timeout");
}
