//! `compare` shows the story's before and after.

use crate::support::{code, library, output, said};
use serde_json::Value;

#[test]
fn the_smart_branch_is_many_minutes_quicker_than_the_traditional_one() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["traditional-branch", "smart-branch"] {
        let scenario = library(name);
        let scenario = scenario.to_str().expect("a UTF-8 path");
        let ended = output(
            folder.path(),
            &["simulate", scenario, "--quiet", "--out", name],
        );
        let expected = if name == "smart-branch" { 0 } else { 3 };
        assert_eq!(code(&ended), expected, "{}", said(&ended));
    }
    let compared = output(
        folder.path(),
        &[
            "compare",
            "traditional-branch",
            "smart-branch",
            "--json",
            "--html",
            "both.html",
        ],
    );
    assert_eq!(code(&compared), 0, "{}", said(&compared));
    let effects: Value = serde_json::from_slice(&compared.stdout).expect("JSON");
    let total = effects
        .as_array()
        .expect("a list")
        .iter()
        .find(|effect| {
            effect["figure"] == "time_in_branch"
                && effect["population"] == "*"
                && effect["statistic"] == "mean"
        })
        .expect("the time in branch of all customers");
    // The references: 19.6 minutes before; after, about 4.3 over all customers.
    let difference = total["difference"].as_f64().expect("a number") / 60.0;
    assert!((-17.5..=-13.0).contains(&difference), "{difference:.1} min");
    assert!(total["high"].as_f64() < Some(0.0), "{total}");
    let page = std::fs::read_to_string(folder.path().join("both.html")).expect("a page");
    assert!(page.contains("<svg"), "the page has a chart");
}

#[test]
fn a_folder_without_a_run_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let compared = output(folder.path(), &["compare", "nowhere", "elsewhere"]);
    assert_eq!(code(&compared), 2);
    assert!(said(&compared).contains("nowhere"), "{}", said(&compared));
}
