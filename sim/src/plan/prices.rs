//! What a day costs, in whole millionths of a yuan, so that days add up exactly.

use scenarios::model::{Resource, Scenario};

/// Millionths of a yuan in one.
const MILLIONTHS: f64 = 1e6;

/// The costs of a branch.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    /// Of each resource; none where nothing costs anything.
    each: Vec<Price>,
    /// Of an hour's waiting.
    waiting_per_hour: f64,
}

/// What one resource costs, in yuan.
#[derive(Debug, Clone, Copy)]
struct Price {
    per_hour: f64,
    per_day: f64,
}

impl Prices {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let of = |resource: &Resource| Price {
            per_hour: resource.cost_per_hour.unwrap_or(0.0),
            per_day: resource.fixed_cost_per_day(),
        };
        let any = scenario.resources.iter().any(Resource::has_cost);
        let each = scenario.resources.iter().filter(|_| any).map(of);
        Self {
            each: each.collect(),
            waiting_per_hour: scenario.cost.waiting_per_hour.unwrap_or(0.0),
        }
    }

    /// A day of a resource of which so many server microseconds were rostered.
    pub fn of_resource(&self, resource: usize, rostered: u128) -> u64 {
        let Some(price) = self.each.get(resource) else {
            return 0;
        };
        let hours = rostered as f64 / 3.6e9;
        ((hours * price.per_hour + price.per_day) * MILLIONTHS).round() as u64
    }

    /// So many microseconds of waiting.
    pub fn of_waiting(&self, micros: u64) -> u64 {
        (micros as f64 / 3.6e9 * self.waiting_per_hour * MILLIONTHS).round() as u64
    }
}
