//! How fast the simulator is beside loops written for one model alone.
//!
//! `cargo bench -p sim --bench speed` prints the table of `docs/performance.md`;
//! `SPEED_ROUNDS` (5) sets how many rounds medians are taken of. With arguments it
//! runs one thing for so many seconds, at least once, for a profiler or another
//! program to look at: `queue`, `branch`, `bare-queue`, `bare-branch`; a further
//! number says how many days a run of a branch has.

mod bare_branch;
mod bare_queue;
mod heap;
mod measure;

use measure::{Taken, median, peak_memory, spread, taken};
use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use sim::{Options, Outcome, simulate};
use std::path::Path;
use std::time::Instant;

/// Customers of one run of M/M/10.
const QUEUE_CUSTOMERS: u64 = 1_000_000;
/// Days of one run of the branch day.
const BRANCH_DAYS: u32 = 2048;
/// Times of a branch day at which a shift or a break begins or ends.
const SHIFT_CHANGES: u32 = 8;
/// Erlang's C formula for ten servers at nine erlangs, over `10 - 9`: the mean
/// wait in service times.
const MEAN_WAIT: f64 = 0.668_732;

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

fn read(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed");
    scenarios::file::read(&path.join(name), &[]).expect("the bench's scenarios are sound")
}

fn simulated(scenario: &Scenario, replications: u32, threads: usize) -> Outcome {
    let options = Options {
        replications,
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the bench's scenarios are sound")
}

/// M/M/10 by the engine: each customer is an arrival and the end of a service.
fn queue(scenario: &Scenario, replications: u32) -> (u64, f64) {
    let outcome = simulated(scenario, replications, 1);
    assert_near(
        "customers",
        outcome.customers as f64,
        f64::from(replications) * 1e6,
        0.01,
    );
    let (events, customers) = (outcome.events, 2 * outcome.customers);
    assert!(
        events <= customers && customers - events < 100 * u64::from(replications),
        "{events} events of {customers}"
    );
    let wait = mean(&outcome, Figure::Wait, None) / 60.0;
    assert_near("mean wait", wait, MEAN_WAIT, 0.08);
    (outcome.customers, wait)
}

fn bare_queue(customers: u64, seed: u64) -> u64 {
    let told = bare_queue::run(customers, seed);
    assert!(told.events >= 2 * customers && told.events < 2 * customers + 1000);
    assert_eq!(told.histogram.iter().sum::<u64>() / customers, 1);
    assert_near("mean wait", told.mean_wait_minutes, MEAN_WAIT, 0.08);
    customers
}

/// The branch day by the engine and by hand.
struct Branch {
    scenario: Scenario,
}

impl Branch {
    fn engine(&self, days: u32, threads: usize) -> (u64, Outcome) {
        let outcome = simulated(&self.scenario, days, threads);
        let customers = outcome.customers;
        assert_near(
            "customers a day",
            customers as f64 / f64::from(days),
            911.0,
            0.01,
        );
        // Each an arrival and the end of a service or of its patience, besides those at
        // which shifts and breaks begin or end.
        let of_customers = outcome.events - u64::from(days * SHIFT_CHANGES);
        let per_customer = of_customers as f64 / customers as f64;
        assert!((1.99..2.01).contains(&per_customer), "{per_customer}");
        (customers, outcome)
    }

    fn by_hand(days: u32, seed: u64) -> (u64, bare_branch::Told) {
        let told = bare_branch::run(days, seed);
        let customers = told.classes.iter().map(|class| class.came).sum::<u64>();
        assert_near(
            "customers a day",
            customers as f64 / f64::from(days),
            911.0,
            0.01,
        );
        (customers, told)
    }

    /// Both must tell the same of each class.
    fn agree(outcome: &Outcome, told: &bare_branch::Told) {
        for (name, class) in ["wealth", "cash", "account"].iter().zip(&told.classes) {
            assert_eq!(class.served + class.abandoned, class.came);
            assert_eq!(class.histogram.iter().sum::<u64>(), class.served);
            let (wait, time) = (class.waits as f64 / 1e6, class.times as f64 / 1e6);
            let served = class.served as f64;
            for (figure, by_hand) in [(Figure::Wait, wait), (Figure::TimeInBranch, time)] {
                let engine = mean(outcome, figure, Some(name));
                assert_near(
                    &format!("{figure:?} of {name}"),
                    engine,
                    by_hand / served,
                    0.05,
                );
            }
            let population = of_segment(name);
            let row = outcome
                .figures
                .rows
                .iter()
                .find(|row| row.figure == Figure::Abandoned && row.population == population);
            let abandoned = row.and_then(|row| row.mean).unwrap_or(f64::NAN);
            let served = mean_served(outcome, &population);
            let (engine, by_hand) = (
                abandoned / (abandoned + served),
                class.abandoned as f64 / class.came as f64,
            );
            assert!(
                (engine - by_hand).abs() < 0.003,
                "{name}: {engine} {by_hand} gave up"
            );
        }
        let occupancy = outcome
            .figures
            .rows
            .iter()
            .find(|row| row.figure == Figure::Occupancy)
            .and_then(|row| row.mean)
            .unwrap_or(f64::NAN);
        assert_near(
            "occupancy",
            occupancy,
            told.busy as f64 / told.on_duty as f64,
            0.03,
        );
    }
}

fn of_segment(name: &str) -> Population {
    Population {
        segment: Some(name.to_owned()),
        ..Population::default()
    }
}

fn mean_served(outcome: &Outcome, population: &Population) -> f64 {
    let mut rows = outcome.figures.rows.iter();
    rows.find(|row| row.figure == Figure::Served && row.population == *population)
        .and_then(|row| row.mean)
        .unwrap_or(f64::NAN)
}

fn mean(outcome: &Outcome, figure: Figure, segment: Option<&str>) -> f64 {
    let population = segment.map_or_else(Population::default, of_segment);
    let mut rows = outcome.figures.rows.iter();
    rows.find(|row| row.figure == figure && row.population == population)
        .and_then(|row| row.mean)
        .unwrap_or(f64::NAN)
}

fn assert_near(what: &str, found: f64, expected: f64, within: f64) {
    assert!(
        (found / expected - 1.0).abs() < within,
        "{what}: {found}, expected about {expected}"
    );
}

/// One run of something: how many customers it served.
fn one_run(what: &str, seed: u64, days: u32) -> u64 {
    let branch = || Branch {
        scenario: read("branch_day.toml"),
    };
    match what {
        "queue" => queue(&read("queue.toml"), 1).0,
        "bare-queue" => bare_queue(QUEUE_CUSTOMERS, seed),
        "branch" => branch().engine(days, 1).0,
        "bare-branch" => Branch::by_hand(days, seed).0,
        other => panic!("{other} is none of queue, bare-queue, branch, bare-branch"),
    }
}

/// Runs one thing for so many seconds; for none, once and without a clock, which not
/// every profiler can read.
fn alone(what: &str, seconds: f64, days: u32) {
    if seconds <= 0.0 {
        println!("{what}: {} customers", one_run(what, 0, days));
        return;
    }
    let (started, mut runs) = (Instant::now(), Vec::new());
    while started.elapsed().as_secs_f64() < seconds {
        runs.push(taken(|| one_run(what, runs.len() as u64, days)));
    }
    let rates: Vec<f64> = runs.iter().map(|run| run.per_cpu_second()).collect();
    let best = rates.iter().copied().fold(0.0, f64::max);
    println!(
        "{what}: median {:.0}, best {best:.0} customers/s of CPU in {} runs; {:.1} MiB",
        median(rates),
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
    let branch = Branch {
        scenario: read("branch_day.toml"),
    };
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
