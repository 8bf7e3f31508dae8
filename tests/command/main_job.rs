//! The main job on real parts: a bank process, its journal on disk, HTTP.

use crate::support::{code, library, number, output, row, said, summary};
use serde_json::Value;
use std::path::Path;

/// A branch in small: fewer days, ten minutes of its day played in ten seconds.
const SMALL: [&str; 9] = [
    "--quiet",
    "--replications",
    "100",
    "--set",
    "load.window_length=\"10min\"",
    "--set",
    "day.interval=\"10min\"",
    "--set",
    "load.speed=60",
];

/// A branch without mobile traffic: its whole half hour, or there are too few
/// operations to tell a median.
const HALF_HOUR: [&str; 7] = [
    "--quiet",
    "--replications",
    "100",
    "--set",
    "load.speed=180",
    "--set",
    "load.warm_up=\"0s\"",
];

/// Enough of a town that a 99th percentile can be told.
const TOWN: [&str; 2] = ["--set", "mobile.monthly_actives=90000"];

fn run(folder: &Path, name: &str, more: &[&str]) -> std::process::Output {
    let scenario = library(name);
    let scenario = scenario.to_str().expect("a UTF-8 path");
    let (played, town): (&[&str], &[&str]) = if name.starts_with("smart") {
        (&SMALL, &TOWN)
    } else {
        (&HALF_HOUR, &[])
    };
    let words = ["run", scenario, "--out", "run"];
    output(folder, &[&words[..], played, town, more].concat())
}

fn gate<'a>(summary: &'a Value, name: &str) -> &'a Value {
    summary["gates"]
        .as_array()
        .expect("gates")
        .iter()
        .find(|gate| gate["name"] == name)
        .unwrap_or_else(|| panic!("there is a gate {name}"))
}

#[test]
fn the_smart_branch_keeps_its_promise_on_a_real_bank() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(folder.path(), "smart-branch", &[]);
    assert_eq!(code(&ended), 0, "{}", said(&ended));
    let run = folder.path().join("run");
    for file in [
        "report.html",
        "summary.json",
        "run.json",
        "figures.csv",
        "days.csv",
        "junit.xml",
        "summary.md",
        "scenario.toml",
        "bank/journal.sqlite",
    ] {
        assert!(run.join(file).exists(), "{file} is in the run directory");
    }
    let summary = summary(&run);
    assert_eq!(summary["status"], "complete");
    assert_eq!(summary["verdict"], "pass");
    assert_eq!(gate(&summary, "promise")["verdict"], "pass");
    assert_eq!(gate(&summary, "nothing_lost")["verdict"], "pass");
    the_load_adds_up(&summary["load"]);
    the_books_agree(&summary["reconciliation"]);
    the_minutes_add_up(&summary["minutes"]);
    a_good_bank_costs_almost_nothing(&summary);
    figures_csv_and_summary_hold_the_same_rows(&run, &summary);
}

fn the_load_adds_up(load: &Value) {
    let count = |name: &str| load[name].as_u64().expect("a count");
    assert!(count("planned") > 100, "something was planned: {load}");
    let ends = [
        "succeeded",
        "refused",
        "failed",
        "timed_out",
        "not_sent",
        "unknown",
    ];
    assert_eq!(
        count("planned"),
        ends.iter().map(|end| count(end)).sum::<u64>()
    );
    assert_eq!(
        count("failed") + count("timed_out") + count("not_sent"),
        0,
        "{load}"
    );
}

fn the_books_agree(reconciliation: &Value) {
    assert_eq!(reconciliation["reconciled"], true, "{reconciliation}");
    assert_eq!(reconciliation["acknowledged"], reconciliation["found_once"]);
    assert!(reconciliation["acknowledged"].as_u64() > Some(100));
    assert_eq!(reconciliation["ledger_sum"], "0.00");
}

fn the_minutes_add_up(minutes: &Value) {
    for row in minutes.as_array().expect("rows") {
        let parts: f64 = ["wait", "service", "review", "system", "fallback"]
            .iter()
            .map(|part| number(row, part))
            .sum();
        assert!(
            (parts - number(row, "time_in_branch")).abs() < 1e-6,
            "{row}"
        );
    }
}

fn a_good_bank_costs_almost_nothing(summary: &Value) {
    let effect = effect(summary, "time_in_branch", "channel:kiosk");
    let difference = number(effect, "difference");
    assert!((0.0..2.0).contains(&difference), "{effect}");
}

fn effect<'a>(summary: &'a Value, figure: &str, population: &str) -> &'a Value {
    summary["bank_effect"]
        .as_array()
        .expect("effects")
        .iter()
        .find(|effect| {
            effect["figure"] == figure
                && effect["population"] == population
                && effect["statistic"] == "mean"
        })
        .unwrap_or_else(|| panic!("the effect on {figure} of {population}"))
}

fn figures_csv_and_summary_hold_the_same_rows(run: &Path, summary: &Value) {
    let rows = csv::Reader::from_path(run.join("figures.csv"))
        .expect("figures.csv opens")
        .records()
        .flatten()
        .count();
    assert_eq!(rows, summary["figures"].as_array().expect("a table").len());
}

#[test]
fn an_identity_check_slowed_by_20_s_lengthens_card_opening_by_20_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(
        folder.path(),
        "smart-branch",
        &["--slow", "identity_check=20s"],
    );
    assert!([0, 3, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    let whole = effect(&summary, "time_in_branch", "service:card_opening");
    let after = row(&summary, "time_in_branch", &[("service", "card_opening")]);
    let expected = number(whole, "first") + 20.0;
    assert!(
        (number(after, "mean_low")..=number(after, "mean_high")).contains(&expected),
        "{expected:.1} s is not in the interval of {after}"
    );
    let system = effect(&summary, "system", "service:card_opening");
    assert!(
        (number(system, "difference") - 20.0).abs() < 0.5,
        "{system}"
    );
    // A service without an identity check is not slowed by it.
    let query = effect(&summary, "system", "service:query");
    assert!(number(query, "difference").abs() < 0.5, "{query}");
}

#[test]
fn a_slow_kiosk_breaks_the_promise_and_service_is_named_as_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(folder.path(), "smart-branch-slow-kiosk", &[]);
    assert_eq!(code(&ended), 3, "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    assert_eq!(gate(&summary, "promise")["verdict"], "fail");
    let parts = summary["misses"]["by_part"].as_array().expect("parts");
    let missed = |name: &str| {
        parts
            .iter()
            .find(|part| part["part"] == name)
            .and_then(|part| part["missed"].as_u64())
            .expect("every part is counted")
    };
    assert!(missed("service") > 5 * missed("wait"), "{parts:?}");
    let all: u64 = ["service", "wait", "review", "system", "fallback"]
        .iter()
        .map(|part| missed(part))
        .sum();
    assert_eq!(Some(all), summary["misses"]["missed"].as_u64());
    let report = std::fs::read_to_string(folder.path().join("run/report.html")).expect("a report");
    let finding = summary["misses"]["finding"]["en"]
        .as_str()
        .expect("a finding");
    assert!(finding.to_lowercase().contains("service"), "{finding}");
    assert!(report.contains("service"), "the report says so, too");
}

#[test]
fn the_traditional_branch_runs_the_same_way_and_breaks_the_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(folder.path(), "traditional-branch", &[]);
    assert_eq!(code(&ended), 3, "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    // So few operations that the count of the smart branch does not apply.
    assert_eq!(summary["reconciliation"]["reconciled"], true);
    // The reference waits 13.1 minutes for 6.4 minutes of service.
    let finding = summary["misses"]["finding"]["en"]
        .as_str()
        .expect("a finding");
    assert!(finding.starts_with("Waiting is why"), "{finding}");
}

#[test]
fn a_doubled_transfer_is_found_and_exits_5() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(folder.path(), "smart-branch", &["--plant", "double_post"]);
    assert_eq!(code(&ended), 5, "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    assert_eq!(summary["reconciliation"]["reconciled"], false);
    let found = summary["reconciliation"]["discrepancies"].to_string();
    assert!(found.contains("doubled"), "{found}");
}

#[test]
fn a_lost_acknowledgement_is_found_and_exits_5() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(
        folder.path(),
        "smart-branch",
        &["--plant", "lost_acknowledgement"],
    );
    assert_eq!(code(&ended), 5, "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    let found = summary["reconciliation"]["discrepancies"].to_string();
    assert!(found.contains("missing"), "{found}");
}

#[test]
fn a_folder_with_a_run_in_it_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("generic-queue");
    let scenario = scenario.to_str().expect("a UTF-8 path");
    let words = [
        "simulate",
        scenario,
        "--quiet",
        "--replications",
        "3",
        "--out",
        "run",
    ];
    let first = output(folder.path(), &words);
    assert!(
        folder.path().join("run/summary.json").exists(),
        "{}",
        said(&first)
    );
    let before = std::fs::read(folder.path().join("run/summary.json")).expect("a summary");
    let second = output(folder.path(), &words);
    assert_eq!(code(&second), 2, "{}", said(&second));
    let after = std::fs::read(folder.path().join("run/summary.json")).expect("a summary");
    assert_eq!(before, after);
}

#[test]
fn what_is_designed_and_not_built_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = output(folder.path(), &["plan", "scenario.toml"]);
    assert_eq!(code(&ended), 2);
    assert!(
        said(&ended).contains("`branchlab plan` is not yet supported"),
        "{}",
        said(&ended)
    );
}
