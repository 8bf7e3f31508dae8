//! Same scenario and seed: same bytes, on any number of threads.

use crate::support::{code, library, output, said};
use std::fs;

#[test]
fn a_simulation_leaves_the_same_bytes_on_one_two_and_three_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("smart-branch");
    let scenario = scenario.to_str().expect("a UTF-8 path");
    for threads in ["1", "2", "3"] {
        let ended = output(
            folder.path(),
            &[
                "simulate",
                scenario,
                "--quiet",
                "--threads",
                threads,
                "--out",
                threads,
            ],
        );
        assert_eq!(code(&ended), 0, "{}", said(&ended));
    }
    for file in [
        "summary.json",
        "figures.csv",
        "days.csv",
        "scenario.toml",
        "junit.xml",
        "summary.md",
    ] {
        let one = fs::read(folder.path().join("1").join(file)).expect("the file is there");
        assert!(!one.is_empty(), "{file} says something");
        for threads in ["2", "3"] {
            let other =
                fs::read(folder.path().join(threads).join(file)).expect("the file is there");
            assert!(
                one == other,
                "{file} differs between 1 and {threads} threads"
            );
        }
    }
}

#[test]
fn the_scenario_as_run_repeats_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("smart-branch-slow-kiosk");
    let scenario = scenario.to_str().expect("a UTF-8 path");
    let words = [
        "simulate",
        scenario,
        "--quiet",
        "--replications",
        "20",
        "--seed",
        "7",
    ];
    let ended = output(folder.path(), &[&words[..], &["--out", "first"]].concat());
    assert_eq!(code(&ended), 3, "{}", said(&ended));
    let again = output(
        folder.path(),
        &[
            "simulate",
            "first/scenario.toml",
            "--quiet",
            "--out",
            "second",
        ],
    );
    assert_eq!(code(&again), 3, "{}", said(&again));
    let read = |run: &str| {
        fs::read_to_string(folder.path().join(run).join("summary.json")).expect("a summary")
    };
    assert_eq!(read("first"), read("second"));
}
