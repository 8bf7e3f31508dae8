//! Latencies are honest and the pace is kept.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use loadgen::{LoadError, LoadOptions, LoadOutcome, NoProgress, StopFlag, run};
use pretended_bank::{PretendedBank, Reply, identity_checks, options, planned, well};
use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::operation::{Channel, Operation};
use scenarios::time::{SimTime, Span};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whoever measures time is alone meanwhile.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    // Two hundred thousand at the same instant: no generator starts them in a
    // millisecond.
    let plan = identity_checks(200_000, Duration::ZERO);
    let mut options = options(&folder);
    options.timeout = Duration::from_millis(500);
    options.drain = Duration::ZERO;
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

#[test]
fn the_banks_clock_is_set_after_the_setup_and_shows_the_window_when_it_begins() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.speed = 50.0;
    options.business_start = Some("2026-06-09T10:00+08:00".into());
    // A balance query needs a customer, whom the setup opens.
    let plan = [planned(
        1,
        0,
        SimTime(0),
        Channel::Kiosk,
        Operation::BalanceQuery,
    )];
    let target = bank.target();
    run(&plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap();
    let asked = bank.asked.lock().unwrap();
    let at = asked
        .iter()
        .position(|asked| asked.path == "/v1/test/clock");
    let at = at.unwrap();
    assert!(at > 0 && at == asked.len() - 2, "{asked:?}");
    assert_eq!(asked[at].method, "PUT");
    assert_eq!(asked[at].headers["authorization"], "Bearer operator-token");
    // The first start is due 0.1 s later: at 50 times the speed 5 s of the bank's time.
    assert_eq!(
        asked[at].body,
        r#"{"business_time":"2026-06-09T01:59:55Z","speed":50.0}"#
    );
}

#[test]
fn a_bank_that_keeps_its_clock_is_not_loaded() {
    let bank = PretendedBank::start(None, |asked| match asked.path.as_str() {
        "/v1/test/clock" => Reply::Answer(404, r#"{"code":"not_found"}"#.into()),
        _ => well(asked),
    });
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    let play = |options: &LoadOptions| {
        let plan = identity_checks(3, Duration::from_millis(1));
        run(
            &plan,
            &bank.target(),
            options,
            &NoProgress,
            &StopFlag::new(),
        )
    };
    options.business_start = Some("2026-06-09T10:00+08:00".into());
    let said = play(&options).unwrap_err().to_string();
    assert!(
        said.contains("404 not_found") && said.contains("--test"),
        "{said}"
    );
    options.business_start = Some("ten o'clock".into());
    assert!(matches!(play(&options), Err(LoadError::Option { .. })));
    options.business_start = None;
    assert_eq!(bank.asked.lock().unwrap().len(), 1);
    play(&options).unwrap();
}
