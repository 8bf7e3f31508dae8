//! Many branches of one bank.

use super::Scenario;
use crate::time::SimTime;
use serde::Serialize;

/// The branches of a region, and who of their customers goes where.
#[derive(Debug, Clone, Serialize)]
pub struct Region {
    /// What branches are like: the file itself first, then each template with
    /// overrides that a branch has. All have the same day, services, segments,
    /// journeys and resources by name.
    pub kinds: Vec<Scenario>,
    /// The branches.
    pub branches: Branches,
    /// Which branch a customer goes to.
    pub choice: ChoiceOfBranch,
    /// How far customers look and how they get there.
    pub travel: Travel,
    /// What customers of a closed branch do.
    pub closed: ClosedRules,
    /// Names of branches told one by one in the table of figures, at most.
    pub told: u32,
}

/// The branches of a region.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Branches {
    /// Each by name.
    Listed(Vec<RegionBranch>),
    /// So many, drawn from the seed.
    Drawn {
        /// How many; at least 1.
        count: u32,
        /// Customers a day.
        per_day: PerDay,
        /// They lie anywhere on a square with this side.
        grid_km: f64,
    },
}

/// A lognormal number of customers a day between bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PerDay {
    /// Mean of the law without bounds, above 0.
    pub mean: f64,
    /// Coefficient of variation, at least 0.
    pub cv: f64,
    /// Least.
    pub low: f64,
    /// Greatest, at least `low`.
    pub high: f64,
}

/// One branch of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegionBranch {
    /// Name in figures and operations.
    pub name: String,
    /// Position in [`Region::kinds`].
    pub kind: usize,
    /// Customers expected a day; as many as its kind says if none.
    pub per_day: Option<f64>,
    /// Active users of the mobile bank among its customers, if it tells them.
    pub mobile_actives: Option<u64>,
    /// Kilometres east and north of anywhere.
    pub x_km: f64,
    /// See `x_km`.
    pub y_km: f64,
    /// When nobody may come in.
    pub closed: Vec<(SimTime, SimTime)>,
}

/// Which branch a customer goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceOfBranch {
    /// Its own.
    #[default]
    Own,
    /// The nearest.
    Nearest,
    /// Where the way and the wait seen are shortest.
    LeastBusy,
}

/// How far customers look and how they get there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Travel {
    /// On the straight line; above 0.
    pub speed_kmh: f64,
    /// Customers start this far from their branch, normally distributed in either direction.
    pub scatter_km: f64,
    /// So many branches nearest to their own are looked at, it among them; at least 1.
    pub considers: u32,
}

/// What customers of a closed branch do; shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClosedRules {
    /// Share that goes elsewhere; the others are lost to the bank.
    pub stay: f64,
    /// Of these, to the nearest open branch.
    pub to_nearest: f64,
    /// Of the rest, to the mobile bank; the others go where way and wait are shortest.
    pub to_mobile: f64,
}

impl Region {
    /// Whether what happens in one branch has to do with another.
    pub fn interacts(&self) -> bool {
        self.choice != ChoiceOfBranch::Own || self.closes() || self.shares()
    }

    /// Whether a branch is closed at some time.
    pub fn closes(&self) -> bool {
        match &self.branches {
            Branches::Listed(branches) => branches.iter().any(|it| !it.closed.is_empty()),
            Branches::Drawn { .. } => false,
        }
    }

    /// Whether a resource is shared by all.
    pub fn shares(&self) -> bool {
        let resources = self.kinds.iter().flat_map(|kind| &kind.resources);
        resources.into_iter().any(|resource| resource.shared)
    }

    /// How many branches there are.
    pub fn len(&self) -> usize {
        match &self.branches {
            Branches::Listed(branches) => branches.len(),
            Branches::Drawn { count, .. } => *count as usize,
        }
    }

    /// Whether there are none; a region that was read has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The branches' names.
    pub fn names(&self) -> Vec<String> {
        match &self.branches {
            Branches::Listed(branches) => branches.iter().map(|it| it.name.clone()).collect(),
            Branches::Drawn { count, .. } => {
                let name = |number: u32| format!("branch-{:05}", number + 1);
                (0..*count).map(name).collect()
            }
        }
    }
}
