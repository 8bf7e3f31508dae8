//! Exact sums from which means, spreads and intervals are computed once, at the
//! end: integers, so that merging them in any order gives the same bytes.

use super::histogram::{Histogram, bin_of};

/// Adds up to the greatest number there is, at which the sum stays.
#[inline]
fn grow(sum: &mut u128, by: u128) {
    let (grown, is_over) = sum.overflowing_add(by);
    *sum = grown;
    if is_over {
        stay_at_most(sum);
    }
}

#[cold]
fn stay_at_most(sum: &mut u128) {
    *sum = u128::MAX;
}

/// Sums over days of a numerator and a denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// Denominator.
    pub n: u128,
    /// Numerator.
    pub s: u128,
    nn: u128,
    ns: u128,
    ss: u128,
}

/// Sums over days of a denominator that several ratios have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Denominator {
    n: u128,
    nn: u128,
}

impl Denominator {
    /// One more day.
    #[inline]
    pub fn add(&mut self, n: u64) {
        self.n += u128::from(n);
        grow(&mut self.nn, u128::from(n) * u128::from(n));
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: Self) {
        self.n += other.n;
        grow(&mut self.nn, other.nn);
    }
}

/// Sums over days of a numerator, and with its denominator's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numerator {
    s: u128,
    ns: u128,
    ss: u128,
}

impl Numerator {
    /// One more day; its denominator is counted apart.
    #[inline]
    pub fn add(&mut self, n: u64, s: u64) {
        if s == 0 {
            return;
        }
        let (n, s) = (u128::from(n), u128::from(s));
        self.s += s;
        grow(&mut self.ns, n * s);
        grow(&mut self.ss, s * s);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: Self) {
        self.s += other.s;
        grow(&mut self.ns, other.ns);
        grow(&mut self.ss, other.ss);
    }

    /// What is left of the denominator: each day's `n - s`.
    pub fn rest(&self, of: Denominator) -> Self {
        Self {
            s: of.n - self.s,
            ns: of.nn - self.ns,
            ss: of.nn + self.ss - 2 * self.ns,
        }
    }
}

/// An estimate with its 95% interval; the interval needs two days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
}

impl Ratio {
    /// A numerator over its denominator.
    pub fn of(denominator: Denominator, numerator: Numerator) -> Self {
        let Denominator { n, nn } = denominator;
        let Numerator { s, ns, ss } = numerator;
        Self { n, s, nn, ns, ss }
    }

    /// One more day.
    pub fn add(&mut self, n: u64, s: u64) {
        let (n, s) = (u128::from(n), u128::from(s));
        self.n += n;
        self.s += s;
        grow(&mut self.nn, n * n);
        grow(&mut self.ns, n * s);
        grow(&mut self.ss, s * s);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.s += other.s;
        self.nn = self.nn.saturating_add(other.nn);
        self.ns = self.ns.saturating_add(other.ns);
        self.ss = self.ss.saturating_add(other.ss);
    }

    /// Ratio of the sums over `days` days, with the interval of the ratio
    /// estimator: Student's t on the linearised days `s - R n`.
    pub fn estimate(&self, days: u32, t: Option<f64>) -> Option<Estimate> {
        if self.n == 0 {
            return None;
        }
        let (n, s) = (self.n as f64, self.s as f64);
        let value = s / n;
        let interval = t.filter(|_| days >= 2).map(|t| {
            let squares = self.squared_residuals();
            let d = f64::from(days);
            let half = t * (d / (d - 1.0) * squares).sqrt() / n;
            (value - half, value + half)
        });
        Some(Estimate { value, interval })
    }

    /// Sum over days of (s - R n)²: exact while the products fit, since equal
    /// days must have a spread of exactly zero.
    fn squared_residuals(&self) -> f64 {
        let exact = || {
            let square_n = self.n.checked_mul(self.n)?;
            let first = square_n.checked_mul(self.ss)?;
            let third = self.s.checked_mul(self.s)?.checked_mul(self.nn)?;
            let second = self
                .n
                .checked_mul(self.s)?
                .checked_mul(self.ns)?
                .checked_mul(2)?;
            let difference = first.checked_add(third)?.saturating_sub(second);
            Some(difference as f64 / square_n as f64)
        };
        exact().unwrap_or_else(|| {
            let ratio = self.s as f64 / self.n as f64;
            (self.ss as f64 - 2.0 * ratio * self.ns as f64 + ratio * ratio * self.nn as f64)
                .max(0.0)
        })
    }
}

/// Sums over single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    pub sum: u128,
    pub squares: u128,
    pub least: u64,
    pub greatest: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            sum: 0,
            squares: 0,
            least: u64::MAX,
            greatest: 0,
        }
    }
}

impl Spread {
    /// One more value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.sum += u128::from(value);
        grow(&mut self.squares, u128::from(value) * u128::from(value));
        // Extremes are rare: a branch that is foretold is quicker than a store.
        if value < self.least {
            self.least = value;
        }
        if value > self.greatest {
            self.greatest = value;
        }
    }

    /// More values, by their sum, the sum of their squares, and the least and the
    /// greatest.
    pub fn add_all(&mut self, sum: u64, squares: u128, (least, greatest): (u64, u64)) {
        self.sum += u128::from(sum);
        grow(&mut self.squares, squares);
        self.least = self.least.min(least);
        self.greatest = self.greatest.max(greatest);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    /// Standard deviation of the `count` values, from two on.
    pub fn standard_deviation(&self, count: u64) -> Option<f64> {
        if count < 2 {
            return None;
        }
        let n = u128::from(count);
        let exact = self
            .squares
            .checked_mul(n)
            .zip(self.sum.checked_mul(self.sum))
            .map(|(first, second)| first.saturating_sub(second) as f64 / count as f64);
        let squares = exact.unwrap_or_else(|| {
            let sum = self.sum as f64;
            (self.squares as f64 - sum * sum / count as f64).max(0.0)
        });
        Some((squares / (count - 1) as f64).sqrt())
    }
}

/// One whole number per day.
#[derive(Debug, Clone, Default)]
pub struct Daily {
    pub days: u64,
    pub spread: Spread,
    pub histogram: Histogram,
}

impl Daily {
    /// One more day.
    pub fn add(&mut self, value: u64) {
        self.days += 1;
        if value == 0 {
            self.spread.least = 0;
            self.histogram.add_zeros(1);
            return;
        }
        self.spread.add(value);
        self.histogram.add(bin_of(value));
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.days += other.days;
        self.spread.merge(&other.spread);
        self.histogram.merge(&other.histogram);
    }

    /// Mean per day with Student's t-interval.
    pub fn estimate(&self, t: Option<f64>) -> Option<Estimate> {
        if self.days == 0 {
            return None;
        }
        let days = self.days as f64;
        let value = self.spread.sum as f64 / days;
        let interval = t
            .zip(self.spread.standard_deviation(self.days))
            .map(|(t, deviation)| {
                (
                    value - t * deviation / days.sqrt(),
                    value + t * deviation / days.sqrt(),
                )
            });
        Some(Estimate { value, interval })
    }
}

/// The 97.5% quantile of the standard normal law.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// Wilson's 95% interval of a share of independent trials (JASA 22, 1927).
pub fn wilson(hits: u64, trials: u64) -> (f64, f64) {
    let (n, z) = (trials as f64, NORMAL_975);
    let share = hits as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    (
        ((middle - half) / whole).max(0.0),
        ((middle + half) / whole).min(1.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_interval_is_that_of_the_linearised_days() {
        let days = [(10_u64, 50_u64), (20, 110), (12, 57), (15, 90)];
        let mut ratio = Ratio::default();
        for (n, s) in days {
            ratio.add(n, s);
        }
        let value = 307.0 / 57.0;
        let squares: f64 = days
            .iter()
            .map(|(n, s)| (*s as f64 - value * *n as f64).powi(2))
            .sum();
        let half = 3.182_446 * (squares / 3.0).sqrt() / (57.0 / 4.0) / 2.0;
        let estimate = ratio.estimate(4, Some(3.182_446)).unwrap();
        let (low, high) = estimate.interval.unwrap();
        assert!((estimate.value - value).abs() < 1e-12);
        assert!((low - (value - half)).abs() < 1e-9 && (high - (value + half)).abs() < 1e-9);
    }

    #[test]
    fn what_is_left_of_each_day_has_the_ratio_of_the_rest() {
        let days = [(10_u64, 4_u64), (0, 0), (20, 20), (12, 0), (15, 9)];
        let (mut all, mut beyond, mut within) = <(Denominator, Numerator, Ratio)>::default();
        for (n, s) in days {
            all.add(n);
            beyond.add(n, s);
            within.add(n, n - s);
        }
        assert_eq!(Ratio::of(all, beyond.rest(all)), within);
    }

    #[test]
    fn equal_days_have_an_interval_of_no_width() {
        let mut ratio = Ratio::default();
        (0..10).for_each(|_| ratio.add(3, 1_000_000_007));
        let estimate = ratio.estimate(10, Some(2.0)).unwrap();
        assert_eq!(estimate.interval, Some((estimate.value, estimate.value)));
    }

    #[test]
    fn wilsons_interval_ends_at_the_ends_of_the_unit_interval() {
        assert!(wilson(0, 10).0 < 1e-12 && wilson(10, 10).1 > 1.0 - 1e-12);
    }
}
