//! SIGKILL under load at random instants: nothing acknowledged is lost, nothing is doubled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bank_process::{BankProcess, new_rich_person};
use core_bank::{find_noted, verify};
use serde_json::{Value, json};

/// Kills in one run. For long: `BANK_KILLS=200 cargo test -p core-bank --test kill -- --nocapture`;
/// `BANK_SEED` sets the instants and the transfers.
const KILLS: u64 = 20;

fn number(name: &str, or: u64) -> u64 {
    std::env::var(name).map_or(or, |text| text.parse().unwrap())
}

/// Numbers without a pattern to the eye; the instants need no better (Vigna's `SplitMix64`).
fn scatter(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Transfers back and forth until the server dies; returns what it acknowledged: key to record.
fn load(
    bank: &BankProcess,
    (seed, run): (u64, u64),
    worker: u64,
    accounts: &[String],
    stop: &AtomicBool,
) -> BTreeMap<String, u64> {
    let mut acknowledged = BTreeMap::new();
    let mut client = bank.client();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let pair = scatter(seed + run * 1_000_000 + worker * 10_000 + number) as usize;
        let (from, to) = (pair % accounts.len(), (pair + 1) % accounts.len());
        let body = json!({"from": accounts[from], "to": accounts[to], "amount": "0.01"});
        let key = format!("{run}-{worker}-{number}");
        match client.try_post(&bank.tokens.counter, &key, "/v1/transfers", &body) {
            Ok(answer) if answer.status == 201 => {
                acknowledged.insert(key, answer.body["seq"].as_u64().unwrap());
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => break,
        }
    }
    acknowledged
}

/// Reads the records after `after` into `records`, by key; returns the last one's number. That the
/// earlier ones are what they were shows by their chain hash.
fn audit(bank: &BankProcess, mut after: u64, records: &mut BTreeMap<String, Vec<u64>>) -> u64 {
    let mut client = bank.client();
    loop {
        let path = format!("/v1/audit/records?after={after}&limit=10000");
        let page = client.get(&bank.tokens.operator, &path).expect(200).body;
        let rows = page["records"].as_array().unwrap().clone();
        for row in &rows {
            let seq = row["seq"].as_u64().unwrap();
            assert_eq!(seq, after + 1, "a gap in the audit");
            after = seq;
            let sum: i64 = row["postings"].as_array().unwrap().iter().map(fen).sum();
            assert_eq!(sum, 0, "{row}");
            records
                .entry(row["key"].as_str().unwrap().to_owned())
                .or_default()
                .push(seq);
        }
        if rows.is_empty() {
            return after;
        }
    }
}

fn fen(posting: &Value) -> i64 {
    posting["amount"]
        .as_str()
        .unwrap()
        .replace('.', "")
        .parse()
        .unwrap()
}

#[test]
fn killed_at_any_instant_the_bank_loses_and_doubles_nothing_that_it_acknowledged() {
    let (kills, seed) = (number("BANK_KILLS", KILLS), number("BANK_SEED", 1));
    let data = tempfile::tempdir().unwrap();
    // Snapshots and keys beyond memory come often, so that kills meet them, too.
    let options = "snapshots=1500 keys=700";
    let mut bank = BankProcess::start(data.path(), options);
    let accounts: Vec<String> = (0..4)
        .map(|number| new_rich_person(&bank, number, "1000.00").account)
        .collect();
    let acknowledged = Mutex::new(BTreeMap::new());
    let (mut records, mut last) = (BTreeMap::new(), 0);
    for run in 0..kills {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for worker in 0..4 {
                let (bank, accounts, stop, acknowledged) = (&bank, &accounts, &stop, &acknowledged);
                scope.spawn(move || {
                    let mut done = load(bank, (seed, run), worker, accounts, stop);
                    acknowledged.lock().unwrap().append(&mut done);
                });
            }
            thread::sleep(Duration::from_micros(
                20_000 + scatter(seed + run) % 400_000,
            ));
            bank.send_kill();
            stop.store(true, Ordering::Relaxed);
        });
        bank.kill();
        // Before anybody repairs anything: the chain is whole as the kill left it.
        let left = verify(data.path()).unwrap();
        assert_eq!((left.ledger_sum, left.decided_otherwise), (0, None));
        assert_eq!(left.deposits, 400_000);
        bank = BankProcess::start(data.path(), options);
        last = audit(&bank, last, &mut records);
        assert_eq!(last, left.records, "the start changed the journal");
        for (key, seq) in &*acknowledged.lock().unwrap() {
            assert_eq!(
                records.get(key),
                Some(&vec![*seq]),
                "{key} after kill {run}"
            );
        }
        assert!(records.values().all(|seqs| seqs.len() == 1), "a key twice");
        let trial = bank
            .client()
            .get(&bank.tokens.operator, "/v1/audit/trial-balance");
        assert_eq!(trial.expect(200).text("sum"), "0.00");
        assert_eq!(find_noted(data.path(), left.head).unwrap(), Some(last));
    }
    let acknowledged = acknowledged.into_inner().unwrap().len();
    println!(
        "seed {seed}: {kills} kills, {acknowledged} acknowledged transfers, all of them among {last} records once"
    );
    assert!(
        acknowledged > 100,
        "only {acknowledged} transfers were acknowledged under load"
    );
}
