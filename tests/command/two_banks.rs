//! Two core banks compared end to end: served side by side, each with its own tokens, loaded by turns
//! with deposits and queries, their processes seen and their books read after every run.

use crate::serving::Serving;
use crate::support::{alone, branchlab, code, said, summary};
use serde_json::Value;
use std::path::Path;

/// Some three hundred operations in a second; the loose gate allows a busy machine its lag.
const PROFILE: &str = "drain = \"5s\"\ncustomers = 40\n[[traffic]]\nshape = \"constant\"\nrate = 150\n\
    for = \"1s\"\n[[flows]]\nchannel = \"counter\"\nsteps = [\n  { operation = \"deposit\", amount = \"12.34\" },\n  \
    { operation = \"balance_query\" },\n]\n[gates]\ntime = \"p50(latency) <= 60s\"\n";

/// Compares a bank with this slowness with one that has none: how the command ended, and the summary.
fn compared(folder: &Path, slow: &[&str], margin: &str) -> (i32, Value, String) {
    let _alone = alone();
    std::fs::write(folder.join("deposits.toml"), PROFILE).expect("a profile");
    let baseline = Serving::start(folder, "before", &["--test"]);
    let target = Serving::start(folder, "after", &[&["--test"], slow].concat());
    let url = |bank: &Serving| format!("{}://{}", bank.scheme, bank.address);
    let words = ["load", "deposits.toml", "--out", "run", "--margin", margin];
    let ended = branchlab(folder)
        .args(words)
        .args(["--baseline", &url(&baseline), "--target", &url(&target)])
        .args(["--baseline-tokens", "before/tokens.json"])
        .args(["--tokens", "after/tokens.json", "--pairs", "5"])
        .output()
        .expect("the command starts");
    (code(&ended), summary(&folder.join("run")), said(&ended))
}

fn figure<'a>(found: &'a Value, name: &str) -> &'a Value {
    let figures = found["regression"]["figures"].as_array().expect("a list");
    let named = figures.iter().find(|it| it["figure"] == name);
    named.unwrap_or_else(|| panic!("{name} in {figures:?}"))
}

#[test]
fn equal_banks_pass_or_stay_undecided_and_never_regress() {
    let folder = tempfile::tempdir().expect("a folder");
    // Whether it is twice as slow: a question that a busy machine mostly answers, too.
    let (code, found, said) = compared(folder.path(), &[], "100%");
    let regression = &found["regression"];
    let expected = match regression["verdict"].as_str() {
        Some("pass") => [0, 4],
        Some("undecided") => [4, 4],
        other => panic!("{other:?}: {regression}\n{said}"),
    };
    // A pass is 4 only when the generator could not keep up.
    let gates = found["gates"].as_array().expect("a list");
    let kept_up = gates
        .iter()
        .any(|it| it["name"] == "generator_kept_up" && it["verdict"] == "pass");
    assert_eq!(
        code,
        expected[usize::from(!kept_up)],
        "{regression}\n{said}"
    );
    let pairs = regression["runs"].as_array().map_or(0, Vec::len);
    assert!([5, 10, 15].contains(&pairs), "{pairs}");
    // Each run made customers of its own on its bank, whose processor time was seen.
    let cpu = figure(&found, "cpu_per_operation");
    assert!(cpu["baseline"].as_f64() > Some(0.0), "{cpu}");
    assert!(cpu["target"].as_f64() > Some(0.0), "{cpu}");
    for run in ["baseline-01", "target-01"] {
        let one = summary(&folder.path().join("run").join(run));
        assert_eq!(one["reconciliation"]["reconciled"], true, "{run}: {one}");
        assert!(one["load"]["succeeded"].as_u64() >= Some(300), "{run}");
    }
}

#[test]
fn a_bank_that_takes_longer_to_answer_is_a_regression() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = ["--slow", "deposit=150ms", "--slow", "balance_query=150ms"];
    let (code, found, said) = compared(folder.path(), &slow, "40%");
    assert_eq!(code, 3, "{}\n{said}", found["regression"]);
    assert_eq!(found["regression"]["verdict"], "fail");
    let p50 = figure(&found, "p50");
    // On a busy machine five pairs may not settle the median by themselves; its interval tells it.
    assert!(p50["target"].as_f64() > Some(0.15), "{p50}");
    assert!(p50["low"].as_f64() > Some(0.4), "{p50}");
    assert!(said.contains("Verdict: regression"), "{said}");
}
