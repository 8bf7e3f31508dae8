//! A scenario's own `[load]`: a closed model of so many users, an open one, and what is asked again.

use crate::support::{code, library, output, said, summary};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A quarter of an hour of the smart branch and of a small city, played as `load` says.
fn played(folder: &Path, load: &str, more: &[&str]) -> Value {
    let smart = library("smart-branch");
    std::fs::copy(&smart, folder.join("smart-branch.toml")).expect("the library is there");
    let text = format!(
        "extends = \"smart-branch.toml\"\nname = \"played\"\n[mobile]\nmonthly_actives = 30000\n\
         [load]\nwindow_length = \"15min\"\nspeed = 90\nwarm_up = \"0s\"\n{load}\n"
    );
    std::fs::write(folder.join("played.toml"), text).expect("the folder is ours");
    let words = ["load", "played.toml", "--out", "run"];
    let ended = output(folder, &[&words[..], more].concat());
    // Gates on latencies of a busy machine are not asked for here.
    assert!([0, 3, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.join("run"));
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
    summary
}

/// When each session began and ended, in microseconds from the start. A customer may log in again.
fn sessions(run: &Path) -> Vec<(u64, u64)> {
    let mut rows = csv::Reader::from_path(run.join("operations.csv")).expect("a journal");
    let headings = rows.headers().expect("a heading").clone();
    let column = |name: &str| headings.iter().position(|it| it == name).expect("a column");
    let (phase, customer) = (column("phase"), column("customer"));
    let operation = column("operation");
    let (intended, latency) = (column("intended_micros"), column("latency_micros"));
    let mut sessions: BTreeMap<(String, u32), (u64, u64)> = BTreeMap::new();
    let mut log_ins: BTreeMap<String, u32> = BTreeMap::new();
    for row in rows.records().map(|row| row.expect("a row")) {
        if &row[phase] != "measured" || row[intended].is_empty() {
            continue;
        }
        let micros = |column: usize| -> u64 { row[column].parse().expect("a number") };
        let (begin, end) = (micros(intended), micros(intended) + micros(latency));
        let log_in = log_ins.entry(row[customer].to_owned()).or_default();
        *log_in += u32::from(&row[operation] == "log_in");
        let session = (row[customer].to_owned(), *log_in);
        let known = sessions.entry(session).or_insert((begin, end));
        *known = (known.0.min(begin), known.1.max(end));
    }
    sessions.into_values().collect()
}

/// Of so many users at most so many sessions are in progress at a time.
#[test]
fn users_of_a_closed_model_take_one_session_after_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let closed = "model = { users = 3, pause = \"9s\", ramp = \"90s\" }";
    let summary = played(folder.path(), closed, &[]);
    let load = &summary["load"];
    assert_eq!(load["model"], "closed", "{load}");
    assert_eq!(load["connections"], 3, "{load}");
    let sessions = sessions(&folder.path().join("run"));
    assert!(sessions.len() > 10, "{}", sessions.len());
    let mut edges: Vec<(u64, i64)> = Vec::new();
    for (begin, end) in &sessions {
        edges.extend([(*begin, 1), (*end, -1)]);
    }
    // At one moment an end comes before a begin.
    edges.sort_unstable();
    let mut at_once = 0;
    for (at, change) in edges {
        at_once += change;
        assert!(at_once <= 3, "{at_once} sessions at {at}");
        // The window lasts ten seconds of real time; nobody begins after it.
        assert!(change < 0 || at < 10_000_000, "one begins at {at}");
    }
    // Over a second the three begin, one after another.
    let mut begins: Vec<u64> = sessions.iter().map(|(begin, _)| *begin).collect();
    begins.sort_unstable();
    assert!(begins[0] < 300_000 && begins[2] >= 600_000, "{begins:?}");
}

#[test]
fn an_open_model_opens_connections_as_they_are_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = "model = \"open\"\nconnections = 900";
    let summary = played(folder.path(), open, &[]);
    let load = &summary["load"];
    assert_eq!(
        (&load["model"], &load["connections"]),
        (&"open".into(), &900.into())
    );
    let ended = ["succeeded", "refused"].map(|class| load[class].as_u64().unwrap_or(0));
    assert_eq!(load["planned"], ended[0] + ended[1], "{load}");
}

/// A bank that is killed is away for longer than the scenario asks again; the command line wins.
#[test]
fn what_nobody_answered_is_asked_again_for_as_long_as_the_scenario_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let short = "retry = \"1ms\"";
    let lost = |summary: &Value| {
        let load = &summary["load"];
        ["failed", "timed_out", "unknown"].map(|class| load[class].as_u64().unwrap_or(0))
    };
    let given_up = played(folder.path(), short, &["--kill", "1"]);
    assert!(
        lost(&given_up).iter().sum::<u64>() > 0,
        "{:?}",
        lost(&given_up)
    );
    std::fs::remove_dir_all(folder.path().join("run")).expect("it is there");
    let asked_again = played(folder.path(), short, &["--kill", "1", "--retry", "30"]);
    assert_eq!(lost(&asked_again), [0, 0, 0], "{asked_again}");
}
