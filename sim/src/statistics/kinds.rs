//! Customers of one kind: of one channel, one service and one segment. Each
//! customer is counted in one place, by kind and interval; every population is a
//! sum of such places, taken when a day is over.
//!
//! What a day must be known by (counts, sums, who was within a threshold) is added
//! up when some hundred customers wait for it, figure by figure in tight loops; the
//! bins of their figures are kept as one line a customer, and lines are counted by
//! bin many at a time.

use super::histogram::bin_of;
use super::moments::Spread;
use super::observed::{FURTHER, Line, Observed, Observing, SETS, USUAL, Values};
use super::pooled::Pooled;
use super::population::Populations;
use super::tally::{BALKED, CUSTOMER_FIGURES, Frame, RARE, TURNED_AWAY};
use super::totals::Cell;
use crate::engine::visitor::{Departure, Fate};
use scenarios::model::AbandonedCounts;
use scenarios::time::Span;

/// What became of customers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub arrivals: u64,
    pub served: u64,
    pub abandoned: u64,
    pub abandoned_wait: u64,
    /// Those who do not break a promise of five minutes.
    pub abandoned_within: u64,
    pub turned_away_wait: u64,
    pub turned_away_within: u64,
    pub unserved: u64,
    /// By [`super::tally::RARE_FIGURES`].
    pub rare: [u64; RARE],
    pub fallback: u64,
}

impl Counts {
    /// Whether nobody came and nobody was expected in vain.
    pub fn are_none(&self) -> bool {
        self.arrivals == 0 && self.rare.iter().all(|count| *count == 0)
    }

    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.served += other.served;
        self.abandoned += other.abandoned;
        self.abandoned_wait += other.abandoned_wait;
        self.abandoned_within += other.abandoned_within;
        self.turned_away_wait += other.turned_away_wait;
        self.turned_away_within += other.turned_away_within;
        self.unserved += other.unserved;
        for (count, other) in self.rare.iter_mut().zip(other.rare) {
            *count += other;
        }
        self.fallback += other.fallback;
    }
}

/// Who went past one threshold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Past {
    /// Served, by figure: those who took longer.
    pub served: [u64; CUSTOMER_FIGURES],
    /// Those who left and break a promise of so long.
    pub left: u64,
}

impl Past {
    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, other) in self.served.iter_mut().zip(other.served) {
            *count += other;
        }
        self.left += other.left;
    }
}

/// Customers of a kind who came in one interval of a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    pub counts: Counts,
    /// Of those served, how many have something of the further figures; of the
    /// others these are zero, and not counted one by one.
    pub further: u64,
    pub spreads: [Spread; CUSTOMER_FIGURES],
}

/// In which intervals the promise is about customers of a kind.
pub fn promised(kind: usize, frame: &Frame<'_>) -> std::ops::Range<usize> {
    let populations = frame.populations;
    let intervals = populations.intervals.max(1);
    let Some(promise) = frame.promise else {
        return 0..0;
    };
    if populations.plain_of(kind).contains(&promise.population) {
        return 0..intervals;
    }
    let by_interval = populations.by_interval_of(kind);
    let mut at = by_interval.iter();
    at.find(|from| (**from..**from + intervals).contains(&promise.population))
        .map_or(0..0, |from| {
            promise.population - from..promise.population - from + 1
        })
}

/// Customers of one kind.
#[derive(Debug)]
pub struct Kind {
    pub number: usize,
    /// Its populations without interval, and its first ones by interval.
    pub plain: Vec<usize>,
    pub by_interval: Vec<usize>,
    /// The day so far, by interval.
    pub day: Vec<Place>,
    /// `[interval * thresholds + threshold]`
    pub past: Vec<Past>,
    /// Of all finished days, by interval.
    pub spreads: Vec<[Spread; CUSTOMER_FIGURES]>,
    /// The block of days so far.
    observing: [Observing; 2],
    /// Of all finished blocks.
    pub pooled: [Pooled; CUSTOMER_FIGURES],
    /// Where the promise counts: nowhere, or in these intervals.
    promised: std::ops::Range<usize>,
}

impl Kind {
    pub fn new(number: usize, frame: &Frame<'_>) -> Self {
        let populations: &Populations = frame.populations;
        let intervals = populations.intervals.max(1);
        let plain = populations.plain_of(number);
        let by_interval = populations.by_interval_of(number);
        Self {
            number,
            promised: promised(number, frame),
            plain,
            by_interval,
            day: vec![Place::default(); intervals],
            past: vec![Past::default(); intervals * frame.thresholds.len()],
            spreads: vec![Default::default(); intervals],
            observing: Default::default(),
            pooled: Default::default(),
        }
    }

    /// Counts what another, with nobody waiting to be added up, has counted on the same
    /// day of customers of this kind; what it has pooled by interval is left to be.
    pub fn join(&mut self, part: &Self, cells: &mut [Cell]) {
        for (own, part) in self.day.iter_mut().zip(&part.day) {
            own.counts.add(&part.counts);
            own.further += part.further;
            for (own, part) in own.spreads.iter_mut().zip(&part.spreads) {
                own.merge(part);
            }
        }
        for (own, part) in self.past.iter_mut().zip(&part.past) {
            own.add(part);
        }
        for set in [USUAL, FURTHER] {
            if part.observing[set].is_many() {
                let pooled = SETS[set].map(|figure| &self.pooled[figure]);
                self.observing[set].become_many(pooled);
                for figure in SETS[set] {
                    self.pooled[figure].merge(&part.pooled[figure]);
                }
            }
            self.observing[set].join(&part.observing[set]);
            if self.observing[set].is_full() {
                self.count_many(set, cells);
            }
        }
    }

    /// Whether the promise is about those who came in an interval.
    #[inline]
    pub fn is_promised(&self, interval: usize) -> bool {
        self.promised.contains(&interval)
    }

    /// Forgets the day so far.
    pub fn clear_day(&mut self) {
        self.observing
            .iter_mut()
            .for_each(Observing::forget_waiting);
        self.day.fill(Place::default());
        self.past.fill(Past::default());
    }

    /// Closes the day of those who came in an interval.
    pub fn end_day(&mut self, interval: usize, cells: &mut [Cell]) {
        let place = &mut self.day[interval];
        let without = place.counts.served - place.further;
        if without > 0 {
            self.observing[FURTHER].add_without(without);
            for figure in SETS[FURTHER] {
                place.spreads[figure].least = 0;
                self.pooled[figure].add_zeros(without);
                // The total of an interval is the sum of its channels.
                for from in self.by_interval.iter().skip(1) {
                    cells[from + interval].pooled[figure].add_zeros(without);
                }
            }
        }
        for (sum, spread) in self.spreads[interval].iter_mut().zip(&place.spreads) {
            sum.merge(spread);
        }
    }

    /// Counts a customer who has left; `cells` are all populations' totals.
    pub fn count(
        &mut self,
        interval: usize,
        departure: &Departure,
        frame: &Frame<'_>,
        cells: &mut [Cell],
    ) {
        if departure.fate != Fate::Served {
            self.count_unserved(interval, departure, frame);
            return;
        }
        if !departure.has_only_usual() {
            self.count_further(interval, departure, frame, cells);
        }
        self.count_usual(interval, departure.usual(), frame, cells);
    }

    /// Counts what every customer has who was served, in the order of [`SETS`].
    #[inline]
    pub fn count_usual(
        &mut self,
        interval: usize,
        micros: [u64; 3],
        frame: &Frame<'_>,
        cells: &mut [Cell],
    ) {
        let values = Values {
            interval: interval as u16,
            micros,
        };
        if self.observing[USUAL].wait(values) {
            self.add_up_usual(frame, cells);
        }
    }

    #[cold]
    fn add_up_usual(&mut self, frame: &Frame<'_>, cells: &mut [Cell]) {
        self.add_up::<USUAL>(frame.thresholds, cells);
    }

    fn count_further(
        &mut self,
        interval: usize,
        departure: &Departure,
        frame: &Frame<'_>,
        cells: &mut [Cell],
    ) {
        self.day[interval].counts.fallback += u64::from(departure.fell_back);
        let values = Values {
            interval: interval as u16,
            micros: [departure.review, departure.system, departure.fallback],
        };
        if self.observing[FURTHER].wait(values) {
            self.add_up::<FURTHER>(frame.thresholds, cells);
        }
    }

    /// Adds up everybody who waits for it.
    pub fn add_up_all(&mut self, thresholds: &[u64], cells: &mut [Cell]) {
        self.add_up::<USUAL>(thresholds, cells);
        self.add_up::<FURTHER>(thresholds, cells);
    }

    /// Adds up those of whom a set of figures waits for it.
    #[inline(never)]
    fn add_up<const SET: usize>(&mut self, thresholds: &[u64], cells: &mut [Cell]) {
        let observing = &mut self.observing[SET];
        let mut done = 0;
        while let Some((run, lines)) = observing.next_run(done) {
            let number = usize::from(run[0].interval);
            let place = &mut self.day[number];
            let count = run.len();
            if SET == USUAL {
                place.counts.arrivals += count as u64;
                place.counts.served += count as u64;
            } else {
                place.further += count as u64;
            }
            let past = &mut self.past[number * thresholds.len()..][..thresholds.len()];
            let extremes = [
                add_column::<0>(run, lines, SETS[SET][0], place, past, thresholds),
                add_column::<1>(run, lines, SETS[SET][1], place, past, thresholds),
                add_column::<2>(run, lines, SETS[SET][2], place, past, thresholds),
            ];
            for (column, (least, greatest)) in extremes.into_iter().enumerate() {
                observing.ranges_to(column, least, greatest);
            }
            done += count;
        }
        observing.forget_waiting();
        if observing.is_full() {
            self.count_many(SET, cells);
        }
    }

    fn count_unserved(&mut self, interval: usize, departure: &Departure, frame: &Frame<'_>) {
        let thresholds = frame.thresholds;
        let five_minutes = Span(thresholds[frame.five_minutes]);
        let waited = Span(departure.wait);
        let counts = &mut self.day[interval].counts;
        counts.arrivals += 1;
        let means = match departure.fate {
            Fate::Served => return,
            Fate::Unserved => {
                counts.unserved += 1;
                return;
            }
            Fate::Balked => {
                counts.rare[BALKED] += 1;
                return;
            }
            Fate::TurnedAway => {
                let means = AbandonedCounts::ByThreshold;
                counts.rare[TURNED_AWAY] += 1;
                counts.turned_away_wait += departure.wait;
                counts.turned_away_within += u64::from(!means.breaks(waited, five_minutes));
                means
            }
            Fate::Abandoned => {
                let means = frame.plan.segments[usize::from(departure.segment)].abandoned;
                counts.abandoned += 1;
                counts.abandoned_wait += departure.wait;
                counts.abandoned_within += u64::from(!means.breaks(waited, five_minutes));
                means
            }
        };
        let past = &mut self.past[interval * thresholds.len()..];
        for (past, threshold) in past.iter_mut().zip(thresholds) {
            past.left += u64::from(means.breaks(waited, Span(*threshold)));
        }
    }

    /// Counts by bin those of the block who are too many to be kept one by one.
    #[cold]
    fn count_many(&mut self, set: usize, cells: &mut [Cell]) {
        let pooled = SETS[set].map(|figure| &self.pooled[figure]);
        self.observing[set].become_many(pooled);
        self.pool(set, cells);
        self.observing[set].forget_lines();
    }

    /// Counts the lines of a set by bin: all together, and by interval.
    fn pool(&mut self, set: usize, cells: &mut [Cell]) {
        let (lines, ranges) = self.observing[set].lines();
        for (column, figure) in SETS[set].into_iter().enumerate() {
            self.pooled[figure].count(lines, column, ranges[column]);
        }
        // The total of an interval is the sum of its channels.
        let by_interval = self.by_interval.get(1..).unwrap_or_default();
        if by_interval.is_empty() {
            return;
        }
        for run in lines.chunk_by(|one, next| one.interval == next.interval) {
            for from in by_interval {
                let cell = &mut cells[from + usize::from(run[0].interval)];
                for (column, figure) in SETS[set].into_iter().enumerate() {
                    cell.pooled[figure].count(run, column, ranges[column]);
                }
            }
        }
    }

    /// Forgets the customers of the block that is going on.
    pub fn forget_block(&mut self) {
        for set in [USUAL, FURTHER] {
            let Some(before) = self.observing[set].forget() else {
                continue;
            };
            for (figure, histogram) in SETS[set].into_iter().zip(before.iter()) {
                self.pooled[figure].go_back_to(histogram);
            }
        }
    }

    /// Ends the block and hands over what was observed of both sets.
    pub fn end_block(&mut self, cells: &mut [Cell]) -> [Observed; 2] {
        [USUAL, FURTHER].map(|set| {
            self.pool(set, cells);
            let pooled = SETS[set].map(|figure| &self.pooled[figure]);
            self.observing[set].end(pooled)
        })
    }
}

/// Below this, 2^8 values and their squares add up without loss in 64 and 128 bits.
const SMALL: u64 = 1 << 55;

/// Adds one figure of customers who came in one interval, writes down their bins,
/// and gives the least and the greatest.
#[inline]
fn add_column<const COLUMN: usize>(
    run: &[Values],
    lines: &mut [Line],
    figure: usize,
    place: &mut Place,
    past: &mut [Past],
    thresholds: &[u64],
) -> (u64, u64) {
    let first = thresholds.first().copied().unwrap_or(u64::MAX);
    let (mut sum, mut squares, mut past_first) = (0_u64, 0_u128, 0);
    let (mut least, mut greatest) = (u64::MAX, 0);
    for (values, line) in run.iter().zip(lines) {
        let value = values.micros[COLUMN];
        sum = sum.wrapping_add(value);
        squares = squares.wrapping_add(u128::from(value) * u128::from(value));
        least = value.min(least);
        greatest = value.max(greatest);
        past_first += u64::from(value > first);
        line.bins[COLUMN] = bin_of(value);
    }
    let spread = &mut place.spreads[figure];
    if greatest < SMALL {
        spread.add_all(sum, squares, (least, greatest));
    } else {
        for values in run {
            spread.add(values.micros[COLUMN]);
        }
    }
    if let Some(past) = past.first_mut() {
        past.served[figure] += past_first;
    }
    for (past, threshold) in past.iter_mut().zip(thresholds).skip(1) {
        let longer = run.iter().filter(|it| it.micros[COLUMN] > *threshold);
        past.served[figure] += longer.count() as u64;
    }
    (least, greatest)
}
