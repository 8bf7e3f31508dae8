//! What was observed of the customers of one kind in a block of days: a line for
//! each customer while that takes less room than one count for each bin.

use super::histogram::{BinNumber, Histogram, bin_of};
use super::pooled::Pooled;
use super::tally::{FALLBACK, REVIEW, SERVICE, SYSTEM, TIME_IN_BRANCH, WAIT};

/// Figures of customers go three by three: those that every customer has, and
/// those of customers who need more than to be served.
pub const SETS: [[usize; 3]; 2] = [[WAIT, SERVICE, TIME_IN_BRANCH], [REVIEW, SYSTEM, FALLBACK]];
/// The set that every customer has.
pub const USUAL: usize = 0;
/// The other one.
pub const FURTHER: usize = 1;

/// So many customers of a block are kept one by one at most: 128 KiB.
const MOST_LINES: usize = 1 << 14;

/// So many customers wait at most to be added up together: 8 KiB.
const MOST_WAITING: usize = 1 << 8;

/// One customer: microseconds of a set of figures.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values {
    pub interval: u16,
    pub micros: [u64; 3],
}

/// One customer: the bins of a set of figures.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub interval: u16,
    pub bins: [BinNumber; 3],
}

/// The range of bins above zero that each figure of a set fell into, as
/// `(first, last)`; the first is beyond the last if none did.
pub type Ranges = [(BinNumber, BinNumber); 3];
const NO_RANGES: Ranges = [(BinNumber::MAX, 0); 3];

/// A set of figures of one kind in the block of days that is going on.
#[derive(Debug, Clone)]
pub struct Observing {
    /// Customers who are not yet added up, and how many.
    waiting: Box<[Values; MOST_WAITING]>,
    count: usize,
    lines: Vec<Line>,
    /// Of the lines.
    ranges: Ranges,
    /// Customers who have nothing of the whole set.
    without: u64,
    /// What was pooled when the block began, once it has more customers than lines.
    before: Option<Box<[Histogram; 3]>>,
}

impl Default for Observing {
    fn default() -> Self {
        Self {
            waiting: Box::new([Values::default(); MOST_WAITING]),
            count: 0,
            lines: Vec::new(),
            ranges: NO_RANGES,
            without: 0,
            before: None,
        }
    }
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
    /// Another customer; whether so many wait that they are to be added up.
    #[inline]
    pub fn wait(&mut self, values: Values) -> bool {
        self.waiting[self.count % MOST_WAITING] = values;
        self.count += 1;
        self.count >= MOST_WAITING
    }

    /// Lines for the first of those who wait: for all who came in one interval one
    /// after the other.
    pub fn next_run(&mut self, from: usize) -> Option<(&[Values], &mut [Line])> {
        let waiting = self.waiting.get(from..self.count)?;
        let interval = waiting.first()?.interval;
        let run = waiting.iter().take_while(|it| it.interval == interval);
        let run = &waiting[..run.count()];
        let before = self.lines.len();
        let line = Line {
            interval,
            bins: [0; 3],
        };
        self.lines.resize(before + run.len(), line);
        Some((run, &mut self.lines[before..]))
    }

    /// Forgets those who wait.
    pub fn forget_waiting(&mut self) {
        self.count = 0;
    }

    /// A figure of the last lines is from here to there.
    pub fn ranges_to(&mut self, column: usize, least: u64, greatest: u64) {
        let range = &mut self.ranges[column];
        range.0 = bin_of(least.max(1)).min(range.0);
        range.1 = bin_of(greatest).max(range.1);
    }

    /// Whether there is no room for lines of many more.
    pub fn is_full(&self) -> bool {
        self.lines.len() + MOST_WAITING > MOST_LINES
    }

    /// So many more have nothing of the set.
    pub fn add_without(&mut self, count: u64) {
        self.without += count;
    }

    /// The customers kept since the last were forgotten, and the ranges of their bins.
    pub fn lines(&self) -> (&[Line], &Ranges) {
        (&self.lines, &self.ranges)
    }

    /// The lines are about to be pooled, being too many to be kept: what was pooled
    /// before the block is remembered.
    pub fn become_many(&mut self, pooled: [&Pooled; 3]) {
        if self.before.is_none() {
            self.before = Some(Box::new(pooled.map(Pooled::to_histogram)));
        }
    }

    /// Whether customers of the block are pooled already.
    pub fn is_many(&self) -> bool {
        self.before.is_some()
    }

    /// Keeps the lines of another, too.
    pub fn join(&mut self, other: &Self) {
        self.lines.extend_from_slice(&other.lines);
        for (range, other) in self.ranges.iter_mut().zip(&other.ranges) {
            *range = (range.0.min(other.0), range.1.max(other.1));
        }
    }

    /// Forgets the lines: they are pooled.
    pub fn forget_lines(&mut self) {
        self.lines.clear();
        self.ranges = NO_RANGES;
    }

    /// Forgets the block; what was pooled before it, if its customers are pooled already.
    pub fn forget(&mut self) -> Option<Box<[Histogram; 3]>> {
        self.forget_waiting();
        self.forget_lines();
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
        self.forget_lines();
        observed
    }
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
                let (fours, rest) = lines.as_chunks::<4>();
                for four in fours {
                    for line in four {
                        tell(line.bins[column], 1);
                    }
                }
                for line in rest {
                    tell(line.bins[column], 1);
                }
            }
            Self::Many(histograms) => histograms[column].each(tell),
        }
    }
}
