//! The grammar of gates and the judge.

use proptest::prelude::*;
use scenarios::figure::{Figure, FigureRow, FigureTable, Population, QuantileValue, ShareWithin};
use scenarios::gate::{
    Comparison, Ending, Gate, NOTHING_LOST, Statistic, Verdict, accept_undecided, exit_code, judge,
    parse, worst,
};

fn gate(text: &str) -> Gate {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn gates_mean_what_they_say() {
    let promise = gate("share_within(time_in_branch{channel=kiosk}, 5min) >= 80%");
    assert_eq!(promise.statistic, Statistic::ShareWithin(300.0));
    assert_eq!(promise.figure, Figure::TimeInBranch);
    assert_eq!(promise.population.channel.as_deref(), Some("kiosk"));
    assert_eq!(promise.comparison, Comparison::AtLeast);
    assert!((promise.bound - 0.8).abs() < 1e-15);

    let latency = gate("p99.9(latency{operation=transfer_own_bank}) <= 200ms");
    assert_eq!(latency.statistic, Statistic::Quantile(0.999));
    assert!((latency.bound - 0.2).abs() < 1e-15);

    let errors = gate("errors<=0.1%");
    assert_eq!(
        (errors.statistic, errors.figure),
        (Statistic::Mean, Figure::Errors)
    );
    assert!((errors.bound - 0.001).abs() < 1e-15);

    let wait = gate("mean( wait { channel = kiosk , interval = 10:00 } ) <= 3 min");
    assert_eq!(wait.population.interval.as_deref(), Some("10:00"));
    assert!((wait.bound - 180.0).abs() < 1e-12);
    assert!((gate("throughput >= 500/s").bound - 500.0).abs() < 1e-12);
    assert_eq!(
        gate("wait{channel=*} < 1h").population,
        Population::default()
    );
}

#[test]
fn what_is_no_gate_says_where_and_what_would_be_right() {
    for (text, offset, words) in [
        ("", 0, "expected a figure"),
        ("wait", 4, "expected `>=`"),
        ("wiat <= 3min", 0, "did you mean `wait`?"),
        ("avg(wait) <= 3min", 0, "statistic"),
        ("mean(wait <= 3min", 10, "expected `)`"),
        (
            "mean(wait{chanel=kiosk}) <= 3min",
            10,
            "did you mean `channel`?",
        ),
        ("mean(wait) <= 3", 14, "needs a unit"),
        ("mean(wait) <= 3%", 14, "does not measure"),
        ("mean(wait) <= 3 parsecs", 14, "unknown unit"),
        ("p100(wait) <= 3min", 0, "between p0 and p100"),
        ("share_within(wait) >= 80%", 17, "expected `,`"),
        ("share_within(arrivals, 5min) >= 80%", 23, "no time"),
        (
            "share_within(wait, 5min) >= 180%",
            28,
            "between 0% and 100%",
        ),
        ("wait <= -3min", 8, "negative"),
        ("wait <= 3min or so", 13, "the end of the gate"),
        ("wait{channel=kiosk,channel=atm} <= 3min", 27, "twice"),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.span().0, offset, "{text}: {error}");
        let told = format!("{error} {}", error.help());
        assert!(told.contains(words), "{text}: {told}");
    }
}

fn table(share: Option<f64>, interval: Option<(f64, f64)>) -> FigureTable {
    FigureTable {
        rows: vec![FigureRow {
            figure: Figure::TimeInBranch,
            population: Population::default(),
            unit: "s",
            count: 1000,
            mean: Some(200.0),
            mean_low: None,
            mean_high: None,
            sd: Some(50.0),
            min: Some(10.0),
            max: Some(900.0),
            quantiles: vec![QuantileValue {
                q: 0.99,
                value: None,
                low: None,
                high: None,
            }],
            shares: vec![ShareWithin {
                threshold_seconds: 300.0,
                share,
                low: interval.map(|it| it.0),
                high: interval.map(|it| it.1),
            }],
        }],
    }
}

#[test]
fn the_judge_looks_at_the_whole_interval() {
    let promise = gate("share_within(time_in_branch, 5min) >= 80%");
    let verdict = |share, interval| judge("promise", &promise, &table(share, interval)).verdict;
    assert_eq!(verdict(Some(0.87), Some((0.86, 0.88))), Verdict::Pass);
    assert_eq!(verdict(Some(0.82), Some((0.80, 0.84))), Verdict::Pass);
    assert_eq!(verdict(Some(0.75), Some((0.74, 0.76))), Verdict::Fail);
    assert_eq!(verdict(Some(0.80), Some((0.79, 0.81))), Verdict::Undecided);
    assert_eq!(verdict(Some(0.80), None), Verdict::Pass);
    assert_eq!(verdict(Some(0.79), None), Verdict::Fail);
    assert_eq!(verdict(None, None), Verdict::Invalid);
    let elsewhere = gate("share_within(time_in_branch{channel=kiosk}, 5min) >= 80%");
    assert_eq!(
        judge("x", &elsewhere, &table(Some(1.0), None)).verdict,
        Verdict::Invalid
    );
    let unmeasured = gate("p99(time_in_branch) <= 9min");
    assert_eq!(
        judge("x", &unmeasured, &table(Some(1.0), None)).verdict,
        Verdict::Invalid
    );
}

#[test]
fn a_single_branch_need_not_be_named() {
    let named = gate("share_within(time_in_branch{branch=b}, 5min) >= 80%");
    assert_eq!(
        judge("x", &named, &table(Some(0.9), None)).verdict,
        Verdict::Pass
    );
    let mut two = table(Some(0.9), None);
    two.rows.push(two.rows[0].clone());
    two.rows[1].population.branch = Some("c".into());
    assert_eq!(judge("x", &named, &two).verdict, Verdict::Invalid);
}

#[test]
fn what_is_undecided_is_decided_by_the_point_only_when_asked() {
    let promise = gate("share_within(time_in_branch, 5min) >= 80%");
    let record = judge("promise", &promise, &table(Some(0.805), Some((0.79, 0.82))));
    assert_eq!(record.verdict, Verdict::Undecided);
    assert_eq!(accept_undecided(record, &promise).verdict, Verdict::Pass);
    let failed = judge("promise", &promise, &table(Some(0.5), Some((0.4, 0.6))));
    assert_eq!(accept_undecided(failed, &promise).verdict, Verdict::Fail);
}

#[test]
fn exit_codes_follow_their_precedence() {
    let promise = gate("share_within(time_in_branch, 5min) >= 80%");
    let record = |name: &str, share, interval| judge(name, &promise, &table(share, interval));
    let pass = record("a", Some(0.9), None);
    let fail = record("b", Some(0.1), None);
    let undecided = record("c", Some(0.8), Some((0.7, 0.9)));
    let lost = record(NOTHING_LOST, Some(0.1), None);
    let code = |records: &[&scenarios::summary::GateRecord]| {
        exit_code(Ending::Complete, records.iter().copied())
    };
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&[&pass]), 0);
    assert_eq!(code(&[&pass, &fail]), 3);
    assert_eq!(code(&[&fail, &undecided]), 4);
    assert_eq!(code(&[&fail, &undecided, &lost]), 5);
    assert_eq!(exit_code(Ending::Broken, [&lost]), 1);
    assert_eq!(exit_code(Ending::Interrupted, [&lost]), 130);
    assert_eq!(worst([&pass, &fail]), Verdict::Fail);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_gate_or_an_error_within_it(text in "\\PC{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.span().0 <= text.len());
        }
    }

    #[test]
    fn gates_cut_short_never_panic(cut in 0usize..60, junk in "[a-z{}(),=<>%0-9 é]{0,8}") {
        let whole = "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%";
        let text = format!("{}{junk}", &whole[..cut.min(whole.len())]);
        let _ = parse(&text);
    }
}
