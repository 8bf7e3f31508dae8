//! Counts of whole numbers in logarithmic bins that are at most 0.1% wide, kept
//! sparsely. Adding and merging are exact, so their order does not matter.

/// Numbers below this have a bin of their own; above, each octave has half as many bins.
const EXACT_BELOW: u64 = 2048;
const OCTAVE_BITS: u32 = 10;
/// So many numbers wait at most before they are sorted into bins.
const MOST_PENDING: usize = 1 << 14;
/// From so many on, counting over the range of bins is faster than sorting.
const WORTH_COUNTING: usize = 1 << 11;

/// Number of a bin.
pub type BinNumber = u16;

/// A sparse histogram.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    zeros: u64,
    pending: Vec<BinNumber>,
    bins: Vec<(BinNumber, u64)>,
}

/// The bin that a number falls into.
pub fn bin_of(value: u64) -> BinNumber {
    if value < EXACT_BELOW {
        return value as BinNumber;
    }
    let shift = value.ilog2() - OCTAVE_BITS;
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
    /// Counts one number, given by its bin.
    pub fn add(&mut self, bin: BinNumber) {
        if bin == 0 {
            self.zeros += 1;
            return;
        }
        self.pending.push(bin);
        if self.pending.len() >= MOST_PENDING {
            self.settle();
        }
    }

    /// Counts everything that another histogram has counted.
    pub fn merge(&mut self, other: &mut Self) {
        other.settle();
        self.settle();
        self.zeros += other.zeros;
        self.bins = merge_sorted(&self.bins, &other.bins);
    }

    /// Takes out everything counted so far, in order of the bins.
    pub fn take(&mut self) -> Vec<(BinNumber, u64)> {
        self.settle();
        let mut bins = Vec::with_capacity(self.bins.len() + 1);
        if self.zeros > 0 {
            bins.push((0, self.zeros));
        }
        bins.append(&mut self.bins);
        self.zeros = 0;
        bins
    }

    fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let runs = if self.pending.len() < WORTH_COUNTING {
            self.pending.sort_unstable();
            let equal = self.pending.chunk_by(|first, second| first == second);
            equal.map(|run| (run[0], run.len() as u64)).collect()
        } else {
            count_each(&self.pending)
        };
        self.pending.clear();
        self.bins = merge_sorted(&self.bins, &runs);
    }
}

/// The counts of some bins, in order of the bins.
fn count_each(bins: &[BinNumber]) -> Vec<(BinNumber, u64)> {
    let least = bins.iter().copied().min().unwrap_or(0);
    let greatest = bins.iter().copied().max().unwrap_or(0);
    let mut counts = vec![0_u32; usize::from(greatest - least) + 1];
    for bin in bins {
        counts[usize::from(bin - least)] += 1;
    }
    let each = (least..=greatest).zip(counts);
    each.filter(|(_, count)| *count > 0)
        .map(|(bin, count)| (bin, u64::from(count)))
        .collect()
}

/// Joins two lists of counts in order of their bins.
pub fn merge_sorted(
    first: &[(BinNumber, u64)],
    second: &[(BinNumber, u64)],
) -> Vec<(BinNumber, u64)> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut a, mut b) = (0, 0);
    while a < first.len() || b < second.len() {
        let next_a = first.get(a).map_or(u32::MAX, |entry| u32::from(entry.0));
        let next_b = second.get(b).map_or(u32::MAX, |entry| u32::from(entry.0));
        let mut count = 0;
        if next_a <= next_b {
            count += first[a].1;
            a += 1;
        }
        if next_b <= next_a {
            count += second[b].1;
            b += 1;
        }
        merged.push((next_a.min(next_b) as BinNumber, count));
    }
    merged
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
        for number in 0..50_000_u64 {
            let bin = bin_of((number * 7919) % 5000);
            if number % 3 == 0 {
                first.add(bin);
            } else {
                second.add(bin);
            }
            both.add(bin);
        }
        first.merge(&mut second);
        assert_eq!(first.take(), both.take());
    }
}
