//! Snapshots: a start from one is the start from the first record, and a bad one is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, balance, new_rich_person};
use core_bank::{
    journal::SqliteJournal,
    recover, repair_keeping_prefix,
    rules::{IDEMPOTENCY_KEYS_MAX, State},
    verify,
};
use serde_json::json;

/// How long a snapshot may take on a machine that others keep busy.
const PATIENCE: Duration = Duration::from_mins(1);

fn snapshots(data: &Path) -> Vec<u64> {
    let names = fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut found: Vec<u64> = names
        .filter_map(|name| {
            let name = name.into_string().ok()?;
            name.strip_prefix("snapshot-")?
                .strip_suffix(".bin")?
                .parse()
                .ok()
        })
        .collect();
    found.sort_unstable();
    found
}

fn path_of(data: &Path, seq: u64) -> std::path::PathBuf {
    data.join(format!("snapshot-{seq:012}.bin"))
}

/// The state as a start finds it, and the snapshot that it used.
fn state_of(data: &Path) -> (State, u64) {
    let mut journal = SqliteJournal::open(&data.join("journal.sqlite")).unwrap();
    let recovered = recover(&mut journal, data, IDEMPOTENCY_KEYS_MAX).unwrap();
    (recovered.state, recovered.snapshot)
}

/// A bank with some hundred records of many kinds and snapshots on the way.
fn bank_with_snapshots(data: &Path) {
    let bank = BankProcess::start(data, "snapshots=40");
    let people: Vec<_> = (0..12)
        .map(|number| new_rich_person(&bank, number, "50.00"))
        .collect();
    let sessions: Vec<_> = people
        .iter()
        .map(|person| bank_process::log_in(&bank, person))
        .collect();
    let mut client = bank.client();
    for round in 0..8 {
        for (place, person) in people.iter().enumerate() {
            let to = &people[(place + 1 + round) % people.len()];
            let transfer = json!({"from": person.account, "to": to.account, "amount": "0.50"});
            if round == 0 && person.account != to.account {
                bank_process::pay_by_sms(&mut client, &bank, &sessions[place], &transfer)
                    .expect(201);
            } else {
                client.post(&bank.tokens.counter, "/v1/transfers", &transfer);
            }
        }
    }
    // Their thread has little priority: it may take a while.
    for _ in 0..100 {
        if snapshots(data).len() == 2 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    bank.send_terminate();
    assert!(bank.wait().success());
}

#[test]
fn a_start_from_a_snapshot_is_a_start_from_the_first_record() {
    let data = tempfile::tempdir().unwrap();
    bank_with_snapshots(data.path());
    let found = snapshots(data.path());
    assert_eq!(found.len(), 2, "two are kept");
    let (state, used) = state_of(data.path());
    assert_eq!(Some(&used), found.last());
    // Whatever is wrong with a snapshot, the next older takes over, and in the end the journal.
    let mut bytes = fs::read(path_of(data.path(), found[1])).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path_of(data.path(), found[1]), bytes).unwrap();
    assert_eq!(state_of(data.path()), (state.clone(), found[0]));
    fs::write(path_of(data.path(), found[0]), "no snapshot").unwrap();
    assert_eq!(state_of(data.path()), (state, 0));
}

#[test]
fn a_snapshot_of_another_journal_is_refused() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bank_with_snapshots(data.path());
    bank_with_snapshots(other.path());
    let (state, _) = state_of(data.path());
    for seq in snapshots(data.path()) {
        fs::remove_file(path_of(data.path(), seq)).unwrap();
    }
    // The same number of records, other ones: nonces and times differ.
    let seq = snapshots(other.path())[0];
    fs::copy(path_of(other.path(), seq), path_of(data.path(), seq)).unwrap();
    assert_eq!(state_of(data.path()), (state, 0));
}

#[test]
fn a_journal_that_is_shorter_than_its_snapshot_lost_its_end_and_is_refused() {
    let data = tempfile::tempdir().unwrap();
    bank_with_snapshots(data.path());
    let file = rusqlite::Connection::open(data.path().join("journal.sqlite")).unwrap();
    let cut = snapshots(data.path())[1] - 5;
    file.execute("DELETE FROM journal WHERE last_seq >= ?1", [cut])
        .unwrap();
    drop(file);
    let said = BankProcess::start_in_vain(data.path());
    assert!(
        said.contains("lost its tail") && said.contains("--keep-prefix"),
        "{said}"
    );
    for seq in snapshots(data.path()) {
        fs::remove_file(path_of(data.path(), seq)).unwrap();
    }
    // The projection is a witness, too.
    let said = BankProcess::start_in_vain(data.path());
    assert!(said.contains("projection.sqlite shows"), "{said}");
    let repaired = repair_keeping_prefix(data.path()).unwrap();
    assert_eq!(
        (repaired.last, repaired.given_up.is_none()),
        (cut - 1, true)
    );
    let bank = BankProcess::start(data.path(), "");
    assert_eq!(verify(data.path()).unwrap().ledger_sum, 0);
    drop(bank);
}

#[test]
fn a_bank_that_was_killed_goes_on_from_its_snapshot_with_every_key() {
    let data = tempfile::tempdir().unwrap();
    let mut bank = BankProcess::start(data.path(), "snapshots=10");
    let person = new_rich_person(&bank, 1, "1.00");
    let deposit = json!({"account": person.account, "amount": "1.00"});
    for round in 0..4 {
        for number in 0..20 {
            let key = format!("{round}-{number}");
            bank.client()
                .post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &deposit)
                .expect(201);
        }
        bank.kill();
        bank = BankProcess::start(data.path(), "snapshots=10");
        assert_eq!(
            balance(&bank, &person),
            format!("{}.00", 1 + 20 * (round + 1))
        );
        let again = bank.client();
        let mut again = again;
        let answer = again.post_with_key(&bank.tokens.atm, "0-3", "/v1/deposits", &deposit);
        assert_eq!(
            answer.expect(201).header("idempotent-replayed"),
            Some("true")
        );
    }
    // Whoever makes them gives way to all others, and may have been killed each time before it was done.
    let begun = Instant::now();
    while snapshots(data.path()).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "no snapshot is made");
        thread::sleep(Duration::from_millis(10));
    }
    bank.kill();
    bank = BankProcess::start(data.path(), "snapshots=10");
    assert_eq!(balance(&bank, &person), "81.00");
    assert_eq!(verify(data.path()).unwrap().decided_otherwise, None);
}
