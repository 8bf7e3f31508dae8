//! Our generator, with all of its accounting: journal, histograms, interval log.

use loadgen::fate::Outcome;
use loadgen::{LoadOptions, LoadOutcome, NoProgress, Reach, StopFlag, Target, Tokens, run};
use scenarios::figure::{Figure, Population};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::SimTime;
use std::time::Duration;

/// Arguments: address, connections, requests. As fast as the connections go: everything is due at
/// once, and each connection takes the next operation when it has its answer.
pub fn closed(words: &[String]) {
    let requests = words[2].parse().unwrap();
    let outcome = play(words, &plan(requests, |_| 0));
    let tally = outcome.tally();
    assert_eq!(
        tally.of(Outcome::Succeeded),
        requests,
        "{:?}",
        outcome.failures()
    );
}

/// Arguments: address, connections, rate, seconds. Prints what the round came to.
pub fn open(words: &[String]) {
    let rate: u64 = words[2].parse().unwrap();
    let seconds: u64 = words[3].parse().unwrap();
    let outcome = play(
        words,
        &plan(rate * seconds, |number| number * 1_000_000 / rate),
    );
    let tally = outcome.tally();
    let micros = |figure, q| quantile(&outcome, figure, q) * 1e6;
    println!(
        "{} {} {} {} {} {}",
        micros(Figure::GeneratorLag, 0.5),
        micros(Figure::GeneratorLag, 0.99),
        micros(Figure::Latency, 0.5),
        micros(Figure::Latency, 0.99),
        tally.planned() - tally.of(Outcome::Succeeded),
        most_memory_kib(),
    );
}

/// A quantile of a figure of all operations, in seconds.
pub fn quantile(outcome: &LoadOutcome, figure: Figure, q: f64) -> f64 {
    let rows = outcome.figures();
    let all = Population::default();
    let mut rows = rows.iter();
    let row = rows.find(|row| row.figure == figure && row.population == all);
    let mut quantiles = row.unwrap().quantiles.iter();
    let found = quantiles.find(|value| (value.q - q).abs() < 1e-9);
    found.unwrap().value.unwrap()
}

fn play(words: &[String], plan: &[PlannedOperation]) -> LoadOutcome {
    let folder = tempfile::tempdir().unwrap();
    let mut options = LoadOptions::new("peers", folder.path().join("journal.csv"));
    options.interval_log = Some(folder.path().join("latency.hlog"));
    options.connections = words[1].parse().unwrap();
    options.timeout = Duration::from_mins(1);
    options.quantiles = vec![0.999];
    let target = Target::new(&format!("http://{}", words[0]), tokens(), &Reach::Loopback).unwrap();
    run(plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap()
}

fn tokens() -> Tokens {
    Tokens {
        counter: "counter".into(),
        kiosk: "kiosk".into(),
        atm: "atm".into(),
        operator: "operator".into(),
    }
}

/// Identity checks, for which nothing need be opened beforehand.
pub fn plan(count: u64, at_micros: impl Fn(u64) -> u64) -> Vec<PlannedOperation> {
    (0..count)
        .map(|number| PlannedOperation {
            at: SimTime(at_micros(number)),
            branch: "b".into(),
            channel: Channel::Kiosk,
            customer: "c".into(),
            session: number,
            step: 0,
            think: None,
            operation: Operation::IdentityCheck,
            amount_fen: None,
            payee: None,
            allow: Vec::new(),
        })
        .collect()
}

/// The most memory that this process ever held.
fn most_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.unwrap().trim();
    words.split(' ').next().unwrap().parse().unwrap()
}
