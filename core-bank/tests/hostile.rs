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

/// A body of a deposit (`ACCOUNT` stands for a good account), and what it must get.
const BODIES: &[(&[u8], u16, &str)] = &[
    (b"", 400, "malformed_json"),
    (b"{", 400, "malformed_json"),
    (b"\xff\xfe{}", 400, "malformed_json"),
    (b"{\"account\":\"\xff\"}", 400, "malformed_json"),
    (
        br#"{"account":"ACCOUNT","amount":"1"}}"#,
        400,
        "malformed_json",
    ),
    (
        br#"{"account":"ACCOUNT","amount":1e400}"#,
        400,
        "malformed_json",
    ),
    (b"[]", 400, "invalid_body"),
    (b"null", 400, "invalid_body"),
    (b"\"text\"", 400, "invalid_body"),
    (b"{}", 400, "invalid_body"),
    (br#"["ACCOUNT","1.00"]"#, 400, "invalid_body"),
    (br#"{"account":"ACCOUNT"}"#, 400, "invalid_body"),
    (br#"{"account":7,"amount":"1"}"#, 400, "invalid_body"),
    (
        br#"{"account":"ACCOUNT","amount":"1","x":1}"#,
        400,
        "invalid_body",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"1","amount":"2"}"#,
        400,
        "invalid_body",
    ),
    (
        br#"{"account":"ACCOUNT","amount":12.34}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":null}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":["1"]}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"-1"}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"1e3"}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"NaN"}"#,
        422,
        "amount_format",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"0.00"}"#,
        422,
        "amount_not_positive",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"0.001"}"#,
        422,
        "amount_scale",
    ),
    (
        br#"{"account":"ACCOUNT","amount":"99999999999999"}"#,
        422,
        "amount_too_large",
    ),
    (
        br#"{"account":"../../etc/passwd","amount":"1"}"#,
        404,
        "account_not_found",
    ),
    (
        br#"{"account":"99999999999999999999999","amount":"1"}"#,
        404,
        "account_not_found",
    ),
    (
        br#"{"account":"\u0000","amount":"1"}"#,
        404,
        "account_not_found",
    ),
];

fn seq(bank: &BankProcess) -> u64 {
    let ready = bank.client().get("", "/readyz").expect(200);
    ready.body["seq"].as_u64().unwrap()
}

/// The body with the good account in place of its stand-in.
fn fill(body: &[u8], account: &str) -> Vec<u8> {
    let stand_in = b"ACCOUNT";
    match body
        .windows(stand_in.len())
        .position(|window| window == stand_in)
    {
        Some(at) => [
            &body[..at],
            account.as_bytes(),
            &body[at + stand_in.len()..],
        ]
        .concat(),
        None => body.to_vec(),
    }
}

#[test]
fn hostile_bodies_get_the_right_refusal_and_change_nothing() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "10.00");
    let before = seq(&bank);
    let mut recorded = 0;
    for (body, status, code) in BODIES {
        let body = fill(body, &person.account);
        let request = post_bytes(&bank.tokens.atm, &fresh_key(), "/v1/deposits", &body);
        let answer = bank.client().exchange(&request).unwrap();
        let shown = String::from_utf8_lossy(&body);
        assert_eq!(
            (answer.status, answer.code()),
            (*status, *code),
            "{shown}: {answer:?}"
        );
        recorded += u64::from(*code == "account_not_found");
    }
    let deep = format!("{{\"account\":{}1", "[".repeat(4_000));
    let request = post_bytes(
        &bank.tokens.atm,
        &fresh_key(),
        "/v1/deposits",
        deep.as_bytes(),
    );
    bank.client()
        .exchange(&request)
        .unwrap()
        .refused(400, "invalid_body");
    let large = vec![b' '; 17 * 1024];
    let request = post_bytes(&bank.tokens.atm, &fresh_key(), "/v1/deposits", &large);
    bank.client()
        .exchange(&request)
        .unwrap()
        .refused(413, "body_too_large");
    // Refusals that the rules gave are recorded; those of the parser are not.
    assert_eq!(seq(&bank), before + recorded);
    assert_eq!(balance(&bank, &person), "10.00");
}

#[test]
fn hostile_members_get_the_right_refusal() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "10.00");
    let (counter, account) = (&bank.tokens.counter, &person.account);
    let table = [
        (
            "/v1/identity-checks",
            json!({"name": "A", "id_number": "110105194912310021"}),
            (422, "identity_not_verified"),
        ),
        (
            "/v1/identity-checks",
            json!({"name": "\u{0}", "id_number": resident_id(5)}),
            (400, "invalid_body"),
        ),
        (
            "/v1/customers",
            json!({"identity_check": person.check, "phone": "1'; --"}),
            (400, "invalid_body"),
        ),
        (
            "/v1/transfers",
            json!({"from": account, "to": "622700'; --", "amount": "1", "bank": "CCB"}),
            (400, "invalid_body"),
        ),
        (
            "/v1/transfers",
            json!({"from": account, "to": account, "amount": "1", "bank": null}),
            (400, "invalid_body"),
        ),
        (
            "/v1/sessions",
            json!({"customer": "C", "device_token": "", "channel": "counter"}),
            (400, "invalid_body"),
        ),
    ];
    let mut client = bank.client();
    for (path, body, (status, code)) in table {
        client.post(counter, path, &body).refused(status, code);
    }
    let again = json!({"identity_check": person.check, "phone": "13800000000"});
    let exists = client
        .post(counter, "/v1/customers", &again)
        .refused(409, "customer_exists");
    assert_eq!(exists.text("customer"), person.customer);
}

#[test]
fn hostile_addresses_and_heads_get_the_right_refusal() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "10.00");
    let (atm, operator) = (&bank.tokens.atm, &bank.tokens.operator);
    let mut client = bank.client();
    let queries = [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "page=1",
        "cursor=a",
        "limit=1&limit=2",
    ];
    for query in queries {
        let path = format!("/v1/accounts/{}/entries?{query}", person.account);
        client.get(atm, &path).refused(400, "invalid_query");
    }
    client
        .get(operator, "/v1/audit/records?limit=10001")
        .refused(400, "invalid_query");
    client
        .get(operator, "/v1/audit/accounts?after=1")
        .refused(400, "invalid_query");
    let beyond = format!("/v1/audit/records?after={}", u64::MAX);
    client.get(operator, &beyond).expect(200);
    let beyond = format!(
        "/v1/accounts/{}/entries?cursor={}",
        person.account,
        u64::MAX
    );
    client.get(atm, &beyond).expect(200);
    for path in [
        "/",
        "/v1",
        "/v2/deposits",
        "/v1/deposits/",
        "/v1/%2e%2e/healthz",
        "//v1/deposits",
    ] {
        client.get(atm, path).refused(404, "not_found");
    }
    client
        .get(atm, "/v1/accounts/%ff%fe/entries")
        .refused(404, "account_not_found");
    client
        .get(atm, "/v1/deposits")
        .refused(405, "method_not_allowed");
    let head = |extra: &str| {
        format!(
            "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {atm}\r\n{extra}content-length: 2\r\n\r\n{{}}"
        )
    };
    let no_key = client.exchange(head("").as_bytes()).unwrap();
    no_key.refused(400, "idempotency_key_missing");
    let two_keys = head("idempotency-key: a\r\nidempotency-key: b\r\n");
    client
        .exchange(two_keys.as_bytes())
        .unwrap()
        .refused(400, "idempotency_key_missing");
    let xml = head("idempotency-key: k\r\ncontent-type: text/xml\r\n");
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
