//! The medians of all rounds as the table of the documentation.

use crate::{
    client::{Client, Played},
    disk::Probe,
};

/// One round: everything measured within seconds of each other.
pub struct Round {
    pub probe: Probe,
    pub parse_64: Played,
    pub durable_64: Played,
    pub durable_1: Played,
}

fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn print(rounds: &[Round], client: Client, resident_mib: f64) {
    let median = |figure: &dyn Fn(&Round) -> f64| median(rounds, figure);
    println!(
        "{} rounds, medians; server on core 0, client {} on core 1; at the end the server held {resident_mib:.0} MiB",
        rounds.len(),
        client.name()
    );
    println!(
        "4 KiB append + fdatasync: p50 {:.0} us, p99 {:.0} us",
        median(&|round| round.probe.p50),
        median(&|round| round.probe.p99)
    );
    println!();
    println!(
        "| route | connections | requests/s | CPU us/request | mean group | p50 ms | p99 ms | p99.9 ms | history behind |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let line = |name: &str, connections: u32, of: &dyn Fn(&Round) -> Played| {
        println!(
            "| {name} | {connections} | {:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.0} |",
            median(&|round| of(round).per_second()),
            median(&|round| of(round).cpu_micros()),
            median(&|round| of(round).mean_group()),
            median(&|round| of(round).p50 / 1e3),
            median(&|round| of(round).p99 / 1e3),
            median(&|round| of(round).p999 / 1e3),
            median(&|round| of(round).unprojected()),
        );
    };
    line("parse only", 64, &|round| round.parse_64);
    line("durable transfer", 64, &|round| round.durable_64);
    line("durable transfer", 1, &|round| round.durable_1);
    println!();
    spread("durable : parse only at 64 connections", rounds, |round| {
        round.durable_64.per_second() / round.parse_64.per_second()
    });
    spread("the same by CPU a request", rounds, |round| {
        round.parse_64.cpu_micros() / round.durable_64.cpu_micros()
    });
    spread(
        "p50 at one connection : p50 of append + fdatasync",
        rounds,
        |round| round.durable_1.p50 / round.probe.p50,
    );
}

/// The ratio in each round: on a machine that others use, the scatter says what the median is worth.
fn spread(name: &str, rounds: &[Round], ratio: impl Fn(&Round) -> f64) {
    let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name}: {:.2} ({:.2} to {:.2})",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1]
    );
}
