//! R13: limits and locks under load. Customers pay up to their limits to the fen, and beyond, over six
//! days and around midnight at the end of a month; cards are used against all five locks while their
//! hours strike and while they are set and lifted. What must be refused is refused, for the right reason,
//! and the books hold nothing beyond a limit or a lock. A bank that accepts too much is found.

mod plan;

use crate::support::{alone, branchlab, code, library, output, said, summary};
use plan::{KINDS, plan, written};
use scenarios::operation::PlannedOperation;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The scenario of the library with fewer customers, so many times as fast, by `run` or `load`.
fn played(
    folder: &Path,
    plan: &[PlannedOperation],
    speed: u32,
    words: &[&str],
) -> (i32, Value, String) {
    let scenario = library("limits-under-load");
    std::fs::copy(scenario, folder.join("limits.toml")).expect("the library is there");
    std::fs::write(folder.join("limits-under-load.csv"), written(plan)).expect("a plan");
    let speed = format!("load.speed={speed}");
    let (command, more) = words.split_first().expect("a command");
    let words = [command, "limits.toml", "--set", &speed, "--out", "run"];
    let ended = output(folder, &[&words[..], more].concat());
    let run = folder.join("run");
    assert!(run.join("summary.json").exists(), "{}", said(&ended));
    (code(&ended), summary(&run), said(&ended))
}

fn kind(customer: u64) -> u64 {
    customer % KINDS
}

/// The operations of the library are what this file makes; `RENEW=1` writes it.
#[test]
fn the_library_holds_the_scenario_of_a_thousand_customers() {
    let path = library("limits-under-load").with_extension("csv");
    let made = written(&plan(1_000));
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(&path, &made).expect("the library can be written");
    }
    let held = std::fs::read(&path).expect("the scenario is there");
    assert!(
        held == made,
        "{} is not what its test makes: renew it",
        path.display()
    );
}

fn number(customer: &str) -> u64 {
    customer[1..].parse().expect("a number after its letter")
}

/// How many of the payments that are contested passed, of each customer, by the journal of the run.
fn paid_on_the_last_day(run: &Path) -> BTreeMap<u64, u64> {
    let mut rows = csv::Reader::from_path(run.join("operations.csv")).expect("a journal");
    let headings = rows.headers().expect("a heading").clone();
    let column = |name: &str| headings.iter().position(|it| it == name).expect("a column");
    let (customer, operation) = (column("customer"), column("operation"));
    let (amount, outcome) = (column("amount"), column("outcome"));
    let contested = [
        "6000.00",
        "4000.01",
        "3000.00",
        "2000.01",
        "600000.00",
        "400000.01",
        "1000000.00",
    ];
    let mut paid = BTreeMap::new();
    for row in rows.records().map(|row| row.expect("a row")) {
        let payment = &row[operation] == "transfer_own_bank" && contested.contains(&&row[amount]);
        if payment && &row[outcome] == "succeeded" {
            *paid.entry(number(&row[customer])).or_default() += 1;
        }
    }
    paid
}

#[test]
fn under_load_no_limit_and_no_lock_is_broken_and_every_refusal_has_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(8 * KINDS);
    let (code, summary, said) = played(folder.path(), &plan, 90, &["run"]);
    // 4: this machine was too busy to judge latencies, which is not asked here.
    assert!([0, 4].contains(&code), "{said}");
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
    assert_eq!(summary["reconciliation"]["ledger_sum"], "0.00");
    let load = &summary["load"];
    assert_eq!(load["failed"], 0, "{load}");
    assert_eq!(
        (&load["speed"], &load["connections"]),
        (&90.0.into(), &256.into())
    );
    assert_eq!(summary["scenario"]["date"], "2026-06-25");
    let errors = summary["gates"].as_array().expect("gates");
    assert!(
        errors
            .iter()
            .any(|gate| gate["name"] == "errors" && gate["verdict"] == "pass"),
        "{errors:?}"
    );
    assert_eq!(load["planned"], plan.len() as u64);
    let must = plan.iter().flat_map(|it| &it.allow);
    let must = must.filter(|code| code.starts_with('!')).count() as u64;
    // Of what is contested, all but what fits: three of four payments by SMS, of a day's limit and of a
    // month's, and by U-shield of a month's; of a day's three of eight. Locks that change meanwhile refuse
    // some, and not all.
    let refused = load["refused"].as_u64().expect("a count") - must - 8 * (3 + 3 + 3 + 3);
    let open = plan.iter().flat_map(|it| &it.allow);
    let open = open.filter(|code| code.starts_with("lock_")).count() as u64;
    assert!(refused > 0 && refused < open, "{refused} of {open}");
    let paid = paid_on_the_last_day(&folder.path().join("run"));
    for customer in 0..8 * KINDS {
        let fits = match kind(customer) {
            1 | 3 => 1,
            // Five of a day; of a month one, after two at noon and before one of the next month.
            6 => 5,
            12 => 2 + 1 + 1,
            _ => continue,
        };
        assert_eq!(paid.get(&customer), Some(&fits), "customer {customer}");
    }
}

/// What the run keeps is the scenario as it was played, and can be played again.
#[test]
fn the_run_keeps_its_operations_and_a_changed_copy_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, first, said) = played(folder.path(), &plan(2), 180, &["run"]);
    assert!([0, 4].contains(&code), "{said}");
    let run = folder.path().join("run");
    let again = output(&run, &["check", "scenario.toml"]);
    assert_eq!(
        crate::support::code(&again),
        0,
        "{}",
        crate::support::said(&again)
    );
    let words = ["load", "scenario.toml", "--out", "again"];
    let ended = output(&run, &words);
    assert!(
        [0, 4].contains(&crate::support::code(&ended)),
        "{}",
        crate::support::said(&ended)
    );
    let second = crate::support::summary(&run.join("again"));
    assert_eq!(second["scenario"]["hash"], first["scenario"]["hash"]);
    assert_eq!(second["load"]["planned"], first["load"]["planned"]);
    let copy = run.join("recorded.csv");
    std::fs::write(&copy, written(&plan(1))).expect("it can be written");
    let refused = output(&run, &["check", "scenario.toml"]);
    assert_eq!(crate::support::code(&refused), 2);
    let said = crate::support::said(&refused);
    assert!(said.contains("`recorded.csv` is not what it was"), "{said}");
}

/// Quiet stretches are leapt over by a bank of the run's own, and nothing is simulated.
#[test]
fn what_recorded_operations_alone_cannot_do_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("limits-under-load");
    let path = scenario.to_str().expect("a UTF-8 path");
    for (words, told) in [
        (&["simulate", path][..], "there is no branch to"),
        (
            &["load", path, "--target", "http://127.0.0.1:1"],
            "only a bank of the",
        ),
        (&["run", path, "--seed", "5"], "means nothing where"),
        (&["load", path, "--set", "load.volume=2"], "`load.volume`"),
    ] {
        let ended = output(folder.path(), words);
        assert_eq!(code(&ended), 2, "{words:?}: {}", said(&ended));
        assert!(said(&ended).contains(told), "{words:?}: {}", said(&ended));
    }
}

/// Played on a bank that accepts too much, with the kinds of findings that must be among others and the smallest
/// counterexample: its kind and so many operations and records. Customers of these kinds play.
fn found(
    defect: &str,
    playing: &[u64],
    kinds: &[&str],
    smallest: &str,
    rows: (usize, usize),
) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let mut few = plan(4 * KINDS);
    few.retain(|it| playing.contains(&kind(number(&it.customer))));
    let (code, summary, said) = played(folder.path(), &few, 120, &["load", "--plant", defect]);
    assert_eq!(code, 5, "{said}");
    let found = &summary["reconciliation"]["discrepancies"];
    let found = found.as_array().expect("a list");
    for kind in kinds {
        assert!(
            found.iter().any(|it| it["kind"] == *kind),
            "{kind}: {found:?}"
        );
    }
    assert_eq!(found[0]["kind"], kinds[0], "the gravest first: {found:?}");
    let example = &summary["reconciliation"]["counterexample"];
    assert_eq!(example["kind"], smallest, "{example}");
    let count = |side: &str| example[side].as_array().expect("rows").len();
    assert_eq!((count("operations"), count("records")), rows, "{example}");
    let what = example["what"].as_str().expect("a sentence");
    assert!(said.contains(what), "the terminal tells it: {said}");
    example.clone()
}

#[test]
fn limits_that_let_a_fen_more_through_are_found() {
    let example = found(
        "limit_fen",
        &[0, 2, 4, 5, 7],
        &["accepted", "limit"],
        "limit",
        (0, 1),
    );
    let what = example["what"].as_str().expect("a sentence");
    let fen_more = [
        "10000.01 at once by sms; 10000.00 may be",
        "50000.01 at once by device_online; 50000.00 may be",
        "200000.01 at once by device_mobile; 200000.00 may be",
        "1000000.01 at once by shield; 1000000.00 may be",
        "50000.01 by sms in 2026-06; 50000.00 may be",
    ];
    assert!(fen_more.iter().any(|told| what.ends_with(told)), "{what}");
}

#[test]
fn a_month_that_a_customer_has_set_is_not_filled_by_a_fen_more() {
    for (kind, told) in [
        (
            10,
            "1000000.01 by device_mobile in 2026-06; 1000000.00 may be",
        ),
        (
            11,
            "120000.01 by device_online in 2026-06; 120000.00 may be",
        ),
    ] {
        let kinds = ["accepted", "limit"];
        let example = found("limit_fen", &[kind], &kinds, "limit", (0, 1));
        let what = example["what"].as_str().expect("a sentence");
        assert!(what.ends_with(told), "{what}");
    }
}

#[test]
fn a_month_that_concurrent_payments_overfill_is_found() {
    let example = found("limit_race", &[12], &["limit"], "limit", (0, 1));
    let what = example["what"].as_str().expect("a sentence");
    assert!(
        what.ends_with("by shield in 2026-06; 3000000.00 may be"),
        "{what}"
    );
}

#[test]
fn concurrent_payments_whose_sum_is_above_a_limit_are_found() {
    let example = found("limit_race", &[1, 6], &["limit"], "limit", (0, 2));
    let what = example["what"].as_str().expect("a sentence");
    assert!(
        what.contains("by sms on 2026-06-30; 10000.00 may be"),
        "{what}"
    );
}

#[test]
fn a_lock_that_is_ignored_is_found() {
    let example = found(
        "lock_ignored",
        &[8],
        &["accepted", "lock"],
        "accepted",
        (1, 1),
    );
    let record = example["records"][0].as_str().expect("a row");
    assert!(record.contains("applied"), "{record}");
}

/// An acceptance that must not be is told before anything else. Here the plan is wrong and not the
/// bank: a payment within every limit is said to be beyond one.
#[test]
fn what_had_to_be_refused_and_was_accepted_is_the_gravest_finding_and_exits_5() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = plan(2);
    plan.retain(|operation| operation.customer == "c0");
    for operation in &mut plan {
        if operation.amount_fen == Some(400_000) {
            operation.allow = vec!["!limit_daily".into()];
        }
    }
    std::fs::write(folder.path().join("limits.csv"), written(&plan)).expect("a plan");
    let words = [
        "load",
        "limits.csv",
        "--date",
        "2026-06-25",
        "--speed",
        "180",
    ];
    let ended = branchlab(folder.path())
        .args(words)
        .args(["--skip-quiet", "2min", "--out", "run"])
        .output()
        .expect("the command starts");
    assert_eq!(code(&ended), 5, "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    let found = &summary["reconciliation"]["discrepancies"];
    assert_eq!(found[0]["kind"], "accepted", "{found}");
    assert_eq!(found[1], serde_json::Value::Null, "{found}");
    let what = found[0]["what"].as_str().expect("a sentence");
    assert!(
        what.starts_with("transfer_own_bank of 4000.00 from"),
        "{what}"
    );
}
