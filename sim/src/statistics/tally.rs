//! What is accumulated while replications run. A day is gathered first and
//! folded into the totals at its end, so that an interrupted one leaves no trace
//! in the means; everything folded is an exact integer.

use super::booked::WaitsFromArrival;
use super::histogram::Histogram;
use super::kinds::{Counts, Kind, Place};
use super::moments::{Daily, Ratio, Spread};
use super::population::Populations;
use super::promise::{MissCounts, Promise};
use crate::engine::stepping::Levels;
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
pub const RARE: usize = 4;
/// Which figures they are.
pub const RARE_FIGURES: [Figure; RARE] = [
    Figure::Balked,
    Figure::TurnedAway,
    Figure::NoShows,
    Figure::TriedMobile,
];
pub const BALKED: usize = 0;
pub const TURNED_AWAY: usize = 1;
const NO_SHOWS: usize = 2;
const TO_MOBILE: usize = 3;

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
    counts: Counts,
    above_zero: [u64; CUSTOMER_FIGURES],
    sums: [u64; CUSTOMER_FIGURES],
}

/// One plain population's day, as it is kept for paired comparisons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayRecord {
    pub arrivals: u64,
    pub served: u64,
    pub abandoned: u64,
    pub abandoned_wait: u64,
    pub abandoned_within: u64,
    pub turned_away: u64,
    pub turned_away_wait: u64,
    pub turned_away_within: u64,
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
    /// Of populations by interval; the others' are told block by block.
    pub histograms: [Histogram; CUSTOMER_FIGURES],
}

/// One resource (or all together) over all days.
#[derive(Debug, Clone, Default)]
pub struct Use {
    pub queue: Daily,
    pub occupancy: Ratio,
    /// Each day's occupancy in billionths.
    pub occupancy_daily: Daily,
    /// In millionths of a yuan; of all together, with the customers' waiting.
    pub cost: Daily,
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
    /// Of each population that is plain, what its customers' waiting costs, in
    /// millionths of a yuan.
    pub waiting_costs: Vec<Daily>,
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
    /// `(kind, each figure's observations)`
    pub histograms: Vec<(usize, [Histogram; CUSTOMER_FIGURES])>,
}

/// A thread's tally.
#[derive(Debug)]
pub struct Tally<'run> {
    frame: &'run Frame<'run>,
    totals: Totals,
    /// Those kinds of customers that have come, in the order of their coming.
    kinds: Vec<Kind>,
    /// The position of each kind among those that have come.
    position_of_kind: Vec<u32>,
    /// Each population's day, when it is over.
    day: Vec<DayCell>,
    /// Above zero: `[(cell * figures + figure) * thresholds + threshold]`
    day_within: Vec<u64>,
    /// `[cell * thresholds + threshold]`: abandoned after waiting longer.
    day_over: Vec<u64>,
    day_misses: MissCounts,
    day_unserved: u64,
    block: BlockRecord,
    /// Batches of a long run that have ended.
    batches: Vec<BlockRecord>,
}

/// The position of a kind that has not come yet.
const NOT_YET: u32 = u32::MAX;

impl<'run> Tally<'run> {
    pub fn new(frame: &'run Frame<'run>) -> Self {
        let (cells, thresholds) = (frame.populations.len(), frame.thresholds.len());
        Self {
            frame,
            totals: Totals::new(frame),
            kinds: Vec::new(),
            position_of_kind: vec![NOT_YET; frame.populations.kinds()],
            day: vec![DayCell::default(); cells],
            day_within: vec![0; cells * CUSTOMER_FIGURES * thresholds],
            day_over: vec![0; cells * thresholds],
            day_misses: MissCounts::default(),
            day_unserved: 0,
            block: BlockRecord::default(),
            batches: Vec::new(),
        }
    }

    /// Gets ready for the next replication.
    pub fn start_day(&mut self) {
        self.kinds.iter_mut().for_each(Kind::clear_day);
        self.day.fill(DayCell::default());
        self.day_within.fill(0);
        self.day_over.fill(0);
        self.day_misses = MissCounts::default();
        self.totals.from_arrival.start_day();
        self.day_unserved = 0;
    }

    /// Sums the day of each kind and interval into the populations' days.
    fn sum_day(&mut self) {
        let mut kinds = std::mem::take(&mut self.kinds);
        for kind in &mut kinds {
            for interval in 0..kind.day.len() {
                let place = kind.day[interval];
                if place.counts.are_none() {
                    continue;
                }
                kind.end_day(interval);
                for (number, from) in kind.by_interval.iter().enumerate() {
                    self.add_place(from + interval, kind, interval, &place);
                    // The total's are the channels' together.
                    if number > 0 {
                        let cell = &mut self.totals.cells[from + interval];
                        for (figure, histogram) in cell.histograms.iter_mut().enumerate() {
                            histogram.add_zeros(place.counts.served - place.above_zero[figure]);
                        }
                    }
                }
                for population in kind.plain {
                    self.add_place(population, kind, interval, &place);
                }
                self.day_unserved += place.counts.unserved;
            }
        }
        self.kinds = kinds;
    }

    fn add_place(&mut self, population: usize, kind: &Kind, interval: usize, place: &Place) {
        let day = &mut self.day[population];
        day.counts.add(&place.counts);
        let thresholds = self.frame.thresholds.len();
        let over = &kind.over[interval * thresholds..][..thresholds];
        add_each(&mut self.day_over[population * thresholds..], over);
        for figure in 0..CUSTOMER_FIGURES {
            if place.above_zero[figure] == 0 {
                continue;
            }
            day.above_zero[figure] += place.above_zero[figure];
            day.sums[figure] += place.spreads[figure].sum as u64;
            let from = |number: usize| (number * CUSTOMER_FIGURES + figure) * thresholds;
            let within = &kind.within[from(interval)..][..thresholds];
            add_each(&mut self.day_within[from(population)..], within);
        }
    }

    /// Folds a finished replication into the totals.
    pub fn end_day(&mut self, replication: u32, levels: &Levels, ending: &Ending) {
        self.sum_day();
        let thresholds = self.frame.thresholds.len();
        for (number, (day, cell)) in self.day.iter().zip(&mut self.totals.cells).enumerate() {
            cell.arrivals.add(day.counts.arrivals);
            cell.served.add(day.counts.served);
            cell.abandoned.add(day.counts.abandoned);
            for (daily, count) in cell.rare.iter_mut().zip(day.counts.rare) {
                daily.add(count);
            }
            cell.fallback.add(day.counts.fallback);
            let over = &self.day_over[number * thresholds..(number + 1) * thresholds];
            for figure in 0..CUSTOMER_FIGURES {
                cell.means[figure].add(day.counts.served, day.sums[figure]);
                let zeros = day.counts.served - day.above_zero[figure];
                for (threshold, over) in over.iter().enumerate() {
                    let within = self.day_within
                        [(number * CUSTOMER_FIGURES + figure) * thresholds + threshold];
                    let missed = if figure == WAIT || figure == TIME_IN_BRANCH {
                        *over
                    } else {
                        0
                    };
                    cell.within[figure * thresholds + threshold]
                        .add(day.counts.served + missed, zeros + within);
                }
            }
        }
        self.totals.from_arrival.end_day();
        self.keep_day(replication);
        let waiting_cost = self.end_day_of_waiting();
        self.totals.fold_levels(levels, waiting_cost, self.frame);
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

    /// Counts what the day's waiting costs, of those who left in vain, too; tells that
    /// of all together.
    fn end_day_of_waiting(&mut self) -> u64 {
        let prices = &self.frame.plan.prices;
        let costs = self.day.iter().map(|day| {
            let counts = &day.counts;
            let in_vain = counts.abandoned_wait + counts.turned_away_wait;
            prices.of_waiting(day.sums[WAIT] + in_vain)
        });
        let plain = self.totals.waiting_costs.iter_mut();
        for (daily, cost) in plain.zip(costs.clone()) {
            daily.add(cost);
        }
        costs.take(1).sum()
    }

    fn keep_day(&mut self, replication: u32) {
        let thresholds = self.frame.thresholds.len();
        let five = self.frame.five_minutes;
        let records = (0..self.frame.populations.plain())
            .map(|number| {
                let day = &self.day[number];
                let within = |figure: usize| {
                    let above = (number * CUSTOMER_FIGURES + figure) * thresholds + five;
                    day.counts.served - day.above_zero[figure] + self.day_within[above]
                };
                DayRecord {
                    arrivals: day.counts.arrivals,
                    served: day.counts.served,
                    abandoned: day.counts.abandoned,
                    abandoned_wait: day.counts.abandoned_wait,
                    abandoned_within: day.counts.abandoned_within,
                    turned_away: day.counts.rare[TURNED_AWAY],
                    turned_away_wait: day.counts.turned_away_wait,
                    turned_away_within: day.counts.turned_away_within,
                    sums: day.sums,
                    within: std::array::from_fn(within),
                }
            })
            .collect();
        self.block.days.push((replication, records));
    }

    /// Hands over what the block has left and starts the next.
    pub fn end_block(&mut self) -> BlockRecord {
        let mut block = mem::take(&mut self.block);
        let kinds = self.kinds.iter_mut();
        block.histograms = kinds
            .map(|kind| (kind.number, kind.histograms.each_mut().map(Histogram::take)))
            .collect();
        block
    }

    /// Hands over the batches of the run that has ended, but for the last.
    pub fn take_batches(&mut self) -> Vec<BlockRecord> {
        mem::take(&mut self.batches)
    }

    /// The totals of everything folded.
    pub fn into_totals(mut self) -> Totals {
        let cells = &mut self.totals.cells;
        for kind in &self.kinds {
            for (interval, spreads) in kind.spreads.iter().enumerate() {
                let by_interval = kind.by_interval.iter().map(|from| from + interval);
                for population in by_interval.chain(kind.plain) {
                    for (sum, spread) in cells[population].spreads.iter_mut().zip(spreads) {
                        sum.merge(spread);
                    }
                }
            }
        }
        for interval in 0..self.frame.populations.intervals {
            let (total, channels) = self.frame.populations.total_of_interval(interval);
            for channel in channels {
                let histograms = cells[channel].histograms.clone();
                for (sum, histogram) in cells[total].histograms.iter_mut().zip(&histograms) {
                    sum.merge(histogram);
                }
            }
        }
        self.totals
    }

    /// The position of a kind, which may come for the first time.
    fn position(&mut self, kind: usize) -> usize {
        if self.position_of_kind[kind] == NOT_YET {
            self.position_of_kind[kind] = self.kinds.len() as u32;
            self.kinds.push(Kind::new(kind, self.frame));
        }
        self.position_of_kind[kind] as usize
    }
}

fn add_each(sums: &mut [u64], counts: &[u64]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

impl Tally<'_> {
    fn count_rare(&mut self, figure: usize, who: &Absent) {
        let populations = self.frame.populations;
        let channel = self.frame.plan.journeys[who.journey as usize].channel;
        let number = populations.kind(channel, who.service_id, who.segment);
        let position = self.position(number);
        let interval = populations.interval_of(who.at);
        self.kinds[position].day[interval].counts.rare[figure] += 1;
    }
}

impl Observer for Tally<'_> {
    fn part(&self) -> Option<Self> {
        // Batches end within a replication, and with them what is gathered of it.
        (self.frame.plan.batches == 1).then(|| Self::new(self.frame))
    }

    fn join(&mut self, part: Self) {
        for kind in &part.kinds {
            let position = self.position(kind.number);
            self.kinds[position].join(kind);
        }
        let cells = self.totals.cells.iter_mut().zip(&part.totals.cells);
        for (cell, part) in cells {
            for (own, part) in cell.histograms.iter_mut().zip(&part.histograms) {
                own.merge(part);
            }
        }
        self.totals.from_arrival.join(&part.totals.from_arrival);
        self.day_misses.merge(&part.day_misses);
    }

    fn batch_ended<S: Source>(&mut self, engine: &Engine<'_, S>) {
        let mut levels = Levels::default();
        levels.add(engine);
        self.end_day(self.batches.len() as u32, &levels, &Ending::default());
        let block = self.end_block();
        self.batches.push(block);
        self.start_day();
    }

    fn departed(&mut self, departure: &Departure) {
        let frame = self.frame;
        let channel = frame.plan.journeys[departure.journey as usize].channel;
        let populations = frame.populations;
        let number = populations.kind(channel, departure.service_id, departure.segment);
        let position = self.position(number);
        let interval = populations.interval_of(departure.arrived);
        let kind = &mut self.kinds[position];
        if let Some(promise) = frame.promise
            && kind.is_promised(interval)
        {
            let segment = &frame.plan.segments[usize::from(departure.segment)];
            promise.count(departure, segment.abandoned, &mut self.day_misses);
        }
        let cells = &mut self.totals.cells;
        kind.count(interval, departure, frame, cells);
        if frame.plan.books() && departure.fate == Fate::Served {
            let wait = departure.wait_from_arrival();
            let by_interval = kind.by_interval.iter().map(|from| from + interval);
            let populations = kind.plain.iter().copied().chain(by_interval);
            let waits = &mut self.totals.from_arrival;
            waits.served(populations, wait, frame.thresholds);
        }
    }

    fn missed(&mut self, absent: &Absent) {
        self.count_rare(NO_SHOWS, absent);
    }

    fn goes_mobile(&mut self, _customer: u32, who: &Absent, _at: u64) {
        self.count_rare(TO_MOBILE, who);
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
            waiting_costs: vec![Daily::default(); frame.populations.plain()],
            people_by_interval: vec![Daily::default(); intervals],
            queue_by_interval: vec![Daily::default(); intervals],
            ..Self::default()
        }
    }

    /// Adds what another thread has gone through.
    pub fn merge(&mut self, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.arrivals.merge(&other.arrivals);
            cell.served.merge(&other.served);
            cell.abandoned.merge(&other.abandoned);
            for (daily, other) in cell.rare.iter_mut().zip(&other.rare) {
                daily.merge(other);
            }
            cell.fallback.merge(&other.fallback);
            for figure in 0..CUSTOMER_FIGURES {
                cell.spreads[figure].merge(&other.spreads[figure]);
                cell.means[figure].merge(&other.means[figure]);
                cell.histograms[figure].merge(&other.histograms[figure]);
            }
            cell.within
                .iter_mut()
                .zip(&other.within)
                .for_each(|(ratio, other)| ratio.merge(other));
        }
        for (used, other) in self.uses.iter_mut().zip(&other.uses) {
            used.queue.merge(&other.queue);
            used.occupancy.merge(&other.occupancy);
            used.occupancy_daily.merge(&other.occupancy_daily);
            used.cost.merge(&other.cost);
        }
        let waiting = self.waiting_costs.iter_mut().zip(&other.waiting_costs);
        waiting.for_each(|(daily, other)| daily.merge(other));
        self.people.merge(&other.people);
        self.overtime.merge(&other.overtime);
        let intervals = self
            .people_by_interval
            .iter_mut()
            .zip(&other.people_by_interval);
        let queues = self
            .queue_by_interval
            .iter_mut()
            .zip(&other.queue_by_interval);
        intervals
            .chain(queues)
            .for_each(|(daily, other)| daily.merge(other));
        self.from_arrival.merge(&other.from_arrival);
        self.misses.merge(&other.misses);
        self.days_kept += other.days_kept;
        self.days_promised += other.days_promised;
        self.days += other.days;
        self.events += other.events;
        self.customers += other.customers;
        self.unserved += other.unserved;
        self.days_with_unserved += other.days_with_unserved;
    }

    fn fold_levels(&mut self, levels: &Levels, waiting_cost: u64, frame: &Frame<'_>) {
        let mut all = [0, 0, waiting_cost];
        let resources = frame.plan.capacity.len();
        let each = levels.pools.iter().zip(&levels.costs);
        for (used, (level, cost)) in self.uses.iter_mut().zip(each) {
            let [waiting, busy, duty, _] = level.map(micros);
            used.add(waiting, busy, duty, *cost);
            for (sum, level) in all.iter_mut().zip([busy, duty, *cost]) {
                *sum += level;
            }
        }
        self.uses[resources].add(micros(levels.waiting), all[0], all[1], all[2]);
        self.people.add(micros(levels.people));
        for (dailies, integrals) in [
            (&mut self.people_by_interval, &levels.people_by_interval),
            (&mut self.queue_by_interval, &levels.waiting_by_interval),
        ] {
            for (daily, integral) in dailies.iter_mut().zip(integrals) {
                daily.add(micros(*integral));
            }
        }
    }
}

impl Use {
    fn add(&mut self, queue: u64, busy: u64, duty: u64, cost: u64) {
        self.queue.add(queue);
        self.occupancy.add(duty, busy);
        if duty > 0 {
            self.occupancy_daily
                .add((u128::from(busy) * 1_000_000_000 / u128::from(duty)) as u64);
        }
        self.cost.add(cost);
    }
}

fn micros(integral: u128) -> u64 {
    u64::try_from(integral).unwrap_or(u64::MAX)
}
