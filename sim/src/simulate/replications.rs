//! Replications in rounds, rounds in blocks, blocks on threads.

use super::day::{Day, ExpressDay, OneBranch};
use super::{Loop, Options, Progress};
use crate::days;
use crate::engine::Engine;
use crate::engine::express::{Express, Routes};
use crate::engine::levels::Stretch;
use crate::error::SimError;
use crate::plan::Plan;
use crate::region::{Outlets, RegionDay, RegionPlan};
use crate::source::Source;
use crate::statistics::population::Populations;
use crate::statistics::promise::Promise;
use crate::statistics::tally::{BlockRecord, Frame, Tally};
use crate::statistics::totals::Totals;
use crate::streams::Streams;
use crate::until;
use scenarios::model::{Random, Scenario};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Days are resampled in at most so many blocks of consecutive days: what is
/// kept for intervals of quantiles does not grow with the number of days.
const MOST_BLOCKS: u32 = 256;
/// Replications between two looks at an interval that is to be narrow enough.
const ROUND: u32 = 64;

/// Goes through all replications, of a region, or of one branch in the loop that fits.
pub fn every_day(
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
