//! The bank's tools end to end: seed, serve, backup, restore, export, rebuild, repair, verify.

use crate::serving::Serving;
use crate::support::{alone, branchlab, code, output, said};
use std::fs;
use std::path::Path;

/// A line of a tool's answer, by its name.
fn line(text: &str, name: &str) -> String {
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    found
        .unwrap_or_else(|| panic!("{name}: {text}"))
        .trim()
        .to_owned()
}

/// Seeds a bank of forty customers and lists them.
pub fn seed(folder: &Path, data: &str) {
    let words = [
        "bank",
        "seed",
        "--data",
        data,
        "--customers",
        "40",
        "--seed",
        "7",
        "--out",
        "customers.csv",
    ];
    let seeded = output(folder, &words);
    assert_eq!(code(&seeded), 0, "{}", said(&seeded));
    assert_eq!(line(&said(&seeded), "records"), "200");
}

fn run(folder: &Path, words: &[&str]) -> String {
    let ran = output(folder, words);
    assert_eq!(code(&ran), 0, "{words:?}: {}", said(&ran));
    said(&ran)
}

fn refused(folder: &Path, words: &[&str], why: &str) {
    let ran = output(folder, words);
    assert_ne!(code(&ran), 0, "{words:?}");
    assert!(said(&ran).contains(why), "{words:?}: {}", said(&ran));
}

#[test]
fn a_seeded_bank_is_served_backed_up_exported_restored_and_rebuilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    refused(
        here,
        &["bank", "seed", "--data", "city", "--customers", "1"],
        "holds a bank already",
    );
    let list = fs::read_to_string(here.join("customers.csv")).expect("the list");
    assert_eq!(list.lines().count(), 41);
    let first: Vec<&str> = list
        .lines()
        .nth(1)
        .expect("a customer")
        .split(',')
        .collect();
    let tokens = fs::read(here.join("city/tokens.json")).expect("tokens");
    let tokens: serde_json::Value = serde_json::from_slice(&tokens).expect("tokens are JSON");
    let atm = tokens["atm"].as_str().expect("a token").to_owned();

    let verified = run(here, &["bank", "verify", "--data", "city"]);
    assert_eq!(line(&verified, "deposits (yuan)"), "400000.00");
    assert_eq!(line(&verified, "ledger sum (yuan)"), "0.00");
    let early = line(&verified, "chain head");
    {
        let _alone = alone();
        let bank = Serving::start(here, "city", &[]);
        let answer = bank.deposit(&atm, first[4], "one");
        assert!(answer.contains("\"balance\":\"10001.00\""), "{answer}");
        // While it serves.
        for words in [
            ["bank", "backup", "--data", "city", "--to", "monday"],
            ["bank", "export", "--data", "city", "--out", "journal.csv"],
        ] {
            let ran = branchlab(here).args(words).output().expect("it runs");
            assert!(ran.status.success(), "{}", said(&ran));
            assert_eq!(line(&said(&ran), "records"), "201");
        }
        let answer = bank.deposit(&atm, first[4], "two");
        assert!(answer.contains("\"balance\":\"10002.00\""), "{answer}");
    }
    let csv = fs::read_to_string(here.join("journal.csv")).expect("the export");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    // Forty customers of five records, of which the deposit has two postings; and one deposit.
    assert_eq!(rows.len(), 40 * 6 + 2);
    let headings = reader.headers().expect("headings").clone();
    let column = headings.iter().position(|it| it == "posting_amount");
    let column = column.expect("a column of amounts");
    let fen = |row: &csv::StringRecord| row[column].replace('.', "").parse::<i64>().unwrap_or(0);
    assert_eq!(rows.iter().map(fen).sum::<i64>(), 0);
    assert!(
        !csv.contains(first[1]) && !csv.contains(first[2]),
        "names and documents stay inside"
    );

    let restored = run(
        here,
        &["bank", "restore", "--from", "monday", "--data", "again"],
    );
    assert_eq!(line(&restored, "records"), "201");
    refused(
        here,
        &["bank", "restore", "--from", "monday", "--data", "again"],
        "is not empty",
    );
    {
        let _alone = alone();
        let bank = Serving::start(here, "again", &[]);
        // The tokens and the keys are those of the bank that was backed up.
        let answer = bank.deposit(&atm, first[4], "one");
        assert!(answer.contains("idempotent-replayed: true"), "{answer}");
        assert!(bank.deposit(&atm, first[4], "three").contains("10002.00"));
    }
    let rebuilt = run(here, &["bank", "rebuild", "--data", "city"]);
    assert_eq!(line(&rebuilt, "records"), "202");
    assert!(here.join("city/snapshot-000000000202.bin").is_file());
    run(
        here,
        &["bank", "verify", "--data", "again", "--head", &early],
    );
    let json = run(
        here,
        &["bank", "export", "--data", "city", "--format", "json"],
    );
    let newest: serde_json::Value = json
        .lines()
        .last()
        .map(serde_json::from_str)
        .expect("a line")
        .expect("JSON");
    assert_eq!(
        (&newest["seq"], &newest["key"]),
        (&202.into(), &"two".into())
    );
}

#[test]
fn a_damaged_bank_names_the_repair_that_then_makes_it_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    let path = here.join("city/journal.sqlite");
    let mut bytes = fs::read(&path).expect("the journal");
    // Somewhere in the one group of records; its page stays a page, since what holds the
    // pages together stands at their beginnings.
    let middle = bytes.len() / 2 / 4096 * 4096 + 2048;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("it is written");
    let why = "repair --keep-prefix";
    refused(
        here,
        &["bank", "serve", "--addr", "127.0.0.1:0", "--data", "city"],
        why,
    );
    refused(here, &["bank", "verify", "--data", "city"], why);
    refused(here, &["bank", "repair", "--data", "city"], "--keep-prefix");
    let repaired = run(here, &["bank", "repair", "--data", "city", "--keep-prefix"]);
    assert!(line(&repaired, "damage").contains("record "), "{repaired}");
    let kept = line(&repaired, "records");
    assert!((1..200).contains(&kept.parse::<u64>().expect("a number")));
    assert!(here.join("city/journal.damaged-1.sqlite").is_file());
    let verified = run(here, &["bank", "verify", "--data", "city"]);
    assert_eq!(line(&verified, "records"), kept);
    let again = run(here, &["bank", "repair", "--data", "city", "--keep-prefix"]);
    assert!(again.contains("sound to its end"), "{again}");
}

#[test]
fn a_tool_that_is_pointed_at_nothing_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    fs::create_dir(here.join("empty")).expect("a folder");
    for words in [
        vec!["bank", "verify", "--data", "empty"],
        vec!["bank", "export", "--data", "empty"],
        vec!["bank", "backup", "--data", "nowhere", "--to", "copy"],
        vec!["bank", "restore", "--from", "empty", "--data", "new"],
        vec!["bank", "rebuild", "--data", "empty"],
        vec!["bank", "repair", "--data", "empty", "--keep-prefix"],
    ] {
        refused(here, &words, "holds no journal.sqlite");
    }
    let nowhere = [
        "bank",
        "verify",
        "--data",
        "empty",
        "--postgres",
        "postgres://127.0.0.1:1/bank",
    ];
    refused(here, &nowhere, "PostgreSQL");
    refused(
        here,
        &["bank", "seed", "--data", "x", "--customers", "0"],
        "1 to 10000000",
    );
    refused(
        here,
        &["bank", "seed", "--data", "x", "--balance", "1e3"],
        "--balance",
    );
    refused(
        here,
        &["bank", "seed", "--data", "x", "--at", "today"],
        "--at",
    );
}
