//! Quantiles of pooled observations, with intervals by resampling days.

use super::histogram::{BinNumber, Histogram, middle_of};
use crate::keyed::finalise;
use statrs::distribution::{Binomial, DiscreteCDF};

/// A quantile is told only when so many observations lie beyond it.
const LEAST_BEYOND: u64 = 10;
/// How often the days are resampled.
const RESAMPLES: u64 = 200;
/// Pooled observations are cut into so many cells at most: a quantile's interval
/// is found to a rank of one in so many.
const CELLS: u64 = 1000;

/// The observation of rank `ceil(q n)`, if ten observations lie beyond it.
pub fn quantile(bins: &[(BinNumber, u64)], q: f64) -> Option<f64> {
    let rank = rank_of(q, count_of(bins))?;
    observation(bins, rank)
}

/// The 95% interval of a quantile of independent observations, from one of them to
/// another (Conover, Practical Nonparametric Statistics).
pub fn independent_interval(bins: &[(BinNumber, u64)], q: f64) -> Option<(f64, f64)> {
    let (low, high) = ranks(count_of(bins), q)?;
    Some((observation(bins, low)?, observation(bins, high)?))
}

/// The ranks between which the quantile of the law lies with a probability of 95%:
/// the 2.5% quantile of the number of observations below it, and one beyond the 97.5%
/// quantile of that number, if there are such observations.
pub(super) fn ranks(count: u64, q: f64) -> Option<(u64, u64)> {
    let below = Binomial::new(q, count).ok()?;
    let (low, high) = (below.inverse_cdf(0.025), below.inverse_cdf(0.975) + 1);
    (low >= 1 && high <= count).then_some((low, high))
}

fn count_of(bins: &[(BinNumber, u64)]) -> u64 {
    bins.iter().map(|(_, count)| count).sum()
}

/// The observation of a rank, from 1.
fn observation(bins: &[(BinNumber, u64)], rank: u64) -> Option<f64> {
    let mut seen = 0;
    bins.iter()
        .find(|(_, count)| {
            seen += count;
            seen >= rank
        })
        .map(|(bin, _)| middle_of(*bin))
}

fn rank_of(q: f64, count: u64) -> Option<u64> {
    // A rank that is whole but for rounding is that rank.
    let rank = ((q * count as f64 - 1e-9).ceil().max(0.0) as u64).max(1);
    let beyond = if q < 0.5 {
        rank - 1
    } else {
        count.saturating_sub(rank)
    };
    (beyond >= LEAST_BEYOND).then_some(rank)
}

/// What was observed of one population, by block of days.
pub struct Observations<'run> {
    blocks: Vec<Vec<&'run Histogram>>,
    bins: Vec<(BinNumber, u64)>,
}

impl<'run> Observations<'run> {
    /// The observations of each block, in one or several histograms.
    pub fn new(blocks: Vec<Vec<&'run Histogram>>) -> Self {
        let mut pooled = Histogram::default();
        for histogram in blocks.iter().flatten() {
            pooled.merge(histogram);
        }
        let bins = pooled.sorted();
        Self { blocks, bins }
    }

    /// The bins of all observations together and their counts, in order.
    pub fn bins(&self) -> &[(BinNumber, u64)] {
        &self.bins
    }

    /// The 95% intervals of quantiles: 200 times, as many blocks as there are get
    /// drawn with replacement (customers of one day are not independent) and the
    /// quantile of their pooled customers is taken; 2.5% are left out on each side.
    pub fn intervals(&self, quantiles: &[f64], seed: u64) -> Vec<Option<(f64, f64)>> {
        let blocks = self.blocks.len();
        if blocks < 2 || self.bins.is_empty() {
            return vec![None; quantiles.len()];
        }
        let cells = Cells::new(self);
        let mut found: Vec<Vec<BinNumber>> = vec![Vec::new(); quantiles.len()];
        let mut weights = vec![0.0; blocks];
        let mut state = seed;
        for _ in 0..RESAMPLES {
            weights.fill(0.0);
            for _ in 0..blocks {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let block = (u128::from(finalise(state)) * blocks as u128) >> 64;
                weights[block as usize] += 1.0;
            }
            let count = cells.weighed_count(cells.ends.len() - 1, &weights);
            for (q, values) in quantiles.iter().zip(&mut found) {
                let rank = (q * count - 1e-9).ceil().clamp(1.0, count.max(1.0));
                values.push(cells.value_of_rank(rank, &weights));
            }
        }
        found.into_iter().map(middle_of_resamples).collect()
    }
}

fn middle_of_resamples(mut values: Vec<BinNumber>) -> Option<(f64, f64)> {
    values.sort_unstable();
    let outside = values.len() / 40;
    let low = values.get(outside)?;
    let high = values.get(values.len().checked_sub(outside + 1)?)?;
    Some((middle_of(*low), middle_of(*high)))
}

/// Cumulative counts of each block up to the end of each cell; whole numbers far
/// below 2^53, so that their weighed sums are exact in any order.
struct Cells {
    ends: Vec<BinNumber>,
    /// `[cell][block]`
    cumulative: Vec<f64>,
    blocks: usize,
}

impl Cells {
    fn new(observations: &Observations<'_>) -> Self {
        let bins = &observations.bins;
        let all: u64 = bins.iter().map(|(_, count)| count).sum();
        let most = all.div_ceil(CELLS).max(1);
        let last = bins.last().map_or(0, |(bin, _)| *bin);
        let mut cell_of = vec![0_u16; usize::from(last) + 1];
        let mut ends = Vec::new();
        let mut within = 0;
        for (bin, count) in bins {
            cell_of[usize::from(*bin)] = ends.len() as u16;
            within += count;
            if within >= most || *bin == last {
                ends.push(*bin);
                within = 0;
            }
        }
        let blocks = observations.blocks.len();
        let mut cumulative = vec![0.0; ends.len() * blocks];
        for (number, block) in observations.blocks.iter().enumerate() {
            let mut counts = vec![0; ends.len()];
            for histogram in block {
                histogram.each(|bin, count| {
                    counts[usize::from(cell_of[usize::from(bin)])] += count;
                });
            }
            let mut seen = 0;
            for (cell, count) in counts.into_iter().enumerate() {
                seen += count;
                cumulative[cell * blocks + number] = seen as f64;
            }
        }
        Self {
            ends,
            cumulative,
            blocks,
        }
    }

    fn weighed_count(&self, cell: usize, weights: &[f64]) -> f64 {
        let counts = &self.cumulative[cell * self.blocks..(cell + 1) * self.blocks];
        let mut sums = [0.0; 4];
        let (counts, rest) = counts.as_chunks::<4>();
        let (weights, weights_rest) = weights.as_chunks::<4>();
        for (counts, weights) in counts.iter().zip(weights) {
            for lane in 0..4 {
                sums[lane] += counts[lane] * weights[lane];
            }
        }
        let rest = rest.iter().zip(weights_rest);
        sums.iter().sum::<f64>() + rest.map(|(count, weight)| count * weight).sum::<f64>()
    }

    fn value_of_rank(&self, rank: f64, weights: &[f64]) -> BinNumber {
        let (mut low, mut high) = (0, self.ends.len() - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.weighed_count(middle, weights) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        self.ends[low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_needs_ten_observations_beyond_it() {
        let bins: Vec<(BinNumber, u64)> = (1..=200).map(|value| (value, 1)).collect();
        assert_eq!(quantile(&bins, 0.5), Some(100.0));
        assert_eq!(quantile(&bins, 0.95), Some(190.0));
        assert_eq!(quantile(&bins, 0.951), None);
        assert_eq!(quantile(&bins, 0.99), None);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_interval_of_a_median_is_near_that_of_order_statistics() {
        // 500 independent days of one customer each: the exact 95% ranks are 228 and 273 (Conover).
        let days: Vec<Histogram> = (1..=500)
            .map(|value| {
                let mut day = Histogram::default();
                day.add(value);
                day
            })
            .collect();
        let observations = Observations::new(days.iter().map(|day| vec![day]).collect());
        let (low, high) = observations.intervals(&[0.5], 7)[0].unwrap();
        assert!(
            (low - 228.0).abs() < 8.0 && (high - 273.0).abs() < 8.0,
            "{low}–{high}"
        );
    }
}
