//! The table of figures that every run reports: one row for each figure of each
//! population. `docs/figures.md` defines every figure.

use serde::{Deserialize, Serialize};

/// Columns of `figures.csv` and of each row of `summary.json`'s `figures`, in
/// order, before those of quantile intervals, thresholds and further quantiles.
pub const COLUMNS: [&str; 19] = [
    "figure",
    "branch",
    "channel",
    "service",
    "segment",
    "resource",
    "operation",
    "interval",
    "unit",
    "count",
    "mean",
    "mean_low",
    "mean_high",
    "sd",
    "min",
    "p50",
    "p90",
    "p95",
    "p99",
];

/// What is measured. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "docs/figures.md defines each; the names are the glossary's"
)]
pub enum Figure {
    Arrivals,
    Served,
    Abandoned,
    Balked,
    NoShows,
    FallbackCustomers,
    Wait,
    Service,
    Review,
    System,
    Fallback,
    TimeInBranch,
    QueueLength,
    PeopleInBranch,
    Occupancy,
    Overtime,
    Cost,
    Latency,
    ServiceLatency,
    GeneratorLag,
    Throughput,
    Errors,
}

/// Whom a row is about: each dimension `None` (written `*`) or a name; an
/// interval by its start, `10:00`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each field is the dimension it names")]
pub struct Population {
    pub branch: Option<String>,
    pub channel: Option<String>,
    pub service: Option<String>,
    pub segment: Option<String>,
    pub resource: Option<String>,
    pub operation: Option<String>,
    pub interval: Option<String>,
}

/// One row: a figure of a population. What does not apply is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureRow {
    /// What.
    pub figure: Figure,
    /// Whom.
    pub population: Population,
    /// `s`, `customers/day`, `people`, `share`, `yuan/day`, `1/s`.
    pub unit: &'static str,
    /// Observations: customers, operations, or days for daily figures.
    pub count: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Lower end of the mean's 95% interval.
    pub mean_low: Option<f64>,
    /// Upper end of the mean's 95% interval.
    pub mean_high: Option<f64>,
    /// Standard deviation of the observations.
    pub sd: Option<f64>,
    /// Least.
    pub min: Option<f64>,
    /// Greatest.
    pub max: Option<f64>,
    /// Quantiles, ascending in `q`: .5 .9 .95 .99 and those asked for.
    pub quantiles: Vec<QuantileValue>,
    /// Shares within each threshold asked for, ascending.
    pub shares: Vec<ShareWithin>,
}

/// A quantile with its 95% interval, where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileValue {
    /// 0 to 1.
    pub q: f64,
    /// Its value; none when fewer than ten observations lie beyond it.
    pub value: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// A share within a threshold (inclusive) with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareWithin {
    /// Threshold in seconds.
    pub threshold_seconds: f64,
    /// 0 to 1.
    pub share: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// All rows of a run, in the documented order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FigureTable {
    /// The rows.
    pub rows: Vec<FigureRow>,
}

impl FigureTable {
    /// The row of this figure and exactly this population.
    pub fn find(&self, figure: Figure, population: &Population) -> Option<&FigureRow> {
        self.rows
            .iter()
            .find(|row| row.figure == figure && row.population == *population)
    }
}
