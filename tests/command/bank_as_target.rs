//! The served bank as a target like any other: over TLS, and as a target file says it.

use crate::bank_tools::seed;
use crate::serving::Serving;
use crate::support::{alone, branchlab, code, output, said, summary};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

/// The operator's token of a bank.
fn operator(folder: &Path) -> String {
    let tokens = fs::read_to_string(folder.join("city/tokens.json")).expect("the bank's tokens");
    let tokens: Value = serde_json::from_str(&tokens).expect("JSON");
    tokens["operator"].as_str().expect("a token").to_owned()
}

const OWN_WORDS: &str = "customers = 12\n[[traffic]]\nshape = \"constant\"\nrate = 10\nfor = \"2s\"\n[[flows]]\nchannel = \"mobile\"\nsteps = [\"log_in\", { operation = \"transfer_own_bank\", amount = \"1.50\" }, \"log_out\"]\n";

#[test]
fn a_bank_that_is_served_over_tls_is_loaded_and_reconciled() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    fs::write(here.join("certificate.pem"), made.cert.pem()).expect("it is written");
    fs::write(here.join("key.pem"), made.signing_key.serialize_pem()).expect("it is written");
    fs::write(here.join("p.toml"), OWN_WORDS).expect("it is written");
    let options = [
        "--test",
        "--tls-cert",
        "certificate.pem",
        "--tls-key",
        "key.pem",
    ];
    let bank = Serving::start(here, "city", &options);
    let url = format!("{}://{}", bank.scheme, bank.address);
    assert!(url.starts_with("https://"), "{url}");
    let words = ["load", "p.toml", "--tokens", "city/tokens.json", "--quiet"];
    let target = ["--target", &url];
    let doubted = output(here, &[&words[..], &target, &["--out", "doubted"]].concat());
    assert_eq!(code(&doubted), 1, "{}", said(&doubted));
    assert!(said(&doubted).contains("no TLS"), "{}", said(&doubted));
    let trust = ["--ca", "certificate.pem", "--out", "run"];
    let ended = output(here, &[&words[..], &target, &trust].concat());
    // A busy machine may keep the generator from its part; the books must agree anyhow.
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let found = summary(&here.join("run"));
    assert_eq!(
        found["reconciliation"]["reconciled"],
        true,
        "{}",
        said(&ended)
    );
    assert_eq!(found["load"]["succeeded"], 60, "{}", found["load"]);
}

/// Twenty customers of the seeded list each look, pay and look again.
const LISTED: &str = "[[traffic]]\nshape = \"constant\"\nrate = 10\nfor = \"2s\"\n[[flows]]\nchannel = \"mobile\"\nsteps = [\"log_in\", \"balance_query\", { operation = \"transfer_own_bank\", amount = \"12.34\" }, \"history_query\", \"log_out\"]\n[feeders.payer]\nfile = \"customers.csv\"\n[feeders.payee]\nfile = \"payees.csv\"\n";

#[test]
fn the_bank_is_a_target_file_too_and_its_books_agree_with_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    let list = fs::read_to_string(here.join("customers.csv")).expect("the list");
    let mut payees: Vec<&str> = list.lines().collect();
    // Each is paid by the one before them.
    payees[1..].rotate_left(1);
    fs::write(here.join("payees.csv"), payees.join("\n")).expect("it is written");
    fs::write(here.join("listed.toml"), LISTED).expect("it is written");
    fs::write(here.join("own.toml"), OWN_WORDS).expect("it is written");
    let bank = Serving::start(here, "city", &["--test"]);
    let url = format!("http://{}", bank.address);
    let operator = operator(here);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/branchlab-bank.target.toml");
    let ended = load_as_said(here, &file, &url, &operator);
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let found = summary(&here.join("listed"));
    assert_eq!(found["load"]["planned"], 100, "{}", found["load"]);
    assert_eq!(found["load"]["succeeded"], 100, "{}", found["load"]);
    // The books hold each of the twenty payments once, from the one to the other.
    let headers = format!("authorization: Bearer {operator}\r\n");
    let answer = bank.ask("GET", "/v1/audit/records?limit=10000", &headers, "");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let books: Value = serde_json::from_str(body).expect("JSON");
    let records = books["records"].as_array().expect("records");
    let mut paid: Vec<(&str, &str)> = records
        .iter()
        .filter(|record| record["operation"] == "transfer_own_bank")
        .filter(|record| record["amount"] == "12.34" && record["outcome"] == "applied")
        .filter_map(|record| Some((record["account"].as_str()?, record["to"].as_str()?)))
        .collect();
    let account = |line: &&str| line.split(',').nth(4).map(str::to_owned);
    let accounts: Vec<String> = list.lines().skip(1).filter_map(|it| account(&it)).collect();
    let mut expected: Vec<(&str, &str)> = (0..20)
        .map(|at| (accounts[at].as_str(), accounts[at + 1].as_str()))
        .collect();
    paid.sort_unstable();
    expected.sort_unstable();
    assert_eq!(paid, expected);
    // And what is played the native way beside it is reconciled as ever.
    let words = [
        "load",
        "own.toml",
        "--tokens",
        "city/tokens.json",
        "--target",
        &url,
    ];
    let ended = output(here, &[&words[..], &["--quiet", "--out", "own"]].concat());
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let found = summary(&here.join("own"));
    assert_eq!(
        found["reconciliation"]["reconciled"],
        true,
        "{}",
        said(&ended)
    );
}

fn load_as_said(here: &Path, file: &Path, url: &str, operator: &str) -> Output {
    let _alone = alone();
    branchlab(here)
        .args(["load", "listed.toml", "--quiet", "--out", "listed"])
        .args(["--target", url])
        .arg("--target-file")
        .arg(file)
        .env("BANK_OPERATOR", operator)
        .output()
        .expect("it runs")
}
