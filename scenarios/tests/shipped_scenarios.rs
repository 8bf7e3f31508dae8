//! The scenario files that come with the workspace.

use scenarios::file::read;
use scenarios::model::{Law, Mode, Scenario, StepTime};
use scenarios::operation::Channel;
use std::path::{Path, PathBuf};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn scenario(name: &str) -> Scenario {
    read(&shipped(name), &[]).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
}

/// Mean in minutes and coefficient of variation of a lognormal law.
fn mean_and_cv(law: &Law) -> (f64, f64) {
    let Law::Lognormal { mu, sigma } = law else {
        panic!("{law:?} is not lognormal");
    };
    let variance = sigma * sigma;
    (
        (mu + variance / 2.0).exp() / 60.0,
        (variance.exp() - 1.0).sqrt(),
    )
}

#[test]
fn the_smart_branch_is_the_reference_scenario_with_the_promise_kept() {
    let scenario = scenario("smart-branch.toml");
    let kiosk: Vec<_> = scenario
        .journeys
        .iter()
        .filter(|journey| journey.channel == Channel::Kiosk)
        .collect();
    assert_eq!(kiosk.len(), 6);
    for journey in kiosk {
        let (mean, cv) = mean_and_cv(journey.time.as_ref().expect("kiosk journeys draw one time"));
        assert!((mean - 3.2).abs() < 1e-9 && (cv - 0.3).abs() < 1e-9);
        let fractions: f64 = journey
            .steps
            .iter()
            .filter_map(|step| match step.time {
                StepTime::Fraction(fraction) => Some(fraction),
                _ => None,
            })
            .sum();
        assert!((fractions - 1.0).abs() < 1e-12, "{}", journey.name);
        let review = journey.steps.iter().find(|step| step.name == "review");
        assert!((review.expect("each has a review").probability - 0.5).abs() < 1e-12);
        let failure = journey.steps.last().and_then(|step| step.failure.as_ref());
        let failure = failure.expect("the last step can fail");
        assert_eq!(scenario.journeys[failure.to].name, "counter_help");
    }
    let shares: Vec<f64> = scenario
        .segments
        .iter()
        .map(|segment| segment.share)
        .collect();
    for (share, expected) in shares.iter().zip([0.68, 0.24, 0.05, 0.03]) {
        assert!((share - expected).abs() < 1e-12);
    }
    // Half of the day's profile falls on 9:00 to 12:00: 14 + 19 + 16 of 100.
    let morning: f64 = scenario.arrivals.pieces[..3]
        .iter()
        .map(|piece| piece.expected)
        .sum();
    assert!((morning - 147.0).abs() < 1e-9);
    let windows = &scenario.resources[scenario.resource("cash_window").expect("cash windows")];
    let counts: Vec<_> = windows
        .roster
        .steps
        .iter()
        .map(|(at, count)| (at.clock(), *count))
        .collect();
    assert_eq!(
        counts,
        [
            ("09:00".into(), 3),
            ("11:30".into(), 2),
            ("13:30".into(), 3)
        ]
    );
    let mobile = scenario.mobile.as_ref().expect("the city's mobile bank");
    let offered: f64 = mobile.bank.mix.iter().map(|(_, weight)| weight).sum();
    let left_out: f64 = mobile
        .bank
        .mix_left_out
        .iter()
        .map(|(_, weight)| weight)
        .sum();
    assert!((offered - 100.0).abs() < 1e-9 && left_out.abs() < 1e-9);
}

#[test]
fn the_kiosk_population_is_exactly_the_kiosk_segment() {
    let scenario = scenario("smart-branch.toml");
    for segment in &scenario.segments {
        for (_, journey, _) in &segment.services {
            let at_kiosk = scenario.journeys[*journey].channel == Channel::Kiosk;
            assert_eq!(at_kiosk, segment.name == "kiosk");
        }
    }
}

#[test]
fn the_slow_variant_differs_in_one_law_only() {
    let (kept, slow) = (
        scenario("smart-branch.toml"),
        scenario("smart-branch-slow-kiosk.toml"),
    );
    assert_ne!(kept.hash, slow.hash);
    assert_eq!(slow.name, "smart-branch-slow-kiosk");
    for (a, b) in kept.journeys.iter().zip(&slow.journeys) {
        if a.channel == Channel::Kiosk {
            let (mean, cv) = mean_and_cv(b.time.as_ref().expect("kiosk journeys draw one time"));
            assert!((mean - 3.6).abs() < 1e-9 && (cv - 0.45).abs() < 1e-9);
        } else {
            assert_eq!(a.time, b.time);
        }
    }
}

#[test]
fn the_traditional_branch_serves_vip_customers_first() {
    let scenario = scenario("traditional-branch.toml");
    let priorities: Vec<_> = scenario.segments.iter().map(|it| it.priority).collect();
    assert_eq!(priorities, [0, 0, 1]);
    assert_eq!(scenario.gates[0].name, "promise");
    assert_eq!(scenario.resources[0].roster.most(), 5);
}

#[test]
fn a_generic_queue_is_a_dozen_lines() {
    let path = shipped("generic-queue.toml");
    let text = std::fs::read_to_string(&path).expect("it is shipped");
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    assert!(lines.count() <= 13);
    let scenario = scenario("generic-queue.toml");
    assert!(matches!(scenario.run.mode, Mode::SteadyState { .. }));
    assert_eq!(scenario.segments.len(), 1);
    // 60 an hour for 520 hours.
    assert!((scenario.arrivals.pieces[0].expected - 31_200.0).abs() < 1e-9);
}

#[test]
fn a_scenario_as_run_reads_back_as_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in [
        "smart-branch.toml",
        "smart-branch-slow-kiosk.toml",
        "traditional-branch.toml",
        "generic-queue.toml",
    ] {
        let first = scenario(name);
        let path = folder.path().join("again.toml");
        std::fs::write(&path, &first.as_run).expect("the folder is writable");
        let second = read(&path, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(first.hash, second.hash, "{name}");
        assert_eq!(first.as_run, second.as_run, "{name}");
        let json = |scenario: &Scenario| serde_json::to_string(scenario).expect("it serialises");
        assert_eq!(json(&first), json(&second), "{name}");
    }
}

#[test]
fn limits_and_locks_are_played_from_the_last_days_of_june_without_a_branch() {
    let scenario = scenario("limits-under-load.toml");
    assert!(!scenario.has_a_branch());
    assert_eq!(scenario.day.date.to_string(), "2026-06-25");
    let load = scenario.load.expect("it is played");
    let recording = load.recording().expect("it is recorded");
    // Six days, and into the seventh.
    assert_eq!(recording.from.0 / 86_400_000_000, 0);
    assert_eq!(recording.to.0 / 86_400_000_000, 6);
    assert!(recording.operations > 20_000, "{}", recording.operations);
    assert_eq!((load.connections, load.repeat), (256, 0.05));
}
