//! The branches made ready: a plan for each kind, and for each branch its place,
//! its volume and its randomness.

use crate::arrivals::ArrivalTimes;
use crate::engine::express::Routes;
use crate::error::SimError;
use crate::keyed::{
    APPOINTMENT_STREAM, BRANCH_STREAM, Key, Purpose, SERVER_STREAM, finalise, uniform,
};
use crate::latency::OperationLatencies;
use crate::normal;
use crate::plan::Plan;
use crate::simulate::Loop;
use crate::source::Keyed;
use scenarios::model::{Branches, PerDay, Region, Scenario};

/// A region ready to be simulated.
#[derive(Debug)]
pub struct RegionPlan<'s> {
    pub region: &'s Region,
    /// By kind.
    pub plans: Vec<Plan>,
    pub outlets: Vec<Outlet>,
    /// Resources that all share.
    pub shared: Vec<usize>,
    pub seed: u64,
}

/// One branch.
#[derive(Debug, Clone)]
pub struct Outlet {
    pub name: String,
    pub kind: usize,
    /// So many times as many customers as its kind has.
    pub scale: f64,
    pub x_km: f64,
    pub y_km: f64,
    /// When nobody may come in, in microseconds.
    pub closed: Vec<(u64, u64)>,
    /// What tells its draws from others': from its name, so that a branch keeps
    /// its customers when others are added or taken away.
    own: u64,
}

impl<'s> RegionPlan<'s> {
    /// Makes the branches of a scenario ready; none if it has no region.
    ///
    /// # Errors
    /// A kind of branch contradicts itself.
    pub fn new(
        scenario: &'s Scenario,
        latencies: &OperationLatencies,
        seed: u64,
    ) -> Result<Option<Self>, SimError> {
        let Some(region) = scenario.region.as_deref() else {
            return Ok(None);
        };
        let mut plans = Vec::with_capacity(region.kinds.len());
        for kind in &region.kinds {
            let mut kind = kind.clone();
            kind.campaigns.clone_from(&scenario.campaigns);
            let mut plan = Plan::new(&kind, latencies)?;
            plan.seed = seed;
            plans.push(plan);
        }
        let outlets = outlets(region, seed);
        let resources = region.kinds[0].resources.iter().enumerate();
        let shared = resources.filter(|(_, it)| it.shared).map(|(at, _)| at);
        Ok(Some(Self {
            region,
            plans,
            outlets,
            shared: shared.collect(),
            seed,
        }))
    }

    /// Of each kind, what the express loop needs if it knows all of its rules and is
    /// asked for.
    pub fn routes(&self, which: Loop) -> Vec<Option<Routes<'_>>> {
        let of_each = self.plans.iter().map(Routes::of);
        of_each
            .map(|routes| routes.filter(|_| which == Loop::Fitting))
            .collect()
    }

    /// Where the draws of a branch's customers come from.
    pub fn key(&self, replication: u32, outlet: usize) -> Key {
        let own = self.outlets[outlet].own;
        Key::of_stream(self.seed, replication, BRANCH_STREAM).under(Purpose::Outlet { own })
    }

    /// When the customers of a branch set out on a day, with their keys.
    pub fn arrivals(&self, replication: u32, outlet: usize) -> ArrivalTimes<'_, Keyed> {
        let it = &self.outlets[outlet];
        let curve = &self.plans[it.kind].arrivals;
        curve.times_scaled(self.key(replication, outlet), &Keyed, it.scale)
    }

    /// Where the draws of a branch's appointments come from.
    pub fn appointment_key(&self, replication: u32, outlet: usize) -> Key {
        let own = self.outlets[outlet].own;
        Key::of_stream(self.seed, replication, APPOINTMENT_STREAM).under(Purpose::Outlet { own })
    }

    /// Where the draws of a branch's servers come from.
    pub fn server_key(&self, replication: u32, outlet: usize) -> Key {
        let own = self.outlets[outlet].own;
        Key::of_stream(self.seed, replication, SERVER_STREAM).under(Purpose::Outlet { own })
    }
}

fn outlets(region: &Region, seed: u64) -> Vec<Outlet> {
    let names = region.names();
    let own = |name: &str| {
        name.bytes()
            .fold(0, |own, byte| finalise(own ^ u64::from(byte)))
    };
    match &region.branches {
        Branches::Listed(branches) => branches
            .iter()
            .map(|branch| {
                let pieces = &region.kinds[branch.kind].arrivals.pieces;
                let expected: f64 = pieces.iter().map(|piece| piece.expected).sum();
                let scale = match branch.per_day {
                    Some(per_day) if expected > 0.0 => per_day / expected,
                    _ => 1.0,
                };
                Outlet {
                    name: branch.name.clone(),
                    kind: branch.kind,
                    scale,
                    x_km: branch.x_km,
                    y_km: branch.y_km,
                    closed: branch.closed.iter().map(|it| (it.0.0, it.1.0)).collect(),
                    own: own(&branch.name),
                }
            })
            .collect(),
        Branches::Drawn {
            per_day, grid_km, ..
        } => {
            let pieces = &region.kinds[0].arrivals.pieces;
            let expected: f64 = pieces.iter().map(|piece| piece.expected).sum();
            let drawn = |name: String| {
                let own = own(&name);
                let key = Key::of_stream(seed, 0, BRANCH_STREAM).under(Purpose::Outlet { own });
                let per_day = size(*per_day, key.bits(Purpose::Size));
                Outlet {
                    name,
                    kind: 0,
                    scale: if expected > 0.0 {
                        per_day / expected
                    } else {
                        1.0
                    },
                    x_km: grid_km * key.uniform(Purpose::Scatter { axis: 0 }),
                    y_km: grid_km * key.uniform(Purpose::Scatter { axis: 1 }),
                    closed: Vec::new(),
                    own,
                }
            };
            names.into_iter().map(drawn).collect()
        }
    }
}

/// A lognormal number cut to its bounds by inversion: no draw piles up at a bound.
fn size(law: PerDay, bits: u64) -> f64 {
    if law.cv <= 0.0 || law.low >= law.high {
        return law.mean.clamp(law.low, law.high);
    }
    let sigma = libm::log(1.0 + law.cv * law.cv).sqrt();
    let mu = libm::log(law.mean) - 0.5 * sigma * sigma;
    let below = |value: f64| {
        let standard = (libm::log(value) - mu) / sigma;
        0.5 * libm::erfc(-standard / std::f64::consts::SQRT_2)
    };
    let from = if law.low > 0.0 { below(law.low) } else { 0.0 };
    let share = from + uniform(bits) * (below(law.high) - from);
    let share = share.clamp(1e-300, 1.0 - 1e-16);
    let value = libm::exp(mu + sigma * normal::quantile(share));
    value.clamp(law.low, law.high)
}
