//! A target beside its baseline: pairs of loads until they decide, and the same of stored
//! ones. The servers are threads of the test: they work one at a time, so the processor
//! time of the one that is asked is seen.

use crate::support::{alone, branchlab, code, output, said, summary};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// A server whose every answer takes so many rounds of work.
fn server(rounds: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(&stream, rounds));
        }
    });
    url
}

fn answer(mut stream: &TcpStream, rounds: u64) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line.trim().is_empty() {
            let mut state = black_box(1_u64);
            for _ in 0..rounds {
                state = black_box(state.rotate_left(5) ^ 0x9E37);
            }
            let written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            if written.is_err() {
                return;
            }
        }
        line.clear();
    }
}

/// Some 300 requests; the loose gate allows a busy machine its lag.
fn write_profile(folder: &Path, name: &str, connections: u32) {
    let profile = format!(
        "drain = \"5s\"\ntimeout = \"10s\"\n[model]\nkind = \"capped_open\"\nconnections = {connections}\n[[traffic]]\nshape = \"constant\"\nrate = 500\nfor = \"600ms\"\n[[flows]]\nsteps = [\"ask\"]\n[gates]\ntime = \"p50(latency) <= 60s\"\n"
    );
    std::fs::write(folder.join(name), profile).expect("the folder is ours");
    std::fs::write(folder.join("t.toml"), "[operations.ask]\npath = \"/\"\n")
        .expect("the folder is ours");
}

fn words<'a>(baseline: &'a str, target: &'a str, margin: &'a str) -> Vec<&'a str> {
    vec![
        "load",
        "p.toml",
        "--target-file",
        "t.toml",
        "--baseline",
        baseline,
        "--target",
        target,
        "--margin",
        margin,
        "--out",
        "run",
    ]
}

const ROUNDS: u64 = 20_000;

#[test]
fn equal_servers_pass_and_the_run_says_where_its_baseline_lives() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    write_profile(folder.path(), "p.toml", 4);
    let (baseline, target) = (server(ROUNDS), server(ROUNDS));
    // Whether they are twice as slow: a question that a busy machine answers, too.
    let ended = output(folder.path(), &words(&baseline, &target, "100%"));
    let run = folder.path().join("run");
    let found = summary(&run);
    assert_eq!(code(&ended), 0, "{}\n{}", found["regression"], said(&ended));
    let regression = &found["regression"];
    assert_eq!(regression["verdict"], "pass");
    assert_eq!(regression["baseline"], baseline);
    assert_eq!(regression["target"], target);
    let record = std::fs::read_to_string(run.join("run.json")).expect("it is there");
    assert!(record.contains(&baseline), "{record}");
    let pairs = regression["runs"].as_array().map_or(0, Vec::len);
    assert!((5..=15).contains(&pairs), "{pairs}");
    let first = |at: usize| regression["runs"][at]["baseline_first"].as_bool();
    assert_ne!(first(0), first(1), "they take turns at going first");
    let figures: Vec<&str> = regression["figures"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["figure"].as_str())
        .collect();
    assert_eq!(
        figures,
        ["cpu_per_operation", "p50", "throughput", "errors"]
    );

    // The stored pairs are judged alike.
    let words = [
        "compare",
        "--baseline",
        "run",
        "--target",
        "run",
        "--margin",
        "100%",
    ];
    let again = output(folder.path(), &[&words[..], &["--out", "again"]].concat());
    assert_eq!(code(&again), 0, "{}", said(&again));
    let again = summary(&folder.path().join("again"));
    assert_eq!(again["regression"]["figures"], regression["figures"]);
    assert_eq!(again["regression"]["interleaved"], true);
}

#[test]
fn a_server_that_works_four_times_as_long_is_a_regression_told_everywhere() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    write_profile(folder.path(), "p.toml", 4);
    let (baseline, target) = (server(ROUNDS), server(4 * ROUNDS));
    let ended = {
        let _alone = alone();
        branchlab(folder.path())
            .args(words(&baseline, &target, "40%"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", folder.path().join("step.md"))
            .output()
            .expect("the command starts")
    };
    let run = folder.path().join("run");
    let found = summary(&run);
    assert_eq!(code(&ended), 3, "{}\n{}", found["regression"], said(&ended));
    let cpu = &found["regression"]["figures"][0];
    assert_eq!(cpu["figure"], "cpu_per_operation");
    assert!(cpu["worse"].as_f64() > Some(0.4), "{cpu}");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(stderr.contains("::error title="), "{stderr}");
    let step = std::fs::read_to_string(folder.path().join("step.md")).expect("it is written");
    assert!(
        step.contains("regression") && step.starts_with("### p\n"),
        "{step}"
    );
    let junit = std::fs::read_to_string(run.join("junit.xml")).expect("it is there");
    assert!(
        junit.contains("<failure message=\"regression: worse by +"),
        "{junit}"
    );
    let table = said(&ended);
    assert!(table.contains("Verdict: regression; after "), "{table}");
    // Fewer pairs than a verdict needs leave it open.
    let one = ["compare", "run/baseline-01", "run/target-01"];
    let open = output(folder.path(), &one);
    assert_eq!(code(&open), 4, "{}", said(&open));
    assert!(
        said(&open).contains("single runs differ too much"),
        "{}",
        said(&open)
    );
}

#[test]
fn loads_over_different_connections_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    write_profile(folder.path(), "a.toml", 4);
    write_profile(folder.path(), "b.toml", 8);
    let target = server(ROUNDS);
    for (profile, out) in [("a.toml", "a"), ("b.toml", "b")] {
        let words = [
            "load",
            profile,
            "--target-file",
            "t.toml",
            "--target",
            &target,
        ];
        let ended = output(
            folder.path(),
            &[&words[..], &["--quiet", "--out", out]].concat(),
        );
        assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    }
    let refused = output(
        folder.path(),
        &["compare", "--baseline", "a", "--target", "b"],
    );
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    let words = said(&refused);
    assert!(
        words.contains("the connections: 4 in the first, 8 in the second"),
        "{words}"
    );
    assert!(words.contains("the trace"), "{words}");
    // Of another machine.
    let file = folder.path().join("a/run.json");
    let text = std::fs::read_to_string(&file).expect("it is there");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    record["machine"]["processor"] = "abacus".into();
    std::fs::create_dir(folder.path().join("c")).expect("the folder is ours");
    for name in ["summary.json", "run.json"] {
        std::fs::copy(
            folder.path().join("a").join(name),
            folder.path().join("c").join(name),
        )
        .expect("it is there");
    }
    std::fs::write(folder.path().join("c/run.json"), record.to_string()).expect("ours");
    let refused = output(
        folder.path(),
        &["compare", "--baseline", "a", "--target", "c"],
    );
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(said(&refused).contains("abacus"), "{}", said(&refused));
    // Other numbers of runs.
    let words = ["compare", "--baseline", "a", "--target", "a", "c"];
    assert_eq!(code(&output(folder.path(), &words)), 2);
}

#[test]
fn loads_whose_feeders_held_other_rows_are_refused_though_their_profile_is_the_same() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    write_profile(folder.path(), "p.toml", 4);
    let profile = folder.path().join("p.toml");
    let text = std::fs::read_to_string(&profile).expect("it is there");
    std::fs::write(
        &profile,
        format!("{text}[feeders.cards]\nfile = \"cards.csv\"\n"),
    )
    .expect("the folder is ours");
    std::fs::write(
        folder.path().join("t.toml"),
        "[operations.ask]\npath = \"/{cards.number}\"\n",
    )
    .expect("the folder is ours");
    let target = server(ROUNDS);
    for (rows, out) in [("1\n2\n", "a"), ("1\n3\n", "b"), ("1\n2\n", "c")] {
        let cards = folder.path().join("cards.csv");
        std::fs::write(cards, format!("number\n{rows}")).expect("the folder is ours");
        let words = ["load", "p.toml", "--target-file", "t.toml", "--target"];
        let rest = [&target, "--quiet", "--out", out];
        let ended = output(folder.path(), &[&words[..], &rest[..]].concat());
        assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    }
    let compared = |target| {
        output(
            folder.path(),
            &["compare", "--baseline", "a", "--target", target],
        )
    };
    let refused = compared("b");
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(said(&refused).contains("the trace"), "{}", said(&refused));
    let allowed = compared("c");
    assert_ne!(code(&allowed), 2, "{}", said(&allowed));
}

#[test]
fn a_baseline_that_is_the_target_or_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    write_profile(folder.path(), "p.toml", 4);
    let url = "http://127.0.0.1:9";
    let same = output(folder.path(), &words(url, url, "10%"));
    assert_eq!(code(&same), 2);
    assert!(said(&same).contains("the target itself"), "{}", said(&same));
    for margin in ["0%", "ten", "200%"] {
        let refused = output(folder.path(), &words(url, "http://127.0.0.1:10", margin));
        assert_eq!(code(&refused), 2, "{margin}");
    }
    let alone = [
        "load",
        "p.toml",
        "--target-file",
        "t.toml",
        "--baseline",
        url,
    ];
    assert_eq!(code(&output(folder.path(), &alone)), 2);
    assert!(!folder.path().join("run").exists(), "nothing was begun");
}
