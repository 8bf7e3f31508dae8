//! The branches in the order in which a planner wants to hear of them: who misses
//! the promise, by how much and why; and how many servers all of them have.

use super::figures::{OutletTotal, Outlets, mean};
use super::outlets::RegionPlan;
use crate::statistics::promise::Promise;
use scenarios::figure::{FigureRow, FigureTable, ShareWithin};
use scenarios::gate::{self, Gate, Statistic, Verdict};
use scenarios::model::{Resource, Scenario};
use scenarios::summary::{self, Headcount, MOST_RANKED, OutletPromise, OutletRecord};
use scenarios::time::SimTime;

/// What the summary tells of the branches.
pub fn told(
    scenario: &Scenario,
    plan: &RegionPlan<'_>,
    promise: Option<&Promise>,
    outlets: &Outlets,
) -> summary::Outlets {
    summary::Outlets {
        branches: plan.outlets.len() as u32,
        headcount: headcount(scenario, plan),
        promise: promise.and_then(|promise| ranked(scenario, plan, promise, outlets)),
    }
}

/// The gate that the promise is, and its threshold in seconds.
pub fn promised(scenario: &Scenario) -> Option<(&Gate, f64)> {
    let gate = &scenario.gates.iter().find(|it| it.name == "promise")?.gate;
    match gate.statistic {
        Statistic::ShareWithin(seconds) => Some((gate, seconds)),
        _ => None,
    }
}

/// A branch's share within the threshold, judged as the gate judges the region's.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    pub verdict: Verdict,
    pub share: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Judges what one branch did.
pub fn judged(gate: &Gate, seconds: f64, outlets: &Outlets, total: &OutletTotal) -> Judged {
    let estimate = total
        .kept
        .estimate(outlets.days(), outlets.interval_factor());
    let interval = estimate.and_then(|it| it.interval);
    let share = ShareWithin {
        threshold_seconds: seconds,
        share: estimate.map(|it| it.value),
        low: interval.map(|(low, _)| low.clamp(0.0, 1.0)),
        high: interval.map(|(_, high)| high.clamp(0.0, 1.0)),
    };
    let table = FigureTable {
        rows: vec![FigureRow {
            shares: vec![share],
            ..super::figures::plain(gate.figure, gate.population.clone(), 0, None, 1.0)
        }],
    };
    let record = gate::judge("promise", gate, &table);
    Judged {
        verdict: record.verdict,
        share: record.estimate,
        low: record.low,
        high: record.high,
    }
}

fn ranked(
    scenario: &Scenario,
    plan: &RegionPlan<'_>,
    promise: &Promise,
    outlets: &Outlets,
) -> Option<OutletPromise> {
    let (gate, seconds) = promised(scenario)?;
    let mut ranking: Vec<OutletRecord> = plan
        .outlets
        .iter()
        .zip(outlets.each())
        .map(|(outlet, total)| {
            let judged = judged(gate, seconds, outlets, total);
            let misses = promise.misses(&total.misses);
            OutletRecord {
                branch: outlet.name.clone(),
                verdict: judged.verdict,
                arrivals: mean(&total.arrivals, None).map_or(0.0, |it| it.value),
                share: judged.share,
                low: judged.low,
                high: judged.high,
                customers: misses.customers,
                missed: misses.missed,
                by_part: misses.by_part,
                servers: resources(plan, outlet.kind)
                    .filter(|it| !it.shared)
                    .map(|it| (it.name.clone(), it.roster.most()))
                    .collect(),
                fix: None,
            }
        })
        .collect();
    let count = |verdict: Verdict| ranking.iter().filter(|it| it.verdict == verdict).count() as u32;
    let (kept, missed) = (count(Verdict::Pass), count(Verdict::Fail));
    let (undecided, without_customers) = (count(Verdict::Undecided), count(Verdict::Invalid));
    let higher_is_better = gate.comparison.holds(1.0, gate.bound);
    let worst_first = |record: &OutletRecord| {
        let share = record.share.unwrap_or(f64::INFINITY);
        if higher_is_better { share } else { -share }
    };
    // Of equals the first in the list.
    ranking.sort_by(|a, b| {
        let (first, second) = (place(a.verdict), place(b.verdict));
        let shares = || worst_first(a).total_cmp(&worst_first(b));
        first.cmp(&second).then_with(shares)
    });
    ranking.truncate(MOST_RANKED);
    Some(OutletPromise {
        promise: gate.text.clone(),
        threshold_seconds: seconds,
        bound: gate.bound,
        kept,
        missed,
        undecided,
        without_customers,
        ranking,
    })
}

/// Those that miss it first.
fn place(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Undecided => 1,
        Verdict::Pass => 2,
        Verdict::Invalid => 3,
    }
}

/// The resources of a kind of branch.
pub fn resources<'p>(plan: &RegionPlan<'p>, kind: usize) -> impl Iterator<Item = &'p Resource> {
    plan.region.kinds[kind].resources.iter()
}

fn headcount(scenario: &Scenario, plan: &RegionPlan<'_>) -> Vec<Headcount> {
    let first = &plan.plans[0];
    let (open, close) = (
        SimTime(first.open.max(first.counted_from)),
        SimTime(first.close),
    );
    let own = scenario.resources.iter().enumerate();
    own.map(|(number, resource)| {
        let mut all = Headcount {
            resource: resource.name.clone(),
            servers: 0,
            hours_per_day: 0.0,
            cost_per_day: None,
            shared: resource.shared,
        };
        let mut add = |resource: &Resource| {
            let hours = resource.roster.hours(open, close);
            all.servers += u64::from(resource.roster.most());
            all.hours_per_day += hours;
            if resource.has_cost() {
                let by_hour = resource.cost_per_hour.unwrap_or(0.0) * hours;
                *all.cost_per_day.get_or_insert(0.0) += by_hour + resource.fixed_cost_per_day();
            }
        };
        if resource.shared {
            add(resource);
        } else {
            for outlet in &plan.outlets {
                add(&plan.region.kinds[outlet.kind].resources[number]);
            }
        }
        all
    })
    .collect()
}
