//! Counts by bin of observations that come in masses: once there are many, one
//! count for every bin there could be, so that counting is an increment without a
//! look at where. Only the bins that are met take memory: the system gives pages
//! when they are first written to. Counts are small words, so that those of many
//! populations stay near the processor together; how often one has gone round is kept
//! apart.

use super::histogram::{BinNumber, Histogram};
use super::observed::Line;
use std::collections::BTreeMap;

/// One for every bin number.
pub(super) const ALL_BINS: usize = 1 << BinNumber::BITS;
/// So many observations are kept as a list.
const MOST_FEW: usize = 1 << 12;

/// What a count has gone round by when it is zero again.
const ROUND: u64 = 1 << 16;

type Counts = Box<[u16; ALL_BINS]>;

/// Counts of pooled observations by bin.
#[derive(Debug, Clone, Default)]
pub struct Pooled {
    /// Bins, in any order; none once there are counts.
    few: Vec<BinNumber>,
    many: Option<Counts>,
    /// How often the counts of some bins have gone round.
    rounds: BTreeMap<BinNumber, u64>,
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
        self.reach(range);
        let Some(counts) = &mut self.many else { return };
        let rounds = &mut self.rounds;
        let mut count = |line: &Line| {
            let bin = line.bins[column];
            let count = &mut counts[usize::from(bin)];
            *count = count.wrapping_add(1);
            if *count == 0 {
                goes_round(rounds, bin, 1);
            }
        };
        let (fours, rest) = lines.as_chunks::<4>();
        for four in fours {
            four.iter().for_each(&mut count);
        }
        rest.iter().for_each(count);
    }

    /// Counts a bin so many times more.
    fn add(&mut self, bin: BinNumber, times: u64) {
        let Some(counts) = &mut self.many else { return };
        let count = &mut counts[usize::from(bin)];
        let sum = u64::from(*count) + times;
        *count = (sum % ROUND) as u16;
        if sum >= ROUND {
            goes_round(&mut self.rounds, bin, sum / ROUND);
        }
    }

    /// Of this bin, all that has been counted.
    fn count_of(&self, counts: &Counts, bin: BinNumber) -> u64 {
        let rounds = self.rounds.get(&bin).copied().unwrap_or(0);
        u64::from(counts[usize::from(bin)]) + rounds * ROUND
    }

    /// Has counts, which are about to grow within this range.
    fn reach(&mut self, range: (BinNumber, BinNumber)) {
        if self.many.is_none() {
            self.first = BinNumber::MAX;
        }
        self.first = self.first.min(range.0);
        self.last = self.last.max(range.1);
        self.many.get_or_insert_with(for_every_bin);
        for bin in std::mem::take(&mut self.few) {
            self.add(bin, 1);
            if bin > 0 {
                self.first = self.first.min(bin);
                self.last = self.last.max(bin);
            }
        }
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
        self.reach(range);
        for bin in &other.few {
            self.add(*bin, 1);
        }
        let Some(others) = &other.many else { return };
        for bin in std::iter::once(0).chain(range.0..=range.1) {
            let count = other.count_of(others, bin);
            if count > 0 {
                self.add(bin, count);
            }
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
        let mut counted: Vec<u64> = counts[range].iter().copied().map(u64::from).collect();
        for (bin, rounds) in self.rounds.range(self.first.max(1)..) {
            counted[usize::from(bin - self.first)] += rounds * ROUND;
        }
        Histogram::of_counts(self.zeros + self.count_of(counts, 0), self.first, counted)
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
        self.reach((first, last));
        histogram.each(|bin, count| self.add(bin, count));
    }

    /// The bins that numbers fell into and their counts, in order.
    pub fn sorted(&self) -> Vec<(BinNumber, u64)> {
        let Some(counts) = &self.many else {
            return self.to_histogram().sorted();
        };
        let zeros = (0, self.zeros + self.count_of(counts, 0));
        let above = (self.first.max(1)..=self.last).map(|bin| (bin, self.count_of(counts, bin)));
        let met = std::iter::once(zeros).chain(above);
        met.filter(|(_, count)| *count > 0).collect()
    }
}

/// The count of a bin has gone round.
#[cold]
fn goes_round(rounds: &mut BTreeMap<BinNumber, u64>, bin: BinNumber, times: u64) {
    *rounds.entry(bin).or_insert(0) += times;
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
    fn counts_go_round_without_loss() {
        let all: Vec<Line> = (0..300_000)
            .map(|number| Line {
                interval: 0,
                bins: [(number % 3) as BinNumber; 3],
            })
            .collect();
        let mut twice = counted(&all, 1);
        twice.merge(&counted(&all, 1));
        assert_eq!(twice.sorted(), [(0, 200_000), (1, 200_000), (2, 200_000)]);
        let before = twice.to_histogram();
        twice.count(&all, 1, range(&all, 1));
        assert_eq!(twice.since(&before).sorted(), naive(&[&all], 1));
        twice.go_back_to(&before);
        assert_eq!(twice.sorted(), before.sorted());
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
