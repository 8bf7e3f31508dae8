//! The whole network's day: 124.5 million mobile actives, 72.6 million log-ins,
//! about 435 million requests, each an event with its own pause and operation.
//!
//! `cargo bench -p sim --bench network` reads `scenarios/whole-network.toml` as
//! users do, simulates it on two threads, asserts the number of requests to 0.1%
//! and tells time and peak memory. `BRANCHLAB_THREADS=1` takes one thread.

use scenarios::figure::{Figure, Population};
use std::path::Path;
use std::time::Instant;

/// 124.5 million actives with 17.5 log-ins a month of 30 days, six requests each.
const REQUESTS: f64 = 124_500_000.0 * 17.5 / 30.0 * 6.0;

fn main() {
    // cargo passes --bench; `cargo test --benches` does not, and wants no long run.
    if std::env::args().any(|argument| argument == "--bench") {
        divan::main();
    }
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn a_day_of_all_actives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/whole-network.toml");
    let scenario = match scenarios::file::read(&path, &[]) {
        Ok(scenario) => scenario,
        Err(error) => panic!("{error}"),
    };
    let threads = std::env::var("BRANCHLAB_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    let options = sim::Options {
        threads,
        ..sim::Options::of(&scenario)
    };
    let started = Instant::now();
    let outcome = sim::simulate(&scenario, &options, &()).expect("the scenario is sound");
    let seconds = started.elapsed().as_secs_f64();
    let row = |figure| {
        let row = outcome.figures.find(figure, &Population::default());
        row.expect("the mobile bank is simulated").clone()
    };
    let requests = row(Figure::MobileRequests)
        .mean
        .expect("one day was counted");
    assert!(
        (requests / REQUESTS - 1.0).abs() < 0.001,
        "{requests} requests instead of {REQUESTS}"
    );
    let rate = row(Figure::MobileRate);
    let sessions = row(Figure::MobileSessions);
    println!("requests            {requests:>14.0}");
    println!("customers           {:>14}", outcome.customers);
    println!("threads             {threads:>14}");
    println!("seconds             {seconds:>14.1}");
    println!(
        "ns of a core a request {:>11.0}",
        seconds * threads as f64 / requests * 1e9
    );
    println!(
        "busiest second      {:>14.0} requests",
        rate.max.unwrap_or(0.0)
    );
    println!(
        "most sessions       {:>14.0} in progress",
        sessions.max.unwrap_or(0.0)
    );
    println!("peak memory         {:>14} kB", peak_memory().unwrap_or(0));
}

/// The most memory ever resident, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
