//! Counts of whole numbers in logarithmic bins that are at most 0.1% wide. Adding
//! and merging are exact, so their order does not matter.
//!
//! Few numbers are kept as a list; many as one count for each bin of their range,
//! so that the room does not grow with how many there are.

/// Numbers below this have a bin of their own; above, each octave has half as many bins.
const EXACT_BELOW: u64 = 2048;
const OCTAVE_BITS: u32 = 10;
/// So many numbers wait at most before they are counted by bin.
const MOST_PENDING: usize = 1 << 12;

/// Number of a bin.
pub type BinNumber = u16;

/// A histogram.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    zeros: u64,
    /// Bins not yet counted, in any order.
    pending: Vec<BinNumber>,
    /// The bin of the first of the counts.
    first: BinNumber,
    counts: Vec<u64>,
}

/// The bin that a number falls into.
#[inline]
pub fn bin_of(value: u64) -> BinNumber {
    // Below `EXACT_BELOW` nothing is shifted out.
    let shift = (value | 1 << OCTAVE_BITS).ilog2() - OCTAVE_BITS;
    (u64::from(shift << OCTAVE_BITS) + (value >> shift)) as BinNumber
}

/// The number that stands for a bin: its middle.
pub fn middle_of(bin: BinNumber) -> f64 {
    let bin = u64::from(bin);
    if bin < EXACT_BELOW {
        return bin as f64;
    }
    let shift = (bin >> OCTAVE_BITS) - 1;
    let low = (bin - (shift << OCTAVE_BITS)) << shift;
    low as f64 + ((1_u64 << shift) - 1) as f64 / 2.0
}

impl Histogram {
    /// So many zeros, and so often each bin from the first.
    pub fn of_counts(zeros: u64, first: BinNumber, counts: Vec<u64>) -> Self {
        Self {
            zeros,
            pending: Vec::new(),
            first,
            counts,
        }
    }

    /// Counts one number, given by its bin.
    pub fn add(&mut self, bin: BinNumber) {
        if bin == 0 {
            self.zeros += 1;
        } else {
            self.add_above_zero(bin);
        }
    }

    /// Counts one number above zero, given by its bin.
    #[inline]
    pub fn add_above_zero(&mut self, bin: BinNumber) {
        if self.pending.len() >= MOST_PENDING {
            self.settle();
        }
        self.pending.push(bin);
    }

    /// Counts so many zeros.
    pub fn add_zeros(&mut self, count: u64) {
        self.zeros += count;
    }

    /// Counts everything that another histogram has counted.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        for bin in &other.pending {
            self.add_above_zero(*bin);
        }
        if other.counts.is_empty() {
            return;
        }
        self.reach(other.first, other.last());
        let from = usize::from(other.first - self.first);
        for (count, other) in self.counts[from..].iter_mut().zip(&other.counts) {
            *count += other;
        }
    }

    /// Takes away what another, whose numbers it has counted, too, has counted.
    pub fn take_away(&mut self, other: &Self) {
        self.settle();
        other.each(|bin, count| {
            if bin == 0 {
                self.zeros -= count;
            } else if let Some(own) = self.counts.get_mut(usize::from(bin - self.first)) {
                *own -= count;
            }
        });
    }

    /// Tells of each number or bin that has been counted, and how often; of a bin
    /// perhaps several times.
    pub fn each(&self, mut tell: impl FnMut(BinNumber, u64)) {
        if self.zeros > 0 {
            tell(0, self.zeros);
        }
        self.pending.iter().for_each(|bin| tell(*bin, 1));
        let bins = self.first..=BinNumber::MAX;
        for (bin, count) in bins.zip(&self.counts).filter(|(_, count)| **count > 0) {
            tell(bin, *count);
        }
    }

    /// The bins that numbers fell into and their counts, in order.
    pub fn sorted(&self) -> Vec<(BinNumber, u64)> {
        let mut all = self.clone();
        all.settle();
        let zeros = (all.zeros > 0).then_some((0, all.zeros));
        let counted = (all.first..=BinNumber::MAX).zip(all.counts);
        zeros
            .into_iter()
            .chain(counted.filter(|(_, count)| *count > 0))
            .collect()
    }

    /// Counts what is pending.
    fn settle(&mut self) {
        let bounds = self.pending.iter().min().zip(self.pending.iter().max());
        let Some((least, greatest)) = bounds.map(|(least, greatest)| (*least, *greatest)) else {
            return;
        };
        self.reach(least, greatest);
        for bin in &self.pending {
            self.counts[usize::from(bin - self.first)] += 1;
        }
        self.pending.clear();
    }

    fn last(&self) -> BinNumber {
        self.first + (self.counts.len().max(1) - 1) as BinNumber
    }

    /// Makes room for the bins from `least` to `greatest`.
    fn reach(&mut self, least: BinNumber, greatest: BinNumber) {
        if self.counts.is_empty() {
            self.first = least;
        } else if least < self.first {
            let before = usize::from(self.first - least);
            self.counts.splice(0..0, std::iter::repeat_n(0, before));
            self.first = least;
        }
        let length = usize::from(greatest - self.first) + 1;
        if self.counts.len() < length {
            self.counts.resize(length, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_ascend_without_gaps_and_are_at_most_a_thousandth_wide() {
        let mut last = bin_of(0);
        for value in 1..3_000_000_u64 {
            let bin = bin_of(value);
            assert!(bin == last || bin == last + 1, "{value}");
            assert!((middle_of(bin) - value as f64).abs() <= value as f64 * 0.0005 + 1e-9);
            last = bin;
        }
        assert_eq!(bin_of(u64::MAX), 53 * 1024 + 2047);
    }

    #[test]
    fn merging_equals_counting_together() {
        let (mut first, mut second, mut both) = (
            Histogram::default(),
            Histogram::default(),
            Histogram::default(),
        );
        let mut naive = std::collections::BTreeMap::new();
        for number in 0..50_000_u64 {
            let bin = bin_of((number * 7919) % 5000 + number / 10);
            if number % 3 == 0 {
                first.add(bin);
            } else {
                second.add(bin);
            }
            both.add(bin);
            *naive.entry(bin).or_insert(0) += 1;
        }
        first.merge(&second);
        let naive: Vec<(BinNumber, u64)> = naive.into_iter().collect();
        assert_eq!(first.sorted(), naive);
        assert_eq!(both.sorted(), naive);
        let mut less = both.clone();
        less.take_away(&second);
        let taken: u64 = second.sorted().iter().map(|(_, count)| count).sum();
        assert_eq!(
            less.sorted().iter().map(|(_, count)| count).sum::<u64>(),
            50_000 - taken
        );
        less.merge(&second);
        assert_eq!(less.sorted(), naive);
        let mut told = vec![0; 1 << 16];
        first.each(|bin, count| told[usize::from(bin)] += count);
        assert!(
            naive
                .iter()
                .all(|(bin, count)| told[usize::from(*bin)] == *count)
        );
    }
}
