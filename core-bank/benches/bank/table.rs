//! The medians of all rounds as the tables of the documentation.

use crate::{client::Played, disk::Probe};

/// One round: everything measured within minutes of each other.
pub struct Round {
    pub probe: Probe,
    pub parse_64: Played,
    pub durable_64: Played,
    /// The same on the bank without observability.
    pub untold_64: Played,
    pub hot_64: Played,
    pub durable_1: Played,
    pub half_rate: Played,
    /// Groups a second: the journal's, and bare.
    pub journal: (f64, f64),
    /// Transfers a second of `PostgreSQL`'s function; none where there is no `PostgreSQL`.
    pub postgres: Option<f64>,
    /// Microseconds of CPU to decide a transfer.
    pub decide: f64,
    /// Seconds, CPU seconds and records of a start.
    pub replay: (f64, f64, u64),
    /// Memory of the server in MiB, now and at most.
    pub memory: (f64, f64),
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn print(rounds: &[Round]) {
    let median = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{} rounds, medians; server on core 0, client on core 1; load of the machine now {}",
        rounds.len(),
        load.split(' ').next().unwrap_or_default()
    );
    println!(
        "4 KiB append + fdatasync: p50 {:.0} us, p99 {:.0} us",
        median(&|round| round.probe.p50),
        median(&|round| round.probe.p99)
    );
    println!();
    println!(
        "| what | connections | requests/s | CPU us/request | mean group | p50 ms | p99 ms | p99.9 ms | history behind |"
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
    line("durable transfer at a kiosk (no medium)", 64, &|round| {
        round.durable_64
    });
    line("the same, observability off", 64, &|round| round.untold_64);
    line("the same, one payee", 64, &|round| round.hot_64);
    line("durable transfer", 1, &|round| round.durable_1);
    line("open loop at half the rate", 64, &|round| round.half_rate);
    println!();
    println!("| at half the rate | more than 4 ms, times a second | mean us |");
    println!("|---|---|---|");
    let stages = [
        "waiting for the writer",
        "appending a group",
        "a checkpoint",
    ];
    for (place, name) in stages.iter().enumerate() {
        println!(
            "| {name} | {:.1} | {:.0} |",
            median(&|round| round.half_rate.stage(place).0),
            median(&|round| round.half_rate.stage(place).1),
        );
    }
    println!(
        "\nthe client itself woke up late, p99: {:.2} ms\n",
        median(&|round| round.half_rate.late_p99 / 1e3)
    );
    print_ratios(rounds);
}

fn print_ratios(rounds: &[Round]) {
    println!("| ratio or figure | aim | median (lowest to highest) |");
    println!("|---|---|---|");
    let row = |name: &str, aim: &str, ratio: &dyn Fn(&Round) -> f64| {
        let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "| {name} | {aim} | {:.2} ({:.2} to {:.2}) |",
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1]
        );
    };
    row("durable : parse only, requests/s", ">= 0.40", &|round| {
        round.durable_64.per_second() / round.parse_64.per_second()
    });
    row("the same with observability off", ">= 0.50", &|round| {
        round.untold_64.per_second() / round.parse_64.per_second()
    });
    row("durable : parse only by CPU a request", "-", &|round| {
        round.parse_64.cpu_micros() / round.durable_64.cpu_micros()
    });
    row(
        "p50 at one connection : p50 of fdatasync",
        "<= 3",
        &|round| round.durable_1.p50 / round.probe.p50,
    );
    row(
        "p99 at half the rate : p99 of fdatasync",
        "<= 20",
        &|round| round.half_rate.p99 / round.probe.p99,
    );
    row("deciding a transfer by SMS, us of CPU", "<= 1", &|round| {
        round.decide
    });
    row(
        "journal alone : bare append, groups of 64",
        ">= 0.45",
        &|round| round.journal.0 / round.journal.1,
    );
    row("replay, million records/s", ">= 1.5", &|round| {
        round.replay.2 as f64 / round.replay.0 / 1e6
    });
    row("replay, million records a CPU second", "-", &|round| {
        round.replay.2 as f64 / round.replay.1 / 1e6
    });
    row(
        "a start with a tail of a million transfers, s",
        "<= 1",
        &|round| round.replay.0,
    );
    row("one payee : uniform, requests/s", ">= 0.95", &|round| {
        round.hot_64.per_second() / round.durable_64.per_second()
    });
    if rounds.iter().all(|round| round.postgres.is_some()) {
        row(
            "ours : PostgreSQL's function, 16 clients",
            ">= 3.5",
            &|round| round.durable_64.per_second() / round.postgres.unwrap_or(f64::NAN),
        );
    }
    row("memory of the server now, MiB", "< 300, flat", &|round| {
        round.memory.0
    });
    row("memory of the server at most, MiB", "< 300", &|round| {
        round.memory.1
    });
    let memories: Vec<String> = rounds
        .iter()
        .map(|round| format!("{:.0}", round.memory.0))
        .collect();
    println!("\nmemory round by round, MiB: {}", memories.join(", "));
}
