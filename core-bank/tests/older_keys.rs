//! Idempotency keys that memory has no room for: found on disk, for 24 hours of business time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    fs,
    ops::RangeInclusive,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, Client, Person, Response, balance, new_person};
use core_bank::journal::{ChainHash, SqliteJournal};
use rusqlite::{Connection, params};
use serde_json::json;

fn deposit(bank: &BankProcess, client: &mut Client, person: &Person, number: u32) -> Response {
    let body = json!({"account": person.account, "amount": format!("{number}.00")});
    let key = format!("deposit-{number}");
    client.post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &body)
}

fn set_clock(bank: &BankProcess, time: &str) {
    bank.client()
        .put(
            &bank.tokens.operator,
            "/v1/test/clock",
            &json!({"business_time": time, "speed": 1.0}),
        )
        .expect(200);
}

#[test]
fn a_key_is_known_for_a_day_however_few_memory_holds() {
    let data = tempfile::tempdir().unwrap();
    let options = "keys=4 clock=2026-06-09T10:00+08:00";
    let mut bank = BankProcess::start(data.path(), options);
    let person = new_person(&bank, 1);
    let mut client = bank.client();
    let first: Vec<String> = (1..=40)
        .map(|number| {
            deposit(&bank, &mut client, &person, number)
                .expect(201)
                .text("balance")
        })
        .collect();
    assert_eq!(balance(&bank, &person), "820.00");
    // Twice over, the second time after a kill, which takes what was in memory.
    for _ in 0..2 {
        for number in 1..=40 {
            let again = deposit(&bank, &mut client, &person, number).expect(201);
            assert_eq!(
                again.header("idempotent-replayed"),
                Some("true"),
                "{number}"
            );
            assert_eq!(again.text("balance"), first[number as usize - 1]);
        }
        let other = json!({"account": person.account, "amount": "7.77"});
        client
            .post_with_key(&bank.tokens.atm, "deposit-1", "/v1/deposits", &other)
            .refused(422, "idempotency_key_reused");
        assert_eq!(balance(&bank, &person), "820.00");
        bank.kill();
        bank = BankProcess::start(data.path(), options);
        client = bank.client();
    }
    set_clock(&bank, "2026-06-10T09:59:00+08:00");
    let again = deposit(&bank, &mut client, &person, 1).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    set_clock(&bank, "2026-06-10T10:10:00+08:00");
    // A day later the key is free, and belongs to what it is used for now.
    for replayed in [None, Some("true")] {
        let once_more = deposit(&bank, &mut client, &person, 1).expect(201);
        assert_eq!(once_more.header("idempotent-replayed"), replayed);
        assert_eq!(once_more.text("balance"), "821.00");
    }
}

/// What may take its time on a machine that others keep busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Deposits of a bank whose memory holds the keys of fifty.
const DEPOSITS: u32 = 400;
const FEW_KEYS: &str = "keys=50 snapshots=60 clock=2026-06-09T10:00+08:00";

/// A bank that has stopped, and what it answered.
struct Stopped {
    data: tempfile::TempDir,
    person: Person,
    /// The deposits' keys and amounts.
    numbers: RangeInclusive<u32>,
    balances: Vec<String>,
    /// Its projection after three quarters of the deposits.
    earlier: tempfile::TempDir,
}

/// A bank that knew these deposits, with a snapshot late enough that a start reads few of their keys.
fn stopped_bank(numbers: RangeInclusive<u32>) -> Stopped {
    let (data, earlier) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bank = BankProcess::start(data.path(), FEW_KEYS);
    let person = new_person(&bank, 1);
    let mut client = bank.client();
    let mut balances = Vec::new();
    let three_quarters = numbers.clone().count() * 3 / 4;
    for number in numbers.clone() {
        if balances.len() == three_quarters {
            stop(bank);
            copy_projection(data.path(), earlier.path());
            bank = BankProcess::start(data.path(), FEW_KEYS);
            client = bank.client();
        }
        let answer = deposit(&bank, &mut client, &person, number).expect(201);
        balances.push(answer.text("balance"));
    }
    let patience = Instant::now() + PATIENCE;
    while newest_snapshot(data.path()) < three_quarters as u64 {
        assert!(Instant::now() < patience, "no snapshot");
        thread::sleep(Duration::from_millis(20));
    }
    stop(bank);
    Stopped {
        data,
        person,
        numbers,
        balances,
        earlier,
    }
}

fn stop(bank: BankProcess) {
    bank.send_terminate();
    assert!(bank.wait().success());
}

fn newest_snapshot(data: &Path) -> u64 {
    let names = fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let seqs = names.filter_map(|name| {
        let digits = name.strip_prefix("snapshot-")?.strip_suffix(".bin")?;
        digits.parse().ok()
    });
    seqs.max().unwrap_or(0)
}

const PROJECTION_FILES: [&str; 3] = [
    "projection.sqlite",
    "projection.sqlite-wal",
    "projection.sqlite-shm",
];

fn remove_projection(data: &Path) {
    for name in PROJECTION_FILES {
        // A bank that stopped in good order leaves no log.
        let _ = fs::remove_file(data.join(name));
    }
}

fn copy_projection(from: &Path, to: &Path) {
    remove_projection(to);
    for name in PROJECTION_FILES {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// How often keys were looked for beyond memory.
fn looks(client: &mut Client) -> u64 {
    let page = client.get("", "/metrics").expect(200).body;
    let mut lines = page.as_str().unwrap().lines();
    let figure = lines.find_map(|line| line.strip_prefix("bank_keys_looked_for_total "));
    figure.unwrap().parse().unwrap()
}

/// A deposit under a key that nobody has used.
fn new_deposit(bank: &BankProcess, client: &mut Client, person: &Person, name: &str) {
    let body = json!({"account": person.account, "amount": "0.01"});
    let answer = client
        .post_with_key(&bank.tokens.atm, name, "/v1/deposits", &body)
        .expect(201);
    assert_eq!(answer.header("idempotent-replayed"), None, "{name}");
}

/// Asks all again that `bank` was asked: the first answers, each.
fn all_first_answers(bank: &BankProcess, stopped: &Stopped) {
    let mut client = bank.client();
    for (number, first) in stopped.numbers.clone().zip(&stopped.balances) {
        let again = deposit(bank, &mut client, &stopped.person, number).expect(201);
        let replayed = again.header("idempotent-replayed");
        assert_eq!(replayed, Some("true"), "{number}");
        assert_eq!(&again.text("balance"), first, "{number}");
    }
}

/// The bank starts, knows all keys at any time, and soon looks for no new ones any more.
fn starts_and_soon_looks_for_no_new_keys(stopped: &Stopped) {
    let bank = BankProcess::start(stopped.data.path(), FEW_KEYS);
    all_first_answers(&bank, stopped);
    let mut client = bank.client();
    let patience = Instant::now() + PATIENCE;
    for number in 1.. {
        let before = looks(&mut client);
        let name = format!("soon-{number}");
        new_deposit(&bank, &mut client, &stopped.person, &name);
        if looks(&mut client) == before {
            break;
        }
        assert!(Instant::now() < patience, "every key is looked for");
        thread::sleep(Duration::from_millis(20));
    }
    let before = looks(&mut client);
    for number in 0..200 {
        let name = format!("new-{number}");
        new_deposit(&bank, &mut client, &stopped.person, &name);
    }
    // One in seven hundred, for each of two filters.
    let in_vain = looks(&mut client) - before;
    assert!(in_vain <= 4, "{in_vain} of 200 new keys were looked for");
    all_first_answers(&bank, stopped);
    assert!(looks(&mut client) - before >= u64::from(DEPOSITS) - 50);
    stop(bank);
}

#[test]
fn after_a_start_old_keys_are_known_and_new_ones_are_not_looked_for() {
    let stopped = stopped_bank(1..=DEPOSITS);
    starts_and_soon_looks_for_no_new_keys(&stopped);
}

#[test]
fn so_it_is_when_the_projection_lacks_the_last_quarter() {
    let stopped = stopped_bank(1..=DEPOSITS);
    copy_projection(stopped.earlier.path(), stopped.data.path());
    starts_and_soon_looks_for_no_new_keys(&stopped);
}

#[test]
fn so_it_is_when_the_projection_is_gone() {
    let stopped = stopped_bank(1..=DEPOSITS);
    remove_projection(stopped.data.path());
    starts_and_soon_looks_for_no_new_keys(&stopped);
}

#[test]
fn so_it_is_when_the_projection_is_of_another_bank() {
    let (stopped, other) = (
        stopped_bank(1..=DEPOSITS),
        stopped_bank(1_001..=1_000 + DEPOSITS - 50),
    );
    copy_projection(other.data.path(), stopped.data.path());
    starts_and_soon_looks_for_no_new_keys(&stopped);
    // Its histories are this bank's again: the other's account has the same number.
    let bank = BankProcess::start(stopped.data.path(), FEW_KEYS);
    let mut amounts = amounts_of(&bank, &stopped.person);
    amounts.reverse();
    let expected = stopped.numbers.map(|number| format!("{number}.00"));
    assert!(amounts.into_iter().take(DEPOSITS as usize).eq(expected));
}

/// What moved on an account, newest first.
fn amounts_of(bank: &BankProcess, person: &Person) -> Vec<String> {
    let path = format!("/v1/accounts/{}/entries?limit=100", person.account);
    let (mut client, mut cursor, mut amounts) = (bank.client(), String::new(), Vec::new());
    loop {
        let page = client.get(&bank.tokens.counter, &format!("{path}{cursor}"));
        let page = page.expect(200).body;
        let entries = page["entries"].as_array().unwrap();
        amounts.extend(
            entries
                .iter()
                .map(|it| it["amount"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return amounts,
        }
    }
}

#[test]
fn so_it_is_when_the_writing_of_keys_was_cut_short() {
    let stopped = stopped_bank(1..=DEPOSITS);
    let data = stopped.data.path();
    // A run counts when it is whole: of one that was cut short some pages stand in the file.
    let mut journal = SqliteJournal::open_reader(&data.join("journal.sqlite")).unwrap();
    let file = Connection::open(data.join("projection.sqlite")).unwrap();
    let middle = "SELECT run FROM key_runs ORDER BY run DESC
                  LIMIT 1 OFFSET (SELECT count(*) / 2 FROM key_runs)";
    let cut: u64 = file.query_row(middle, [], |row| row.get(0)).unwrap();
    let hash = match cut.checked_sub(1) {
        Some(before) => journal.read(before, 1).unwrap()[0].hash(),
        None => ChainHash::GENESIS,
    };
    let execute = |statement| file.execute(statement, params![cut, hash.bytes()]).unwrap();
    let written = "UPDATE keys_written SET seq = ?1, hash = ?2 WHERE seq > ?1";
    assert_eq!(execute(written), 1);
    let execute = |statement| file.execute(statement, [cut]).unwrap();
    assert!(execute("DELETE FROM key_runs WHERE run >= ?1") > 0);
    let pages = "DELETE FROM older_keys WHERE run = ?1 AND digest =
                 (SELECT min(digest) FROM older_keys WHERE run = ?1)";
    assert_eq!(execute(pages), 1);
    drop((file, journal));
    starts_and_soon_looks_for_no_new_keys(&stopped);
}

#[test]
fn keys_of_a_day_that_cannot_be_read_are_looked_for_and_nothing_is_decided_twice() {
    let stopped = stopped_bank(1..=DEPOSITS);
    let (data, person) = (stopped.data.path(), &stopped.person);
    let file = Connection::open(data.join("journal.sqlite")).unwrap();
    // One client: a record is a group. Before the deposits there are three.
    let damaged = 100;
    let select = "SELECT body FROM journal WHERE first_seq = ?1 AND last_seq = ?1";
    let mut body: Vec<u8> = file
        .query_row(select, [damaged + 3], |row| row.get(0))
        .unwrap();
    // The last byte of the record, before its hash: it still reads, and says something else.
    let last = body.len() - 33;
    body[last] ^= 1;
    let update = "UPDATE journal SET body = ?1 WHERE first_seq = ?2";
    file.execute(update, params![body, damaged + 3]).unwrap();
    drop(file);
    let bank = BankProcess::start(data, FEW_KEYS);
    let mut client = bank.client();
    thread::sleep(Duration::from_millis(500));
    let before = looks(&mut client);
    for number in 0..20 {
        new_deposit(&bank, &mut client, person, &format!("new-{number}"));
    }
    assert_eq!(looks(&mut client) - before, 20);
    let held = balance(&bank, person);
    for (number, first) in (1..).zip(&stopped.balances) {
        let again = deposit(&bank, &mut client, person, number);
        if number == damaged {
            again.refused(503, "overloaded");
        } else {
            assert_eq!(&again.expect(201).text("balance"), first, "{number}");
        }
    }
    assert_eq!(balance(&bank, person), held);
}

#[test]
fn a_key_that_was_used_again_after_its_day_is_known_by_its_second_use() {
    let data = tempfile::tempdir().unwrap();
    let options = "keys=4 snapshots=10 clock=2026-06-09T10:00+08:00";
    let bank = BankProcess::start(data.path(), options);
    let person = new_person(&bank, 1);
    let mut client = bank.client();
    deposit(&bank, &mut client, &person, 1).expect(201);
    set_clock(&bank, "2026-06-10T11:00:00+08:00");
    let second = deposit(&bank, &mut client, &person, 1).expect(201);
    assert_eq!(second.header("idempotent-replayed"), None);
    for number in 2..=30 {
        deposit(&bank, &mut client, &person, number).expect(201);
    }
    let held = balance(&bank, &person);
    stop(bank);
    // All keys are written anew and together, those of both uses.
    remove_projection(data.path());
    let bank = BankProcess::start(data.path(), "keys=4 clock=2026-06-10T11:00+08:00");
    let mut client = bank.client();
    let again = deposit(&bank, &mut client, &person, 1).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text("balance"), second.text("balance"));
    assert_eq!(balance(&bank, &person), held);
}
