//! The branches of a region one by one: which of them miss the promise, why, and
//! what would keep it.

use super::MissPart;
use crate::gate::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The branches of a region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlets {
    /// How many there are.
    pub branches: u32,
    /// Servers of all branches together, by resource in the order of the file.
    pub headcount: Vec<Headcount>,
    /// How they keep the promise; absent without one.
    pub promise: Option<OutletPromise>,
}

/// Servers of one resource in all branches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headcount {
    /// The resource.
    pub resource: String,
    /// The most on duty at one time in each branch, summed; of a shared one, its own.
    pub servers: u64,
    /// Rostered hours a day within opening hours.
    pub hours_per_day: f64,
    /// Their cost in yuan a day, where one is given.
    pub cost_per_day: Option<f64>,
    /// One pool for all branches.
    pub shared: bool,
}

/// The promise, branch by branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutletPromise {
    /// The gate's text.
    pub promise: String,
    /// Threshold in seconds.
    pub threshold_seconds: f64,
    /// The share that is asked for.
    pub bound: f64,
    /// Branches that keep it.
    pub kept: u32,
    /// Branches that miss it.
    pub missed: u32,
    /// Branches whose interval straddles the bound.
    pub undecided: u32,
    /// Branches to which none of those came whom it is about.
    pub without_customers: u32,
    /// Those that miss it first, the worst of them first, then those undecided, then
    /// those that keep it; at most [`MOST_RANKED`].
    pub ranking: Vec<OutletRecord>,
}

/// So many branches are ranked at most; `branches.csv` has all of them.
pub const MOST_RANKED: usize = 500;

/// One branch and the promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutletRecord {
    /// Its name.
    pub branch: String,
    /// Whether it keeps the promise; `invalid` where nobody came whom it is about.
    pub verdict: Verdict,
    /// Customers a day.
    pub arrivals: f64,
    /// Share within the threshold, and its 95% interval.
    pub share: Option<f64>,
    /// See `share`.
    pub low: Option<f64>,
    /// See `share`.
    pub high: Option<f64>,
    /// Customers of the promise on all days, and those of them who missed it.
    pub customers: u64,
    /// See `customers`.
    pub missed: u64,
    /// Why, as for the whole region.
    pub by_part: Vec<MissPart>,
    /// The most on duty at one time, by resource.
    pub servers: BTreeMap<String, u32>,
    /// What was tried where the promise is missed, and what came of it.
    pub fix: Option<Fix>,
}

/// Servers more that were tried on the same days with the same customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What there was more of, whenever there is any; absent where no server more of
    /// anything changed the share by half a point.
    pub resource: Option<String>,
    /// How many more.
    pub more: u32,
    /// Whether the promise was kept with them: `pass` is the cheapest that was found,
    /// anything else the best, which is not enough.
    pub verdict: Verdict,
    /// The share within the threshold with them, and its 95% interval.
    pub share: Option<f64>,
    /// See `share`.
    pub low: Option<f64>,
    /// See `share`.
    pub high: Option<f64>,
    /// What they cost in yuan a day, where a cost is given.
    pub cost_per_day: Option<f64>,
}

impl OutletRecord {
    /// The part that broke most promises; none where none was broken.
    pub fn main_part(&self) -> Option<&MissPart> {
        let mut most: Option<&MissPart> = None;
        for part in self.by_part.iter().filter(|part| part.missed > 0) {
            // The first of equals.
            if most.is_none_or(|it| part.missed > it.missed) {
                most = Some(part);
            }
        }
        most
    }
}
