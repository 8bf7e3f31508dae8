//! What is measured: times in histograms whose size does not depend on how many
//! operations there are, and counts.

use crate::fate::{Outcome, Tally};
use crate::histogram_files::Interval;
use crate::kind::Kind;
use hdrhistogram::{Counter, Histogram};
use std::collections::{BTreeMap, HashMap};

/// Longest time that is told apart from longer ones: 120 s, in microseconds.
const LONGEST_MICROS: u64 = 120_000_000;
/// A quantile is told only if so many samples lie beyond it.
const SAMPLES_BEYOND: f64 = 10.0;
/// When there are more slots than this, two neighbours become one: memory does not
/// grow with the length of a run.
const MOST_SLOTS: usize = 1200;

/// Times of one kind: three digits of each, and exact moments and shares.
#[derive(Debug, Clone)]
pub struct Times {
    histogram: Histogram<u64>,
    sum: u128,
    sum_of_squares: u128,
    least: u64,
    greatest: u64,
    /// Ascending thresholds in microseconds and how many lie within each.
    within: Vec<(u64, u64)>,
}

impl Times {
    /// None yet; `thresholds` in microseconds.
    pub fn new(thresholds: &[u64]) -> Self {
        Self {
            histogram: empty(),
            sum: 0,
            sum_of_squares: 0,
            least: u64::MAX,
            greatest: 0,
            within: thresholds.iter().map(|threshold| (*threshold, 0)).collect(),
        }
    }

    /// One time in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        let micros = in_micros(nanos);
        self.histogram.saturating_record(micros);
        self.sum += u128::from(micros);
        self.sum_of_squares += u128::from(micros) * u128::from(micros);
        self.least = self.least.min(micros);
        self.greatest = self.greatest.max(micros);
        for (threshold, count) in &mut self.within {
            *count += u64::from(micros <= *threshold);
        }
    }

    /// Adds other times; they were made with the same thresholds.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("all histograms have the same bounds");
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        for ((_, mine), (_, theirs)) in self.within.iter_mut().zip(&other.within) {
            *mine += theirs;
        }
    }

    /// Microseconds; beyond its bounds they count at the bound.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Mean in seconds.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum as f64 / count as f64 / 1e6)
    }

    /// Sample standard deviation in seconds.
    pub fn deviation(&self) -> Option<f64> {
        let count = self.count() as f64;
        if count < 2.0 {
            return None;
        }
        let sum = self.sum as f64;
        let squares = self.sum_of_squares as f64 - sum * sum / count;
        Some((squares.max(0.0) / (count - 1.0)).sqrt() / 1e6)
    }

    /// Least, in seconds.
    pub fn least(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.least as f64 / 1e6)
    }

    /// Greatest, in seconds; exact even beyond the histogram.
    pub fn greatest(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.greatest as f64 / 1e6)
    }

    /// Quantile in seconds; none when fewer than ten samples lie beyond it.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        quantile(&self.histogram, q).map(|seconds| seconds.min(self.greatest as f64 / 1e6))
    }

    /// Share within each threshold.
    pub fn shares(&self) -> impl Iterator<Item = (u64, Option<f64>)> + '_ {
        let count = self.count();
        self.within.iter().map(move |(threshold, within)| {
            (
                *threshold,
                (count > 0).then(|| *within as f64 / count as f64),
            )
        })
    }

    /// `(microseconds, count)` ascending.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.histogram
            .iter_recorded()
            .map(|step| {
                let value = self.histogram.median_equivalent(step.value_iterated_to());
                (value, step.count_at_value())
            })
            .collect()
    }
}

/// 1 µs to 120 s, three digits of each.
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_MICROS, 3)
        .expect("1 to 120,000,000 with three digits are valid bounds")
}

/// Rounded up, so that nothing takes no time.
fn in_micros(nanos: u64) -> u64 {
    nanos.div_ceil(1000).max(1)
}

fn quantile<C: Counter>(histogram: &Histogram<C>, q: f64) -> Option<f64> {
    // A billionth of slack: 1 - .99 is not exact in binary.
    let beyond = histogram.len() as f64 * (1.0 - q) + 1e-9;
    (beyond >= SAMPLES_BEYOND).then(|| histogram.value_at_quantile(q) as f64 / 1e6)
}

/// Latencies of one slot of seconds, to two digits.
#[derive(Debug, Clone)]
struct Slot {
    histogram: Histogram<u32>,
    /// That were to start in it.
    offered: u64,
    /// That ended in it with an answer.
    answered: u64,
    /// Of those, as they should.
    succeeded: u64,
}

impl Slot {
    fn new() -> Self {
        let mut histogram = Histogram::new_with_max(1000, 2).expect("1000 is a valid maximum");
        histogram.auto(true);
        Self {
            histogram,
            offered: 0,
            answered: 0,
            succeeded: 0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("a histogram that resizes itself takes any other");
        self.offered += other.offered;
        self.answered += other.answered;
        self.succeeded += other.succeeded;
    }
}

/// One slot of seconds as it is told. Rates are a second's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotRow {
    /// Its first second.
    pub second: u64,
    /// How many seconds it holds.
    pub seconds: u64,
    pub offered: u64,
    pub answered: u64,
    pub succeeded: u64,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

/// What one channel's operations of one kind came to.
#[derive(Debug, Clone)]
pub struct Measured {
    /// From the intended start to the end, of all that were answered or timed out.
    pub latency: Times,
    /// From being written to the end, of the same.
    pub service: Times,
    /// How they ended.
    pub tally: Tally,
    /// Those to which a whole answer came.
    pub answered: u64,
}

/// All measurements of a run.
#[derive(Debug, Clone)]
pub struct Book {
    thresholds: Vec<u64>,
    by_kind: BTreeMap<Kind, Measured>,
    /// Latency of all operations, so that watching costs no merging.
    pub latency_so_far: Times,
    /// Failed and timed out, warm-up included.
    pub errors_so_far: u64,
    /// Answered, warm-up included, and of those as they should.
    pub answered_so_far: u64,
    /// See `answered_so_far`.
    pub succeeded_so_far: u64,
    /// Of all operations, how late the generator itself was.
    pub lag: Times,
    /// How the operations of the warm-up ended.
    pub warm_up: Tally,
    /// What went wrong, by message.
    pub failures: HashMap<String, u64>,
    slot_seconds: u64,
    slots: BTreeMap<u64, Slot>,
    /// Latencies by kind since they were last taken, warm-up excluded.
    since_taken: BTreeMap<Kind, Histogram<u64>>,
}

/// One operation that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub kind: Kind,
    pub warm_up: bool,
    pub outcome: Outcome,
    /// A whole answer came.
    pub answered: bool,
    /// Nanoseconds from the start of the clock to the intended start.
    pub intended: Option<u64>,
    /// Nanoseconds.
    pub latency: Option<u64>,
    /// Nanoseconds.
    pub service: Option<u64>,
    /// Nanoseconds.
    pub lag: Option<u64>,
}

impl Book {
    /// Empty; `thresholds` in microseconds.
    pub fn new(thresholds: &[u64]) -> Self {
        Self {
            thresholds: thresholds.to_vec(),
            by_kind: BTreeMap::new(),
            latency_so_far: Times::new(&[]),
            errors_so_far: 0,
            answered_so_far: 0,
            succeeded_so_far: 0,
            lag: Times::new(&[]),
            warm_up: Tally::default(),
            failures: HashMap::new(),
            slot_seconds: 1,
            slots: BTreeMap::new(),
            since_taken: BTreeMap::new(),
        }
    }

    /// The latencies by kind since this was last asked, handed over and not copied: this is done
    /// where the pace is kept.
    pub fn take_interval(&mut self) -> Vec<Interval> {
        let taken = std::mem::take(&mut self.since_taken).into_iter();
        taken
            .map(|(kind, latencies)| Interval { kind, latencies })
            .collect()
    }

    /// Enters an operation that has ended.
    pub fn enter(&mut self, ended: &Ended) {
        let error = matches!(ended.outcome, Outcome::Failed | Outcome::TimedOut);
        self.errors_so_far += u64::from(error);
        self.answered_so_far += u64::from(ended.answered);
        self.succeeded_so_far += u64::from(ended.outcome == Outcome::Succeeded);
        if ended.warm_up {
            self.warm_up.add(ended.outcome);
            return;
        }
        let thresholds = &self.thresholds;
        let kind = ended.kind;
        let measured = self.by_kind.entry(kind).or_insert_with(|| Measured {
            latency: Times::new(thresholds),
            service: Times::new(thresholds),
            tally: Tally::default(),
            answered: 0,
        });
        measured.tally.add(ended.outcome);
        measured.answered += u64::from(ended.answered);
        if let Some(lag) = ended.lag {
            self.lag.record(lag);
        }
        // A quick failure would flatter the latency; it is counted among the errors.
        let timed = match ended.outcome {
            Outcome::Succeeded | Outcome::Refused | Outcome::TimedOut => true,
            Outcome::Failed | Outcome::NotSent | Outcome::Unknown => false,
        };
        if let (true, Some(latency)) = (timed, ended.latency) {
            measured.latency.record(latency);
            let since_taken = self.since_taken.entry(kind).or_insert_with(empty);
            since_taken.saturating_record(in_micros(latency));
            self.latency_so_far.record(latency);
            if let Some(service) = ended.service {
                measured.service.record(service);
            }
        }
        self.enter_slots(ended, timed);
    }

    /// Enters it at the second it was to start in, and its answer at the second it came.
    fn enter_slots(&mut self, ended: &Ended, timed: bool) {
        let Some(intended) = ended.intended else {
            return;
        };
        let slot = self.slot(intended);
        slot.offered += 1;
        if let (true, Some(latency)) = (timed, ended.latency) {
            let micros = latency.div_ceil(1000).clamp(1, LONGEST_MICROS);
            // To saturate would cut the value off instead of making room for it.
            let recorded = slot.histogram.record(micros);
            recorded.expect("a histogram that resizes itself takes up to 120 s");
        }
        if ended.answered {
            let slot = self.slot(intended.saturating_add(ended.latency.unwrap_or(0)));
            slot.answered += 1;
            slot.succeeded += u64::from(ended.outcome == Outcome::Succeeded);
        }
    }

    /// The slot of a moment, in nanoseconds from the start.
    fn slot(&mut self, nanos: u64) -> &mut Slot {
        let second = nanos / 1_000_000_000;
        let key = |of: u64| second / of * of;
        while self.slots.len() >= MOST_SLOTS && !self.slots.contains_key(&key(self.slot_seconds)) {
            self.slot_seconds *= 2;
            let wide = self.slot_seconds;
            let mut merged: BTreeMap<u64, Slot> = BTreeMap::new();
            for (second, slot) in std::mem::take(&mut self.slots) {
                merged
                    .entry(second / wide * wide)
                    .and_modify(|first| first.merge(&slot))
                    .or_insert(slot);
            }
            self.slots = merged;
        }
        self.slots
            .entry(key(self.slot_seconds))
            .or_insert_with(Slot::new)
    }

    /// One more failure of this kind.
    pub fn fail(&mut self, what: String) {
        // Messages come from a fixed set and from problem codes; a target that makes
        // up a new code each time must not fill the memory.
        let known = self.failures.len() < 1000 || self.failures.contains_key(&what);
        let name = if known { what } else { "others".to_owned() };
        *self.failures.entry(name).or_insert(0) += 1;
    }

    /// The measurements of each channel's operations.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, &Measured)> {
        self.by_kind
            .iter()
            .map(|(kind, measured)| (*kind, measured))
    }

    /// The measurements of those chosen, merged; none if there are none.
    pub fn merged(&self, choose: impl Fn(Kind) -> bool) -> Option<Measured> {
        let mut chosen = self
            .kinds()
            .filter(|(kind, _)| choose(*kind))
            .map(|(_, measured)| measured);
        let mut merged = chosen.next()?.clone();
        for measured in chosen {
            merged.latency.merge(&measured.latency);
            merged.service.merge(&measured.service);
            merged.tally.merge(&measured.tally);
            merged.answered += measured.answered;
        }
        Some(merged)
    }

    /// How all measured operations ended.
    pub fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for measured in self.by_kind.values() {
            all.merge(&measured.tally);
        }
        all
    }

    /// Latencies of the operations that were to start between two seconds.
    pub fn latencies_between(&self, from: u64, to: u64) -> Histogram<u32> {
        let mut all = Slot::new();
        for (second, slot) in &self.slots {
            if (from..to).contains(second) {
                all.merge(slot);
            }
        }
        all.histogram
    }

    /// Each slot, in order.
    pub fn seconds(&self) -> impl Iterator<Item = SlotRow> + '_ {
        self.slots.iter().map(|(second, slot)| {
            let histogram = &slot.histogram;
            SlotRow {
                second: *second,
                seconds: self.slot_seconds,
                offered: slot.offered,
                answered: slot.answered,
                succeeded: slot.succeeded,
                p50: quantile(histogram, 0.5),
                p99: quantile(histogram, 0.99),
                max: (!histogram.is_empty()).then(|| histogram.max() as f64 / 1e6),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 ms to 1000 ms, each once: mean 500.5 ms, variance (n² − 1)/12 · n/(n − 1).
    fn thousand() -> Times {
        let mut times = Times::new(&[250_000]);
        for milli in 1..=1000 {
            times.record(milli * 1_000_000);
        }
        times
    }

    #[test]
    fn moments_quantiles_and_shares_are_those_of_a_uniform_row() {
        let times = thousand();
        assert!((times.mean().unwrap() - 0.5005).abs() < 1e-12);
        let variance: f64 = (1e6 - 1.0) / 12.0 * 1000.0 / 999.0;
        assert!((times.deviation().unwrap() - variance.sqrt() / 1e3).abs() < 1e-9);
        assert!((times.quantile(0.9).unwrap() - 0.9).abs() < 0.9e-3);
        assert_eq!(times.shares().collect::<Vec<_>>(), [(250_000, Some(0.25))]);
    }

    #[test]
    fn a_quantile_with_nine_samples_beyond_it_is_not_told() {
        let mut times = Times::new(&[]);
        for _ in 0..999 {
            times.record(1000);
        }
        assert_eq!(times.quantile(0.99), None);
        times.record(1000);
        assert!(times.quantile(0.99).is_some());
    }

    fn success(second: u64) -> Ended {
        Ended {
            kind: Kind {
                channel: None,
                operation: 0,
            },
            warm_up: false,
            outcome: Outcome::Succeeded,
            answered: true,
            intended: Some(second * 1_000_000_000),
            latency: Some(2_000_000),
            service: None,
            lag: None,
        }
    }

    #[test]
    fn a_day_of_seconds_stays_in_few_slots_and_none_is_lost() {
        let mut book = Book::new(&[]);
        for second in 0..86_400 {
            book.enter(&success(second));
        }
        let slots: Vec<SlotRow> = book.seconds().collect();
        assert!(slots.len() <= MOST_SLOTS, "{}", slots.len());
        let sum = |of: fn(&SlotRow) -> u64| slots.iter().map(of).sum::<u64>();
        assert_eq!(sum(|slot| slot.offered), 86_400);
        assert_eq!(sum(|slot| slot.succeeded), 86_400);
        assert_eq!(slots[1].offered, slots[1].seconds);
    }

    #[test]
    fn a_slot_tells_long_latencies_as_they_are() {
        let mut book = Book::new(&[]);
        for part in 1..=100 {
            book.enter(&Ended {
                latency: Some(part * 10_000_000),
                ..success(3)
            });
        }
        let slot = book.seconds().next().unwrap();
        let (p50, max) = (slot.p50.unwrap(), slot.max.unwrap());
        assert!((0.49..0.51).contains(&p50), "{p50}");
        assert!((0.99..1.01).contains(&max), "{max}");
    }

    #[test]
    fn parts_merged_are_the_whole() {
        let (mut odd, mut even) = (Times::new(&[250_000]), Times::new(&[250_000]));
        for milli in 1..=1000 {
            let part = if milli % 2 == 0 { &mut even } else { &mut odd };
            part.record(milli * 1_000_000);
        }
        odd.merge(&even);
        let whole = thousand();
        assert_eq!(odd.counts(), whole.counts());
        assert_eq!(odd.mean(), whole.mean());
        assert_eq!(odd.deviation(), whole.deviation());
        assert_eq!(odd.least(), Some(0.001));
    }
}
