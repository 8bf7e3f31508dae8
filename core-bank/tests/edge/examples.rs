//! The examples of docs/bank.md, run in the order in which they are printed by the shell that the page asks
//! for, against a bank that was seeded; and their answers compared with those that are printed.

use std::{fs, process::Command};

use core_bank::{SeedOptions, rules::Amount, seed};
use serde_json::Value;

use crate::bank_process::BankProcess;

/// What stands between the answers in what the shell writes.
const MARK: &str = "-- an answer is printed here --";

/// The lines of the page's examples, but for those that start the bank.
fn lines() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bank.md");
    let page = fs::read_to_string(page).unwrap();
    let examples = page.lines().filter_map(|line| line.strip_prefix("    "));
    examples
        .filter(|line| !line.starts_with("branchlab "))
        .map(str::to_owned)
        .collect()
}

/// Whether a value is what the page prints: ids of another number, other secrets and another number of the
/// record are the same.
fn is_alike(printed: &Value, found: &Value) -> bool {
    match (printed, found) {
        (Value::Object(printed), Value::Object(found)) => {
            printed.len() == found.len()
                && printed.iter().zip(found).all(|(printed, found)| {
                    printed.0 == found.0 && (printed.0 == "seq" || is_alike(printed.1, found.1))
                })
        }
        (Value::String(printed), Value::String(found)) => {
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let is_id = |text: &str| {
                text.len() == 13
                    && text.starts_with(|first: char| first.is_ascii_uppercase())
                    && is_number(&text[1..])
            };
            let is_account = |text: &str| text.len() == 19 && is_number(text);
            let is_secret = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
            match printed.strip_suffix('…') {
                Some(begins) if is_secret(begins) => found.len() == 64 && is_secret(found),
                Some(begins) => found.starts_with(begins),
                None if is_id(printed) => is_id(found) && printed[..1] == found[..1],
                None if is_account(printed) => is_account(found),
                None => printed == found,
            }
        }
        _ => printed == found,
    }
}

#[test]
fn the_examples_of_the_documentation_run_in_their_order_and_answer_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("bank-data");
    let city = SeedOptions {
        customers: 40,
        seed: 7,
        balance: Amount::parse("100.00").unwrap(),
        at: "2020-01-01T09:00+08:00".parse().unwrap(),
        password: None,
    };
    seed(&data, &city, &mut |_| Ok(())).unwrap();
    let bank = BankProcess::start(&data, "clock=2026-06-09T10:00+08:00");
    let mut script = vec!["set -eu".to_owned()];
    let mut printed = Vec::new();
    for line in lines() {
        if line.starts_with("BANK=") {
            script.push(format!("BANK=http://{}", bank.address));
        } else if line.starts_with('{') {
            script.push(format!("echo '{MARK}'"));
            printed.push(line);
        } else {
            script.push(line);
        }
    }
    assert!(printed.len() > 30, "{printed:?}");
    let ran = Command::new("sh")
        .args(["-c", &script.join("\n")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{told}\n{said}");
    assert_eq!(said, "");
    // Also what no answer is printed for was done.
    assert!(!told.contains("urn:branchlab:refusal"), "{told}");
    let answers: Vec<&str> = told.split(MARK).collect();
    assert_eq!(answers.len(), printed.len() + 1);
    for (printed, before) in printed.iter().zip(&answers) {
        let found = before.trim_end().lines().last().unwrap();
        let values = [printed.as_str(), found].map(serde_json::from_str::<Value>);
        let [Ok(wanted), Ok(value)] = values else {
            panic!("printed: {printed}\nfound:   {found}");
        };
        assert!(
            is_alike(&wanted, &value),
            "printed: {printed}\nfound:   {found}"
        );
    }
}
