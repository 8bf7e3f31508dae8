//! The reference scenarios agree with the independent sketch of the domain study
//! (section 8.0): within 15%, .15 minutes where the figure is below a minute, or
//! two percentage points for shares.

use crate::support::{library, number, output, row, said, summary};
use serde_json::Value;

/// Days of the sketch, and of these tests.
const DAYS: &str = "600";

fn simulated(name: &str, changes: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library(name);
    let mut words = vec!["simulate", scenario.to_str().expect("a UTF-8 path")];
    words.extend(["--replications", DAYS, "--out", "run", "--quiet"]);
    for change in changes {
        words.extend(["--set", change]);
    }
    let ended = output(folder.path(), &words);
    assert!(
        folder.path().join("run/summary.json").exists(),
        "{}",
        said(&ended)
    );
    summary(&folder.path().join("run"))
}

/// One figure beside its reference, both in minutes.
fn assert_minutes(summary: &Value, what: (&str, &str), whom: &[(&str, &str)], reference: f64) {
    let (figure, column) = what;
    let minutes = number(row(summary, figure, whom), column) / 60.0;
    let tolerance = if reference < 1.0 {
        0.15
    } else {
        0.15 * reference
    };
    assert!(
        (minutes - reference).abs() <= tolerance,
        "{figure} {column} {whom:?}: {minutes:.3} min beside {reference} min"
    );
}

fn assert_share(summary: &Value, figure: &str, whom: &[(&str, &str)], reference: f64) {
    let share = number(row(summary, figure, whom), "share_within_300s");
    assert!(
        (share - reference).abs() <= 0.02,
        "{figure} within 5 min {whom:?}: {share:.4} beside {reference}"
    );
}

/// Abandoned customers per hundred arrivals.
fn abandoned_percent(summary: &Value) -> f64 {
    100.0 * number(row(summary, "abandoned", &[]), "mean")
        / number(row(summary, "arrivals", &[]), "mean")
}

#[test]
fn the_traditional_branch_agrees_with_the_reference_r1() {
    let r1 = simulated("traditional-branch", &[]);
    assert_minutes(&r1, ("wait", "mean"), &[], 13.1);
    assert_minutes(&r1, ("wait", "mean"), &[("segment", "simple")], 14.3);
    assert_minutes(&r1, ("wait", "mean"), &[("segment", "complex")], 14.2);
    assert_minutes(&r1, ("wait", "mean"), &[("segment", "vip")], 1.1);
    assert_minutes(&r1, ("wait", "p50"), &[], 7.5);
    assert_minutes(&r1, ("wait", "p90"), &[], 36.0);
    assert_minutes(&r1, ("time_in_branch", "mean"), &[], 19.6);
    assert_minutes(&r1, ("time_in_branch", "p90"), &[], 43.0);
    let percent = abandoned_percent(&r1);
    assert!((percent - 5.9).abs() <= 2.0, "abandoned {percent:.2}%");
}

#[test]
fn the_traditional_branch_agrees_with_the_reference_by_arrival_hour() {
    let r1 = simulated("traditional-branch", &["day.interval=\"1h\""]);
    let hours = [4.0, 17.9, 30.9, 25.8, 9.5, 5.0, 7.6, 3.3];
    let branch = r1["scenario"]["branch"]
        .as_str()
        .expect("a branch")
        .to_owned();
    for (position, reference) in hours.into_iter().enumerate() {
        let start = format!("{:02}:00", 9 + position);
        let whom = [("branch", branch.as_str()), ("interval", start.as_str())];
        assert_minutes(&r1, ("wait", "mean"), &whom, reference);
    }
}

#[test]
fn the_slow_kiosk_branch_agrees_with_the_reference_r2() {
    let r2 = simulated("smart-branch-slow-kiosk", &[]);
    let kiosk = [("channel", "kiosk")];
    assert_minutes(&r2, ("wait", "mean"), &kiosk, 0.06);
    assert_minutes(&r2, ("time_in_branch", "mean"), &kiosk, 4.21);
    assert_minutes(&r2, ("time_in_branch", "p90"), &kiosk, 6.7);
    assert_share(&r2, "time_in_branch", &kiosk, 0.748);
    assert_minutes(&r2, ("wait", "mean"), &[("segment", "cash")], 0.43);
    assert_minutes(
        &r2,
        ("time_in_branch", "mean"),
        &[("segment", "cash")],
        4.94,
    );
    assert_minutes(&r2, ("wait", "mean"), &[("segment", "vip")], 4.5);
    assert_minutes(&r2, ("wait", "p90"), &[("segment", "vip")], 16.3);
    assert_minutes(&r2, ("wait", "mean"), &[("segment", "corporate")], 0.4);
    let fallbacks = number(row(&r2, "fallback_customers", &[]), "mean");
    assert!(
        (fallbacks - 8.1).abs() <= 0.15 * 8.1,
        "fallback {fallbacks:.2} a day"
    );
    let percent = abandoned_percent(&r2);
    assert!((percent - 0.1).abs() <= 2.0, "abandoned {percent:.2}%");
}

#[test]
fn the_smart_branch_agrees_with_the_reference_r2_kept() {
    let kept = simulated("smart-branch", &[]);
    let kiosk = [("channel", "kiosk")];
    assert_minutes(&kept, ("time_in_branch", "mean"), &kiosk, 3.8);
    assert_minutes(&kept, ("time_in_branch", "p90"), &kiosk, 5.4);
    assert_share(&kept, "time_in_branch", &kiosk, 0.87);
    let fallbacks = number(row(&kept, "fallback_customers", &[]), "mean");
    assert!(
        (fallbacks - 8.5).abs() <= 0.15 * 8.5,
        "fallback {fallbacks:.2} a day"
    );
}

#[test]
fn fewer_kiosks_agree_with_the_reference() {
    let kiosk = [("channel", "kiosk")];
    let four = simulated("smart-branch-slow-kiosk", &["resources.kiosk.capacity=4"]);
    assert_minutes(&four, ("wait", "mean"), &kiosk, 0.2);
    assert_minutes(&four, ("time_in_branch", "mean"), &kiosk, 4.3);
    assert_share(&four, "time_in_branch", &kiosk, 0.72);
    let three = simulated("smart-branch-slow-kiosk", &["resources.kiosk.capacity=3"]);
    assert_minutes(&three, ("wait", "mean"), &kiosk, 0.9);
    assert_minutes(&three, ("time_in_branch", "mean"), &kiosk, 5.0);
    assert_minutes(&three, ("time_in_branch", "p90"), &kiosk, 8.7);
    assert_share(&three, "time_in_branch", &kiosk, 0.61);
}

#[test]
fn a_fifth_of_the_customers_on_mobile_is_worth_about_one_window() {
    let fewer = simulated("traditional-branch", &["arrivals.per_day=272"]);
    assert_minutes(&fewer, ("wait", "mean"), &[], 5.5);
}
