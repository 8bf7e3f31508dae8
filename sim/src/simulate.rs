//! Simulating a scenario: its replications on threads, and what comes out of them.

mod day;
mod mobile_days;
mod replications;
mod told;

use crate::days::{self, Days};
use crate::error::SimError;
use crate::latency::OperationLatencies;
use crate::mobile::MobileDay;
use crate::plan::Plan;
use crate::region::{self, Outlets, RegionPlan};
use crate::statistics::population::Populations;
use crate::statistics::promise::Promise;
use crate::statistics::table::{Sources, table};
use crate::statistics::tally::Frame;
use crate::steady;
pub use day::{Day, one_day};
use mobile_days::mobile_days;
use replications::every_day;
pub use replications::outlets_of;
use scenarios::figure::FigureTable;
use scenarios::model::{Label, Scenario};
use scenarios::summary::{self, Minutes, Misses};
use scenarios::time::Span;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use told::{assumed_latencies, minutes, warnings};

/// How a scenario is simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// Independent replications (days in day mode), at least 1.
    pub replications: u32,
    /// Root of all randomness.
    pub seed: u64,
    /// Threads to use; the outcome does not depend on it; 0 counts as 1. Random
    /// numbers in streams are drawn on one thread, however many there are.
    pub threads: usize,
    /// How long the bank takes to answer.
    pub latencies: OperationLatencies,
    /// Set from elsewhere to end early; the outcome is then partial.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Options {
    /// What the scenario says, on one thread, with a bank that answers at once.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            replications: scenario.run.replications,
            seed: scenario.run.seed,
            threads: 1,
            latencies: OperationLatencies::default(),
            stop: None,
        }
    }
}

/// Who is told how far a simulation is. Called from several threads.
pub trait Progress: Sync {
    /// So many replications of so many are done.
    fn replications_done(&self, done: u32, of: u32);
}

impl Progress for () {
    fn replications_done(&self, _done: u32, _of: u32) {}
}

/// What a simulation gives.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Every figure of every population.
    pub figures: FigureTable,
    /// The first day of the mobile bank's traffic, second by second, if any was simulated.
    pub mobile_day: Option<MobileDay>,
    /// One line for each branch of a region, as CSV.
    pub branches: Option<String>,
    /// The branches of a region, those first that miss the promise.
    pub outlets: Option<summary::Outlets>,
    /// Why customers missed the promise, if there is one.
    pub misses: Option<Misses>,
    /// Where the minutes of served customers go: the total, then each channel.
    pub minutes: Vec<Minutes>,
    /// Each day's counts and sums, by replication.
    pub days: Days,
    /// Interrupted: what is there is true, but not all.
    pub partial: bool,
    /// Replications done.
    pub replications: u32,
    /// Events that happened in all replications.
    pub events: u64,
    /// Customers who came in all replications, counted or not.
    pub customers: u64,
    /// The warm-up that was looked for and left out of each run, if one was.
    pub warm_up: Option<Span>,
    /// What a reader should know, such as customers who were never served.
    pub warnings: Vec<Label>,
}

/// Which event loop goes through a branch's days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// The express loop if it knows all rules of the scenario, else the general one.
    Fitting,
    /// The general one: the outcome is the same.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare both loops"))]
    General,
}

/// Simulates a scenario. The same scenario, replications and seed give the same
/// outcome on any number of threads.
///
/// # Errors
/// The scenario contradicts itself, the branch overflows, no replication was
/// asked for, or none was done before an interruption.
pub fn simulate(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome, SimError> {
    simulate_in(Loop::Fitting, scenario, options, progress)
}

/// Simulates a scenario in a loop.
pub fn simulate_in(
    which: Loop,
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome, SimError> {
    if options.replications == 0 {
        return Err(SimError::NoReplications);
    }
    let truncation = steady::truncation(scenario, options)?;
    let found = truncation.map(|found| steady::with_warm_up(scenario, found));
    let scenario = found.as_ref().unwrap_or(scenario);
    let region = RegionPlan::new(scenario, &options.latencies, options.seed)?;
    let mut plan = Plan::new(scenario, &options.latencies)?;
    plan.seed = options.seed;
    let populations = Populations::new(scenario, &plan);
    let thresholds = thresholds(scenario);
    let promise = Promise::of(scenario, &populations);
    let frame = Frame {
        plan: &plan,
        populations: &populations,
        thresholds: &thresholds,
        five_minutes: thresholds.binary_search(&days::WITHIN.0).unwrap_or(0),
        promise: promise.as_ref(),
    };
    let mut outlets = Outlets::default();
    let (mut totals, mut blocks, enough) = every_day(
        which,
        &frame,
        scenario,
        options,
        region.as_ref(),
        progress,
        &mut outlets,
    )?;
    if totals.days == 0 {
        return Err(SimError::Interrupted);
    }
    let minutes = minutes(&frame, &totals);
    let misses = promise
        .as_ref()
        .map(|promise| promise.misses(&totals.misses));
    let mut warnings = warnings(&totals);
    warnings.extend(assumed_latencies(scenario, options));
    warnings.extend(truncation.map(steady::note));
    if plan.batches > 1 {
        warnings.extend(steady::dependence(&blocks));
    }
    let (replications, events, customers) =
        (totals.days / plan.batches, totals.events, totals.customers);
    let mut figures = table(Sources {
        scenario,
        plan: &plan,
        populations: &populations,
        thresholds: &thresholds,
        totals: &mut totals,
        blocks: &blocks,
        seed: options.seed,
        threads: options.threads,
    });
    if let Some(region) = &region {
        figures
            .rows
            .extend(region::rows(scenario, region, &outlets));
        figures.rows.sort_by_key(|row| row.figure);
    }
    let branches = region
        .as_ref()
        .map(|region| region::to_csv(scenario, region, &outlets));
    let told = region
        .as_ref()
        .map(|region| region::told(scenario, region, promise.as_ref(), &outlets));
    let mobile = mobile_days(scenario, options, replications)?;
    let mobile_whole = mobile.is_some();
    let (mobile_rows, mobile_day) = mobile.unwrap_or_default();
    figures.rows.extend(mobile_rows);
    Ok(Outcome {
        figures,
        mobile_day,
        branches,
        outlets: told,
        warm_up: truncation.map(|found| found.warm_up),
        misses,
        minutes,
        days: Days::of(scenario, &populations, &mut blocks),
        partial: (replications < options.replications && !enough) || !mobile_whole,
        replications,
        events,
        customers,
        warnings,
    })
}

/// Thresholds in microseconds, ascending, the five minutes of `days.csv` among them.
fn thresholds(scenario: &Scenario) -> Vec<u64> {
    let asked = scenario.report.thresholds.iter().map(|span| span.0);
    let mut all: Vec<u64> = asked.chain([days::WITHIN.0]).collect();
    all.sort_unstable();
    all.dedup();
    all
}
