//! Quantiles of pooled observations, with intervals by resampling days.

use super::histogram::{BinNumber, middle_of};
use super::observed::Observed;
use super::pooled::{ALL_BINS, for_every_bin};
use crate::keyed::finalise;
use statrs::distribution::{Binomial, DiscreteCDF};
use std::collections::BTreeMap;

/// A quantile is told only when so many observations lie beyond it.
const LEAST_BEYOND: u64 = 10;
/// How often the days are resampled.
const RESAMPLES: u64 = 200;
/// Pooled observations are cut into so many cells at most: a quantile's interval
/// is found to a rank of one in so many.
const CELLS: u64 = 1000;
/// There are no more cells than these: all but the last hold their share.
const MOST_CELLS: usize = 1024;
/// Blocks whose cells are counted at the same time: a line of the processor's memory.
const TOGETHER: usize = 8;
/// So often the cell of a rank is guessed from the last one looked at; then halving
/// finds it surely.
const LOOKS: u32 = 6;

/// The observation of rank `ceil(q n)`, if ten observations lie beyond it.
pub fn quantile(bins: &[(BinNumber, u64)], q: f64) -> Option<f64> {
    let rank = rank_of(q, count_of(bins))?;
    observation(bins, rank)
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

/// The ranks of quantiles of independent observations, each found once.
#[derive(Debug, Default)]
pub struct Ranks {
    known: BTreeMap<(u64, u64), Option<(u64, u64)>>,
}

impl Ranks {
    /// The 95% interval of a quantile of independent observations, from one of them
    /// to another (Conover, Practical Nonparametric Statistics).
    pub fn interval(&mut self, bins: &[(BinNumber, u64)], q: f64) -> Option<(f64, f64)> {
        let count = count_of(bins);
        let known = self.known.entry((count, q.to_bits()));
        let (low, high) = (*known.or_insert_with(|| ranks(count, q)))?;
        Some((observation(bins, low)?, observation(bins, high)?))
    }
}

/// What was observed of a figure in each block of days, one or several kinds of
/// customers in each.
pub type Blocks<'run> = Vec<Vec<&'run Observed>>;

/// What was observed of one figure of some customers, by block of days.
pub struct Observations<'room> {
    bins: Vec<(BinNumber, u64)>,
    cells: Cells<'room>,
}

/// Room for one figure's cells after the other: as much as a thousand cells of 256
/// blocks take, which one would not ask the system for anew each time.
pub struct Room {
    cell_of: Box<[u16; ALL_BINS]>,
    /// Of the blocks that are counted together, `[cell][block]`.
    counts: Vec<[u64; TOGETHER]>,
    cumulative: Vec<f64>,
}

impl Room {
    pub fn new() -> Self {
        Self {
            cell_of: for_every_bin(),
            counts: vec![[0; TOGETHER]; MOST_CELLS],
            cumulative: Vec::new(),
        }
    }
}

impl<'room> Observations<'room> {
    /// The observations of each block, of this figure of their set; `bins` are those
    /// of all together, in order.
    pub fn new(
        blocks: &Blocks<'_>,
        column: usize,
        bins: Vec<(BinNumber, u64)>,
        room: &'room mut Room,
    ) -> Self {
        let cells = Cells::new(blocks, column, &bins, room);
        Self { bins, cells }
    }

    /// The bins of all observations together and their counts, in order.
    pub fn bins(&self) -> &[(BinNumber, u64)] {
        &self.bins
    }

    /// The 95% intervals of quantiles: 200 times, as many blocks as there are get
    /// drawn with replacement (customers of one day are not independent) and the
    /// quantile of their pooled customers is taken; 2.5% are left out on each side.
    pub fn intervals(&self, quantiles: &[f64], seed: u64) -> Vec<Option<(f64, f64)>> {
        let (cells, blocks) = (&self.cells, self.cells.blocks);
        if blocks < 2 || self.bins.is_empty() {
            return vec![None; quantiles.len()];
        }
        if let [only] = cells.ends[..] {
            // Whichever blocks are drawn, every quantile is in the one cell.
            return vec![Some((middle_of(only), middle_of(only))); quantiles.len()];
        }
        let mut found: Vec<Vec<BinNumber>> = vec![Vec::new(); quantiles.len()];
        let mut guesses = vec![cells.ends.len() / 2; quantiles.len()];
        let (mut drawn, mut weights) = (vec![0_u32; blocks], vec![0.0; blocks]);
        let mut state = seed;
        for _ in 0..RESAMPLES {
            drawn.fill(0);
            for _ in 0..blocks {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let block = (u128::from(finalise(state)) * blocks as u128) >> 64;
                drawn[block as usize] += 1;
            }
            for (weight, times) in weights.iter_mut().zip(&drawn) {
                *weight = f64::from(*times);
            }
            let count = cells.weighed_count(cells.ends.len() - 1, &weights);
            for ((q, values), guess) in quantiles.iter().zip(&mut found).zip(&mut guesses) {
                let rank = (q * count - 1e-9).ceil().clamp(1.0, count.max(1.0));
                *guess = cells.cell_of_rank(rank, count, &weights, *guess);
                values.push(cells.ends[*guess]);
            }
        }
        found.into_iter().map(middle_of_resamples).collect()
    }
}

fn middle_of_resamples(mut values: Vec<BinNumber>) -> Option<(f64, f64)> {
    values.sort_unstable();
    // A further one would be below the k-th of n with a probability of k / (n + 1).
    let outside = ((values.len() + 1) / 40).checked_sub(1)?;
    let low = values.get(outside)?;
    let high = values.get(values.len().checked_sub(outside + 1)?)?;
    Some((middle_of(*low), middle_of(*high)))
}

/// Cumulative counts of each block up to the end of each cell; whole numbers far
/// below 2^53, so that their weighed sums are exact in any order.
struct Cells<'room> {
    ends: Vec<BinNumber>,
    /// `[cell][block]`
    cumulative: &'room [f64],
    blocks: usize,
}

impl<'room> Cells<'room> {
    fn new(
        observed: &Blocks<'_>,
        column: usize,
        bins: &[(BinNumber, u64)],
        room: &'room mut Room,
    ) -> Self {
        let all: u64 = bins.iter().map(|(_, count)| count).sum();
        let most = all.div_ceil(CELLS).max(1);
        let last = bins.last().map_or(0, |(bin, _)| *bin);
        let mut ends = Vec::new();
        let mut within = 0;
        for (bin, count) in bins {
            room.cell_of[usize::from(*bin)] = ends.len() as u16;
            within += count;
            if within >= most || *bin == last {
                ends.push(*bin);
                within = 0;
            }
        }
        let blocks = observed.len();
        if ends.len() > 1 {
            room.cumulative.resize(ends.len() * blocks, 0.0);
            room.count(observed, column, ends.len());
        }
        Self {
            ends,
            cumulative: &room.cumulative,
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

    /// The first cell up to whose end there are so many of the `count` observations.
    /// All cells have about as many: from any of them one can tell how far it is.
    fn cell_of_rank(&self, rank: f64, count: f64, weights: &[f64], guess: usize) -> usize {
        let (mut low, mut high) = (0, self.ends.len() - 1);
        let cells_each = self.ends.len() as f64 / count.max(1.0);
        let mut at = guess;
        let mut looks = 0;
        while low < high {
            at = at.clamp(low, high - 1);
            let seen = self.weighed_count(at, weights);
            // To the cell where it should be, or to the one before, which then shows it.
            let away = if seen >= rank {
                high = at;
                ((rank - seen) * cells_each).floor().min(-1.0)
            } else {
                low = at + 1;
                ((rank - seen) * cells_each).floor().max(1.0)
            };
            looks += 1;
            at = if looks < LOOKS {
                (at as f64 + away).max(0.0) as usize
            } else {
                usize::midpoint(low, high)
            };
        }
        low
    }
}

impl Room {
    /// Counts the observations of blocks by cell, some blocks at a time: what lies
    /// together is then written together.
    fn count(&mut self, observed: &Blocks<'_>, column: usize, cells: usize) {
        let Self {
            cell_of,
            counts,
            cumulative,
        } = self;
        for (number, together) in observed.chunks(TOGETHER).enumerate() {
            counts[..cells].fill([0; TOGETHER]);
            for (lane, block) in together.iter().enumerate() {
                for kind in block {
                    kind.each(column, |bin, count| {
                        let cell = usize::from(cell_of[usize::from(bin)]);
                        counts[cell % MOST_CELLS][lane] += count;
                    });
                }
            }
            let rows = cumulative.chunks_exact_mut(observed.len());
            let mut seen = [0; TOGETHER];
            for (row, counts) in rows.zip(&counts[..cells]) {
                let row = &mut row[number * TOGETHER..][..together.len()];
                for ((cumulative, seen), count) in row.iter_mut().zip(&mut seen).zip(counts) {
                    *seen += count;
                    *cumulative = *seen as f64;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::observed::Line;
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
        let day = |bin| {
            let bins = [0, bin, 0];
            Observed::Few(vec![Line { interval: 0, bins }], 0)
        };
        let days: Vec<Observed> = (1..=500).map(day).collect();
        let bins = (1..=500).map(|bin| (bin, 1)).collect();
        let blocks = days.iter().map(|day| vec![day]).collect();
        let mut room = Room::new();
        let observations = Observations::new(&blocks, 1, bins, &mut room);
        let (low, high) = observations.intervals(&[0.5], 7)[0].unwrap();
        assert!(
            (low - 228.0).abs() < 8.0 && (high - 273.0).abs() < 8.0,
            "{low}–{high}"
        );
    }
}
