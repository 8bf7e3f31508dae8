//! Scenarios built in Rust for the tests, and what is looked at in their outcomes.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test file uses what it needs"
)]

pub mod reference;
mod scenario;

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::model::Scenario;
use sim::{Options, Outcome, simulate};

pub use scenario::*;

pub fn run(scenario: &Scenario, replications: u32, threads: usize) -> Outcome {
    let options = Options {
        replications,
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

pub fn everybody() -> Population {
    Population::default()
}

pub fn of_segment(name: &str) -> Population {
    Population {
        segment: Some(name.to_owned()),
        ..Population::default()
    }
}

pub fn of_channel(name: &str) -> Population {
    Population {
        channel: Some(name.to_owned()),
        ..Population::default()
    }
}

pub fn of_resource(name: &str) -> Population {
    Population {
        resource: Some(name.to_owned()),
        ..Population::default()
    }
}

pub fn at(clock: &str) -> Population {
    Population {
        interval: Some(clock.to_owned()),
        ..Population::default()
    }
}

pub fn figure<'a>(outcome: &'a Outcome, figure: Figure, population: &Population) -> &'a FigureRow {
    outcome
        .figures
        .find(figure, population)
        .unwrap_or_else(|| panic!("no row {figure:?} {population:?}"))
}

pub fn mean(outcome: &Outcome, of: Figure, population: &Population) -> f64 {
    figure(outcome, of, population)
        .mean
        .expect("there are observations")
}

pub fn quantile(row: &FigureRow, q: f64) -> f64 {
    let found = row
        .quantiles
        .iter()
        .find(|value| (value.q - q).abs() < 1e-12);
    found
        .and_then(|value| value.value)
        .expect("the quantile is told")
}

pub fn share(row: &FigureRow, seconds: f64) -> f64 {
    let found = row
        .shares
        .iter()
        .find(|share| (share.threshold_seconds - seconds).abs() < 1e-9);
    found
        .and_then(|share| share.share)
        .expect("the share is told")
}
