//! The comparison of a target with its baseline, as the summary records it.

use crate::gate::Verdict;
use crate::regression::{Compared, RunFigures};
use serde::{Deserialize, Serialize};

/// A comparison with a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionRecord {
    /// Where the baseline lives: its address, or the directories of its stored runs.
    pub baseline: String,
    /// The same of the target.
    pub target: String,
    /// `pass`, `fail` (a regression), `undecided`.
    pub verdict: Verdict,
    /// Pairs that were judged.
    pub pairs: u32,
    /// The numbers of pairs at which it could end.
    pub looks: Vec<u32>,
    /// So much worse, relatively, is what was looked for.
    pub margin: f64,
    /// Whether the runs of both sides took turns. If not, what changed on the machine
    /// between them counts as a difference, and the promise of few false alarms is void.
    pub interleaved: bool,
    /// Pairs that were played again because the generator had not kept up.
    pub repeated: u32,
    /// Each figure that every run has.
    pub figures: Vec<ComparedRecord>,
    /// The pairs, in the order in which they were played.
    pub runs: Vec<PairRecord>,
}

/// A figure of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRecord {
    /// Which.
    pub figure: Compared,
    /// `pass`: surely less than the margin worse; `fail`: surely worse; else `undecided`.
    pub verdict: Verdict,
    /// Whether the comparison is undecided while this figure is.
    pub waited_for: bool,
    /// How much worse the target must surely not be, in the unit of `worse`.
    pub margin: f64,
    /// Median of the baseline's runs: seconds, operations a second, or a share.
    pub baseline: Option<f64>,
    /// Median of the target's runs.
    pub target: Option<f64>,
    /// How much worse the target is: 0.1 is a tenth more time, or a throughput from which
    /// the baseline's is a tenth more; for errors the difference of the shares.
    pub worse: Option<f64>,
    /// Lower end of its 95% interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Two runs, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRecord {
    /// Whether the baseline went first.
    pub baseline_first: bool,
    /// What the baseline's run measured.
    pub baseline: RunFigures,
    /// What the target's run measured.
    pub target: RunFigures,
}
