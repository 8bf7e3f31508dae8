//! Quantiles of pooled observations, with intervals by resampling days.

use super::histogram::{BinNumber, middle_of};
use crate::keyed::finalise;

/// A quantile is told only when so many observations lie beyond it.
const LEAST_BEYOND: u64 = 10;
/// How often the days are resampled.
const RESAMPLES: u64 = 200;
/// Pooled observations are cut into so many cells at most: a quantile's interval
/// is found to a rank of one in so many.
const CELLS: u64 = 1000;

/// The observation of rank `ceil(q n)`, if ten observations lie beyond it.
pub fn quantile(bins: &[(BinNumber, u64)], q: f64) -> Option<f64> {
    let count: u64 = bins.iter().map(|(_, count)| count).sum();
    let rank = rank_of(q, count)?;
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

/// The 95% intervals of quantiles: 200 times, as many days as there are get
/// drawn with replacement (customers of one day are not independent) and the
/// quantile of their pooled customers is taken; 2.5% are left out on each side.
pub fn intervals(
    days: &[&[(BinNumber, u64)]],
    quantiles: &[f64],
    seed: u64,
) -> Vec<Option<(f64, f64)>> {
    let cells = Cells::new(days);
    let mut found: Vec<Vec<BinNumber>> = vec![Vec::new(); quantiles.len()];
    if days.len() < 2 || cells.ends.is_empty() {
        return vec![None; quantiles.len()];
    }
    let mut weights = vec![0_u64; days.len()];
    let mut state = seed;
    for _ in 0..RESAMPLES {
        weights.fill(0);
        for _ in 0..days.len() {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let day = (u128::from(finalise(state)) * days.len() as u128) >> 64;
            weights[day as usize] += 1;
        }
        let count = cells.weighed_count(cells.ends.len() - 1, &weights);
        for (q, values) in quantiles.iter().zip(&mut found) {
            let rank = ((q * count as f64 - 1e-9).ceil().max(0.0) as u64).clamp(1, count.max(1));
            values.push(cells.value_of_rank(rank, &weights));
        }
    }
    found.into_iter().map(middle_of_resamples).collect()
}

fn middle_of_resamples(mut values: Vec<BinNumber>) -> Option<(f64, f64)> {
    values.sort_unstable();
    let outside = values.len() / 40;
    let low = values.get(outside)?;
    let high = values.get(values.len().checked_sub(outside + 1)?)?;
    Some((middle_of(*low), middle_of(*high)))
}

/// Cumulative counts of each day up to the end of each cell.
struct Cells {
    ends: Vec<BinNumber>,
    /// `[cell][day]`
    cumulative: Vec<u64>,
    days: usize,
}

impl Cells {
    fn new(days: &[&[(BinNumber, u64)]]) -> Self {
        let mut pooled: Vec<u64> = Vec::new();
        for (bin, count) in days.iter().flat_map(|day| day.iter()) {
            let bin = usize::from(*bin);
            if pooled.len() <= bin {
                pooled.resize(bin + 1, 0);
            }
            pooled[bin] += count;
        }
        let most = pooled.iter().sum::<u64>().div_ceil(CELLS).max(1);
        let mut ends = Vec::new();
        let mut within = 0;
        let last = pooled.len().saturating_sub(1);
        for (bin, count) in pooled.iter().enumerate().filter(|(_, count)| **count > 0) {
            within += count;
            if within >= most || bin == last {
                ends.push(bin as BinNumber);
                within = 0;
            }
        }
        let mut cumulative = vec![0; ends.len() * days.len()];
        for (number, day) in days.iter().enumerate() {
            let (mut at, mut seen) = (0, 0);
            for (cell, end) in ends.iter().enumerate() {
                while let Some((_, count)) = day.get(at).filter(|(bin, _)| bin <= end) {
                    seen += count;
                    at += 1;
                }
                cumulative[cell * days.len() + number] = seen;
            }
        }
        Self {
            ends,
            cumulative,
            days: days.len(),
        }
    }

    fn weighed_count(&self, cell: usize, weights: &[u64]) -> u64 {
        let counts = &self.cumulative[cell * self.days..(cell + 1) * self.days];
        counts
            .iter()
            .zip(weights)
            .map(|(count, weight)| count * weight)
            .sum()
    }

    fn value_of_rank(&self, rank: u64, weights: &[u64]) -> BinNumber {
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
        let days: Vec<Vec<(BinNumber, u64)>> = (1..=500).map(|value| vec![(value, 1)]).collect();
        let days: Vec<&[(BinNumber, u64)]> = days.iter().map(Vec::as_slice).collect();
        let (low, high) = intervals(&days, &[0.5], 7)[0].unwrap();
        assert!(
            (low - 228.0).abs() < 8.0 && (high - 273.0).abs() < 8.0,
            "{low}–{high}"
        );
    }
}
