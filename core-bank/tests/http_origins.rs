//! The audit over HTTP: which session and which address a record came from, with clients at two
//! addresses of this machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{BufReader, Write as _},
    net::{IpAddr, TcpStream},
};

use core_bank::{ExportFormat, JournalPlace, verify};
use serde_json::{Value, json};

use bank_process::{
    BankProcess, Response, fresh_key, log_in, new_rich_person, post_bytes, read_response,
};

const CLOCK: &str = "clock=2026-06-09T10:00+08:00";
const HERE: &str = "127.0.0.1";
const THERE: &str = "127.0.0.2";

/// A client at one of this machine's addresses.
struct Client(BufReader<TcpStream>);

fn client(bank: &BankProcess, from: &str) -> Client {
    let from: IpAddr = from.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(bank.address).await.unwrap()
    });
    let stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    Client(BufReader::new(stream))
}

impl Client {
    fn exchange(&mut self, request: &[u8]) -> Response {
        self.0.get_mut().write_all(request).unwrap();
        read_response(&mut self.0).unwrap()
    }

    fn post_with_key(&mut self, token: &str, key: &str, path: &str, body: &Value) -> Response {
        self.exchange(&post_bytes(token, key, path, body.to_string().as_bytes()))
    }

    fn post(&mut self, token: &str, path: &str, body: &Value) -> Response {
        self.post_with_key(token, &fresh_key(), path, body)
    }
}

/// The record that an answer names, as the auditor sees it.
fn record(bank: &BankProcess, answer: &Response, query: &str) -> Value {
    let before = answer.body["seq"].as_u64().unwrap() - 1;
    let path = format!("/v1/audit/records?after={before}&limit=1{query}");
    let page = bank.client().get(&bank.tokens.operator, &path).expect(200);
    page.body["records"][0].clone()
}

/// Session and address of a record.
fn whence(bank: &BankProcess, answer: &Response) -> (Value, Value) {
    let record = record(bank, answer, "&addresses=true");
    (record["session"].clone(), record["address"].clone())
}

#[test]
fn the_audit_tells_who_did_what_in_which_session_and_from_where() {
    let folder = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(folder.path(), CLOCK);
    let li = new_rich_person(&bank, 1, "500");
    let present = json!({"customer": li.customer, "identity_check": li.check});
    let signed = bank
        .client()
        .post(&bank.tokens.counter, "/v1/ebanking", &present);
    let device = signed.expect(201).text("device_token");
    let credentials = json!({"customer": li.customer, "device_token": device, "channel": "mobile"});
    let (mut here, mut there) = (client(&bank, HERE), client(&bank, THERE));
    let begun = here.post("", "/v1/sessions", &credentials).expect(201);
    let session = begun.text("session");
    let name = json!(format!("S{:012}", begun.body["seq"].as_u64().unwrap()));
    assert_eq!(whence(&bank, &begun), (name.clone(), json!(HERE)));

    let wishes = json!({"balance_changes": true, "log_ins": false});
    let path = "/v1/alerts/wishes";
    let done = here.post(&session, path, &wishes).expect(201);
    assert_eq!(whence(&bank, &done), (name.clone(), json!(HERE)));
    // The same session from elsewhere, and what a header claims.
    let done = there.post(&session, path, &wishes).expect(201);
    assert_eq!(whence(&bank, &done), (name.clone(), json!(THERE)));
    let body = wishes.to_string();
    let claimed = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {session}\r\nidempotency-key: claimed\r\nx-forwarded-for: 203.0.113.9\r\nforwarded: for=203.0.113.9\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let done = there.exchange(claimed.as_bytes()).expect(201);
    assert_eq!(whence(&bank, &done), (name.clone(), json!(THERE)));
    let again = here.post_with_key(&session, "claimed", path, &wishes);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));

    // Whoever guesses is seen, and no session is named.
    let mut guess = credentials.clone();
    guess["device_token"] = json!("0".repeat(64));
    let refused = there
        .post("", "/v1/sessions", &guess)
        .refused(401, "wrong_credentials");
    let last = done.body["seq"].as_u64().unwrap();
    let page = format!("/v1/audit/records?after={last}&addresses=true");
    let page = bank.client().get(&bank.tokens.operator, &page).expect(200);
    let row = &page.body["records"][0];
    assert_eq!(
        (&row["code"], &row["address"]),
        (&json!(refused.code()), &json!(THERE))
    );
    assert_eq!(
        (&row["session"], &row["customer"]),
        (&Value::Null, &json!(li.customer))
    );

    // A terminal, and a session at one.
    let deposit = json!({"account": li.account, "amount": "1.00"});
    let done = there
        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
        .expect(201);
    assert_eq!(whence(&bank, &done), (Value::Null, json!(THERE)));
    let goods = json!({"name": "阿胶", "price": "1", "stock": 1});
    let done = there
        .post(&bank.tokens.operator, "/v1/mall/goods", &goods)
        .expect(201);
    assert_eq!(whence(&bank, &done), (Value::Null, json!(THERE)));
    let begun = there
        .post(&bank.tokens.counter, "/v1/terminal-sessions", &present)
        .expect(201);
    let name = json!(format!("S{:012}", begun.body["seq"].as_u64().unwrap()));
    assert_eq!(whence(&bank, &begun), (name, json!(THERE)));

    // Nobody sees addresses who does not ask for them, and nobody asks but the operator.
    let shown = record(&bank, &done, "");
    assert_eq!(shown["address"], Value::Null);
    let path = "/v1/audit/records?addresses=true";
    bank.client().get(&session, path).refused(403, "forbidden");
    bank.client()
        .get(&bank.tokens.reviewer, path)
        .refused(403, "forbidden");
    bank.client()
        .get(&bank.tokens.operator, "/v1/audit/records?addresses=1")
        .refused(400, "invalid_query");
    let pages = bank.client().get(&bank.tokens.operator, path).expect(200);
    let rows = pages.body["records"].as_array().unwrap();
    assert!(
        rows.iter().all(|row| row["address"].is_string()),
        "{rows:?}"
    );
    bank.kill();
    assert_eq!(verify(folder.path()).unwrap().decided_otherwise, None);

    // An export names the sessions and tells no address.
    let mut export = Vec::new();
    let journal = JournalPlace::Folder(folder.path().to_owned());
    core_bank::export(&journal, ExportFormat::Csv, &mut export).unwrap();
    let export = String::from_utf8(export).unwrap();
    let named = |row: &Value| row["session"].as_str().map(ToOwned::to_owned);
    let mut told: Vec<Option<String>> = Vec::new();
    let mut last = String::new();
    for line in export.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        // A record with postings has a row for each.
        if cells[0] != last {
            told.push(Some(cells[3].to_owned()).filter(|session| !session.is_empty()));
            cells[0].clone_into(&mut last);
        }
    }
    assert_eq!(
        export.lines().next().unwrap().split(',').nth(3),
        Some("session")
    );
    assert_eq!(told, rows.iter().map(named).collect::<Vec<_>>());
    assert!(told.iter().flatten().count() >= 5);
    assert!(!export.contains("127.0.0."));
}

#[test]
fn a_session_remembers_over_a_start_where_it_was_begun() {
    let folder = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(folder.path(), CLOCK);
    let li = new_rich_person(&bank, 1, "500");
    let session = log_in(&bank, &li);
    bank.kill();
    let bank = BankProcess::start(folder.path(), CLOCK);
    let wishes = json!({"balance_changes": true, "log_ins": false});
    for from in [HERE, THERE] {
        let mut client = client(&bank, from);
        let done = client
            .post(&session, "/v1/alerts/wishes", &wishes)
            .expect(201);
        let (name, address) = whence(&bank, &done);
        assert!(name.is_string());
        assert_eq!(address, json!(from));
    }
}
