//! Many connections, silent ones and slow ones: who is kept waiting, who has to go, and who never.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, log_in, new_rich_person, post_bytes, read_response};
use serde_json::json;
use tokio::net::TcpSocket;

/// Silent connections from another address than this test's own.
struct Flood {
    runtime: tokio::runtime::Runtime,
    open: Vec<tokio::net::TcpStream>,
}

impl Flood {
    fn new() -> Self {
        Self {
            runtime: tokio::runtime::Runtime::new().unwrap(),
            open: Vec::new(),
        }
    }

    fn grow(&mut self, bank: SocketAddr, connections: usize) {
        for _ in 0..connections {
            let opened = self.runtime.block_on(silent(bank));
            self.open.push(opened);
        }
    }
}

async fn silent(bank: SocketAddr) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    socket.connect(bank).await.unwrap()
}

#[test]
fn a_flood_of_silent_connections_keeps_nobody_out_and_takes_no_file_from_readers() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log.json");
    let options = format!("descriptors=100:400 log={}", log.display());
    let bank = BankProcess::start(data.path(), &options);
    let person = new_rich_person(&bank, 1, "3.00");
    let session = log_in(&bank, &person);
    // A terminal that keeps its connection and says nothing for a while.
    let mut terminal = TcpStream::connect(bank.address).unwrap();
    let request = format!(
        "GET /readyz HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {}\r\n\r\n",
        bank.tokens.atm
    );
    let mut ask_again = || {
        terminal.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(terminal.try_clone().unwrap());
        read_response(&mut reader).unwrap().expect(200);
    };
    ask_again();
    let mut flood = Flood::new();
    let account = &person.account;
    let paths = [
        (&session, format!("/v1/accounts/{account}/entries")),
        (&session, format!("/v1/accounts/{account}/statements")),
        (&bank.tokens.operator, "/v1/audit/records".to_owned()),
        (&bank.tokens.operator, "/v1/audit/alerts".to_owned()),
        (
            &bank.tokens.operator,
            "/v1/books/trial-balance?at_seq=3".to_owned(),
        ),
    ];
    for _ in 0..3 {
        flood.grow(bank.address, 200);
        let began = Instant::now();
        bank.client().get("", "/healthz").expect(200);
        assert!(began.elapsed() < Duration::from_secs(2), "kept out");
        ask_again();
        thread::scope(|scope| {
            for worker in 0..30 {
                let (bank, (token, path)) = (&bank, &paths[worker % paths.len()]);
                scope.spawn(move || {
                    let mut client = bank.client();
                    for _ in 0..5 {
                        client.get(token, path).expect(200);
                    }
                });
            }
        });
    }
    bank.kill();
    let said = std::fs::read_to_string(log).unwrap();
    // 400 less what is kept for files, though it began with 100.
    assert!(said.contains("the system grants 400 descriptors: 144 connections"));
    assert!(said.contains("those that only wait are ended"));
    assert!(
        !said.contains("could not be accepted"),
        "out of descriptors"
    );
}

#[test]
fn a_bank_with_few_descriptors_serves_and_reads_and_with_too_few_does_not_start() {
    for granted in [20, 32, 51] {
        let data = tempfile::tempdir().unwrap();
        let options = format!("descriptors={granted}:{granted}");
        let said = BankProcess::start_in_vain_with(data.path(), &options);
        let named = format!("the system grants {granted} descriptors, and the bank needs 52");
        assert!(
            said.contains(&named) && said.contains("ulimit -n"),
            "{said}"
        );
    }
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "descriptors=52:52");
    let person = new_rich_person(&bank, 1, "3.00");
    let path = format!("/v1/accounts/{}/entries?min_seq=4", person.account);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = bank.client();
                for _ in 0..20 {
                    client.get(&bank.tokens.atm, &path).expect(200);
                    let records = "/v1/audit/records";
                    client.get(&bank.tokens.operator, records).expect(200);
                }
            });
        }
    });
}

/// How long the bank bears it before it ends the connection.
fn borne(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let patience = Duration::from_secs(40);
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest));
    began.elapsed()
}

#[test]
fn a_head_that_begins_behind_a_whole_request_has_five_seconds_and_a_quiet_client_more() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "slow=deposit=500ms");
    let whole = "GET /healthz HTTP/1.1\r\nhost: bank\r\n\r\n";
    let empty = post_bytes(&bank.tokens.atm, "key", "/v1/deposits", b"{}");
    let wish = json!({"account": "1", "amount": "1.00"}).to_string();
    let slow = post_bytes(&bank.tokens.atm, "key", "/v1/deposits", wish.as_bytes());
    let answer_then_silence = |first: &[&[u8]]| {
        let mut stream = TcpStream::connect(bank.address).unwrap();
        for part in first {
            stream.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(100));
        }
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_response(&mut reader).unwrap();
        (stream, reader)
    };
    let answer_then_silence = &answer_then_silence;
    thread::scope(|scope| {
        let begun = |first: Vec<Vec<u8>>| {
            scope.spawn(move || {
                let first: Vec<&[u8]> = first.iter().map(Vec::as_slice).collect();
                let (mut stream, _reader) = answer_then_silence(&first);
                let borne = borne(&mut stream);
                let seconds = borne.as_secs_f64();
                // Idleness has 75, and this server ends after 60: its harness then finds nobody who
                // listens. A machine that is held up takes longer than five.
                assert!((3.5..30.0).contains(&seconds), "{borne:?}");
            });
        };
        begun(vec![format!("{whole}GET /he").into_bytes()]);
        begun(vec![
            [&empty[..], b"GET /healthz HTTP/1.1\r\nhost: b"].concat(),
        ]);
        // While the first is being answered.
        begun(vec![slow.clone(), b"GET /he".to_vec()]);
        for first in [whole.as_bytes(), &empty[..], &slow[..]] {
            scope.spawn(move || {
                let (mut stream, mut reader) = answer_then_silence(&[first]);
                thread::sleep(Duration::from_secs(8));
                stream.write_all(whole.as_bytes()).unwrap();
                read_response(&mut reader).unwrap().expect(200);
            });
        }
    });
}

#[test]
fn who_has_said_all_there_is_to_say_still_gets_the_answer() {
    let data = tempfile::tempdir().unwrap();
    // Long enough for the end of what is said to be noticed first.
    let bank = BankProcess::start(data.path(), "slow=deposit=200ms");
    let li = new_rich_person(&bank, 1, "1");
    let body = json!({"account": li.account, "amount": "1"}).to_string();
    for number in 0..4 {
        let key = format!("half-{number}");
        let request = post_bytes(&bank.tokens.counter, &key, "/v1/deposits", body.as_bytes());
        let mut stream = TcpStream::connect(bank.address).unwrap();
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let answer = read_response(&mut BufReader::new(stream.try_clone().unwrap())).unwrap();
        assert_eq!(
            answer.expect(201).text("balance"),
            format!("{}.00", number + 2)
        );
        // And then the connection ends.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
    }
}
