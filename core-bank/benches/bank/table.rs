//! The medians of all rounds as the tables of the documentation.

use crate::{
    budget,
    client::{Beside, Played},
    disk::Probe,
    standstill::Standstill,
};

/// One round: everything measured within minutes of each other.
pub struct Round {
    pub served: Served,
    /// None where only the server was asked for.
    pub apart: Option<Apart>,
}

/// What the server did.
pub struct Served {
    pub probe: Probe,
    pub durable_64: Beside,
    /// Out of sessions of the mobile bank, by SMS, with a log.
    pub mobile_64: Beside,
    /// The same on a bank without observability.
    pub silent_64: Beside,
    /// At a kiosk on the bank without observability.
    pub untold_64: Beside,
    pub hot_64: Played,
    /// Payees all over the city, right before and right after one payee got everything.
    pub uniform: [Played; 2],
    pub durable_1: Played,
    pub half_rate: Played,
    pub standstill: Standstill,
    /// Memory of the server in MiB, now and at most.
    pub memory: (f64, f64),
    /// The same of the mobile bank's server.
    pub memory_mobile: (f64, f64),
}

/// What its parts do by themselves, and its peer.
pub struct Apart {
    /// Groups a second: the journal's, and bare.
    pub journal: (f64, f64),
    /// Transfers a second of `PostgreSQL`'s function; none where there is no `PostgreSQL`.
    pub postgres: Option<f64>,
    /// Microseconds of CPU to decide a transfer.
    pub decide: f64,
    /// Seconds, CPU seconds and records of a start.
    pub replay: (f64, f64, u64),
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn print(rounds: &[Round]) {
    let median = |figure: &dyn Fn(&Served) -> f64| {
        median(rounds.iter().map(|round| figure(&round.served)).collect())
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{} rounds, medians; server on core 0, client on core 1; load of the machine now {}",
        rounds.len(),
        load.split(' ').next().unwrap_or_default()
    );
    println!(
        "4 KiB append + fdatasync: p50 {:.0} us, p99 {:.0} us",
        median(&|served| served.probe.p50),
        median(&|served| served.probe.p99)
    );
    println!();
    println!(
        "| what | connections | requests/s | CPU us/request | mean group | p50 ms | p99 ms | p99.9 ms | history behind |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, connections, of) in ROWS {
        println!(
            "| {name} | {connections} | {:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.0} |",
            median(&|served| of(served).per_second()),
            median(&|served| of(served).cpu_micros()),
            median(&|served| of(served).mean_group()),
            median(&|served| of(served).p50 / 1e3),
            median(&|served| of(served).p99 / 1e3),
            median(&|served| of(served).p999 / 1e3),
            median(&|served| of(served).unprojected()),
        );
    }
    print_threads(&median);
    print_stages(&median);
    print_ratios(rounds);
}

/// A row of the server: what it is, its connections, and where it is found.
type Row = (&'static str, u32, fn(&Served) -> Played);

/// The median of a figure over all rounds.
type Median<'a> = &'a dyn Fn(&dyn Fn(&Served) -> f64) -> f64;

const ROWS: [Row; 8] = [
    ("parse only", 64, |served| served.durable_64.parse[0]),
    ("durable transfer at a kiosk (no medium)", 64, |served| {
        served.durable_64.row
    }),
    ("the same, observability off", 64, |served| {
        served.untold_64.row
    }),
    ("the same, one payee", 64, |served| served.hot_64),
    ("durable transfer", 1, |served| served.durable_1),
    ("open loop at half the rate", 64, |served| served.half_rate),
    (
        "durable transfer by the mobile bank (session, SMS code, log)",
        64,
        |served| served.mobile_64.row,
    ),
    (
        "the same by the mobile bank, observability off",
        64,
        |served| served.silent_64.row,
    ),
];

/// Where a request's processor time goes, and who is kept from the processor.
fn print_threads(median: Median) {
    println!(
        "\n| row | thread | CPU us/request | kept from it, ms/s | sleeps/s | interruptions/s |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, _, of) in ROWS {
        for (place, thread) in budget::NAMES.iter().enumerate() {
            let [ran, waited, slept, interrupted] =
                [0, 1, 2, 3].map(|figure| median(&|served| of(served).thread(place)[figure]));
            if ran >= 0.05 {
                println!(
                    "| {name} | {thread} | {ran:.1} | {waited:.0} | {slept:.0} | {interrupted:.0} |"
                );
            }
        }
    }
}

/// What may keep a request for long when the load is moderate.
fn print_stages(median: Median) {
    println!("\n| at half the rate | more than 4 ms, times a second | mean us |");
    println!("|---|---|---|");
    let stages = [
        "waiting for the writer",
        "appending a group",
        "a checkpoint",
    ];
    for (place, name) in stages.iter().enumerate() {
        println!(
            "| {name} | {:.1} | {:.0} |",
            median(&|served| served.half_rate.stage(place).0),
            median(&|served| served.half_rate.stage(place).1),
        );
    }
    println!(
        "\nthe client itself woke up late, p99: {:.2} ms\n",
        median(&|served| served.half_rate.late_p99 / 1e3)
    );
    println!(
        "a loop on the server's core that only looks at the clock stood still for more than 4 ms {:.1} times a second; it lost {:.1} ms a second\n",
        median(&|served| served.standstill.long),
        median(&|served| served.standstill.lost)
    );
}

/// One row of ratios or figures, round by round.
fn print_row(name: &str, aim: &str, mut found: Vec<f64>) {
    found.sort_by(f64::total_cmp);
    println!(
        "| {name} | {aim} | {:.2} ({:.2} to {:.2}) |",
        found[found.len() / 2],
        found[0],
        found[found.len() - 1]
    );
}

fn print_ratios(rounds: &[Round]) {
    println!("| ratio or figure | aim | median (lowest to highest) |");
    println!("|---|---|---|");
    let row = |name: &str, aim: &str, figure: fn(&Served) -> f64| {
        print_row(
            name,
            aim,
            rounds.iter().map(|round| figure(&round.served)).collect(),
        );
    };
    row("durable : parse only, requests/s", ">= 0.40", |served| {
        served.durable_64.by_rate()
    });
    row("the same with observability off", ">= 0.50", |served| {
        served.untold_64.by_rate()
    });
    row(
        "mobile bank (session, SMS, log) : parse only, requests/s",
        ">= 0.40",
        |served| served.mobile_64.by_rate(),
    );
    row(
        "the same with observability off (session, SMS)",
        ">= 0.50",
        |served| served.silent_64.by_rate(),
    );
    row("mobile bank : parse only by CPU a request", "-", |served| {
        served.mobile_64.by_cpu()
    });
    row("durable : parse only by CPU a request", "-", |served| {
        served.durable_64.by_cpu()
    });
    row(
        "p50 at one connection : p50 of fdatasync",
        "<= 3",
        |served| served.durable_1.p50 / served.probe.p50,
    );
    row(
        "p99 at half the rate : p99 of fdatasync",
        "<= 20",
        |served| served.half_rate.p99 / served.probe.p99,
    );
    row("one payee : uniform, requests/s", ">= 0.95", |served| {
        let [before, after] = served.uniform.map(|row| row.per_second());
        served.hot_64.per_second() / f64::midpoint(before, after)
    });
    print_apart(rounds);
    row("memory of the server now, MiB", "< 300, flat", |served| {
        served.memory.0
    });
    row("memory of the server at most, MiB", "< 300", |served| {
        served.memory.1
    });
    row(
        "memory of the mobile bank's now, MiB",
        "< 300, flat",
        |served| served.memory_mobile.0,
    );
    row(
        "memory of the mobile bank's at most, MiB",
        "< 300",
        |served| served.memory_mobile.1,
    );
    let memories: Vec<String> = rounds
        .iter()
        .map(|round| format!("{:.0}", round.served.memory.0))
        .collect();
    println!("\nmemory round by round, MiB: {}", memories.join(", "));
}

/// The rows of what was measured by itself, where it was.
fn print_apart(rounds: &[Round]) {
    let row = |name: &str, aim: &str, figure: fn(&Served, &Apart) -> Option<f64>| {
        let found: Option<Vec<f64>> = rounds
            .iter()
            .map(|round| figure(&round.served, round.apart.as_ref()?))
            .collect();
        if let Some(found) = found {
            print_row(name, aim, found);
        }
    };
    row(
        "deciding a transfer by SMS, us of CPU",
        "<= 1",
        |_, apart| Some(apart.decide),
    );
    row(
        "journal alone : bare append, groups of 64",
        ">= 0.45",
        |_, apart| Some(apart.journal.0 / apart.journal.1),
    );
    row("replay, million records/s", ">= 1.5", |_, apart| {
        Some(apart.replay.2 as f64 / apart.replay.0 / 1e6)
    });
    row("replay, million records a CPU second", "-", |_, apart| {
        Some(apart.replay.2 as f64 / apart.replay.1 / 1e6)
    });
    row(
        "a start with a tail of a million transfers, s",
        "<= 1",
        |_, apart| Some(apart.replay.0),
    );
    row(
        "ours : PostgreSQL's function, 16 clients",
        ">= 3.5",
        |served, apart| Some(served.durable_64.row.per_second() / apart.postgres?),
    );
}
