//! What a branch's day costs: its people by the hour, its machines by the day, and
//! its customers' waiting.

use super::{Resource, ResourceId, Scenario};
use serde::Serialize;

/// `[cost]`: what is not of a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cost {
    /// An hour of a customer's waiting, in yuan, if it is counted.
    pub waiting_per_hour: Option<f64>,
}

/// What a machine costs whether it is used or not, in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MachineCost {
    /// Its price.
    pub purchase: f64,
    /// Over so many years; above 0.
    pub years: f64,
    /// Its upkeep in a year.
    pub service_per_year: f64,
    /// So many days in a year the branch is open; above 0.
    pub days_per_year: f64,
}

impl MachineCost {
    /// Of one machine on one day the branch is open, in yuan.
    pub fn per_day(&self) -> f64 {
        (self.purchase / self.years + self.service_per_year) / self.days_per_year
    }
}

impl Resource {
    /// Whether it costs anything that is said.
    pub fn has_cost(&self) -> bool {
        self.cost_per_hour.is_some() || self.machine.is_some()
    }

    /// What is paid on every day, however many are rostered: machines are owned as
    /// many as the roster ever wants. In yuan.
    pub fn fixed_cost_per_day(&self) -> f64 {
        let each = self.machine.map_or(0.0, |machine| machine.per_day());
        each * f64::from(self.roster.most())
    }
}

impl Scenario {
    /// Whether a resource costs anything, in any branch of a region.
    pub fn resource_has_cost(&self, resource: ResourceId) -> bool {
        let kinds = self.region.iter().flat_map(|region| &region.kinds);
        kinds
            .chain([self])
            .any(|it| it.resources.get(resource).is_some_and(Resource::has_cost))
    }

    /// Whether a day costs anything.
    pub fn has_costs(&self) -> bool {
        self.cost.waiting_per_hour.is_some()
            || (0..self.resources.len()).any(|resource| self.resource_has_cost(resource))
    }
}
