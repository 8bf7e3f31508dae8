//! The table of figures from the totals of a run; `docs/figures.md` defines each
//! figure.

use super::histogram::BinNumber;
use super::moments::wilson;
use super::moments::{Daily, Estimate, Ratio, Spread};
use super::pooled::Pooled;
use super::population::Populations;
use super::quantile::{self, Ranks};
use super::resampled::{self, QuantileInterval};
use super::t_quantile;
use super::tally::{BlockRecord, CUSTOMER_FIGURES, RARE_FIGURES};
use super::totals::{Cell, Totals};
use crate::plan::Plan;
use scenarios::figure::{Figure, FigureRow, FigureTable, Population, QuantileValue, ShareWithin};
use scenarios::model::Scenario;
use std::collections::BTreeMap;

const SECONDS_PER_MICRO: f64 = 1e-6;
const STANDARD_QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];
const MILLIONTH: f64 = 1e-6;

/// Everything that the table is made from.
pub struct Sources<'run> {
    pub scenario: &'run Scenario,
    pub plan: &'run Plan,
    pub populations: &'run Populations,
    pub thresholds: &'run [u64],
    pub totals: &'run mut Totals,
    pub blocks: &'run [BlockRecord],
    pub seed: u64,
    pub threads: usize,
}

/// Figures of single customers as they are tallied.
const FIGURES: [Figure; CUSTOMER_FIGURES] = [
    Figure::Wait,
    Figure::Service,
    Figure::Review,
    Figure::System,
    Figure::Fallback,
    Figure::TimeInBranch,
];

struct Writer<'run> {
    sources: Sources<'run>,
    quantiles: Vec<f64>,
    t: Option<f64>,
    ranks: Ranks,
    /// Of populations without interval, `[population * figures + figure]`.
    pooled: Vec<Vec<QuantileInterval>>,
    rows: BTreeMap<Figure, Vec<FigureRow>>,
}

/// The quantiles that are told: the standard ones and those asked for, ascending.
pub fn quantiles(scenario: &Scenario) -> Vec<f64> {
    let mut quantiles = STANDARD_QUANTILES.to_vec();
    let asked = scenario.report.quantiles.iter();
    quantiles.extend(asked.filter(|q| (0.0..=1.0).contains(*q)));
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup();
    quantiles
}

/// The rows of all figures, figure by figure in the order of [`Figure`], within
/// each the total, the branch, then the populations as numbered.
pub fn table(sources: Sources<'_>) -> FigureTable {
    let quantiles = quantiles(sources.scenario);
    let t = (sources.totals.days >= 2)
        .then(|| t_quantile(f64::from(sources.totals.days - 1)))
        .flatten();
    let pooled = resampled::quantiles(&sources, &quantiles);
    let mut writer = Writer {
        sources,
        quantiles,
        t,
        ranks: Ranks::default(),
        pooled,
        rows: BTreeMap::new(),
    };
    for number in 0..writer.sources.populations.len() {
        writer.customers(number);
    }
    writer.resources();
    writer.branch();
    FigureTable {
        rows: writer.rows.into_values().flatten().collect(),
    }
}

impl Writer<'_> {
    fn push(&mut self, row: FigureRow) {
        let branch = &self.sources.populations.branch;
        let of_branch = self.sources.scenario.region.is_none()
            && row.population.channel.is_none()
            && row.population.service.is_none()
            && row.population.segment.is_none()
            && row.population.resource.is_none();
        let again = of_branch.then(|| FigureRow {
            population: Population {
                branch: Some(branch.clone()),
                ..row.population.clone()
            },
            ..row.clone()
        });
        let rows = self.rows.entry(row.figure).or_default();
        rows.push(row);
        rows.extend(again);
    }

    fn per_day(&self) -> &'static str {
        if self.sources.plan.steady_state {
            "customers/replication"
        } else {
            "customers/day"
        }
    }

    fn customers(&mut self, number: usize) {
        let population = self.sources.populations.names[number].clone();
        let cell = self
            .sources
            .totals
            .cells
            .get_mut(number)
            .map(std::mem::take)
            .unwrap_or_default();
        let means: [Ratio; CUSTOMER_FIGURES] = std::array::from_fn(|figure| cell.mean(figure));
        let within: [Vec<Ratio>; CUSTOMER_FIGURES] =
            std::array::from_fn(|figure| cell.within(figure).collect());
        let Cell {
            arrivals,
            served,
            abandoned,
            rare,
            fallback,
            spreads,
            pooled,
            ..
        } = cell;
        let unit = self.per_day();
        let usual = [
            (Figure::Arrivals, arrivals),
            (Figure::Served, served.clone()),
            (Figure::Abandoned, abandoned),
            (Figure::FallbackCustomers, fallback),
        ];
        let scenario = self.sources.scenario;
        let rare = RARE_FIGURES.into_iter().zip(rare);
        let caused = rare.filter(|(figure, _)| scenario.lacks_cause_of(*figure).is_none());
        for (figure, daily) in usual.into_iter().chain(caused) {
            let row = self.daily(figure, population.clone(), unit, daily, 1.0);
            self.push(row);
        }
        let plain = self.sources.populations.plain();
        let count = served.spread.sum as u64;
        for (figure, pooled) in pooled.into_iter().enumerate() {
            let quantiles = if number < plain {
                self.pooled_quantiles(number * CUSTOMER_FIGURES + figure)
            } else {
                let bins = self.of_interval(number, figure, pooled).sorted();
                self.plain_quantiles(&bins, SECONDS_PER_MICRO)
            };
            let shares = self.shares(&within[figure]);
            let row = self.customer_row(
                FIGURES[figure],
                population.clone(),
                count,
                &spreads[figure],
                &means[figure],
                quantiles,
                shares,
            );
            self.push(row);
        }
        self.wait_from_arrival(number, population, count);
    }

    fn wait_from_arrival(&mut self, number: usize, population: Population, count: u64) {
        let cells = &mut self.sources.totals.from_arrival.cells;
        let Some(waits) = cells.get_mut(number).map(std::mem::take) else {
            return;
        };
        let quantiles = self.plain_quantiles(&waits.histogram.sorted(), SECONDS_PER_MICRO);
        let row = self.customer_row(
            Figure::WaitFromArrival,
            population,
            count,
            &waits.spread,
            &waits.mean,
            quantiles,
            self.shares(&waits.within),
        );
        self.push(row);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one argument per group of the row's columns"
    )]
    fn customer_row(
        &self,
        figure: Figure,
        population: Population,
        count: u64,
        spread: &Spread,
        mean: &Ratio,
        quantiles: Vec<QuantileValue>,
        shares: Vec<ShareWithin>,
    ) -> FigureRow {
        let estimate = mean.estimate(self.sources.totals.days, self.t);
        let seen = |micros: u64| (count > 0).then_some(micros as f64 * SECONDS_PER_MICRO);
        row(
            figure,
            population,
            "s",
            count,
            estimate,
            SECONDS_PER_MICRO,
            |row| {
                row.sd = spread
                    .standard_deviation(count)
                    .map(|deviation| deviation * SECONDS_PER_MICRO);
                row.min = seen(spread.least);
                row.max = seen(spread.greatest);
                row.quantiles = quantiles;
                row.shares = shares;
            },
        )
    }

    fn shares(&self, within: &[Ratio]) -> Vec<ShareWithin> {
        let asked = &self.sources.scenario.report.thresholds;
        let all = self.sources.thresholds.iter().zip(within);
        all.filter(|(micros, _)| asked.iter().any(|span| span.0 == **micros))
            .map(|(micros, ratio)| {
                let estimate = ratio.estimate(self.sources.totals.days, self.t);
                let interval = estimate.and_then(|estimate| estimate.interval);
                ShareWithin {
                    threshold_seconds: *micros as f64 * SECONDS_PER_MICRO,
                    share: estimate.map(|estimate| estimate.value),
                    low: interval.map(|(low, _)| low.clamp(0.0, 1.0)),
                    high: interval.map(|(_, high)| high.clamp(0.0, 1.0)),
                }
            })
            .collect()
    }

    /// What is pooled of a population by interval: of the total, of its channels.
    fn of_interval(&self, number: usize, figure: usize, pooled: Pooled) -> Pooled {
        let populations = self.sources.populations;
        let interval = number - populations.plain();
        if interval >= populations.intervals {
            return pooled;
        }
        let (_, channels) = populations.total_of_interval(interval);
        let mut sum = Pooled::default();
        channels.for_each(|channel| sum.merge(&self.sources.totals.cells[channel].pooled[figure]));
        sum
    }

    /// Quantiles of a population without interval with their intervals by resampling.
    fn pooled_quantiles(&self, place: usize) -> Vec<QuantileValue> {
        let quantiles = self.quantiles.iter().zip(&self.pooled[place]);
        let of = |(q, (value, interval)): (&f64, &QuantileInterval)| {
            let value = value.map(|value| value * SECONDS_PER_MICRO);
            let known = value.zip(*interval);
            QuantileValue {
                q: *q,
                value,
                low: known.map(|(point, (low, _))| (low * SECONDS_PER_MICRO).min(point)),
                high: known.map(|(point, (_, high))| (high * SECONDS_PER_MICRO).max(point)),
            }
        };
        quantiles.map(of).collect()
    }

    fn plain_quantiles(&self, bins: &[(BinNumber, u64)], scale: f64) -> Vec<QuantileValue> {
        self.quantiles
            .iter()
            .map(|q| QuantileValue {
                q: *q,
                value: quantile::quantile(bins, *q).map(|value| value * scale),
                low: None,
                high: None,
            })
            .collect()
    }

    /// Quantiles over independent days, with their intervals by order statistics.
    fn daily_quantiles(&mut self, bins: &[(BinNumber, u64)], scale: f64) -> Vec<QuantileValue> {
        let mut values = self.plain_quantiles(bins, scale);
        for value in &mut values {
            if let (Some(point), Some((low, high))) =
                (value.value, self.ranks.interval(bins, value.q))
            {
                value.low = Some((low * scale).min(point));
                value.high = Some((high * scale).max(point));
            }
        }
        values
    }

    fn daily(
        &mut self,
        figure: Figure,
        population: Population,
        unit: &'static str,
        daily: Daily,
        scale: f64,
    ) -> FigureRow {
        let estimate = daily.estimate(self.t);
        let Daily {
            days,
            spread,
            histogram,
        } = daily;
        let quantiles = self.daily_quantiles(&histogram.sorted(), scale);
        let seen = |value: u64| (days > 0).then_some(value as f64 * scale);
        row(figure, population, unit, days, estimate, scale, |row| {
            row.sd = spread
                .standard_deviation(days)
                .map(|deviation| deviation * scale);
            row.min = seen(spread.least);
            row.max = seen(spread.greatest);
            row.quantiles = quantiles;
        })
    }

    fn resources(&mut self) {
        let plan = self.sources.plan;
        let counted = plan.counted_length();
        let uses = std::mem::take(&mut self.sources.totals.uses);
        let scenario = self.sources.scenario;
        let costs: Vec<Daily> = uses.iter().map(|used| used.cost.clone()).collect();
        self.costs(costs);
        for (number, used) in uses.into_iter().enumerate() {
            let resource = scenario.resources.get(number);
            let population = Population {
                resource: resource.map(|resource| resource.name.clone()),
                ..Population::default()
            };
            let queue = self.daily(
                Figure::QueueLength,
                population.clone(),
                "people",
                used.queue,
                1.0 / counted,
            );
            self.push(queue);
            let mut occupancy = self.daily(
                Figure::Occupancy,
                population.clone(),
                "share",
                used.occupancy_daily,
                1e-9,
            );
            let estimate = used.occupancy.estimate(self.sources.totals.days, self.t);
            occupancy.mean = estimate.map(|estimate| estimate.value);
            occupancy.mean_low = estimate
                .and_then(|e| e.interval)
                .map(|(low, _)| low.clamp(0.0, 1.0));
            occupancy.mean_high = estimate
                .and_then(|e| e.interval)
                .map(|(_, high)| high.clamp(0.0, 1.0));
            self.push(occupancy);
        }
    }

    /// What a day costs: all together, what the waiting of a population's customers
    /// costs where that is counted, and each resource that costs something.
    fn costs(&mut self, mut costs: Vec<Daily>) {
        let scenario = self.sources.scenario;
        let Some(all) = costs.pop().filter(|_| scenario.has_costs()) else {
            return;
        };
        let mut told = vec![(Population::default(), all)];
        if scenario.cost.waiting_per_hour.is_some() {
            let waiting = std::mem::take(&mut self.sources.totals.waiting_costs);
            let names = self.sources.populations.names.iter().cloned();
            told.extend(names.zip(waiting).skip(1));
        }
        for (number, cost) in costs.into_iter().enumerate() {
            if scenario.resource_has_cost(number) {
                let resource = Some(scenario.resources[number].name.clone());
                let population = Population {
                    resource,
                    ..Population::default()
                };
                told.push((population, cost));
            }
        }
        for (population, cost) in told {
            let row = self.daily(Figure::Cost, population, "yuan/day", cost, MILLIONTH);
            self.push(row);
        }
    }

    fn branch(&mut self) {
        let plan = self.sources.plan;
        let counted = plan.counted_length();
        let people = std::mem::take(&mut self.sources.totals.people);
        let row = self.daily(
            Figure::PeopleInBranch,
            Population::default(),
            "people",
            people,
            1.0 / counted,
        );
        self.push(row);
        if !plan.steady_state {
            let overtime = std::mem::take(&mut self.sources.totals.overtime);
            let row = self.daily(
                Figure::Overtime,
                Population::default(),
                "s",
                overtime,
                SECONDS_PER_MICRO,
            );
            self.push(row);
        }
        self.promise_kept();
        let people = std::mem::take(&mut self.sources.totals.people_by_interval);
        let queues = std::mem::take(&mut self.sources.totals.queue_by_interval);
        let interval = self.sources.populations.interval;
        for (figure, dailies) in [
            (Figure::PeopleInBranch, people),
            (Figure::QueueLength, queues),
        ] {
            for (number, daily) in dailies.into_iter().enumerate() {
                let label = self.sources.populations.interval_labels[number].clone();
                let from = plan.open + number as u64 * interval;
                let length = (plan.close - from).min(interval) as f64;
                let population = Population {
                    interval: Some(label),
                    ..Population::default()
                };
                let row = self.daily(figure, population, "people", daily, 1.0 / length);
                self.push(row);
            }
        }
    }
}

impl Writer<'_> {
    /// The share of days on which the promise was kept.
    fn promise_kept(&mut self) {
        let (kept, days) = (
            self.sources.totals.days_kept,
            self.sources.totals.days_promised,
        );
        if days == 0 {
            return;
        }
        let estimate = Estimate {
            value: kept as f64 / days as f64,
            interval: (days >= 2).then(|| wilson(kept, days)),
        };
        let quantiles = self.plain_quantiles(&[], 1.0);
        let row = row(
            Figure::PromiseKept,
            Population::default(),
            "share",
            days,
            Some(estimate),
            1.0,
            |row| row.quantiles = quantiles,
        );
        self.push(row);
    }
}

fn row(
    figure: Figure,
    population: Population,
    unit: &'static str,
    count: u64,
    estimate: Option<Estimate>,
    scale: f64,
    fill: impl FnOnce(&mut FigureRow),
) -> FigureRow {
    let interval = estimate.and_then(|estimate| estimate.interval);
    let mut row = FigureRow {
        figure,
        population,
        unit,
        count,
        mean: estimate.map(|estimate| estimate.value * scale),
        mean_low: interval.map(|(low, _)| low * scale),
        mean_high: interval.map(|(_, high)| high * scale),
        sd: None,
        min: None,
        max: None,
        quantiles: Vec::new(),
        shares: Vec::new(),
    };
    fill(&mut row);
    row
}
