//! Which part of the time in branch breaks the promise.

use super::population::Populations;
use crate::engine::visitor::{Departure, Fate};
use scenarios::figure::{Figure, Population};
use scenarios::gate::{Comparison, Statistic};
use scenarios::model::{Label, Scenario};
use scenarios::summary::{MissPart, Misses};
use scenarios::time::Span;

/// The five parts in the order of the miss table.
const PARTS: [&str; 5] = ["service", "wait", "review", "system", "fallback"];
const PARTS_ZH: [&str; 5] = ["办理", "等候", "审核", "系统", "转柜"];
const SERVICE: usize = 0;
const WAIT: usize = 1;

/// The promise as the tally needs it.
#[derive(Debug, Clone)]
pub struct Promise {
    text: String,
    /// Number of its population.
    pub population: usize,
    threshold: Span,
    of_wait: bool,
    comparison: Comparison,
    bound: f64,
}

/// Counts of those who count and those who missed.
#[derive(Debug, Clone, Default)]
pub struct MissCounts {
    pub customers: u64,
    pub missed: [u64; 5],
    micros: [u128; 5],
}

impl Promise {
    /// The gate named `promise`, if it is about the share of customers within a
    /// wait or a time in branch, of a population that is counted.
    pub fn of(scenario: &Scenario, populations: &Populations) -> Option<Self> {
        let gate = &scenario
            .gates
            .iter()
            .find(|gate| gate.name == "promise")?
            .gate;
        let Statistic::ShareWithin(threshold) = gate.statistic else {
            return None;
        };
        let of_wait = match gate.figure {
            Figure::Wait => true,
            Figure::TimeInBranch => false,
            _ => return None,
        };
        if gate
            .population
            .branch
            .as_ref()
            .is_some_and(|branch| *branch != scenario.branch)
        {
            return None;
        }
        let wanted = Population {
            branch: None,
            ..gate.population.clone()
        };
        let population = populations.names.iter().position(|name| *name == wanted)?;
        Some(Self {
            text: gate.text.clone(),
            population,
            threshold: Span::from_seconds(threshold),
            of_wait,
            comparison: gate.comparison,
            bound: gate.bound,
        })
    }

    /// Whether a day with this count of customers and so many within the threshold
    /// has kept it; none when nobody counts.
    pub fn kept(&self, customers: u64, within: u64) -> Option<bool> {
        if customers == 0 {
            return None;
        }
        let share = within as f64 / customers as f64;
        Some(match self.comparison {
            Comparison::AtLeast => share >= self.bound,
            Comparison::Above => share > self.bound,
            Comparison::AtMost => share <= self.bound,
            Comparison::Below => share < self.bound,
            Comparison::Equal => (share - self.bound).abs() < f64::EPSILON,
        })
    }

    /// Counts a customer of the promise's population.
    pub fn count(&self, departure: &Departure, counts: &mut MissCounts) {
        let threshold = self.threshold.0;
        let parts = [
            departure.service,
            departure.wait,
            departure.review,
            departure.system,
            departure.fallback,
        ];
        let value = match departure.fate {
            Fate::Unserved | Fate::Balked => return,
            Fate::Abandoned if departure.wait <= threshold => return,
            Fate::Abandoned => departure.wait,
            Fate::Served if self.of_wait => departure.wait,
            Fate::Served => departure.time_in_branch(),
        };
        counts.customers += 1;
        if value <= threshold {
            return;
        }
        let breaker = if departure.fate == Fate::Abandoned || self.of_wait {
            WAIT
        } else if departure.service > threshold {
            SERVICE
        } else {
            // The first of the largest.
            (WAIT..PARTS.len())
                .rev()
                .max_by_key(|part| parts[*part])
                .unwrap_or(WAIT)
        };
        counts.missed[breaker] += 1;
        for (sum, part) in counts.micros.iter_mut().zip(parts) {
            *sum += u128::from(part);
        }
    }

    /// The table of misses with its finding.
    pub fn misses(&self, counts: &MissCounts) -> Misses {
        let missed: u64 = counts.missed.iter().sum();
        let by_part: Vec<MissPart> = (0..PARTS.len())
            .map(|part| MissPart {
                part: PARTS[part].to_owned(),
                missed: counts.missed[part],
                share: share(counts.missed[part], missed),
                mean_seconds: if missed == 0 {
                    0.0
                } else {
                    counts.micros[part] as f64 / 1e6 / missed as f64
                },
            })
            .collect();
        Misses {
            promise: self.text.clone(),
            threshold_seconds: self.threshold.seconds(),
            customers: counts.customers,
            missed,
            finding: self.finding(counts, &by_part, missed),
            by_part,
        }
    }

    fn finding(&self, counts: &MissCounts, by_part: &[MissPart], missed: u64) -> Label {
        let minutes = |seconds: f64| format!("{:.1}", seconds / 60.0);
        let limit = minutes(self.threshold.seconds());
        if missed == 0 {
            return Label {
                en: format!(
                    "Nobody missed it: all {} customers were within {limit} min.",
                    counts.customers
                ),
                zh: format!(
                    "无人超时:{} 位客户都在 {limit} 分钟以内。",
                    counts.customers
                ),
            };
        }
        let percent = |count: u64, of: u64| format!("{:.1}%", 100.0 * share(count, of));
        let first = (0..PARTS.len())
            .rev()
            .max_by_key(|part| by_part[*part].missed)
            .unwrap_or(WAIT);
        let of_misses = percent(by_part[first].missed, missed);
        let (service, wait) = (
            minutes(by_part[SERVICE].mean_seconds),
            minutes(by_part[WAIT].mean_seconds),
        );
        let missed_share = percent(missed, counts.customers);
        let own = minutes(by_part[first].mean_seconds);
        let (en, zh) = match first {
            SERVICE => (
                format!(
                    "Service, not waiting, is why: {missed_share} of customers missed {limit} min, and {of_misses} of them \
                     needed longer than that for the service alone; those who missed spent {service} min in service and \
                     {wait} min waiting on average."
                ),
                format!(
                    "原因是办理时间,不是等候:{missed_share} 的客户超过 {limit} 分钟,其中 {of_misses} 仅办理本身就超过该时限;\
                     超时客户平均办理 {service} 分钟,等候 {wait} 分钟。"
                ),
            ),
            WAIT => (
                format!(
                    "Waiting is why: {missed_share} of customers missed {limit} min, {of_misses} of them mostly by waiting; \
                     those who missed waited {wait} min and spent {service} min in service on average."
                ),
                format!(
                    "原因是等候:{missed_share} 的客户超过 {limit} 分钟,其中 {of_misses} 主要因等候;\
                     超时客户平均等候 {wait} 分钟,办理 {service} 分钟。"
                ),
            ),
            _ => (
                format!(
                    "The part to blame is {}: {missed_share} of customers missed {limit} min, {of_misses} of them mostly by it; \
                     those who missed spent {own} min in it, {service} min in service and {wait} min waiting on average.",
                    PARTS[first]
                ),
                format!(
                    "原因是{}:{missed_share} 的客户超过 {limit} 分钟,其中 {of_misses} 主要因此;\
                     超时客户此项平均 {own} 分钟,办理 {service} 分钟,等候 {wait} 分钟。",
                    PARTS_ZH[first]
                ),
            ),
        };
        Label { en, zh }
    }
}

impl MissCounts {
    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        for part in 0..PARTS.len() {
            self.missed[part] += other.missed[part];
            self.micros[part] += other.micros[part];
        }
    }
}

fn share(count: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        count as f64 / of as f64
    }
}
