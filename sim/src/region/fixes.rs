//! What would keep the promise where it is missed: servers more, tried in all those
//! branches on the same days with the same customers.
//!
//! First one server more of each resource in turn; where that is not enough, two and
//! three more of the one that helped most. A server more is there whenever there is
//! any. Branches that have nothing to do with each other are tried alone; others
//! with the whole region, all of them with their own change at the same time.

use super::figures::Outlets;
use super::outlets::RegionPlan;
use super::ranking::{self, Judged};
use crate::error::SimError;
use crate::plan::Plan;
use crate::simulate::{Options, Progress, outlets_of};
use scenarios::gate::Verdict;
use scenarios::model::{Resource, Scenario};
use scenarios::summary::{self, Fix};
use scenarios::time::SimTime;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// So many servers more of one resource are tried at most.
const MOST_MORE: u32 = 3;
/// A share that changes by less is not changed.
const FELT: f64 = 0.005;

/// A branch that misses the promise.
struct Missing {
    /// Its place in the ranking, and in the region.
    place: usize,
    outlet: usize,
    share: f64,
    /// What has been tried: resource, how many more, and what came of it.
    tried: Vec<(usize, u32, Judged)>,
}

/// Tries more servers in the branches that miss the promise, and notes in the ranking
/// the cheapest that keep it, or the best of those that do not. Branches that keep it
/// stay as they are. An interruption leaves the ranking as it was.
///
/// # Errors
/// The scenario contradicts itself with a server more.
pub fn cheapest_fixes(
    scenario: &Scenario,
    options: &Options,
    outlets: &mut summary::Outlets,
    progress: &dyn Progress,
) -> Result<(), SimError> {
    let Some(promise) = &mut outlets.promise else {
        return Ok(());
    };
    let Some(plan) = RegionPlan::new(scenario, &options.latencies, options.seed)? else {
        return Ok(());
    };
    let place_of: BTreeMap<&str, usize> = plan
        .outlets
        .iter()
        .enumerate()
        .map(|(place, outlet)| (outlet.name.as_str(), place))
        .collect();
    let mut missing: Vec<Missing> = promise
        .ranking
        .iter()
        .enumerate()
        .filter(|(_, record)| record.verdict == Verdict::Fail)
        .filter_map(|(place, record)| {
            Some(Missing {
                place,
                outlet: *place_of.get(record.branch.as_str())?,
                share: record.share?,
                tried: Vec::new(),
            })
        })
        .collect();
    for resource in 0..scenario.resources.len() {
        let more = |missing: &Missing| {
            let own = &plan.region.kinds[plan.outlets[missing.outlet].kind].resources[resource];
            can_grow(own).then_some((resource, 1))
        };
        if !attempt(scenario, options, &mut missing, &more, progress)? {
            return Ok(());
        }
    }
    for servers in 2..=MOST_MORE {
        let more = |missing: &Missing| {
            let best = missing.best()?;
            let helps = best.2.verdict != Verdict::Pass && missing.felt(&best.2);
            helps.then_some((best.0, servers))
        };
        if !attempt(scenario, options, &mut missing, &more, progress)? {
            return Ok(());
        }
    }
    for missing in missing {
        let kind = &plan.region.kinds[plan.outlets[missing.outlet].kind];
        let first = &plan.plans[0];
        let stretch = (SimTime(first.open), SimTime(first.close));
        promise.ranking[missing.place].fix = missing.fix(&kind.resources, stretch);
    }
    Ok(())
}

/// Whether a server more is simply one of the same. A drawn number, servers told
/// apart and pools that all branches share are left as they are.
fn can_grow(resource: &Resource) -> bool {
    !resource.shared && !resource.told_apart() && resource.drawn.is_empty()
}

/// Tries in each branch what `more` says, if anything, and notes what came of it;
/// tells whether it was gone through to the end.
fn attempt(
    scenario: &Scenario,
    options: &Options,
    missing: &mut [Missing],
    more: &dyn Fn(&Missing) -> Option<(usize, u32)>,
    progress: &dyn Progress,
) -> Result<bool, SimError> {
    let tries: Vec<_> = missing.iter().map(more).collect();
    if tries.iter().all(Option::is_none) {
        return Ok(true);
    }
    let Some(mut plan) = RegionPlan::new(scenario, &options.latencies, options.seed)? else {
        return Ok(true);
    };
    let mut grown = Vec::new();
    // Branches of one kind with the same servers more are one kind again.
    let mut kinds: BTreeMap<(usize, usize, u32), usize> = BTreeMap::new();
    for (missing, tried) in missing.iter().zip(&tries) {
        let Some((resource, servers)) = *tried else {
            continue;
        };
        grown.push(missing.outlet);
        let old = plan.outlets[missing.outlet].kind;
        let next = plan.plans.len();
        let kind = *kinds.entry((old, resource, servers)).or_insert(next);
        if kind == next {
            let like = &plan.region.kinds[old];
            let kind = with_more(scenario, options, like, resource, servers)?;
            plan.plans.push(kind);
        }
        plan.outlets[missing.outlet].kind = kind;
    }
    let mut places: BTreeMap<usize, usize> = (0..plan.outlets.len()).map(|at| (at, at)).collect();
    if !plan.region.interacts() {
        places = grown.iter().copied().zip(0..).collect();
        plan.outlets = grown.iter().map(|at| plan.outlets[*at].clone()).collect();
    }
    let found = outlets_of(scenario, options, &plan, progress)?;
    let stop = options.stop.as_ref();
    if stop.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
        return Ok(false);
    }
    note(scenario, &found, missing, &tries, &places);
    Ok(true)
}

/// A kind of branch with so many servers more whenever there are any.
fn with_more(
    scenario: &Scenario,
    options: &Options,
    like: &Scenario,
    resource: usize,
    servers: u32,
) -> Result<Plan, SimError> {
    let mut kind = like.clone();
    kind.campaigns.clone_from(&scenario.campaigns);
    for (_, count) in &mut kind.resources[resource].roster.steps {
        if *count > 0 {
            *count += servers;
        }
    }
    let mut plan = Plan::new(&kind, &options.latencies)?;
    plan.seed = options.seed;
    Ok(plan)
}

fn note(
    scenario: &Scenario,
    found: &Outlets,
    missing: &mut [Missing],
    tries: &[Option<(usize, u32)>],
    places: &BTreeMap<usize, usize>,
) {
    let Some((gate, seconds)) = ranking::promised(scenario) else {
        return;
    };
    for (missing, tried) in missing.iter_mut().zip(tries) {
        let (Some((resource, servers)), Some(place)) = (tried, places.get(&missing.outlet)) else {
            continue;
        };
        if let Some(total) = found.each().get(*place) {
            let judged = ranking::judged(gate, seconds, found, total);
            missing.tried.push((*resource, *servers, judged));
        }
    }
}

impl Missing {
    /// The best tried, by how far the share moved; of equals the first.
    fn best(&self) -> Option<&(usize, u32, Judged)> {
        let moved = |it: &&(usize, u32, Judged)| {
            let share = it.2.share.unwrap_or(self.share);
            (share - self.share).abs()
        };
        self.tried
            .iter()
            .rev()
            .max_by(|a, b| moved(a).total_cmp(&moved(b)))
    }

    fn felt(&self, judged: &Judged) -> bool {
        judged
            .share
            .is_some_and(|share| (share - self.share).abs() >= FELT)
    }

    /// Of those that keep the promise the cheapest, where costs are known, else the
    /// fewest servers; of none, the best.
    fn fix(&self, resources: &[Resource], stretch: (SimTime, SimTime)) -> Option<Fix> {
        let cost = |resource: usize, more: u32| {
            let resource = &resources[resource];
            let mut one = resource.roster.clone();
            for (_, count) in &mut one.steps {
                *count = u32::from(*count > 0);
            }
            let hours = one.hours(stretch.0, stretch.1);
            let machine = resource.machine.map_or(0.0, |machine| machine.per_day());
            let each = resource.cost_per_hour.unwrap_or(0.0) * hours + machine;
            resource.has_cost().then(|| each * f64::from(more))
        };
        let keeps = self.tried.iter().filter(|it| it.2.verdict == Verdict::Pass);
        let cheapest = keeps.min_by(|a, b| {
            let costs = (cost(a.0, a.1), cost(b.0, b.1));
            let by_cost = match costs {
                (Some(first), Some(second)) => first.total_cmp(&second),
                _ => std::cmp::Ordering::Equal,
            };
            let share = |it: &(usize, u32, Judged)| it.2.share.unwrap_or(0.0);
            by_cost
                .then(a.1.cmp(&b.1))
                .then(share(b).total_cmp(&share(a)))
        });
        let (resource, more, judged) = cheapest.or_else(|| self.best())?;
        let felt = judged.verdict == Verdict::Pass || self.felt(judged);
        Some(Fix {
            resource: felt.then(|| resources[*resource].name.clone()),
            more: if felt { *more } else { 0 },
            verdict: judged.verdict,
            share: judged.share,
            low: judged.low,
            high: judged.high,
            cost_per_day: felt.then(|| cost(*resource, *more)).flatten(),
        })
    }
}
