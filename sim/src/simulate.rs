//! Replications on threads, and what comes out of them.

use crate::days::{self, DayRow};
use crate::engine::express::{Express, Routes};
use crate::engine::levels::Stretch;
use crate::engine::stepping::Levels;
use crate::engine::{Ending, Engine, Observer};
use crate::error::SimError;
use crate::latency::OperationLatencies;
use crate::mobile::{self, MobileDay, Traffic};
use crate::plan::Plan;
use crate::region::{self, Outlets, RegionDay, RegionPlan};
use crate::source::Source;
use crate::statistics::population::Populations;
use crate::statistics::promise::Promise;
use crate::statistics::table::{Sources, quantiles, table};
use crate::statistics::tally::{BlockRecord, CUSTOMER_FIGURES, Frame, Tally};
use crate::statistics::totals::Totals;
use crate::steady;
use crate::streams::Streams;
use crate::until;
use scenarios::figure::{FigureRow, FigureTable};
use scenarios::model::{Journey, Label, Mobile, Random, Scenario};
use scenarios::summary::{self, Minutes, Misses};
use scenarios::time::Span;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

/// Days are resampled in at most so many blocks of consecutive days: what is
/// kept for intervals of quantiles does not grow with the number of days.
const MOST_BLOCKS: u32 = 256;
/// Replications between two looks at an interval that is to be narrow enough.
const ROUND: u32 = 64;

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
    pub days: Vec<DayRow>,
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
    let (mut totals, blocks, enough) = every_day(
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
        days: days::rows(scenario, &populations, &blocks),
        partial: (replications < options.replications && !enough) || !mobile_whole,
        replications,
        events,
        customers,
        warnings,
    })
}

/// Goes through all replications, of a region, or of one branch in the loop that fits.
fn every_day(
    which: Loop,
    frame: &Frame<'_>,
    scenario: &Scenario,
    options: &Options,
    region: Option<&RegionPlan<'_>>,
    progress: &dyn Progress,
    outlets: &mut Outlets,
) -> Result<(Totals, Vec<BlockRecord>, bool), SimError> {
    let plan = frame.plan;
    let routes = Routes::of(plan).filter(|_| which == Loop::Fitting);
    match (region, plan.random, &routes) {
        (Some(region), ..) => {
            let routes = region.routes(which);
            let make =
                |stretch, threads| RegionDay::new(region, &routes, stretch, Some(frame), threads);
            let division = Division::of_region(region);
            run_rounds(frame, scenario, options, &mut |round| {
                run_blocks(frame, &make, division, options, round, progress, outlets)
            })
        }
        (None, Random::Keyed, Some(routes)) => {
            let make = |stretch, _| ExpressDay::of(Express::new(plan, routes, stretch));
            let division = Division::Blocks;
            run_rounds(frame, scenario, options, &mut |round| {
                run_blocks(frame, &make, division, options, round, progress, outlets)
            })
        }
        (None, Random::Keyed, None) => {
            let make = |stretch, _| OneBranch::of(Engine::new(plan, stretch));
            let division = Division::Blocks;
            run_rounds(frame, scenario, options, &mut |round| {
                run_blocks(frame, &make, division, options, round, progress, outlets)
            })
        }
        (None, Random::Mrg32k3aStreams, _) => {
            let streams = Streams::new(options.seed);
            run_rounds(frame, scenario, options, &mut |round| {
                run_in_sequence(frame, &streams, options, round, progress)
            })
        }
    }
}

/// Goes through one replication of a branch in the loop that fits.
pub fn one_day<O: Observer>(
    which: Loop,
    plan: &Plan,
    stretch: Stretch,
    replication: u32,
    stop: Option<&AtomicBool>,
    observer: &mut O,
) -> Result<(), SimError> {
    let routes = Routes::of(plan).filter(|_| which == Loop::Fitting);
    match &routes {
        Some(routes) => Express::new(plan, routes, stretch).run(replication, stop, observer)?,
        None => Engine::new(plan, stretch).run(replication, stop, observer)?,
    };
    Ok(())
}

/// Thresholds in microseconds, ascending, the five minutes of `days.csv` among them.
fn thresholds(scenario: &Scenario) -> Vec<u64> {
    let asked = scenario.report.thresholds.iter().map(|span| span.0);
    let mut all: Vec<u64> = asked.chain([days::WITHIN.0]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What each branch of a region did on all days; of nothing else.
pub fn outlets_of(
    scenario: &Scenario,
    options: &Options,
    region: &RegionPlan<'_>,
    progress: &dyn Progress,
) -> Result<Outlets, SimError> {
    let mut plan = Plan::new(scenario, &options.latencies)?;
    plan.seed = options.seed;
    let populations = Populations::new(scenario, &plan);
    let thresholds = vec![days::WITHIN.0];
    let promise = Promise::of(scenario, &populations);
    let frame = Frame {
        plan: &plan,
        populations: &populations,
        thresholds: &thresholds,
        five_minutes: 0,
        promise: promise.as_ref(),
    };
    let routes = region.routes(Loop::Fitting);
    let make = |stretch, threads| RegionDay::new(region, &routes, stretch, Some(&frame), threads);
    let round = Round {
        replications: 0..options.replications,
        blocks: options.replications.min(MOST_BLOCKS),
    };
    let division = Division::of_region(region);
    let mut outlets = Outlets::default();
    run_blocks(
        &frame,
        &make,
        division,
        options,
        &round,
        progress,
        &mut outlets,
    )?;
    Ok(outlets)
}

/// The figures of the mobile bank's traffic on the first days, and the first of
/// them second by second; none if interrupted.
type MobileFigures = Option<(Vec<FigureRow>, Option<MobileDay>)>;

fn mobile_days(
    scenario: &Scenario,
    options: &Options,
    replications: u32,
) -> Result<MobileFigures, SimError> {
    let Some(mobile) = scenario.mobile.as_ref().filter(|mobile| mobile.days > 0) else {
        return Ok(Some((Vec::new(), None)));
    };
    let apps = Traffic::of(scenario, options.seed)?;
    let stop = options.stop.as_deref();
    let day = |replication: u32| {
        let counts = apps.iter();
        let mut counts = counts.map(|app| app.count(replication, options.threads, stop));
        let first = counts.next()??;
        counts.try_fold(first, |all, next| Some(all.join(&next?)))
    };
    let days: Option<Vec<_>> = (0..mobile.days.min(replications)).map(day).collect();
    Ok(days.map(|days| {
        let quantiles = quantiles(scenario);
        let operations = apps.iter().flat_map(|traffic| {
            let operations = traffic.operations().iter();
            operations.map(|operation| (traffic.app, *operation))
        });
        let told = mobile::Told {
            operations: operations.collect(),
            branches: branches_of_users(scenario, mobile),
            retries: mobile.retry.is_some(),
        };
        let rows = mobile::rows(&days, &told, &quantiles);
        (rows, days.first().map(MobileDay::of))
    }))
}

/// The branches whose active users are told one by one.
fn branches_of_users(scenario: &Scenario, mobile: &Mobile) -> Vec<String> {
    let region = scenario.region.as_ref();
    let told = region.filter(|it| !mobile.by_branch.is_empty() && it.len() <= it.told as usize);
    told.map_or_else(Vec::new, |region| region.names())
}

/// Consecutive replications run together.
struct Round {
    replications: Range<u32>,
    /// In so many blocks.
    blocks: u32,
}

/// What a round brings: its sums, and what is not summed of each block.
type Brought = Result<(Totals, Vec<BlockRecord>), SimError>;

/// All replications at once, or rounds of them until a mean is known well enough;
/// tells whether it is.
fn run_rounds(
    frame: &Frame<'_>,
    scenario: &Scenario,
    options: &Options,
    run: &mut dyn FnMut(&Round) -> Brought,
) -> Result<(Totals, Vec<BlockRecord>, bool), SimError> {
    let most = options.replications;
    let Some(until) = &scenario.run.until else {
        let round = Round {
            replications: 0..most,
            blocks: most.min(MOST_BLOCKS),
        };
        let (totals, blocks) = run(&round)?;
        return Ok((totals, blocks, false));
    };
    // So many blocks in all rounds as there are without rounds.
    let per_round = (MOST_BLOCKS / most.div_ceil(ROUND)).clamp(1, ROUND);
    let (mut totals, mut records) = (Totals::new(frame), Vec::new());
    let mut from = 0;
    while from < most {
        let to = most.min(from + ROUND);
        let round = Round {
            replications: from..to,
            blocks: per_round.min(to - from),
        };
        let (part, blocks) = run(&round)?;
        let interrupted = part.days < to - from;
        totals.merge(&part);
        records.extend(blocks);
        if interrupted {
            break;
        }
        if until::is_enough(until, frame, &totals) {
            return Ok((totals, records, true));
        }
        from = to;
    }
    Ok((totals, records, false))
}

/// What one thread brings back.
type Share = Result<(Totals, Vec<(u32, BlockRecord)>, Outlets), SimError>;

/// Whatever a replication is gone through in: one branch, or a region of them.
pub trait Day {
    /// Goes through one replication.
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError>;

    /// What was at work and waiting in it.
    fn levels(&self) -> &Levels;

    /// The replication counts.
    fn end_day(&mut self) {}

    /// What is told of each branch.
    fn into_outlets(self) -> Outlets
    where
        Self: Sized,
    {
        Outlets::default()
    }
}

/// A day of one branch.
struct OneBranch<'plan, S: Source> {
    engine: Engine<'plan, S>,
    levels: Levels,
}

impl<'plan, S: Source> OneBranch<'plan, S> {
    fn of(engine: Engine<'plan, S>) -> Self {
        Self {
            engine,
            levels: Levels::default(),
        }
    }
}

impl<S: Source> Day for OneBranch<'_, S> {
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let ending = self.engine.run(replication, stop, observer)?;
        self.levels.clear();
        self.levels.add(&self.engine);
        Ok(ending)
    }

    fn levels(&self) -> &Levels {
        &self.levels
    }
}

/// A day of one branch on the express loop.
struct ExpressDay<'plan> {
    express: Express<'plan>,
    levels: Levels,
}

impl<'plan> ExpressDay<'plan> {
    fn of(express: Express<'plan>) -> Self {
        Self {
            express,
            levels: Levels::default(),
        }
    }
}

impl Day for ExpressDay<'_> {
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let ending = self.express.run(replication, stop, observer)?;
        self.express.levels(&mut self.levels);
        Ok(ending)
    }

    fn levels(&self) -> &Levels {
        &self.levels
    }
}

/// A round on one thread, its replications in order, with random numbers that go on
/// from where the last one left them.
fn run_in_sequence<S: Source>(
    frame: &Frame<'_>,
    source: &S,
    options: &Options,
    round: &Round,
    progress: &dyn Progress,
) -> Brought {
    let (next, done) = (AtomicU32::new(0), AtomicU32::new(round.replications.start));
    let stretch = stretch_of(frame);
    let day = OneBranch::of(Engine::with(frame.plan, source, stretch));
    let (totals, records, _) = run_share(frame, day, options, round, (&next, &done), progress)?;
    Ok((
        totals,
        records.into_iter().map(|(_, record)| record).collect(),
    ))
}

fn stretch_of(frame: &Frame<'_>) -> Stretch {
    let plan = frame.plan;
    Stretch {
        from: plan.open.max(plan.counted_from),
        to: plan.close,
        interval: frame.populations.interval,
    }
}

/// What threads divide between them.
#[derive(Clone, Copy)]
enum Division {
    /// Blocks of replications.
    Blocks,
    /// The branches of each replication, where there are few blocks.
    Branches,
}

impl Division {
    fn of_region(region: &RegionPlan<'_>) -> Self {
        if region.region.interacts() {
            Self::Blocks
        } else {
            Self::Branches
        }
    }

    /// How many threads go through blocks side by side, and how many of them
    /// through each replication.
    fn of(self, threads: usize, blocks: u32) -> (usize, usize) {
        let (threads, blocks) = (threads.max(1), blocks.max(1) as usize);
        match self {
            // Fewer blocks would leave threads idle at the end.
            Self::Branches if blocks < 4 * threads => (1, threads),
            _ => (threads.min(blocks), 1),
        }
    }
}

fn run_blocks<D: Day>(
    frame: &Frame<'_>,
    make: &(impl Fn(Stretch, usize) -> D + Sync),
    division: Division,
    options: &Options,
    round: &Round,
    progress: &dyn Progress,
    outlets: &mut Outlets,
) -> Brought {
    let (threads, within) = division.of(options.threads, round.blocks);
    let (next, done) = (AtomicU32::new(0), AtomicU32::new(round.replications.start));
    let work = || {
        let day = make(stretch_of(frame), within);
        run_share(frame, day, options, round, (&next, &done), progress)
    };
    let shares: Vec<Share> = if threads == 1 {
        vec![work()]
    } else {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            handles
                .into_iter()
                .map(|handle| {
                    handle
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    };
    let mut totals = Totals::new(frame);
    let mut records = Vec::new();
    for share in shares {
        let (part, blocks, of_each) = share?;
        totals.merge(&part);
        records.extend(blocks);
        outlets.merge(&of_each);
    }
    records.sort_by_key(|(block, _)| *block);
    Ok((
        totals,
        records.into_iter().map(|(_, record)| record).collect(),
    ))
}

fn run_share<D: Day>(
    frame: &Frame<'_>,
    mut day: D,
    options: &Options,
    round: &Round,
    (next, done): (&AtomicU32, &AtomicU32),
    progress: &dyn Progress,
) -> Share {
    let stop = options.stop.as_deref();
    let stopped = || stop.is_some_and(|flag| flag.load(Ordering::Relaxed));
    let mut tally = Tally::new(frame);
    let mut records = Vec::new();
    loop {
        let block = next.fetch_add(1, Ordering::Relaxed);
        if block >= round.blocks || stopped() {
            break;
        }
        let replications = round.of(block);
        // Only a long replication that is a block of its own is interrupted within.
        let stop_within = stop.filter(|_| replications.len() == 1);
        let mut interrupted = false;
        for replication in replications {
            if stop_within.is_none() && stopped() {
                break;
            }
            tally.start_day();
            let ending = day.run(replication, stop_within, &mut tally)?;
            // Batches of a long run count as days; the last ends with it.
            records.extend((0..).zip(tally.take_batches()));
            interrupted = ending.interrupted;
            if interrupted {
                break;
            }
            let number = replication * frame.plan.batches + frame.plan.batches - 1;
            tally.end_day(number, day.levels(), &ending);
            day.end_day();
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress.replications_done(done, options.replications);
        }
        if interrupted {
            tally.forget_block();
        } else {
            records.push((block + frame.plan.batches - 1, tally.end_block()));
        }
    }
    Ok((tally.into_totals(), records, day.into_outlets()))
}

impl Round {
    /// The replications of a block: consecutive, and as many as of any other to one.
    fn of(&self, block: u32) -> Range<u32> {
        let count = u64::from(self.replications.end - self.replications.start);
        let cut = |number: u32| {
            let after = u64::from(number) * count / u64::from(self.blocks);
            self.replications.start + after as u32
        };
        cut(block)..cut(block + 1)
    }
}

fn minutes(frame: &Frame<'_>, totals: &Totals) -> Vec<Minutes> {
    (0..=frame.plan.channels.len())
        .map(|number| {
            let cell = &totals.cells[number];
            let customers = cell.served.spread.sum as u64;
            let means: [f64; CUSTOMER_FIGURES] = cell.spreads.map(|spread| {
                if customers == 0 {
                    0.0
                } else {
                    spread.sum as f64 / 1e6 / customers as f64
                }
            });
            let [wait, service, review, system, fallback, time_in_branch] = means;
            let channel = frame.populations.names[number].channel.clone();
            Minutes {
                channel: channel.unwrap_or_else(|| "*".to_owned()),
                customers,
                wait,
                service,
                review,
                system,
                fallback,
                time_in_branch,
            }
        })
        .collect()
}

/// Which latencies are the scenario's assumptions, because none were measured.
fn assumed_latencies(scenario: &Scenario, options: &Options) -> Option<Label> {
    let asked = |operation| {
        let mut steps = scenario.journeys.iter().flat_map(Journey::every_step);
        steps.any(|step| step.operation == Some(operation))
    };
    let assumed: Vec<&str> = scenario
        .latencies
        .iter()
        .filter(|(operation, _)| options.latencies.of(*operation).is_none() && asked(*operation))
        .map(|(operation, _)| operation.name())
        .collect();
    if assumed.is_empty() {
        return None;
    }
    Some(Label::new(
        format!(
            "the bank's latency is assumed, not measured, of: {}",
            assumed.join(", ")
        ),
        format!(
            "以下操作的核心系统响应时间为假设值，并非实测：{}",
            assumed.join("、")
        ),
    ))
}

fn warnings(totals: &Totals) -> Vec<Label> {
    let mut warnings = Vec::new();
    if totals.unserved > 0 {
        let (customers, on, days) = (totals.unserved, totals.days_with_unserved, totals.days);
        warnings.push(Label::new(
            format!(
                "{customers} customers on {on} of {days} days were still inside when nobody was left who could serve \
                 them; they count as arrivals, but neither as served nor as abandoned. Give the roster servers until \
                 the end of the day."
            ),
            format!(
                "{days} 天中有 {on} 天共 {customers} 名客户仍在店内时已无人可为其办理；这些客户计入到达，\
                 但既不计入已办理，也不计入中途离开。请把排班安排到当日结束。"
            ),
        ));
    }
    warnings
}
