//! Times of one kind, in a histogram and exactly.

use hdrhistogram::{Counter, Histogram};

/// Longest time that is told apart from longer ones: 120 s, in microseconds.
pub const LONGEST_MICROS: u64 = 120_000_000;
/// A quantile is told only if so many samples lie beyond it.
const SAMPLES_BEYOND: f64 = 10.0;

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
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_MICROS, 3)
        .expect("1 to 120,000,000 with three digits are valid bounds")
}

/// Rounded up, so that nothing takes no time.
pub fn in_micros(nanos: u64) -> u64 {
    nanos.div_ceil(1000).max(1)
}

pub fn quantile<C: Counter>(histogram: &Histogram<C>, q: f64) -> Option<f64> {
    // A billionth of slack: 1 - .99 is not exact in binary.
    let beyond = histogram.len() as f64 * (1.0 - q) + 1e-9;
    (beyond >= SAMPLES_BEYOND).then(|| histogram.value_at_quantile(q) as f64 / 1e6)
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
