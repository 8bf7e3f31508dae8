//! Gates: what must hold, in one grammar for the scenario file, the command line
//! and the report, judged by one function fed with figures.

mod check;
mod judge;
mod parse;

pub use check::check_against;
pub use judge::{Ending, NOTHING_LOST, accept_undecided, exit_code, judge, worst};
pub use parse::{GateError, parse};

use crate::figure::{Figure, Population};
use serde::{Deserialize, Serialize};

/// A statistic of a figure of a population, compared with a bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// As it was written.
    pub text: String,
    /// Which statistic of the row.
    pub statistic: Statistic,
    /// Of which figure.
    pub figure: Figure,
    /// Of whom.
    #[serde(skip)]
    pub population: Population,
    /// Which way.
    pub comparison: Comparison,
    /// In the row's unit (seconds, shares as 0 to 1).
    pub bound: f64,
}

/// What of a row is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// `mean(f)`, or the bare figure.
    Mean,
    /// `sd(f)`.
    Sd,
    /// `min(f)`.
    Min,
    /// `max(f)`.
    Max,
    /// `count(f)`.
    Count,
    /// `p95(f)`: 0 to 1.
    Quantile(f64),
    /// `share_within(f, 5min)`: threshold in seconds.
    ShareWithin(f64),
}

/// `>=`, `>`, `<=`, `<`, `==`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `==`
    Equal,
}

/// What became of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Holds.
    Pass,
    /// Does not hold.
    Fail,
    /// The interval straddles the bound: more replications are needed.
    Undecided,
    /// There was nothing to judge by: the run could not measure it.
    Invalid,
}

impl Verdict {
    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
            Self::Invalid => "invalid",
        }
    }
}
