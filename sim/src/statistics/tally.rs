//! What is accumulated while replications run. A day is gathered first and
//! folded into the totals at its end, so that an interrupted one leaves no trace
//! in the means; everything folded is an exact integer.

use super::kinds::{Counts, Kind, Past, Place};
use super::observed::Observed;
use super::population::Populations;
use super::promise::{MissCounts, Promise};
use super::totals::{Beyond, Cell, Totals, counts_those_who_left};
use crate::engine::stepping::Levels;
use crate::engine::visitor::{Departure, Fate, Served};
use crate::engine::{Absent, Ending, Engine, Observer};
use crate::plan::Plan;
use crate::source::Source;
use scenarios::figure::Figure;
use std::mem;

/// Figures of single customers, in this order: wait, service, review, system,
/// fallback, time in branch.
pub const CUSTOMER_FIGURES: usize = 6;
pub const WAIT: usize = 0;
pub const SERVICE: usize = 1;
pub const REVIEW: usize = 2;
pub const SYSTEM: usize = 3;
pub const FALLBACK: usize = 4;
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
    sums: [u64; CUSTOMER_FIGURES],
}

impl DayCell {
    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            *sum += other;
        }
    }
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

/// What a block of replications leaves that is not summed.
#[derive(Debug, Clone, Default)]
pub struct BlockRecord {
    /// `(replication, plain populations' records)`
    pub days: Vec<(u32, Vec<DayRecord>)>,
    /// `(kind, what was observed of both sets of figures)`
    pub kinds: Vec<(usize, [Observed; 2])>,
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
    /// The same by what the engine calls alike.
    position_of_alike: Vec<u32>,
    /// The first kind of each journey's channel.
    kind_of_journey: Vec<usize>,
    /// Whether more is asked about customers than what is counted of each: whether
    /// they broke the promise, or how long they waited before an appointment.
    asks_more: bool,
    /// The interval in which the last customer came who came in one, where it
    /// begins and how long it is: most come in the same as the one before. Its length
    /// is zero if more is asked about them.
    interval: usize,
    interval_from: u64,
    interval_length: u64,
    /// Each population's day, when it is over.
    day: Vec<DayCell>,
    /// `[population * thresholds + threshold]`
    day_past: Vec<Past>,
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
        let journeys = frame.plan.journeys.iter();
        let kind_of_journey = journeys.map(|it| frame.populations.kind(it.channel, 0, 0));
        Self {
            frame,
            totals: Totals::new(frame),
            kinds: Vec::new(),
            position_of_kind: vec![NOT_YET; frame.populations.kinds()],
            position_of_alike: Vec::new(),
            kind_of_journey: kind_of_journey.collect(),
            asks_more: frame.promise.is_some() || frame.plan.books(),
            interval: 0,
            interval_from: 0,
            interval_length: 0,
            day: vec![DayCell::default(); cells],
            day_past: vec![Past::default(); cells * thresholds],
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
        self.day_past.fill(Past::default());
        self.day_misses = MissCounts::default();
        self.totals.from_arrival.start_day();
        self.day_unserved = 0;
    }

    /// Sums the day of each kind and interval into the populations' days.
    fn sum_day(&mut self) {
        let mut kinds = mem::take(&mut self.kinds);
        for kind in &mut kinds {
            kind.add_up_all(self.frame.thresholds, &mut self.totals.cells);
            for interval in 0..kind.day.len() {
                if kind.day[interval].counts.are_none() {
                    continue;
                }
                kind.end_day(interval, &mut self.totals.cells);
                self.day_unserved += kind.day[interval].counts.unserved;
                // The totals come first, and are the channels' together.
                for population in &kind.plain[1..] {
                    self.add_place(*population, kind, interval);
                }
                for from in kind.by_interval.iter().skip(1) {
                    self.add_place(from + interval, kind, interval);
                }
            }
        }
        self.kinds = kinds;
        let populations = self.frame.populations;
        for channel in populations.channels() {
            self.add_population(0, channel);
        }
        for interval in 0..populations.intervals {
            let (total, channels) = populations.total_of_interval(interval);
            for channel in channels {
                self.add_population(total, channel);
            }
        }
    }

    fn add_place(&mut self, population: usize, kind: &Kind, interval: usize) {
        let Place {
            counts, spreads, ..
        } = &kind.day[interval];
        let day = &mut self.day[population];
        day.counts.add(counts);
        for (sum, spread) in day.sums.iter_mut().zip(spreads) {
            *sum += spread.sum as u64;
        }
        let thresholds = self.frame.thresholds.len();
        let past = &kind.past[interval * thresholds..][..thresholds];
        let sums = &mut self.day_past[population * thresholds..];
        sums.iter_mut().zip(past).for_each(|(sum, it)| sum.add(it));
    }

    /// Adds one population's day to another's.
    fn add_population(&mut self, to: usize, from: usize) {
        let day = self.day[from];
        self.day[to].add(&day);
        for threshold in 0..self.frame.thresholds.len() {
            let past = self.day_past[from * self.frame.thresholds.len() + threshold];
            self.day_past[to * self.frame.thresholds.len() + threshold].add(&past);
        }
    }

    /// Folds a finished replication into the totals.
    pub fn end_day(&mut self, replication: u32, levels: &Levels, ending: &Ending) {
        self.sum_day();
        let thresholds = self.frame.thresholds.len();
        for (number, (day, cell)) in self.day.iter().zip(&mut self.totals.cells).enumerate() {
            let past = &self.day_past[number * thresholds..][..thresholds];
            fold(day, past, cell);
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
                let past = &self.day_past[number * thresholds + five].served;
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
                    within: past.map(|past| day.counts.served - past),
                }
            })
            .collect();
        self.block.days.push((replication, records));
    }

    /// Hands over what the block has left and starts the next.
    pub fn end_block(&mut self) -> BlockRecord {
        let mut block = mem::take(&mut self.block);
        let (kinds, cells) = (self.kinds.iter_mut(), &mut self.totals.cells);
        block.kinds = kinds
            .map(|kind| (kind.number, kind.end_block(cells)))
            .collect();
        block
    }

    /// Forgets the block, whose one replication was interrupted.
    pub fn forget_block(&mut self) {
        self.block = BlockRecord::default();
        self.kinds.iter_mut().for_each(Kind::forget_block);
    }

    /// Hands over the batches of the run that has ended, but for the last.
    pub fn take_batches(&mut self) -> Vec<BlockRecord> {
        mem::take(&mut self.batches)
    }

    /// The totals of everything folded.
    pub fn into_totals(mut self) -> Totals {
        for kind in self.kinds {
            for (interval, spreads) in kind.spreads.iter().enumerate() {
                let by_interval = kind.by_interval.iter().map(|from| from + interval);
                for population in by_interval.chain(kind.plain.iter().copied()) {
                    let cell = &mut self.totals.cells[population];
                    for (sum, spread) in cell.spreads.iter_mut().zip(spreads) {
                        sum.merge(spread);
                    }
                }
            }
            self.totals.kinds.push((kind.number, kind.pooled));
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

/// Folds one population's day.
fn fold(day: &DayCell, past: &[Past], cell: &mut Cell) {
    let served = day.counts.served;
    cell.arrivals.add(day.counts.arrivals);
    cell.served.add(served);
    cell.abandoned.add(day.counts.abandoned);
    for (daily, count) in cell.rare.iter_mut().zip(day.counts.rare) {
        daily.add(count);
    }
    cell.fallback.add(day.counts.fallback);
    cell.served_ones.add(served);
    for (mean, sum) in cell.means.iter_mut().zip(day.sums) {
        mean.add(served, sum);
    }
    let beyond = cell.beyond.iter_mut().zip(past);
    for (Beyond { asked, figures }, past) in beyond {
        let all = served + past.left;
        asked.add(all);
        for (figure, beyond) in figures.iter_mut().enumerate() {
            if counts_those_who_left(figure) {
                beyond.add(all, past.served[figure] + past.left);
            } else {
                beyond.add(served, past.served[figure]);
            }
        }
    }
}

impl Tally<'_> {
    /// The kind of a customer.
    #[inline]
    fn kind(&self, journey: u32, service: u16, segment: u16) -> usize {
        let kind = self.frame.populations.kind(0, service, segment);
        self.kind_of_journey[journey as usize] + kind
    }

    /// The interval in which somebody arrived; 0 where there are none.
    fn interval_of(&mut self, arrived: u64) -> usize {
        if arrived.wrapping_sub(self.interval_from) >= self.interval_length {
            self.look_for_interval(arrived);
        }
        self.interval
    }

    fn look_for_interval(&mut self, arrived: u64) {
        let populations = self.frame.populations;
        self.interval = populations.interval_of(arrived);
        let since_open = self.interval as u64 * populations.interval;
        self.interval_from = populations.open + since_open;
        // Where there are none, everybody comes in the same.
        self.interval_length = if self.asks_more {
            0
        } else if populations.intervals == 0 {
            u64::MAX
        } else {
            populations.interval
        };
    }

    /// Counts a customer of a kind who has left.
    #[inline(never)]
    fn count(&mut self, number: usize, departure: &Departure) {
        let position = self.position(number);
        let interval = self.interval_of(departure.arrived);
        if self.asks_more {
            self.count_more(position, interval, departure);
        }
        let cells = &mut self.totals.cells;
        self.kinds[position].count(interval, departure, self.frame, cells);
    }

    /// Counts a customer of one service and nothing else who comes in another interval
    /// than the one before, or of whom there is more to ask, or who is the first like it.
    #[inline(never)]
    fn count_served(&mut self, alike: u16, served: &Served) {
        let number = self.kind(served.journey, served.service_id, served.segment);
        self.count(number, &Departure::from(served));
        let alike = usize::from(alike);
        if self.position_of_alike.len() <= alike {
            self.position_of_alike.resize(alike + 1, NOT_YET);
        }
        self.position_of_alike[alike] = self.position_of_kind[number];
    }

    fn count_more(&mut self, position: usize, interval: usize, departure: &Departure) {
        let (frame, kind) = (self.frame, &self.kinds[position]);
        if let Some(promise) = frame.promise
            && kind.is_promised(interval)
        {
            let segment = &frame.plan.segments[usize::from(departure.segment)];
            promise.count(departure, segment.abandoned, &mut self.day_misses);
        }
        if frame.plan.books() && departure.fate == Fate::Served {
            let wait = departure.wait_from_arrival();
            let by_interval = kind.by_interval.iter().map(|from| from + interval);
            let populations = kind.plain.iter().copied().chain(by_interval);
            let waits = &mut self.totals.from_arrival;
            waits.served(populations, wait, frame.thresholds);
        }
    }

    fn count_rare(&mut self, figure: usize, who: &Absent) {
        let number = self.kind(who.journey, who.service_id, who.segment);
        let position = self.position(number);
        let interval = self.interval_of(who.at);
        self.kinds[position].day[interval].counts.rare[figure] += 1;
    }
}

impl Observer for Tally<'_> {
    fn part(&self) -> Option<Self> {
        // Batches end within a replication, and with them what is gathered of it.
        (self.frame.plan.batches == 1).then(|| Self::new(self.frame))
    }

    fn join(&mut self, part: Self) {
        let Self {
            kinds,
            mut totals,
            day_misses,
            ..
        } = part;
        for mut kind in kinds {
            kind.add_up_all(self.frame.thresholds, &mut totals.cells);
            let position = self.position(kind.number);
            self.kinds[position].join(&kind, &mut self.totals.cells);
        }
        for (cell, part) in self.totals.cells.iter_mut().zip(&totals.cells) {
            for (own, part) in cell.pooled.iter_mut().zip(&part.pooled) {
                own.merge(part);
            }
        }
        self.totals.from_arrival.join(&totals.from_arrival);
        self.day_misses.merge(&day_misses);
    }

    fn batch_ended<S: Source>(&mut self, engine: &Engine<'_, S>) {
        let mut levels = Levels::default();
        levels.add(engine);
        self.end_day(self.batches.len() as u32, &levels, &Ending::default());
        let block = self.end_block();
        self.batches.push(block);
        self.start_day();
    }

    /// Most come in the same interval as the one before: they go straight to their kind.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the express loop")]
    fn served(&mut self, alike: u16, served: &Served) {
        let position = self.position_of_alike.get(usize::from(alike));
        let kind = position.and_then(|position| self.kinds.get_mut(*position as usize));
        let since = served.arrived.wrapping_sub(self.interval_from);
        match kind {
            Some(kind) if since < self.interval_length => {
                let micros = [
                    served.begun - served.arrived,
                    served.left - served.begun,
                    served.left - served.arrived,
                ];
                let cells = &mut self.totals.cells;
                kind.count_usual(self.interval, micros, self.frame, cells);
            }
            _ => self.count_served(alike, served),
        }
    }

    /// Most are served and have nothing of the further figures, and come in the same
    /// interval as the one before: they go straight to their kind.
    #[inline]
    fn departed(&mut self, departure: &Departure) {
        let number = self.kind(departure.journey, departure.service_id, departure.segment);
        let position = self.position_of_kind[number] as usize;
        let since = departure.arrived.wrapping_sub(self.interval_from);
        let is_usual = departure.has_only_usual();
        match self.kinds.get_mut(position) {
            Some(kind) if is_usual && since < self.interval_length => {
                let cells = &mut self.totals.cells;
                kind.count_usual(self.interval, departure.usual(), self.frame, cells);
            }
            _ => self.count(number, departure),
        }
    }

    fn missed(&mut self, absent: &Absent) {
        self.count_rare(NO_SHOWS, absent);
    }

    fn goes_mobile(&mut self, _customer: u32, who: &Absent, _at: u64) {
        self.count_rare(TO_MOBILE, who);
    }
}
