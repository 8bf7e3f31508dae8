//! What a bank says that cannot keep up: the queue is full, nobody decides in time, the history lags.
//!
//! The test stands in the way of the files: it holds `SQLite`'s lock on the journal or the projection,
//! which whoever writes there waits for (up to five seconds).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{BufReader, Write as _},
    net::TcpStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, balance, log_in, new_person, post_bytes, read_response};
use rusqlite::Connection;
use serde_json::json;

/// Requests that wait for the writer at a time (docs/bank-design.md).
const QUEUE_MAX: usize = 1_024;
/// How many more ask.
const REFUSED: usize = 100;

fn start() -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    (data, bank)
}

/// Holds the lock of writers on a file until it is dropped.
fn held(data: &Path, file: &str) -> Connection {
    let connection = Connection::open(data.join(file)).unwrap();
    connection.busy_timeout(Duration::from_secs(2)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn what_the_queue_does_not_hold_is_refused_without_effect_and_what_it_holds_is_done() {
    let (data, bank) = start();
    let li = new_person(&bank, 1);
    let body = json!({"account": li.account, "amount": "0.01"}).to_string();
    let request = |number: usize| {
        let key = format!("deposit-{number}");
        post_bytes(&bank.tokens.atm, &key, "/v1/deposits", body.as_bytes())
    };
    let streams: Vec<TcpStream> = (0..=QUEUE_MAX + REFUSED)
        .map(|_| TcpStream::connect(bank.address).unwrap())
        .collect();
    let lock = held(data.path(), "journal.sqlite");
    for (number, mut stream) in streams.iter().enumerate() {
        stream.write_all(&request(number)).unwrap();
        if number == 0 {
            // It is with the writer, who waits for the file; the others find the queue as it is.
            thread::sleep(Duration::from_millis(300));
        }
        stream.set_nonblocking(true).unwrap();
    }
    let began = Instant::now();
    let answered = |stream: &&TcpStream| stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0);
    while streams.iter().filter(answered).count() < REFUSED {
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "nobody is refused"
        );
        thread::sleep(Duration::from_millis(20));
    }
    drop(lock);
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for (number, stream) in streams.into_iter().enumerate() {
        stream.set_nonblocking(false).unwrap();
        let answer = read_response(&mut BufReader::new(stream)).unwrap();
        if answer.status == 201 {
            done.push(number);
            continue;
        }
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.body["effect"], "none");
        answer.refused(503, "overloaded");
        refused.push(number);
    }
    assert_eq!((done.len(), refused.len()), (QUEUE_MAX + 1, REFUSED));
    assert_eq!(balance(&bank, &li), "10.25");
    // Their keys are free.
    let mut client = bank.client();
    for number in refused {
        let answer = client.exchange(&request(number)).unwrap().expect(201);
        assert_eq!(answer.header("idempotent-replayed"), None);
    }
    assert_eq!(balance(&bank, &li), "11.25");
}

/// The process stands still for longer than anybody waits, so the answer's time is up before the file is
/// free; the writer decides afterwards all the same.
#[test]
fn who_waits_more_than_five_seconds_is_told_that_the_outcome_is_open_and_the_key_tells_it() {
    let (data, bank) = start();
    let li = new_person(&bank, 1);
    let lock = held(data.path(), "journal.sqlite");
    let body = json!({"account": li.account, "amount": "5.00"}).to_string();
    let request = post_bytes(&bank.tokens.atm, "late", "/v1/deposits", body.as_bytes());
    let stream = TcpStream::connect(bank.address).unwrap();
    (&stream).write_all(&request).unwrap();
    thread::sleep(Duration::from_millis(500));
    bank.stand_still_for(Duration::from_millis(5_500));
    let late = read_response(&mut BufReader::new(stream)).unwrap();
    assert_eq!(late.body["effect"], "unknown");
    late.refused(504, "answer_timeout");
    drop(lock);
    let again = bank.client().exchange(&request).unwrap().expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text("balance"), "5.00");
    assert_eq!(balance(&bank, &li), "5.00");
}

#[test]
fn a_reader_who_insists_is_told_after_a_second_that_the_alerts_lag() {
    let (data, bank) = start();
    let li = new_person(&bank, 1);
    let session = log_in(&bank, &li);
    let (counter, alerts) = (&bank.tokens.counter, "/v1/alerts");
    let mut client = bank.client();
    let wishes = json!({"balance_changes": true, "log_ins": false});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    client.get(&session, alerts).expect(200);
    let lock = held(data.path(), "projection.sqlite");
    let deposit = json!({"account": li.account, "amount": "5.00"});
    let done = client.post(counter, "/v1/deposits", &deposit).expect(201);
    let insisting = format!("{alerts}?min_seq={}", done.body["seq"]);
    let began = Instant::now();
    let behind = client.get(&session, &insisting);
    let took = began.elapsed();
    assert_eq!(behind.header("retry-after"), Some("1"));
    behind.refused(503, "projection_behind");
    assert!(took >= Duration::from_millis(900), "{took:?}");
    // Who does not insist gets what there is, and the history is in memory.
    let older = client.get(&session, alerts).expect(200);
    assert_eq!(older.body["alerts"], json!([]));
    let entries = format!(
        "/v1/accounts/{}/entries?min_seq={}",
        li.account, done.body["seq"]
    );
    let history = client.get(counter, &entries).expect(200);
    assert_eq!(history.body["entries"][0]["balance_after"], "5.00");
    drop(lock);
    let whole = (0..20).find_map(|_| {
        let answer = client.get(&session, &insisting);
        (answer.status == 200).then_some(answer)
    });
    let whole = whole.expect("the alerts have caught up");
    assert_eq!(whole.body["alerts"][0]["seq"], done.body["seq"]);
}
