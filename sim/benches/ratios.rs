//! How fast the engine is beside loops written for one model alone, as ratios: what is
//! compared runs in turns, so that a busy machine slows both, and ratios are taken
//! within a round.
//!
//! `cargo bench -p sim --bench ratios` prints the table of `docs/performance.md`;
//! `SPEED_ROUNDS` (5) sets how many rounds medians are taken of. With arguments it
//! runs one thing for so many seconds, for another program to look at: `queue`,
//! `branch`, `branch-on-two` (threads), `bare-queue`, `bare-branch`, `network`; a further number says how many days
//! a run of a branch has. For no seconds it runs once.

mod measure;
mod models;

use measure::{Taken, median, peak_memory, spread, taken};
use models::{BRANCH_DAYS, Branch, QUEUE_CUSTOMERS, bare_queue, network, queue, read};
use std::time::Instant;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    match words.next() {
        // cargo passes --bench; `cargo test --benches` does not, and wants no long run.
        None if !std::env::args().any(|argument| argument == "--bench") => {}
        None => table(),
        Some(what) => {
            let seconds = words.next().and_then(|word| word.parse().ok());
            let days = words.next().and_then(|word| word.parse().ok());
            alone(&what, seconds.unwrap_or(5.0), days.unwrap_or(BRANCH_DAYS));
        }
    }
}

/// One run of something: how many customers it served, and their mean wait if it is
/// the queue.
fn one_run(what: &str, seed: u64, days: u32) -> (u64, f64) {
    match what {
        "queue" => queue(&read("queue.toml"), 1),
        "bare-queue" => (bare_queue(QUEUE_CUSTOMERS, seed), f64::NAN),
        "branch" => (Branch::read().engine(days, 1).0, f64::NAN),
        "branch-on-two" => (Branch::read().engine(days, 2).0, f64::NAN),
        "bare-branch" => (Branch::by_hand(days, seed).0, f64::NAN),
        "network" => (network(1), f64::NAN),
        other => panic!(
            "{other} is none of queue, bare-queue, branch, branch-on-two, bare-branch, network"
        ),
    }
}

/// Runs one thing for so many seconds; for none, once and without a clock, which not
/// every profiler can read.
fn alone(what: &str, seconds: f64, days: u32) {
    if seconds <= 0.0 {
        println!("{what}: {} customers", one_run(what, 0, days).0);
        return;
    }
    let (started, mut runs, mut wait) = (Instant::now(), Vec::new(), f64::NAN);
    while runs.is_empty() || started.elapsed().as_secs_f64() < seconds {
        let seed = runs.len() as u64;
        runs.push(taken(|| {
            let (customers, mean_wait) = one_run(what, seed, days);
            wait = mean_wait;
            customers
        }));
    }
    let rates: Vec<f64> = runs.iter().map(|run| run.per_cpu_second()).collect();
    let best = rates.iter().copied().fold(0.0, f64::max);
    println!(
        "{what}: median {:.0}, best {best:.0} customers/s of CPU, {:.0} by the clock, in {} runs; mean wait {wait:.4}; {:.1} MiB",
        median(rates),
        median(runs.iter().map(|run| run.per_second()).collect()),
        runs.len(),
        peak_memory()
    );
}

fn table() {
    let rounds: usize = std::env::var("SPEED_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(5);
    let scenario = read("queue.toml");
    let branch = Branch::read();
    let (_, outcome) = branch.engine(BRANCH_DAYS, 1);
    let (_, told) = Branch::by_hand(BRANCH_DAYS, 1);
    Branch::agree(&outcome, &told);
    let mut all: [Vec<Taken>; 6] = Default::default();
    for round in 0..rounds as u64 {
        all[0].push(taken(|| bare_queue(QUEUE_CUSTOMERS * 3, round)));
        all[1].push(taken(|| queue(&scenario, 3).0));
        all[2].push(taken(|| Branch::by_hand(2 * BRANCH_DAYS, round).0));
        all[3].push(taken(|| branch.engine(2 * BRANCH_DAYS, 1).0));
        all[4].push(taken(|| branch.engine(4 * BRANCH_DAYS, 1).0));
        all[5].push(taken(|| branch.engine(4 * BRANCH_DAYS, 2).0));
    }
    println!("{rounds} rounds; medians\n");
    println!("| what | customers/s of CPU | customers/s |");
    println!("|---|---|---|");
    let names = [
        "M/M/10, bare loop",
        "M/M/10, the engine",
        "branch day, by hand",
        "branch day, the engine",
        "twice as many days, one thread",
        "twice as many days, two threads",
    ];
    for (name, runs) in names.iter().zip(&all) {
        let per_cpu = median(runs.iter().map(|run| run.per_cpu_second()).collect());
        let per_second = median(runs.iter().map(|run| run.per_second()).collect());
        println!("| {name} | {per_cpu:.0} | {per_second:.0} |");
    }
    println!("\n| ratio | aim | lowest | median | highest |");
    println!("|---|---|---|---|---|");
    let ratio = |name: &str, aim: f64, over: usize, under: usize, of: fn(Taken) -> f64| {
        let pairs = all[over].iter().zip(&all[under]);
        let ratios: Vec<f64> = pairs.map(|(a, b)| of(*a) / of(*b)).collect();
        let (least, middle, greatest) = spread(&ratios);
        println!("| {name} | {aim} | {least:.2} | {middle:.2} | {greatest:.2} |");
    };
    ratio(
        "M/M/10, engine : bare loop",
        0.5,
        1,
        0,
        Taken::per_cpu_second,
    );
    ratio(
        "branch day, engine : by hand",
        0.7,
        3,
        2,
        Taken::per_cpu_second,
    );
    ratio("two threads : one", 1.8, 5, 4, Taken::per_second);
    println!("\nPeak memory of all this: {:.1} MiB", peak_memory());
}
