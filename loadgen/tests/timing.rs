//! Latencies are honest and the pace is kept.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use loadgen::{LoadOutcome, NoProgress, StopFlag, run};
use pretended_bank::{PretendedBank, Reply, identity_checks, options, planned, well};
use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::operation::{Channel, Operation};
use scenarios::time::{SimTime, Span};
use std::time::{Duration, Instant};

fn row(outcome: &LoadOutcome, figure: Figure) -> FigureRow {
    let rows = outcome.figures();
    let total = Population::default();
    rows.into_iter()
        .find(|row| row.figure == figure && row.population == total)
        .unwrap()
}

fn quantile(row: &FigureRow, q: f64) -> f64 {
    let found = row
        .quantiles
        .iter()
        .find(|value| (value.q - q).abs() < 1e-9);
    found.unwrap().value.unwrap()
}

/// The server stands still for 0.4 s in every 2 s. Of evenly spaced arrivals a
/// fifth meets the stall and waits between 0 and 0.4 s, evenly: the 99th percentile
/// is what 1% of all, a twentieth of those, exceed: 0.38 s.
#[test]
fn a_stalled_server_cannot_hide_its_stall() {
    let stall = (Duration::from_secs(2), Duration::from_millis(400));
    let bank = PretendedBank::start(Some(stall), well);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.timeout = Duration::from_secs(5);
    options.connections = 16;
    let plan = identity_checks(2000, Duration::from_millis(2));
    let outcome = run(
        &plan,
        &bank.target(),
        &options,
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    let latency = quantile(&row(&outcome, Figure::Latency), 0.99);
    assert!(
        (0.33..0.60).contains(&latency),
        "p99 of the latency {latency}"
    );
    let service = row(&outcome, Figure::ServiceLatency);
    assert!(quantile(&service, 0.5) < 0.1, "median service {service:?}");
    // Only the few connections that were in use saw it: 2 stalls × 16 of 2,000.
    assert!(
        quantile(&service, 0.95) < 0.2,
        "service hides the stall: {service:?}"
    );
    let throughput = row(&outcome, Figure::Throughput);
    assert_eq!(throughput.count, 2000);
}

#[test]
fn operations_start_when_they_are_due_and_lateness_does_not_add_up() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    // Three seconds of the scenario in one and a half.
    options.speed = 2.0;
    let plan = identity_checks(1000, Duration::from_millis(3));
    let started = Instant::now();
    let outcome = run(
        &plan,
        &bank.target(),
        &options,
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    assert!(started.elapsed() >= Duration::from_millis(1498));
    let lag = row(&outcome, Figure::GeneratorLag);
    assert_eq!(lag.count, 1000);
    assert!(quantile(&lag, 0.5) < 1e-3, "median lag {lag:?}");
    for (row, n) in outcome.journal().rows().unwrap().zip(0..) {
        // Answers may overtake each other; the intended starts are those of the plan.
        let row = row.unwrap();
        assert_eq!(row.intended_micros, Some(row.sequence * 1500), "row {n}");
    }
}

#[test]
fn a_later_step_waits_for_the_answer_and_the_thought() {
    let slow = Duration::from_millis(50);
    let bank = PretendedBank::start(None, move |asked| match well(asked) {
        Reply::Answer(status, body) => Reply::Later(slow, status, body),
        other => other,
    });
    let folder = tempfile::tempdir().unwrap();
    let mut plan: Vec<_> = (0..4)
        .map(|step| {
            planned(
                1,
                step,
                SimTime(0),
                Channel::Kiosk,
                Operation::IdentityCheck,
            )
        })
        .collect();
    for step in &mut plan[1..] {
        step.think = Some(Span::from_seconds(0.1));
    }
    let outcome = run(
        &plan,
        &bank.target(),
        &options(&folder),
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    let starts: Vec<u64> = outcome
        .journal()
        .rows()
        .unwrap()
        .map(|row| row.unwrap().intended_micros.unwrap())
        .collect();
    for (before, after) in starts.iter().zip(&starts[1..]) {
        let gap = after - before;
        assert!(
            (150_000..250_000).contains(&gap),
            "answer and thought take 150 ms, not {gap} µs"
        );
    }
    let latency = row(&outcome, Figure::Latency);
    assert!(
        latency.max.unwrap() < 0.12,
        "thought is not latency: {latency:?}"
    );
}

#[test]
fn a_generator_that_cannot_keep_up_says_so() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    // Thirty thousand at the same instant: no generator starts them in a millisecond.
    let plan = identity_checks(30_000, Duration::ZERO);
    let mut options = options(&folder);
    options.timeout = Duration::from_secs(30);
    options.drain = Duration::from_secs(30);
    let outcome = run(
        &plan,
        &bank.target(),
        &options,
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    let validity = outcome.validity();
    assert!(
        !validity.kept_up,
        "{:?}",
        row(&outcome, Figure::GeneratorLag)
    );
    assert!(validity.reasons[0].contains("late"), "{validity:?}");
}
