//! A server that stands still for a second in every ten cannot hide it: what the generator reports is
//! the truth, computed from the schedule, the freezes as they were, and the measured service.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod freezing_server;
mod pretended_bank;

use freezing_server::{Freezes, FreezingServer, Log, quantile};
use loadgen::{LoadOptions, LoadOutcome, NoProgress, Reach, StopFlag, Target, run};
use pretended_bank::{identity_checks, tokens};
use scenarios::figure::{Figure, Population};
use std::time::Duration;

/// Two whole periods at 2,000 a second.
const OPERATIONS: u32 = 40_000;
const SPACING: Duration = Duration::from_micros(500);

/// A run that calls itself invalid proves nothing, and is played again, so often.
const ATTEMPTS: u32 = 3;

fn played() -> (LoadOutcome, Log) {
    let server = FreezingServer::start(Some(Freezes {
        first: Duration::from_secs(5),
        period: Duration::from_secs(10),
        length: Duration::from_secs(1),
    }));
    let folder = tempfile::tempdir().unwrap();
    let mut options = LoadOptions::new("freeze", folder.path().join("journal.csv"));
    options.quantiles = vec![0.999];
    // A twentieth of it is what the generator may be late: 20 ms, of a tail of 0.9 s. A machine that
    // does other things meanwhile is late by more than the millisecond that is allowed without a gate.
    options.tightest_latency_gate = Some(Duration::from_millis(400));
    let target = Target::new(&server.base(), tokens(), &Reach::Loopback).unwrap();
    let plan = identity_checks(u64::from(OPERATIONS), SPACING);
    let outcome = run(&plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap();
    (outcome, server.log())
}

fn reported(outcome: &LoadOutcome, q: f64) -> f64 {
    let rows = outcome.figures();
    let all = Population::default();
    let row = rows
        .iter()
        .find(|row| row.figure == Figure::Latency && row.population == all)
        .unwrap();
    let mut quantiles = row.quantiles.iter();
    let found = quantiles.find(|value| (value.q - q).abs() < 1e-9);
    found.unwrap().value.unwrap()
}

#[test]
fn of_a_server_that_freezes_one_second_in_ten_the_tail_is_reported_as_it_is() {
    let mut attempt = 1;
    let (outcome, log) = loop {
        let (outcome, log) = played();
        if outcome.validity().kept_up {
            break (outcome, log);
        }
        assert!(attempt < ATTEMPTS, "{:?}", outcome.validity());
        attempt += 1;
    };
    assert_eq!(log.freezes.len(), 2, "{:?}", log.freezes);
    assert_eq!(log.answered, u64::from(OPERATIONS));
    let truth = log.truth(OPERATIONS, SPACING);
    for (q, least) in [(0.99, 0.85), (0.999, 0.95)] {
        let (truth, reported) = (quantile(&truth, q).as_secs_f64(), reported(&outcome, q));
        assert!(truth > least, "the server froze: {truth}");
        let off = (reported / truth - 1.0).abs();
        assert!(
            off < 0.02,
            "quantile {q}: {reported} s are reported and {truth} s are true"
        );
        println!("quantile {q}: {reported} s reported, {truth} s true");
    }
}
