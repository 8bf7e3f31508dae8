//! Open loop: how late the generator starts what is due, beside a timer that does nothing else.

use crate::process::{Server, run_part};
use crate::table::{self, Rounds};

const CONNECTIONS: &str = "100";
const RATE: &str = "20000";
const SECONDS: &str = "5";

/// The bare timer and ours in turn, round by round.
pub fn compare(rounds: usize) {
    let mut bare = Rounds::default();
    let mut ours = Rounds::default();
    for _ in 0..rounds {
        let ran = run_part("part:bare-timer", &[RATE, SECONDS]);
        bare.add(&numbers(&ran.said));
        let server = Server::start();
        let address = server.address.to_string();
        let ran = run_part("part:ours-open", &[&address, CONNECTIONS, RATE, SECONDS]);
        assert!(ran.succeeded, "{}", ran.said);
        let numbers = numbers(&ran.said);
        let requests: f64 = RATE.parse::<f64>().unwrap() * SECONDS.parse::<f64>().unwrap();
        let micros = ran.processor_seconds * 1e6 / requests;
        ours.add(&[
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], micros,
        ]);
    }
    let (floor, own) = (bare.medians(), ours.medians());
    table::print(
        "Open loop, 20,000 a second, 100 connections, µs",
        &[
            "generator",
            "wake lag p50",
            "wake lag p99",
            "latency p50",
            "latency p99",
            "not succeeded",
            "processor time a request",
        ],
        &[("bare timerfd loop", bare), ("branchlab", ours)],
    );
    println!(
        "\nwake lag beside the bare loop: p50 {:.2} times, p99 {:.2} times",
        own[0] / floor[0],
        own[1] / floor[1]
    );
}

/// The numbers on the last line.
pub fn numbers(said: &str) -> Vec<f64> {
    let line = said.lines().last().unwrap_or_default();
    line.split(' ').map(|word| word.parse().unwrap()).collect()
}
