//! What is compared, and how it is read from a run.

use crate::summary::Summary;
use serde::{Deserialize, Serialize};

/// A figure that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Processor time of the target for an operation: the steadiest of all.
    CpuPerOperation,
    /// Median latency.
    P50,
    /// 99th percentile of latency.
    P99,
    /// Operations answered a second.
    Throughput,
    /// Share of operations that failed or timed out.
    Errors,
}

/// More errors than this, as a share of all operations, is what a comparison looks for.
const ERRORS_MARGIN: f64 = 0.002;
/// The 99th percentile varies so much that only a margin so many times as wide means anything.
const P99_MARGIN_TIMES: f64 = 2.5;

impl Compared {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::CpuPerOperation,
        Self::P50,
        Self::P99,
        Self::Throughput,
        Self::Errors,
    ];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuPerOperation => "cpu_per_operation",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Throughput => "throughput",
            Self::Errors => "errors",
        }
    }

    /// Its weight when the budget of false alarms is shared out: the figures that tell
    /// most get most.
    pub(super) const fn weight(self) -> f64 {
        match self {
            Self::CpuPerOperation => 0.8,
            Self::P50 => 0.12,
            Self::P99 | Self::Throughput => 0.02,
            Self::Errors => 0.04,
        }
    }

    /// Whether a comparison stays undecided while this figure is. The 99th percentile may
    /// alarm, but is too restless to be waited for.
    pub const fn is_waited_for(self) -> bool {
        !matches!(self, Self::P99)
    }

    /// Whether its difference is one of shares, not a ratio.
    pub const fn is_a_share(self) -> bool {
        matches!(self, Self::Errors)
    }

    /// How much worse the target must surely not be, as told: a ratio less one, or a
    /// difference of shares.
    pub fn margin(self, margin: f64) -> f64 {
        match self {
            Self::CpuPerOperation | Self::P50 | Self::Throughput => margin,
            Self::P99 => margin * P99_MARGIN_TIMES,
            Self::Errors => ERRORS_MARGIN,
        }
    }

    /// How much worse the target of a pair is, on the scale of the tests; none if one of
    /// the runs has no such figure.
    pub(super) fn difference(self, baseline: &RunFigures, target: &RunFigures) -> Option<f64> {
        let (before, after) = (baseline.of(self)?, target.of(self)?);
        match self {
            Self::Errors => Some(after - before),
            _ if before <= 0.0 || after <= 0.0 => None,
            Self::Throughput => Some(libm::log(before / after)),
            Self::CpuPerOperation | Self::P50 | Self::P99 => Some(libm::log(after / before)),
        }
    }

    /// From what is told to the scale of the tests.
    pub(super) fn to_scale(self, told: f64) -> f64 {
        if self.is_a_share() {
            told
        } else {
            libm::log1p(told)
        }
    }

    /// And back.
    pub(super) fn from_scale(self, found: f64) -> f64 {
        if self.is_a_share() {
            found
        } else {
            libm::expm1(found)
        }
    }
}

/// What a run measured of what is compared. Seconds, operations a second, shares.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RunFigures {
    /// Processor seconds of the target for an operation; none where nobody could see its
    /// process.
    pub cpu_per_operation: Option<f64>,
    /// Median latency.
    pub p50: Option<f64>,
    /// 99th percentile; none when fewer than ten operations lie beyond it.
    pub p99: Option<f64>,
    /// Answered a second.
    pub throughput: Option<f64>,
    /// Failed or timed out, of those planned.
    pub errors: Option<f64>,
}

impl RunFigures {
    /// Reads the rows of all operations together.
    pub fn read(summary: &Summary) -> Self {
        let total = |figure: &str, column: &str| {
            let row = summary.figures.iter().find(|row| {
                row.get("figure").and_then(|it| it.as_str()) == Some(figure)
                    && ["channel", "operation"]
                        .iter()
                        .all(|of| row.get(*of).and_then(|it| it.as_str()) == Some("*"))
            })?;
            row.get(column)?.as_f64().filter(|it| it.is_finite())
        };
        Self {
            cpu_per_operation: total("cpu_per_operation", "mean"),
            p50: total("latency", "p50"),
            p99: total("latency", "p99"),
            throughput: total("throughput", "mean"),
            errors: total("errors", "mean"),
        }
    }

    /// One of them.
    pub const fn of(&self, figure: Compared) -> Option<f64> {
        match figure {
            Compared::CpuPerOperation => self.cpu_per_operation,
            Compared::P50 => self.p50,
            Compared::P99 => self.p99,
            Compared::Throughput => self.throughput,
            Compared::Errors => self.errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_share_out_one_budget() {
        let sum: f64 = Compared::ALL.iter().map(|it| it.weight()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn worse_is_above_nought_for_every_figure() {
        let before = RunFigures {
            cpu_per_operation: Some(1e-4),
            p50: Some(0.010),
            p99: Some(0.020),
            throughput: Some(100.0),
            errors: Some(0.0),
        };
        let after = RunFigures {
            cpu_per_operation: Some(1.1e-4),
            p50: Some(0.011),
            p99: Some(0.022),
            throughput: Some(100.0 / 1.1),
            errors: Some(0.1),
        };
        for figure in Compared::ALL {
            let worse = figure.difference(&before, &after).unwrap();
            let told = figure.from_scale(worse);
            assert!((told - 0.1).abs() < 1e-9, "{figure:?}: {told}");
            assert!((figure.to_scale(told) - worse).abs() < 1e-12);
        }
        let nothing = RunFigures::default();
        assert_eq!(Compared::P99.difference(&before, &nothing), None);
    }
}
