//! What is told of each branch, and of those who go nowhere.

use super::counts::{Asked, OutletDay};
use super::outlets::RegionPlan;
use super::ranking;
use crate::statistics::moments::{Daily, Estimate, Ratio, Spread};
use crate::statistics::promise::MissCounts;
use crate::statistics::t_quantile;
use scenarios::figure::{Figure, FigureRow, Population, ShareWithin};
use scenarios::model::Scenario;
use std::fmt::Write;

const SECONDS: f64 = 1e-6;

/// A branch over all days.
#[derive(Debug, Clone, Default)]
pub struct OutletTotal {
    pub arrivals: (u64, Spread),
    served: (u64, Spread),
    abandoned: (u64, Spread),
    queue: (u64, Spread),
    wait: Ratio,
    time: Ratio,
    wait_within: Vec<Ratio>,
    time_within: Vec<Ratio>,
    occupancy: Ratio,
    /// Customers of the promise, and those of them who were within its threshold.
    pub kept: Ratio,
    pub misses: MissCounts,
}

/// Customers a day who go nowhere because their branch is closed.
#[derive(Debug, Clone, Default)]
pub struct Going {
    lost: Daily,
    to_mobile: Daily,
}

/// All branches over all days, and over the day that is going on.
#[derive(Debug, Clone, Default)]
pub struct Outlets {
    thresholds: Vec<u64>,
    day: Vec<OutletDay>,
    each: Vec<OutletTotal>,
    going: Going,
    days: u32,
}

impl Outlets {
    pub fn new(plan: &RegionPlan<'_>, asked: &Asked<'_>) -> Self {
        let ratios = vec![Ratio::default(); asked.thresholds.len()];
        let total = OutletTotal {
            wait_within: ratios.clone(),
            time_within: ratios,
            ..OutletTotal::default()
        };
        Self {
            thresholds: asked.thresholds.to_vec(),
            day: asked.no_days(plan),
            each: vec![total; plan.outlets.len()],
            going: Going::default(),
            days: 0,
        }
    }

    pub fn start_day(&mut self) {
        self.day.iter_mut().for_each(OutletDay::clear);
    }

    /// The day of each branch so far.
    pub fn today(&mut self) -> &mut [OutletDay] {
        &mut self.day
    }

    /// Each branch over all days.
    pub fn each(&self) -> &[OutletTotal] {
        &self.each
    }

    /// Days that are over.
    pub fn days(&self) -> u32 {
        self.days
    }

    /// Student's t for a 95% interval over them, if there are two.
    pub fn interval_factor(&self) -> Option<f64> {
        (self.days >= 2)
            .then(|| t_quantile(f64::from(self.days - 1)))
            .flatten()
    }

    /// Folds the day into the totals.
    pub fn end_day(&mut self) {
        let (mut lost, mut to_mobile) = (0, 0);
        for (total, day) in self.each.iter_mut().zip(&self.day) {
            for (sum, value) in [
                (&mut total.arrivals, day.arrivals),
                (&mut total.served, day.served),
                (&mut total.abandoned, day.abandoned),
                (&mut total.queue, day.queue),
            ] {
                sum.0 += 1;
                sum.1.add(value);
            }
            total.wait.add(day.served, day.wait);
            total.time.add(day.served, day.time);
            for (place, within) in day.within.iter().enumerate() {
                total.wait_within[place].add(day.served + within[2], within[0]);
                total.time_within[place].add(day.served + within[2], within[1]);
            }
            total.occupancy.add(day.duty, day.busy);
            let missed: u64 = day.promise.missed.iter().sum();
            total
                .kept
                .add(day.promise.customers, day.promise.customers - missed);
            total.misses.merge(&day.promise);
            lost += day.lost;
            to_mobile += day.to_mobile;
        }
        self.going.lost.add(lost);
        self.going.to_mobile.add(to_mobile);
        self.days += 1;
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: &Self) {
        if self.each.is_empty() {
            self.clone_from(other);
            return;
        }
        for (total, other) in self.each.iter_mut().zip(&other.each) {
            for (sum, other) in [
                (&mut total.arrivals, &other.arrivals),
                (&mut total.served, &other.served),
                (&mut total.abandoned, &other.abandoned),
                (&mut total.queue, &other.queue),
            ] {
                sum.0 += other.0;
                sum.1.merge(&other.1);
            }
            total.wait.merge(&other.wait);
            total.time.merge(&other.time);
            total.occupancy.merge(&other.occupancy);
            total.kept.merge(&other.kept);
            total.misses.merge(&other.misses);
            for (own, other) in [
                (&mut total.wait_within, &other.wait_within),
                (&mut total.time_within, &other.time_within),
            ] {
                own.iter_mut().zip(other).for_each(|(a, b)| a.merge(b));
            }
        }
        self.going.lost.merge(&other.going.lost);
        self.going.to_mobile.merge(&other.going.to_mobile);
        self.days += other.days;
    }
}

/// The rows of the branches: figure by figure, each branch in the order of the
/// file; of more branches than the region tells one by one, none.
pub fn rows(scenario: &Scenario, plan: &RegionPlan<'_>, outlets: &Outlets) -> Vec<FigureRow> {
    let t = outlets.interval_factor();
    let mut rows = Vec::new();
    if plan.region.closes() {
        for (figure, daily) in [
            (Figure::Lost, &outlets.going.lost),
            (Figure::ToMobile, &outlets.going.to_mobile),
        ] {
            let mut row = plain(
                figure,
                Population::default(),
                daily.days,
                daily.estimate(t),
                1.0,
            );
            spread(&mut row, &daily.spread, 1.0);
            rows.push(row);
        }
    }
    if plan.outlets.len() > plan.region.told as usize {
        return rows;
    }
    let counted = counted(plan);
    for figure in [
        Figure::Arrivals,
        Figure::Served,
        Figure::Abandoned,
        Figure::Wait,
        Figure::TimeInBranch,
        Figure::QueueLength,
        Figure::Occupancy,
    ] {
        for (outlet, total) in plan.outlets.iter().zip(&outlets.each) {
            let population = Population {
                branch: Some(outlet.name.clone()),
                ..Population::default()
            };
            rows.push(match figure {
                Figure::Wait | Figure::TimeInBranch => {
                    of_customers(figure, population, scenario, outlets, total)
                }
                Figure::Occupancy => {
                    let estimate = total.occupancy.estimate(outlets.days, t);
                    plain(figure, population, u64::from(outlets.days), estimate, 1.0)
                }
                _ => {
                    let (sum, scale) = match figure {
                        Figure::Served => (&total.served, 1.0),
                        Figure::Abandoned => (&total.abandoned, 1.0),
                        Figure::QueueLength => (&total.queue, 1.0 / counted),
                        _ => (&total.arrivals, 1.0),
                    };
                    let mut row = plain(figure, population, sum.0, mean(sum, t), scale);
                    spread(&mut row, &sum.1, scale);
                    row
                }
            });
        }
    }
    rows
}

/// One line for each branch, however many there are; `docs/summary.md` has the columns.
pub fn to_csv(scenario: &Scenario, plan: &RegionPlan<'_>, outlets: &Outlets) -> String {
    let mut text = String::from(
        "branch,x_km,y_km,days,arrivals,served,abandoned,wait,time_in_branch,queue_length,occupancy",
    );
    let asked = &scenario.report.thresholds;
    let promised = ranking::promised(scenario);
    // Writing to a String cannot fail.
    for threshold in asked {
        let _ = write!(text, ",within_{}s", threshold.seconds());
    }
    for resource in ranking::resources(plan, 0).filter(|it| !it.shared) {
        let _ = write!(text, ",servers_{}", resource.name);
    }
    if promised.is_some() {
        text += ",verdict,promise,promise_low,promise_high,promise_customers";
        text += ",missed_service,missed_wait,missed_review,missed_system,missed_fallback";
    }
    text.push('\n');
    let counted = counted(plan);
    let shown = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.6}"));
    for (outlet, total) in plan.outlets.iter().zip(&outlets.each) {
        let daily =
            |sum: &(u64, Spread), scale: f64| shown(mean(sum, None).map(|it| it.value * scale));
        let ratio = |ratio: &Ratio, scale: f64| {
            shown(
                ratio
                    .estimate(outlets.days, None)
                    .map(|it| it.value * scale),
            )
        };
        let _ = write!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{}",
            outlet.name,
            outlet.x_km,
            outlet.y_km,
            outlets.days,
            daily(&total.arrivals, 1.0),
            daily(&total.served, 1.0),
            daily(&total.abandoned, 1.0),
            ratio(&total.wait, SECONDS),
            ratio(&total.time, SECONDS),
            daily(&total.queue, 1.0 / counted),
            ratio(&total.occupancy, 1.0),
        );
        for threshold in asked {
            let place = outlets.thresholds.binary_search(&threshold.0);
            let within = place.ok().map(|place| &total.time_within[place]);
            let within = within.map_or_else(String::new, |it| ratio(it, 1.0));
            let _ = write!(text, ",{within}");
        }
        for resource in ranking::resources(plan, outlet.kind).filter(|it| !it.shared) {
            let _ = write!(text, ",{}", resource.roster.most());
        }
        if let Some((gate, seconds)) = promised {
            let judged = ranking::judged(gate, seconds, outlets, total);
            let _ = write!(
                text,
                ",{},{},{},{},{}",
                judged.verdict.name(),
                shown(judged.share),
                shown(judged.low),
                shown(judged.high),
                total.misses.customers,
            );
            for missed in total.misses.missed {
                let _ = write!(text, ",{missed}");
            }
        }
        text.push('\n');
    }
    text
}

fn of_customers(
    figure: Figure,
    population: Population,
    scenario: &Scenario,
    outlets: &Outlets,
    total: &OutletTotal,
) -> FigureRow {
    let (ratio, within) = if figure == Figure::Wait {
        (&total.wait, &total.wait_within)
    } else {
        (&total.time, &total.time_within)
    };
    let t = outlets.interval_factor();
    let served = total.served.1.sum as u64;
    let mut row = plain(
        figure,
        population,
        served,
        ratio.estimate(outlets.days, t),
        SECONDS,
    );
    let asked = scenario.report.thresholds.iter();
    row.shares = asked
        .filter_map(|threshold| {
            let place = outlets.thresholds.binary_search(&threshold.0).ok()?;
            let estimate = within[place].estimate(outlets.days, t);
            let interval = estimate.and_then(|it| it.interval);
            Some(ShareWithin {
                threshold_seconds: threshold.0 as f64 * SECONDS,
                share: estimate.map(|it| it.value),
                low: interval.map(|(low, _)| low.clamp(0.0, 1.0)),
                high: interval.map(|(_, high)| high.clamp(0.0, 1.0)),
            })
        })
        .collect();
    row
}

fn counted(plan: &RegionPlan<'_>) -> f64 {
    let first = &plan.plans[0];
    (first.close - first.open.max(first.counted_from)) as f64
}

pub fn mean(sum: &(u64, Spread), t: Option<f64>) -> Option<Estimate> {
    let daily = Daily {
        days: sum.0,
        spread: sum.1,
        ..Daily::default()
    };
    daily.estimate(t)
}

fn spread(row: &mut FigureRow, spread: &Spread, scale: f64) {
    if row.count > 0 {
        row.sd = spread.standard_deviation(row.count).map(|it| it * scale);
        row.min = Some(spread.least as f64 * scale);
        row.max = Some(spread.greatest as f64 * scale);
    }
}

pub fn plain(
    figure: Figure,
    population: Population,
    count: u64,
    estimate: Option<Estimate>,
    scale: f64,
) -> FigureRow {
    let interval = estimate.and_then(|it| it.interval);
    FigureRow {
        figure,
        population,
        unit: figure.unit(),
        count,
        mean: estimate.map(|it| it.value * scale),
        mean_low: interval.map(|(low, _)| low * scale),
        mean_high: interval.map(|(_, high)| high * scale),
        sd: None,
        min: None,
        max: None,
        quantiles: Vec::new(),
        shares: Vec::new(),
    }
}
