//! What is measured, each with its counts of customers and events and its means
//! asserted, so that no bench can quietly do less: M/M/10 and a branch day, by the
//! engine and by loops that are written for one model alone.

mod bare_branch;
mod bare_queue;
mod heap;

use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use sim::{Options, Outcome, simulate};
use std::path::Path;

/// Customers of one run of M/M/10.
pub const QUEUE_CUSTOMERS: u64 = 1_000_000;
/// Days of one run of the branch day.
pub const BRANCH_DAYS: u32 = 2048;
/// Times of a branch day at which a shift or a break begins or ends.
const SHIFT_CHANGES: u32 = 8;
/// Erlang's C formula for ten servers at nine erlangs, over `10 - 9`: the mean
/// wait in service times.
const MEAN_WAIT: f64 = 0.668_732;

/// A scenario of this folder.
pub fn read(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/models");
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

/// M/M/10 by the engine: each customer is an arrival and the end of a service. Gives
/// the customers and their mean wait in service times.
pub fn queue(scenario: &Scenario, replications: u32) -> (u64, f64) {
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

/// M/M/10 by the bare loop.
pub fn bare_queue(customers: u64, seed: u64) -> u64 {
    let told = bare_queue::run(customers, seed);
    assert!(told.events >= 2 * customers && told.events < 2 * customers + 1000);
    assert_eq!(told.histogram.iter().sum::<u64>() / customers, 1);
    assert_near("mean wait", told.mean_wait_minutes, MEAN_WAIT, 0.08);
    customers
}

/// A day of the whole network's 15,500 branches by the engine, without its mobile bank,
/// on so many threads.
pub fn network(threads: usize) -> u64 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/whole-network.toml");
    let mut scenario = scenarios::file::read(&path, &[]).expect("it is shipped");
    scenario.mobile = None;
    let outcome = simulated(&scenario, 1, threads);
    // Sizes of a mean of 250, cut at 80 and 500.
    assert_near(
        "customers",
        outcome.customers as f64,
        15_500.0 * 242.0,
        0.05,
    );
    let per_customer = outcome.events as f64 / outcome.customers as f64;
    assert!((1.9..4.0).contains(&per_customer), "{per_customer}");
    outcome.customers
}

/// The branch day by the engine and by hand.
pub struct Branch {
    scenario: Scenario,
}

impl Branch {
    pub fn read() -> Self {
        Self {
            scenario: read("branch_day.toml"),
        }
    }

    /// So many days by the engine.
    pub fn engine(&self, days: u32, threads: usize) -> (u64, Outcome) {
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

    /// So many days by hand.
    pub fn by_hand(days: u32, seed: u64) -> (u64, bare_branch::Told) {
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
    pub fn agree(outcome: &Outcome, told: &bare_branch::Told) {
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
