//! Counts by bin of observations that come in masses: once there are many, one
//! count for every bin there could be, so that counting is an increment without a
//! look at where. Only the bins that are met take memory: the system gives pages
//! when they are first written to.

use super::histogram::{BinNumber, Histogram};
use super::observed::Line;

/// One for every bin number.
const ALL_BINS: usize = 1 << BinNumber::BITS;
/// So many observations are kept as a list.
const MOST_FEW: usize = 1 << 12;

type Counts = Box<[u64; ALL_BINS]>;

/// Counts of pooled observations by bin.
#[derive(Debug, Clone, Default)]
pub struct Pooled {
    /// Bins, in any order; none once there are counts.
    few: Vec<BinNumber>,
    many: Option<Counts>,
    /// The least bin above zero and the greatest that may have counts.
    first: BinNumber,
    last: BinNumber,
    zeros: u64,
}

impl Pooled {
    /// Counts so many zeros.
    pub fn add_zeros(&mut self, count: u64) {
        self.zeros += count;
    }

    /// Counts one figure of some customers, whose bins above zero are in this range.
    pub fn count(&mut self, lines: &[Line], column: usize, range: (BinNumber, BinNumber)) {
        if self.many.is_none() && self.few.len() + lines.len() <= MOST_FEW {
            self.few.extend(lines.iter().map(|line| line.bins[column]));
            return;
        }
        let counts = self.counts(range);
        let (fours, rest) = lines.as_chunks::<4>();
        for four in fours {
            for line in four {
                counts[usize::from(line.bins[column])] += 1;
            }
        }
        for line in rest {
            counts[usize::from(line.bins[column])] += 1;
        }
    }

    /// The counts, which are about to grow within this range.
    fn counts(&mut self, range: (BinNumber, BinNumber)) -> &mut Counts {
        if self.many.is_none() {
            self.first = BinNumber::MAX;
        }
        self.first = self.first.min(range.0);
        self.last = self.last.max(range.1);
        let counts = self.many.get_or_insert_with(for_every_bin);
        for bin in std::mem::take(&mut self.few) {
            counts[usize::from(bin)] += 1;
            if bin > 0 {
                self.first = self.first.min(bin);
                self.last = self.last.max(bin);
            }
        }
        counts
    }

    /// Counts everything that another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        if self.many.is_none()
            && other.many.is_none()
            && self.few.len() + other.few.len() <= MOST_FEW
        {
            self.few.extend(&other.few);
            return;
        }
        let range = if other.many.is_some() {
            (other.first, other.last)
        } else {
            let above = other.few.iter().copied().filter(|bin| *bin > 0);
            let (first, last) = (above.clone().min(), above.max());
            (first.unwrap_or(BinNumber::MAX), last.unwrap_or(0))
        };
        let counts = self.counts(range);
        for bin in &other.few {
            counts[usize::from(*bin)] += 1;
        }
        let Some(others) = &other.many else { return };
        counts[0] += others[0];
        let range = usize::from(range.0)..(usize::from(range.1) + 1).max(usize::from(range.0));
        for (count, other) in counts[range.clone()].iter_mut().zip(&others[range]) {
            *count += other;
        }
    }

    /// The same as one histogram.
    pub fn to_histogram(&self) -> Histogram {
        let Some(counts) = &self.many else {
            let mut histogram = Histogram::default();
            histogram.add_zeros(self.zeros);
            self.few.iter().for_each(|bin| histogram.add(*bin));
            return histogram;
        };
        let range = usize::from(self.first)..(usize::from(self.last) + 1).max(self.first.into());
        let counted = counts[range].to_vec();
        Histogram::of_counts(self.zeros + counts[0], self.first, counted)
    }

    /// What has been counted since then.
    pub fn since(&self, then: &Histogram) -> Histogram {
        let mut since = self.to_histogram();
        since.take_away(then);
        since
    }

    /// Counts what this histogram has counted, and nothing else.
    pub fn go_back_to(&mut self, histogram: &Histogram) {
        *self = Self::default();
        let (mut first, mut last) = (BinNumber::MAX, 0);
        histogram.each(|bin, _| {
            first = first.min(bin.max(1));
            last = last.max(bin);
        });
        let counts = self.counts((first, last));
        histogram.each(|bin, count| counts[usize::from(bin)] += count);
    }

    /// The bins that numbers fell into and their counts, in order.
    pub fn sorted(&self) -> Vec<(BinNumber, u64)> {
        self.to_histogram().sorted()
    }
}

/// Something for every bin there could be, which takes memory where it is written to.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "it is too large for the stack"
)]
pub(super) fn for_every_bin<T: Copy + Default + std::fmt::Debug>() -> Box<[T; ALL_BINS]> {
    // Through a vector, whose zeros the system gives without writing them.
    let all = vec![T::default(); ALL_BINS].into_boxed_slice();
    all.try_into().expect("there are as many as bins")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many customers, some of whom have nothing.
    fn lines(count: u64, seed: u64) -> Vec<Line> {
        let bin = |number: u64| {
            let mixed = crate::keyed::finalise(number ^ (seed << 32));
            if mixed.is_multiple_of(3) {
                0
            } else {
                (mixed >> 50) as BinNumber + 1
            }
        };
        (0..count)
            .map(|number| Line {
                interval: 0,
                bins: [bin(number), 0, bin(number + count)],
            })
            .collect()
    }

    /// The range of the bins above zero of a figure.
    fn range(lines: &[Line], column: usize) -> (BinNumber, BinNumber) {
        let above = lines.iter().map(|line| line.bins[column]);
        let above = above.filter(|bin| *bin > 0);
        let (first, last) = (above.clone().min(), above.max());
        (first.unwrap_or(BinNumber::MAX), last.unwrap_or(0))
    }

    fn naive(lines: &[&[Line]], column: usize) -> Vec<(BinNumber, u64)> {
        let mut counts = std::collections::BTreeMap::new();
        for line in lines.iter().copied().flatten() {
            *counts.entry(line.bins[column]).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    fn counted(lines: &[Line], column: usize) -> Pooled {
        let mut pooled = Pooled::default();
        for part in lines.chunks(1000) {
            pooled.count(part, column, range(part, column));
        }
        pooled
    }

    #[test]
    fn few_and_many_customers_are_counted_and_merged_to_the_same_as_one_by_one() {
        let all = [lines(10, 1), lines(3000, 2), lines(20_000, 3)];
        for column in 0..3 {
            for first in &all {
                assert_eq!(counted(first, column).sorted(), naive(&[first], column));
                for second in &all {
                    let mut both = counted(first, column);
                    both.merge(&counted(second, column));
                    assert_eq!(both.sorted(), naive(&[first, second], column));
                }
            }
        }
    }

    #[test]
    fn what_was_counted_since_is_what_was_counted_later() {
        for count in [100, 5000] {
            let (first, second) = (lines(count, 4), lines(20_000, 5));
            let mut pooled = counted(&first, 0);
            let before = pooled.to_histogram();
            pooled.count(&second, 0, range(&second, 0));
            assert_eq!(pooled.since(&before).sorted(), naive(&[&second], 0));
            pooled.go_back_to(&before);
            assert_eq!(pooled.sorted(), naive(&[&first], 0));
            pooled.count(&second, 0, range(&second, 0));
            assert_eq!(pooled.sorted(), naive(&[&first, &second], 0));
        }
    }
}
