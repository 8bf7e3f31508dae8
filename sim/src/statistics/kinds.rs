//! Customers of one kind: of one channel, one service and one segment. Each
//! customer is counted in one place, by kind and interval; every population is a
//! sum of such places, taken when a day is over.

use super::histogram::{Histogram, bin_of};
use super::moments::Spread;
use super::population::Populations;
use super::tally::{BALKED, CUSTOMER_FIGURES, Cell, Frame, RARE, TURNED_AWAY};
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

/// Customers of a kind who came in one interval of a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    pub counts: Counts,
    /// Of those served, how many have more than nothing of a figure; only these
    /// are counted one by one.
    pub above_zero: [u64; CUSTOMER_FIGURES],
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
    pub plain: [usize; 4],
    pub by_interval: Vec<usize>,
    /// The day so far, by interval.
    pub day: Vec<Place>,
    /// Above zero and within a threshold: `[(interval * figures + figure) * thresholds + threshold]`
    pub within: Vec<u64>,
    /// Abandoned after waiting longer: `[interval * thresholds + threshold]`
    pub over: Vec<u64>,
    /// Of all finished days, by interval.
    pub spreads: Vec<[Spread; CUSTOMER_FIGURES]>,
    /// Of the block of days.
    pub histograms: [Histogram; CUSTOMER_FIGURES],
    /// Where the promise counts: nowhere, or in these intervals.
    promised: std::ops::Range<usize>,
}

impl Kind {
    pub fn new(number: usize, frame: &Frame<'_>) -> Self {
        let populations: &Populations = frame.populations;
        let intervals = populations.intervals.max(1);
        let thresholds = frame.thresholds.len();
        let plain = populations.plain_of(number);
        let by_interval = populations.by_interval_of(number);
        Self {
            number,
            promised: promised(number, frame),
            plain,
            by_interval,
            day: vec![Place::default(); intervals],
            within: vec![0; intervals * CUSTOMER_FIGURES * thresholds],
            over: vec![0; intervals * thresholds],
            spreads: vec![Default::default(); intervals],
            histograms: Default::default(),
        }
    }

    /// Counts what another has counted on the same day of customers of this kind.
    pub fn join(&mut self, part: &Self) {
        for (own, part) in self.day.iter_mut().zip(&part.day) {
            own.counts.add(&part.counts);
            for figure in 0..CUSTOMER_FIGURES {
                own.above_zero[figure] += part.above_zero[figure];
                own.spreads[figure].merge(&part.spreads[figure]);
            }
        }
        for (own, part) in [
            (&mut self.within, &part.within),
            (&mut self.over, &part.over),
        ] {
            own.iter_mut().zip(part).for_each(|(a, b)| *a += b);
        }
        for (own, part) in self.histograms.iter_mut().zip(&part.histograms) {
            own.merge(part);
        }
    }

    /// Whether the promise is about those who came in an interval.
    pub fn is_promised(&self, interval: usize) -> bool {
        self.promised.contains(&interval)
    }

    /// Forgets the day so far.
    pub fn clear_day(&mut self) {
        self.day.fill(Place::default());
        self.within.fill(0);
        self.over.fill(0);
    }

    /// Closes the day of those who came in an interval.
    pub fn end_day(&mut self, interval: usize) {
        let place = &mut self.day[interval];
        for (figure, above_zero) in place.above_zero.into_iter().enumerate() {
            let zeros = place.counts.served - above_zero;
            if zeros > 0 {
                place.spreads[figure].least = 0;
            }
            self.histograms[figure].add_zeros(zeros);
            self.spreads[interval][figure].merge(&place.spreads[figure]);
        }
    }

    /// Counts a customer who has left; `cells` are all populations' totals, of
    /// which those by interval have histograms.
    pub fn count(
        &mut self,
        interval: usize,
        departure: &Departure,
        frame: &Frame<'_>,
        cells: &mut [Cell],
    ) {
        let thresholds = frame.thresholds;
        let place = &mut self.day[interval];
        let counts = &mut place.counts;
        counts.arrivals += 1;
        match departure.fate {
            Fate::Served => {}
            Fate::Unserved => {
                counts.unserved += 1;
                return;
            }
            Fate::Balked => {
                counts.rare[BALKED] += 1;
                return;
            }
            Fate::Abandoned | Fate::TurnedAway => {
                let five_minutes = Span(thresholds[frame.five_minutes]);
                let waited = Span(departure.wait);
                let means = if departure.fate == Fate::TurnedAway {
                    let means = AbandonedCounts::ByThreshold;
                    counts.rare[TURNED_AWAY] += 1;
                    counts.turned_away_wait += departure.wait;
                    counts.turned_away_within += u64::from(!means.breaks(waited, five_minutes));
                    means
                } else {
                    let means = frame.plan.segments[usize::from(departure.segment)].abandoned;
                    counts.abandoned += 1;
                    counts.abandoned_wait += departure.wait;
                    counts.abandoned_within += u64::from(!means.breaks(waited, five_minutes));
                    means
                };
                let over = &mut self.over[interval * thresholds.len()..];
                for (over, threshold) in over.iter_mut().zip(thresholds) {
                    *over += u64::from(means.breaks(waited, Span(*threshold)));
                }
                return;
            }
        }
        counts.served += 1;
        counts.fallback += u64::from(departure.fell_back);
        let from = interval * CUSTOMER_FIGURES * thresholds.len();
        let within = &mut self.within[from..];
        let by_interval = self.by_interval.get(1..).unwrap_or_default();
        let figures = departure.figures();
        let places = place.above_zero.iter_mut().zip(&mut place.spreads);
        let places = places.zip(&mut self.histograms);
        let values = figures.iter().zip(places).enumerate();
        for (figure, (value, ((above_zero, spread), histogram))) in values {
            if *value == 0 {
                continue;
            }
            *above_zero += 1;
            spread.add(*value);
            let bin = bin_of(*value);
            histogram.add_above_zero(bin);
            // The total of an interval is the sum of its channels.
            for from in by_interval {
                cells[from + interval].histograms[figure].add_above_zero(bin);
            }
            let within = &mut within[figure * thresholds.len()..];
            for (within, threshold) in within.iter_mut().zip(thresholds) {
                *within += u64::from(*value <= *threshold);
            }
        }
    }
}
