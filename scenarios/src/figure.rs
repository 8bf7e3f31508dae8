//! The table of figures that every run reports: one row for each figure of each
//! population. `docs/figures.md` defines every figure.

mod table;

pub use table::{TableError, quantile_name, share_name};

use crate::names::UnknownName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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
    TurnedAway,
    TriedMobile,
    Lost,
    ToMobile,
    NoShows,
    FallbackCustomers,
    Wait,
    WaitFromArrival,
    Service,
    Review,
    System,
    Fallback,
    TimeInBranch,
    QueueLength,
    PeopleInBranch,
    Occupancy,
    Overtime,
    PromiseKept,
    Cost,
    MobileRequests,
    MobileRate,
    MobileSessions,
    MobileRetries,
    MobileGivenUp,
    Latency,
    ServiceLatency,
    GeneratorLag,
    Throughput,
    Errors,
    LatencyDrift,
    MemoryDrift,
    Recovery,
    CpuPerOperation,
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
    /// `s`, `customers/day`, `people`, `share`, `yuan/day`, `requests/day`,
    /// `sessions`, `1/s`.
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

impl Figure {
    /// Every figure, in the order of the table.
    pub const ALL: [Self; 37] = [
        Self::Arrivals,
        Self::Served,
        Self::Abandoned,
        Self::Balked,
        Self::TurnedAway,
        Self::TriedMobile,
        Self::Lost,
        Self::ToMobile,
        Self::NoShows,
        Self::FallbackCustomers,
        Self::Wait,
        Self::WaitFromArrival,
        Self::Service,
        Self::Review,
        Self::System,
        Self::Fallback,
        Self::TimeInBranch,
        Self::QueueLength,
        Self::PeopleInBranch,
        Self::Occupancy,
        Self::Overtime,
        Self::PromiseKept,
        Self::Cost,
        Self::MobileRequests,
        Self::MobileRate,
        Self::MobileSessions,
        Self::MobileRetries,
        Self::MobileGivenUp,
        Self::Latency,
        Self::ServiceLatency,
        Self::GeneratorLag,
        Self::Throughput,
        Self::Errors,
        Self::LatencyDrift,
        Self::MemoryDrift,
        Self::Recovery,
        Self::CpuPerOperation,
    ];

    /// As formats write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals",
            Self::Served => "served",
            Self::Abandoned => "abandoned",
            Self::Balked => "balked",
            Self::TurnedAway => "turned_away",
            Self::TriedMobile => "tried_mobile",
            Self::Lost => "lost",
            Self::ToMobile => "to_mobile",
            Self::NoShows => "no_shows",
            Self::FallbackCustomers => "fallback_customers",
            Self::Wait => "wait",
            Self::WaitFromArrival => "wait_from_arrival",
            Self::Service => "service",
            Self::Review => "review",
            Self::System => "system",
            Self::Fallback => "fallback",
            Self::TimeInBranch => "time_in_branch",
            Self::QueueLength => "queue_length",
            Self::PeopleInBranch => "people_in_branch",
            Self::Occupancy => "occupancy",
            Self::Overtime => "overtime",
            Self::PromiseKept => "promise_kept",
            Self::Cost => "cost",
            Self::MobileRequests => "mobile_requests",
            Self::MobileRate => "mobile_rate",
            Self::MobileSessions => "mobile_sessions",
            Self::MobileRetries => "mobile_retries",
            Self::MobileGivenUp => "mobile_given_up",
            Self::Latency => "latency",
            Self::ServiceLatency => "service_latency",
            Self::GeneratorLag => "generator_lag",
            Self::Throughput => "throughput",
            Self::Errors => "errors",
            Self::LatencyDrift => "latency_drift",
            Self::MemoryDrift => "memory_drift",
            Self::Recovery => "recovery",
            Self::CpuPerOperation => "cpu_per_operation",
        }
    }

    /// The names of all, in order.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Figure {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| UnknownName::new("figure", text, &Self::names()))
    }
}

/// What a figure is measured on, which decides the populations it is reported by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureKind {
    /// Customers of the branch: by channel, service, segment, interval.
    Customers,
    /// Pools of servers and their queues: by resource, interval.
    Resources,
    /// The branch as a whole: by interval.
    Branch,
    /// The mobile bank's traffic as offered: by operation, by hour.
    Mobile,
    /// Operations played on the bank: by operation, channel.
    Load,
}

impl Figure {
    /// The unit of its rows: `s`, `customers/day`, `people`, `share`, `yuan/day`, `requests/day`,
    /// `sessions`, `1/s`.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Arrivals
            | Self::Served
            | Self::Abandoned
            | Self::Balked
            | Self::TurnedAway
            | Self::TriedMobile
            | Self::Lost
            | Self::ToMobile
            | Self::NoShows
            | Self::FallbackCustomers => "customers/day",
            Self::Wait
            | Self::WaitFromArrival
            | Self::Service
            | Self::Review
            | Self::System
            | Self::Fallback
            | Self::TimeInBranch
            | Self::Overtime
            | Self::Latency
            | Self::ServiceLatency
            | Self::GeneratorLag
            | Self::Recovery
            | Self::CpuPerOperation => "s",
            Self::QueueLength | Self::PeopleInBranch => "people",
            Self::Occupancy
            | Self::PromiseKept
            | Self::Errors
            | Self::LatencyDrift
            | Self::MemoryDrift => "share",
            Self::Cost => "yuan/day",
            Self::MobileRequests | Self::MobileRetries => "requests/day",
            Self::MobileGivenUp => "sessions/day",
            Self::MobileSessions => "sessions",
            Self::MobileRate | Self::Throughput => "1/s",
        }
    }

    /// What it is measured on.
    pub const fn kind(self) -> FigureKind {
        match self {
            Self::Arrivals
            | Self::Served
            | Self::Abandoned
            | Self::Balked
            | Self::TurnedAway
            | Self::TriedMobile
            | Self::NoShows
            | Self::FallbackCustomers
            | Self::Wait
            | Self::WaitFromArrival
            | Self::Service
            | Self::Review
            | Self::System
            | Self::Fallback
            | Self::TimeInBranch => FigureKind::Customers,
            Self::QueueLength | Self::Occupancy | Self::Cost => FigureKind::Resources,
            Self::Lost
            | Self::ToMobile
            | Self::PeopleInBranch
            | Self::Overtime
            | Self::PromiseKept => FigureKind::Branch,
            Self::MobileRequests
            | Self::MobileRate
            | Self::MobileSessions
            | Self::MobileRetries
            | Self::MobileGivenUp => FigureKind::Mobile,
            Self::Latency
            | Self::ServiceLatency
            | Self::GeneratorLag
            | Self::Throughput
            | Self::Errors
            | Self::LatencyDrift
            | Self::MemoryDrift
            | Self::Recovery
            | Self::CpuPerOperation => FigureKind::Load,
        }
    }
}

impl Population {
    /// Every dimension with its name, in the order of the columns.
    pub fn dimensions(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("branch", self.branch.as_deref()),
            ("channel", self.channel.as_deref()),
            ("service", self.service.as_deref()),
            ("segment", self.segment.as_deref()),
            ("resource", self.resource.as_deref()),
            ("operation", self.operation.as_deref()),
            ("interval", self.interval.as_deref()),
        ]
    }

    /// The place of a dimension, if there is one of this name.
    pub fn dimension_mut(&mut self, dimension: &str) -> Option<&mut Option<String>> {
        Some(match dimension {
            "branch" => &mut self.branch,
            "channel" => &mut self.channel,
            "service" => &mut self.service,
            "segment" => &mut self.segment,
            "resource" => &mut self.resource,
            "operation" => &mut self.operation,
            "interval" => &mut self.interval,
            _ => return None,
        })
    }
}
