//! What was observed of the customers of one kind in a block of days: a line for
//! each customer while that takes less room than one count for each bin.

use super::histogram::{BinNumber, Histogram};
use super::pooled::Pooled;
use super::tally::{FALLBACK, REVIEW, SERVICE, SYSTEM, TIME_IN_BRANCH, WAIT};

/// Figures of customers go three by three: those that every customer has, and
/// those of customers who need more than to be served.
pub const SETS: [[usize; 3]; 2] = [
    [WAIT, SERVICE, TIME_IN_BRANCH],
    [REVIEW, SYSTEM, FALLBACK],
];
/// The set that every customer has.
pub const USUAL: usize = 0;
/// The other one.
pub const FURTHER: usize = 1;

/// So many customers of a block are kept one by one at most: 128 KiB.
const MOST_LINES: usize = 1 << 14;

/// One customer: the bins of a set of figures.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub interval: u16,
    pub bins: [BinNumber; 3],
}

/// The range of bins above zero that each figure of a set fell into, as
/// `(first, last)`; the first is beyond the last if none did.
pub type Ranges = [(BinNumber, BinNumber); 3];

/// A set of figures of one kind in the block of days that is going on.
#[derive(Debug, Clone, Default)]
pub struct Observing {
    lines: Vec<Line>,
    /// Customers who have nothing of the whole set.
    without: u64,
    /// What was pooled when the block began, once it has more customers than lines.
    before: Option<Box<[Histogram; 3]>>,
}

/// A set of figures of one kind in a block of days that has ended.
#[derive(Debug, Clone)]
pub enum Observed {
    /// Each customer, and how many more have nothing of the set.
    Few(Vec<Line>, u64),
    /// How often each bin.
    Many(Box<[Histogram; 3]>),
}

impl Observing {
    /// Keeps a customer; whether there is no room for another.
    #[inline]
    pub fn add(&mut self, line: Line) -> bool {
        self.lines.push(line);
        self.lines.len() >= MOST_LINES
    }

    /// So many more have nothing of the set.
    pub fn add_without(&mut self, count: u64) {
        self.without += count;
    }

    /// The customers kept since the last were forgotten.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines are about to be pooled, being too many to be kept: what was pooled
    /// before the block is remembered.
    pub fn become_many(&mut self, pooled: [&Pooled; 3]) {
        if self.before.is_none() {
            self.before = Some(Box::new(pooled.map(Pooled::to_histogram)));
        }
    }

    /// Forgets the lines: they are pooled.
    pub fn forget_lines(&mut self) {
        self.lines.clear();
    }

    /// Forgets the block; what was pooled before it, if its customers are pooled already.
    pub fn forget(&mut self) -> Option<Box<[Histogram; 3]>> {
        self.lines.clear();
        self.without = 0;
        self.before.take()
    }

    /// Ends the block, whose lines are pooled.
    pub fn end(&mut self, pooled: [&Pooled; 3]) -> Observed {
        let without = std::mem::take(&mut self.without);
        let observed = match self.before.take() {
            None => Observed::Few(self.lines.clone(), without),
            Some(before) => {
                let mut column = 0;
                Observed::Many(Box::new(pooled.map(|pooled| {
                    let mut since = pooled.since(&before[column]);
                    since.add_zeros(without);
                    column += 1;
                    since
                })))
            }
        };
        self.lines.clear();
        observed
    }
}

/// The ranges of bins above zero of some customers.
pub fn ranges(lines: &[Line]) -> Ranges {
    let (mut before, mut last) = ([BinNumber::MAX; 3], [0; 3]);
    for line in lines {
        for column in 0..3 {
            // One less, so that zero is beyond all others.
            before[column] = line.bins[column].wrapping_sub(1).min(before[column]);
            last[column] = line.bins[column].max(last[column]);
        }
    }
    std::array::from_fn(|column| (before[column].saturating_add(1), last[column]))
}

impl Observed {
    /// Tells of each bin of a figure of the set, and how often; of a bin perhaps
    /// several times.
    #[inline]
    pub fn each(&self, column: usize, mut tell: impl FnMut(BinNumber, u64)) {
        match self {
            Self::Few(lines, without) => {
                if *without > 0 {
                    tell(0, *without);
                }
                for line in lines {
                    tell(line.bins[column], 1);
                }
            }
            Self::Many(histograms) => histograms[column].each(tell),
        }
    }
}
