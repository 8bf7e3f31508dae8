//! What is accumulated while replications run. A day is gathered first and
//! folded into the totals at its end, so that an interrupted one leaves no trace
//! in the means; everything folded is an exact integer.

use super::booked::WaitsFromArrival;
use super::histogram::{BinNumber, Histogram, bin_of};
use super::moments::{Daily, Ratio, Spread};
use super::population::Populations;
use super::promise::{MissCounts, Promise};
use crate::engine::visitor::{Departure, Fate};
use crate::engine::{Absent, Ending, Engine, Observer};
use crate::plan::Plan;
use crate::source::Source;
use scenarios::figure::Figure;
use std::mem;

/// Figures of single customers, in this order: wait, service, review, system,
/// fallback, time in branch.
pub const CUSTOMER_FIGURES: usize = 6;
/// The first of them that counts abandoned customers in its shares.
pub const WAIT: usize = 0;
/// The last of them, which does, too.
pub const TIME_IN_BRANCH: usize = 5;

/// Counts of customers that most scenarios have no cause for.
pub const RARE: usize = 3;
/// Which figures they are.
pub const RARE_FIGURES: [Figure; RARE] = [Figure::Balked, Figure::TurnedAway, Figure::NoShows];
const BALKED: usize = 0;
const TURNED_AWAY: usize = 1;
const NO_SHOWS: usize = 2;

/// What all tallies of a run share.
#[derive(Debug)]
pub struct Frame<'run> {
    pub plan: &'run Plan,
    pub populations: &'run Populations,
    /// Microseconds, ascending.
    pub thresholds: &'run [u64],
    /// Position of the five minutes among the thresholds.
    pub five_minutes: usize,
    pub promise: Option<&'run Promise>,
}

/// One population's day.
#[derive(Debug, Clone, Copy, Default)]
struct DayCell {
    arrivals: u64,
    served: u64,
    abandoned: u64,
    abandoned_wait: u64,
    abandoned_within: u64,
    /// By [`RARE_FIGURES`].
    rare: [u64; RARE],
    fallback: u64,
    spreads: [Spread; CUSTOMER_FIGURES],
}

/// One plain population's day, as it is kept for paired comparisons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayRecord {
    pub arrivals: u64,
    pub served: u64,
    pub abandoned: u64,
    pub abandoned_wait: u64,
    pub abandoned_within: u64,
    pub sums: [u64; CUSTOMER_FIGURES],
    pub within: [u64; CUSTOMER_FIGURES],
}

/// One population over all days.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub arrivals: Daily,
    pub served: Daily,
    pub abandoned: Daily,
    /// By [`RARE_FIGURES`].
    pub rare: [Daily; RARE],
    pub fallback: Daily,
    pub spreads: [Spread; CUSTOMER_FIGURES],
    pub means: [Ratio; CUSTOMER_FIGURES],
    /// `[figure * thresholds + threshold]`
    pub within: Vec<Ratio>,
    /// Of the block for plain populations, else of the whole run.
    pub histograms: [Histogram; CUSTOMER_FIGURES],
}

/// One resource (or all together) over all days.
#[derive(Debug, Clone, Default)]
pub struct Use {
    pub queue: Daily,
    pub occupancy: Ratio,
    /// Each day's occupancy in billionths.
    pub occupancy_daily: Daily,
    pub rostered: Daily,
}

/// Everything of a run, or of the part of it that one thread went through.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    pub cells: Vec<Cell>,
    /// Each resource, then all together.
    pub uses: Vec<Use>,
    pub people: Daily,
    pub people_by_interval: Vec<Daily>,
    pub queue_by_interval: Vec<Daily>,
    pub overtime: Daily,
    pub from_arrival: WaitsFromArrival,
    pub misses: MissCounts,
    /// Days on which the promise was kept, of those on which it could be broken.
    pub days_kept: u64,
    pub days_promised: u64,
    pub days: u32,
    pub events: u64,
    pub customers: u64,
    pub unserved: u64,
    pub days_with_unserved: u64,
}

/// What a block of replications leaves that is not summed.
#[derive(Debug, Clone, Default)]
pub struct BlockRecord {
    /// `(replication, plain populations' records)`
    pub days: Vec<(u32, Vec<DayRecord>)>,
    /// `[plain population * figures + figure]`
    pub histograms: Vec<Vec<(BinNumber, u64)>>,
}

/// A thread's tally.
#[derive(Debug)]
pub struct Tally<'run> {
    frame: &'run Frame<'run>,
    totals: Totals,
    day: Vec<DayCell>,
    /// `[(cell * figures + figure) * thresholds + threshold]`
    day_within: Vec<u64>,
    /// `[cell * thresholds + threshold]`: abandoned after waiting longer.
    day_over: Vec<u64>,
    day_misses: MissCounts,
    day_unserved: u64,
    block: BlockRecord,
    found: Vec<usize>,
}

impl<'run> Tally<'run> {
    pub fn new(frame: &'run Frame<'run>) -> Self {
        let (cells, thresholds) = (frame.populations.len(), frame.thresholds.len());
        Self {
            frame,
            totals: Totals::new(frame),
            day: vec![DayCell::default(); cells],
            day_within: vec![0; cells * CUSTOMER_FIGURES * thresholds],
            day_over: vec![0; cells * thresholds],
            day_misses: MissCounts::default(),
            day_unserved: 0,
            block: BlockRecord::default(),
            found: Vec::new(),
        }
    }

    /// Gets ready for the next replication.
    pub fn start_day(&mut self) {
        self.day.fill(DayCell::default());
        self.day_within.fill(0);
        self.day_over.fill(0);
        self.day_misses = MissCounts::default();
        self.day_unserved = 0;
        self.totals.from_arrival.start_day();
    }

    /// Folds a finished replication into the totals.
    pub fn end_day<S: Source>(
        &mut self,
        replication: u32,
        engine: &Engine<'_, S>,
        ending: &Ending,
    ) {
        let thresholds = self.frame.thresholds.len();
        for (number, (day, cell)) in self.day.iter().zip(&mut self.totals.cells).enumerate() {
            cell.arrivals.add(day.arrivals);
            cell.served.add(day.served);
            cell.abandoned.add(day.abandoned);
            for (daily, count) in cell.rare.iter_mut().zip(day.rare) {
                daily.add(count);
            }
            cell.fallback.add(day.fallback);
            let over = &self.day_over[number * thresholds..(number + 1) * thresholds];
            for figure in 0..CUSTOMER_FIGURES {
                cell.spreads[figure].merge(&day.spreads[figure]);
                cell.means[figure].add(day.served, day.spreads[figure].sum as u64);
                for (threshold, over) in over.iter().enumerate() {
                    let within = self.day_within
                        [(number * CUSTOMER_FIGURES + figure) * thresholds + threshold];
                    let missed = if figure == WAIT || figure == TIME_IN_BRANCH {
                        *over
                    } else {
                        0
                    };
                    cell.within[figure * thresholds + threshold].add(day.served + missed, within);
                }
            }
        }
        self.totals.from_arrival.end_day();
        self.keep_day(replication);
        self.totals.fold_levels(engine, self.frame);
        self.totals
            .overtime
            .add(ending.last_left.saturating_sub(self.frame.plan.close));
        self.totals.misses.merge(&self.day_misses);
        let missed: u64 = self.day_misses.missed.iter().sum();
        let customers = self.day_misses.customers;
        let promise = self.frame.promise;
        if let Some(kept) = promise.and_then(|it| it.kept(customers, customers - missed)) {
            self.totals.days_promised += 1;
            self.totals.days_kept += u64::from(kept);
        }
        self.totals.days += 1;
        self.totals.events += ending.events;
        self.totals.customers += ending.customers;
        self.totals.unserved += self.day_unserved;
        self.totals.days_with_unserved += u64::from(self.day_unserved > 0);
    }

    fn keep_day(&mut self, replication: u32) {
        let thresholds = self.frame.thresholds.len();
        let five = self.frame.five_minutes;
        let records = (0..self.frame.populations.plain())
            .map(|number| {
                let day = &self.day[number];
                let within = |figure| {
                    self.day_within[(number * CUSTOMER_FIGURES + figure) * thresholds + five]
                };
                DayRecord {
                    arrivals: day.arrivals,
                    served: day.served,
                    abandoned: day.abandoned,
                    abandoned_wait: day.abandoned_wait,
                    abandoned_within: day.abandoned_within,
                    sums: day.spreads.map(|spread| spread.sum as u64),
                    within: std::array::from_fn(within),
                }
            })
            .collect();
        self.block.days.push((replication, records));
    }

    /// Hands over what the block has left and starts the next.
    pub fn end_block(&mut self) -> BlockRecord {
        let plain = self.frame.populations.plain();
        let mut block = mem::take(&mut self.block);
        block.histograms = self.totals.cells[..plain]
            .iter_mut()
            .flat_map(|cell| cell.histograms.iter_mut().map(Histogram::take))
            .collect();
        block
    }

    /// The totals of everything folded.
    pub fn into_totals(self) -> Totals {
        self.totals
    }
}

impl Observer for Tally<'_> {
    fn missed(&mut self, absent: &Absent) {
        let plan = self.frame.plan;
        let channel = plan.journeys[absent.journey as usize].channel;
        let mut found = mem::take(&mut self.found);
        self.frame.populations.of(
            channel,
            absent.service_id,
            absent.segment,
            absent.at,
            &mut found,
        );
        for &number in &found {
            self.day[number].rare[NO_SHOWS] += 1;
        }
        self.found = found;
    }

    fn departed(&mut self, departure: &Departure) {
        let frame = self.frame;
        let channel = frame.plan.journeys[departure.journey as usize].channel;
        let mut found = mem::take(&mut self.found);
        frame.populations.of(
            channel,
            departure.service_id,
            departure.segment,
            departure.arrived,
            &mut found,
        );
        let values = [
            departure.wait,
            departure.service,
            departure.review,
            departure.system,
            departure.fallback,
            departure.time_in_branch(),
        ];
        let bins = values.map(bin_of);
        let thresholds = frame.thresholds;
        let five_minutes = thresholds[frame.five_minutes];
        for &number in &found {
            let day = &mut self.day[number];
            day.arrivals += 1;
            match departure.fate {
                Fate::Unserved => {}
                Fate::Balked => day.rare[BALKED] += 1,
                Fate::Abandoned | Fate::TurnedAway => {
                    if departure.fate == Fate::TurnedAway {
                        day.rare[TURNED_AWAY] += 1;
                    } else {
                        day.abandoned += 1;
                        day.abandoned_wait += departure.wait;
                        day.abandoned_within += u64::from(departure.wait <= five_minutes);
                    }
                    for (over, threshold) in self.day_over[number * thresholds.len()..]
                        .iter_mut()
                        .zip(thresholds)
                    {
                        *over += u64::from(departure.wait > *threshold);
                    }
                }
                Fate::Served => {
                    day.served += 1;
                    day.fallback += u64::from(departure.fell_back);
                    let histograms = &mut self.totals.cells[number].histograms;
                    for figure in 0..CUSTOMER_FIGURES {
                        day.spreads[figure].add(values[figure]);
                        histograms[figure].add(bins[figure]);
                        let from = (number * CUSTOMER_FIGURES + figure) * thresholds.len();
                        for (within, threshold) in
                            self.day_within[from..].iter_mut().zip(thresholds)
                        {
                            *within += u64::from(values[figure] <= *threshold);
                        }
                    }
                }
            }
        }
        if frame.plan.books() && departure.fate == Fate::Served {
            let waits = &mut self.totals.from_arrival;
            waits.served(&found, departure.wait_from_arrival(), thresholds);
        }
        if let Some(promise) = frame.promise
            && found.contains(&promise.population)
        {
            promise.count(departure, &mut self.day_misses);
        }
        self.day_unserved += u64::from(departure.fate == Fate::Unserved);
        self.found = found;
    }
}

impl Totals {
    /// Totals of nothing yet.
    pub fn new(frame: &Frame<'_>) -> Self {
        let within = vec![Ratio::default(); CUSTOMER_FIGURES * frame.thresholds.len()];
        let cell = Cell {
            within,
            ..Cell::default()
        };
        let intervals = frame.populations.intervals;
        let booked = if frame.plan.books() {
            frame.populations.len()
        } else {
            0
        };
        Self {
            from_arrival: WaitsFromArrival::new(booked, frame.thresholds.len()),
            cells: vec![cell; frame.populations.len()],
            uses: vec![Use::default(); frame.plan.capacity.len() + 1],
            people_by_interval: vec![Daily::default(); intervals],
            queue_by_interval: vec![Daily::default(); intervals],
            ..Self::default()
        }
    }

    /// Adds what another thread has gone through.
    pub fn merge(&mut self, other: &mut Self) {
        for (cell, other) in self.cells.iter_mut().zip(&mut other.cells) {
            cell.arrivals.merge(&mut other.arrivals);
            cell.served.merge(&mut other.served);
            cell.abandoned.merge(&mut other.abandoned);
            for (daily, other) in cell.rare.iter_mut().zip(&mut other.rare) {
                daily.merge(other);
            }
            cell.fallback.merge(&mut other.fallback);
            for figure in 0..CUSTOMER_FIGURES {
                cell.spreads[figure].merge(&other.spreads[figure]);
                cell.means[figure].merge(&other.means[figure]);
                cell.histograms[figure].merge(&mut other.histograms[figure]);
            }
            cell.within
                .iter_mut()
                .zip(&other.within)
                .for_each(|(ratio, other)| ratio.merge(other));
        }
        for (used, other) in self.uses.iter_mut().zip(&mut other.uses) {
            used.queue.merge(&mut other.queue);
            used.occupancy.merge(&other.occupancy);
            used.occupancy_daily.merge(&mut other.occupancy_daily);
            used.rostered.merge(&mut other.rostered);
        }
        self.people.merge(&mut other.people);
        self.overtime.merge(&mut other.overtime);
        let intervals = self
            .people_by_interval
            .iter_mut()
            .zip(&mut other.people_by_interval);
        let queues = self
            .queue_by_interval
            .iter_mut()
            .zip(&mut other.queue_by_interval);
        intervals
            .chain(queues)
            .for_each(|(daily, other)| daily.merge(other));
        self.from_arrival.merge(&mut other.from_arrival);
        self.misses.merge(&other.misses);
        self.days_kept += other.days_kept;
        self.days_promised += other.days_promised;
        self.days += other.days;
        self.events += other.events;
        self.customers += other.customers;
        self.unserved += other.unserved;
        self.days_with_unserved += other.days_with_unserved;
    }

    fn fold_levels<S: Source>(&mut self, engine: &Engine<'_, S>, frame: &Frame<'_>) {
        let (mut all_busy, mut all_duty, mut all_rostered) = (0, 0, 0);
        let resources = frame.plan.capacity.len();
        for (used, pool) in self.uses.iter_mut().zip(engine.pools()) {
            let (busy, duty) = (
                micros(pool.busy_level.integral()),
                micros(pool.duty_level.integral()),
            );
            used.add(
                micros(pool.waiting_level.integral()),
                busy,
                duty,
                micros(pool.rostered_level.integral()),
            );
            all_busy += busy;
            all_duty += duty;
            all_rostered += micros(pool.rostered_level.integral());
        }
        self.uses[resources].add(
            micros(engine.waiting().integral()),
            all_busy,
            all_duty,
            all_rostered,
        );
        self.people.add(micros(engine.people().integral()));
        for (daily, integral) in self
            .people_by_interval
            .iter_mut()
            .zip(engine.people().by_interval())
        {
            daily.add(micros(*integral));
        }
        for (daily, integral) in self
            .queue_by_interval
            .iter_mut()
            .zip(engine.waiting().by_interval())
        {
            daily.add(micros(*integral));
        }
    }
}

impl Use {
    fn add(&mut self, queue: u64, busy: u64, duty: u64, rostered: u64) {
        self.queue.add(queue);
        self.occupancy.add(duty, busy);
        if duty > 0 {
            self.occupancy_daily
                .add((u128::from(busy) * 1_000_000_000 / u128::from(duty)) as u64);
        }
        self.rostered.add(rostered);
    }
}

fn micros(integral: u128) -> u64 {
    u64::try_from(integral).unwrap_or(u64::MAX)
}
