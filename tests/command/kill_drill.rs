//! A bank that is killed in mid-run and started again has kept everything that it acknowledged, and
//! what was asked again is there once; prizes and vouchers are never given beyond their number.

use crate::support::{code, library, output, said, summary};

/// A minute of the lottery's evening and of the vouchers, compressed, on a bank that is killed three
/// times. For long: `branchlab load scenarios/mobile-campaign-spike.toml --kill 100`.
#[test]
fn a_bank_killed_three_times_in_a_campaign_has_kept_what_it_acknowledged_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("mobile-campaign-spike");
    let words = [
        "load",
        scenario.to_str().expect("a UTF-8 path"),
        "--kill",
        "3",
        "--out",
        "run",
        "--set",
        "load.speed=12",
        "--set",
        "mobile.monthly_actives=30000",
        "--set",
        "campaigns.0.prizes=20",
        "--set",
        "campaigns.0.welfare_vouchers=400",
    ];
    let ended = output(folder.path(), &words);
    // A bank that is away for a second or two keeps no bound on latencies.
    assert!([0, 3, 4].contains(&code(&ended)), "{}", said(&ended));
    let run = folder.path().join("run");
    let summary = summary(&run);
    let reconciliation = &summary["reconciliation"];
    assert_eq!(reconciliation["reconciled"], true, "{reconciliation}");
    assert_eq!(reconciliation["acknowledged"], reconciliation["found_once"]);
    assert!(
        reconciliation["acknowledged"].as_u64() > Some(1_000),
        "{reconciliation}"
    );
    assert_eq!(reconciliation["ledger_sum"], "0.00");
    // Everything that nobody answered was asked again until somebody did.
    let load = &summary["load"];
    for class in ["failed", "timed_out", "not_sent", "unknown"] {
        assert_eq!(load[class], 0, "{load}");
    }
    let warnings = summary["warnings"].to_string();
    assert!(warnings.contains("killed 3 times"), "{warnings}");
}
