//! The bank's tools where something is in their way: what they say, what they end with, and what they leave.

use crate::bank_tools::seed;
use crate::support::{alone, branchlab, code, output, said};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const VERIFY: [&str; 4] = ["bank", "verify", "--data", "city"];

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

#[test]
fn an_answer_that_nobody_takes_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    let tools = [
        VERIFY.to_vec(),
        vec!["bank", "seed", "--data", "new", "--customers", "1"],
        vec!["bank", "backup", "--data", "city", "--to", "monday"],
        vec!["bank", "restore", "--from", "monday", "--data", "again"],
        vec!["bank", "rebuild", "--data", "city"],
        vec!["bank", "repair", "--data", "city", "--keep-prefix"],
        vec!["bank", "export", "--data", "city", "--out", "journal.csv"],
        vec!["bank", "export", "--data", "city"],
    ];
    let _alone = alone();
    for words in &tools {
        let full = File::options().write(true).open("/dev/full");
        let ran = branchlab(here)
            .args(words)
            .stdout(full.expect("a device"))
            .output()
            .expect("it runs");
        let told = said(&ran);
        assert_eq!(code(&ran), 1, "{words:?}: {told}");
        assert!(
            told.contains("No space left") && !told.contains("panicked"),
            "{told}"
        );
    }
    let (nobody, pipe) = std::io::pipe().expect("a pipe");
    drop(nobody);
    let ran = branchlab(here).args(VERIFY).stdout(pipe).output();
    let ran = ran.expect("it runs");
    assert_eq!(code(&ran), 1, "{}", said(&ran));
    assert!(said(&ran).contains("Broken pipe"), "{}", said(&ran));
}

#[test]
fn a_seed_that_was_killed_leaves_no_bank_and_is_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    {
        let _alone = alone();
        let mut seeding = branchlab(here)
            .args(["bank", "seed", "--data", "city", "--customers", "1000000"])
            .args(["--out", "customers.csv"])
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        let log = here.join("city/journal.unfinished-wal");
        let began = Instant::now();
        // Some groups of records are durable.
        while fs::metadata(&log).map_or(0, |log| log.len()) < 500_000 {
            assert!(began.elapsed() < Duration::from_mins(1), "no seed grows");
            std::thread::sleep(Duration::from_millis(5));
        }
        seeding.kill().expect("it runs");
        seeding.wait().expect("it ends");
    }
    assert!(!here.join("customers.csv").exists());
    let verified = output(here, &VERIFY);
    assert_eq!(code(&verified), 1);
    assert!(said(&verified).contains("is empty"), "{}", said(&verified));
    seed(here, "city");
    let verified = output(here, &VERIFY);
    assert_eq!(code(&verified), 0, "{}", said(&verified));
}

#[test]
fn a_tool_that_fails_leaves_no_file_that_refuses_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    seed(here, "city");
    let list = [
        "bank",
        "seed",
        "--data",
        "city",
        "--customers",
        "1",
        "--out",
    ];
    let refused = output(here, &[&list[..], &["list.csv"]].concat());
    assert_eq!(code(&refused), 1, "{}", said(&refused));
    assert!(said(&refused).contains("holds a bank already"));
    let path = here.join("city/journal.sqlite");
    let sound = fs::read(&path).expect("the journal");
    let mut damaged = sound.clone();
    let middle = sound.len() / 2 / 4096 * 4096 + 2048;
    damaged[middle] ^= 1;
    fs::write(&path, damaged).expect("it is written");
    let export = ["bank", "export", "--data", "city", "--out", "journal.csv"];
    let backup = ["bank", "backup", "--data", "city", "--to", "monday"];
    for words in [&export, &backup] {
        let refused = output(here, words);
        assert_eq!(code(&refused), 1, "{}", said(&refused));
    }
    assert_eq!(names(here), ["city", "customers.csv", "monday"]);
    assert_eq!(names(&here.join("monday")), [""; 0]);
    fs::write(&path, sound).expect("it is written");
    for words in [&export, &backup] {
        let done = output(here, words);
        assert_eq!(code(&done), 0, "{}", said(&done));
    }
    let twice = output(here, &export);
    assert_eq!(code(&twice), 1);
    assert!(
        said(&twice).contains("is there already"),
        "{}",
        said(&twice)
    );
}

#[test]
fn a_seed_that_is_asked_for_what_cannot_be_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(65);
    for (option, value, why) in [
        ("--customers", "0", "1 to 10000000"),
        ("--customers", "10000001", "1 to 10000000"),
        ("--customers", "some", "1 to 10000000"),
        ("--password", "x", "8 to 64"),
        ("--password", &long, "8 to 64"),
    ] {
        let words = ["bank", "seed", "--data", "city", option, value];
        let refused = output(folder.path(), &words);
        assert_eq!(code(&refused), 2, "{words:?}");
        assert!(said(&refused).contains(why), "{}", said(&refused));
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
