//! What changed between two runs, with intervals over days.

use crate::days::{DayRow, WITHIN};
use crate::statistics::t_quantile;
use scenarios::summary::Effect;
use std::collections::BTreeMap;

/// Figures of which means are compared, in the order of the effects.
const MEANS: [&str; 6] = [
    "time_in_branch",
    "wait",
    "service",
    "review",
    "system",
    "fallback",
];
/// Figures of which the share within five minutes is compared; those who
/// abandoned after waiting longer missed it.
const SHARES: [&str; 2] = ["time_in_branch", "wait"];
/// Figures of which the mean per day is compared.
const COUNTS: [&str; 3] = ["arrivals", "served", "abandoned"];

/// Days by replication: `(denominator, numerator)`.
type Days = BTreeMap<u32, (f64, f64)>;

/// The rows of one run by population and figure, and its days.
struct Run<'rows> {
    rows: BTreeMap<(String, &'rows str), BTreeMap<u32, &'rows DayRow>>,
    populations: Vec<String>,
}

/// Second minus first of two runs, in seconds, shares and customers per day:
/// ratio-of-sums means and shares within five minutes, of every population of
/// both, the total first. Paired runs met the same customers: the interval is
/// Student's t on the linearised differences of the days that both have.
/// Otherwise it is Welch's. Needs two days of each; without them, no effects.
pub fn compare(first: &[DayRow], second: &[DayRow], paired: bool) -> Vec<Effect> {
    let (first, second) = (Run::new(first), Run::new(second));
    let mut effects = Vec::new();
    let populations = first
        .populations
        .iter()
        .filter(|name| second.populations.contains(name));
    for population in populations {
        let mut push = |figure: &str, statistic: &str, days: &dyn Fn(&Run<'_>) -> Days| {
            let difference = difference(&days(&first), &days(&second), paired);
            effects.extend(difference.map(|difference| Effect {
                figure: figure.to_owned(),
                statistic: statistic.to_owned(),
                population: population.clone(),
                first: difference.first,
                second: difference.second,
                difference: difference.second - difference.first,
                low: difference.second - difference.first - difference.half,
                high: difference.second - difference.first + difference.half,
                paired,
            }));
        };
        for figure in MEANS {
            push(figure, "mean", &|run| run.means(population, figure));
        }
        let within = format!("share_within_{}s", WITHIN.0 / 1_000_000);
        for figure in SHARES {
            push(figure, &within, &|run| run.shares(population, figure));
        }
        for figure in COUNTS {
            push(figure, "mean", &|run| run.counts(population, figure));
        }
    }
    effects
}

impl<'rows> Run<'rows> {
    fn new(rows: &'rows [DayRow]) -> Self {
        let mut run = Self {
            rows: BTreeMap::new(),
            populations: Vec::new(),
        };
        for row in rows {
            let name = population_of(row);
            if !run.populations.contains(&name) {
                run.populations.push(name.clone());
            }
            run.rows
                .entry((name, &row.figure))
                .or_default()
                .insert(row.replication, row);
        }
        // The total heads the list whatever the order of the rows.
        run.populations.sort_by_key(|name| name != "*");
        run
    }

    fn days(
        &self,
        population: &str,
        figure: &str,
        of: impl Fn(u32, &DayRow) -> (f64, f64),
    ) -> Days {
        let rows = self.rows.get(&(population.to_owned(), figure));
        let rows = rows.into_iter().flatten();
        rows.map(|(replication, row)| (*replication, of(*replication, row)))
            .collect()
    }

    fn means(&self, population: &str, figure: &str) -> Days {
        self.days(population, figure, |_, row| (row.count as f64, row.sum))
    }

    fn counts(&self, population: &str, figure: &str) -> Days {
        self.days(population, figure, |_, row| (1.0, row.count as f64))
    }

    fn shares(&self, population: &str, figure: &str) -> Days {
        let left = ["abandoned", "turned_away"]
            .map(|figure| self.rows.get(&(population.to_owned(), figure)));
        self.days(population, figure, |replication, row| {
            let rows = left
                .iter()
                .flatten()
                .filter_map(|rows| rows.get(&replication));
            let missed: u64 = rows.map(|row| row.count.saturating_sub(row.within)).sum();
            ((row.count + missed) as f64, row.within as f64)
        })
    }
}

fn population_of(row: &DayRow) -> String {
    let dimensions = [
        ("channel", &row.channel),
        ("service", &row.service),
        ("segment", &row.segment),
    ];
    let named: Vec<String> = dimensions
        .iter()
        .filter_map(|(dimension, name)| name.as_ref().map(|name| format!("{dimension}:{name}")))
        .collect();
    if named.is_empty() {
        "*".to_owned()
    } else {
        named.join(" ")
    }
}

struct Difference {
    first: f64,
    second: f64,
    half: f64,
}

/// Ratio of sums, and each day's linearised residual `(s - R n) / mean n`.
fn linearised(days: &[(f64, f64)]) -> Option<(f64, Vec<f64>)> {
    let count: f64 = days.iter().map(|(n, _)| n).sum();
    let sum: f64 = days.iter().map(|(_, s)| s).sum();
    if days.len() < 2 || count <= 0.0 {
        return None;
    }
    let (ratio, mean) = (sum / count, count / days.len() as f64);
    Some((
        ratio,
        days.iter().map(|(n, s)| (s - ratio * n) / mean).collect(),
    ))
}

/// Variance of the mean of residuals, which sum to zero.
fn variance_of_mean(residuals: &[f64]) -> f64 {
    let n = residuals.len() as f64;
    residuals
        .iter()
        .map(|residual| residual * residual)
        .sum::<f64>()
        / (n - 1.0)
        / n
}

fn difference(first: &Days, second: &Days, paired: bool) -> Option<Difference> {
    if paired {
        let both: Vec<_> = first
            .iter()
            .filter_map(|(day, values)| Some((*values, *second.get(day)?)))
            .collect();
        let (firsts, seconds): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        let (first, first_residuals) = linearised(&firsts)?;
        let (second, second_residuals) = linearised(&seconds)?;
        let residuals: Vec<f64> = second_residuals
            .iter()
            .zip(&first_residuals)
            .map(|(b, a)| b - a)
            .collect();
        let half = t_quantile(residuals.len() as f64 - 1.0)? * variance_of_mean(&residuals).sqrt();
        return Some(Difference {
            first,
            second,
            half,
        });
    }
    let values = |days: &Days| days.values().copied().collect::<Vec<_>>();
    let (first, first_residuals) = linearised(&values(first))?;
    let (second, second_residuals) = linearised(&values(second))?;
    let (a, b) = (
        variance_of_mean(&first_residuals),
        variance_of_mean(&second_residuals),
    );
    let half = if a + b > 0.0 {
        // Welch–Satterthwaite degrees of freedom.
        let each = |variance: f64, days: usize| variance * variance / (days as f64 - 1.0);
        let degrees =
            (a + b) * (a + b) / (each(a, first_residuals.len()) + each(b, second_residuals.len()));
        t_quantile(degrees)? * (a + b).sqrt()
    } else {
        0.0
    };
    Some(Difference {
        first,
        second,
        half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(replication: u32, figure: &str, count: u64, sum: f64, within: u64) -> DayRow {
        DayRow {
            replication,
            figure: figure.to_owned().into(),
            channel: None,
            service: None,
            segment: None,
            count,
            sum,
            within,
        }
    }

    #[test]
    fn equal_numbers_a_day_give_the_paired_t_interval_of_daily_means() {
        // Differences of the daily means 1, 2, 3: mean 2, sd 1, t(2) = 4.302653.
        let first: Vec<DayRow> = [10.0, 20.0, 30.0]
            .iter()
            .zip(0..)
            .map(|(m, r)| day(r, "wait", 5, m * 5.0, 0))
            .collect();
        let second: Vec<DayRow> = [11.0, 22.0, 33.0]
            .iter()
            .zip(0..)
            .map(|(m, r)| day(r, "wait", 5, m * 5.0, 0))
            .collect();
        let effects = compare(&first, &second, true);
        let effect = effects
            .iter()
            .find(|e| e.figure == "wait" && e.statistic == "mean")
            .unwrap();
        assert!((effect.difference - 2.0).abs() < 1e-12);
        assert!((effect.high - effect.difference - 4.302_652_73 / 3f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn unpaired_runs_get_welchs_interval() {
        // Means 20 and 24; variances 100 and 4; n = 3: se² = 104/3, df = 2.1595.
        let first: Vec<DayRow> = [10.0, 20.0, 30.0]
            .iter()
            .zip(0..)
            .map(|(m, r)| day(r, "wait", 1, *m, 0))
            .collect();
        let second: Vec<DayRow> = [22.0, 24.0, 26.0]
            .iter()
            .zip(0..)
            .map(|(m, r)| day(r, "wait", 1, *m, 0))
            .collect();
        let effects = compare(&first, &second, false);
        let effect = effects
            .iter()
            .find(|e| e.figure == "wait" && e.statistic == "mean")
            .unwrap();
        let se = (104.0_f64 / 3.0).sqrt();
        // The quantile lies between those for 2 and 3 degrees of freedom.
        let t = (effect.high - effect.difference) / se;
        assert!((3.19..4.30).contains(&t), "{t}");
    }

    #[test]
    fn those_who_gave_up_late_missed_the_five_minutes() {
        let rows = |within| {
            (0..2)
                .flat_map(|r| {
                    [
                        day(r, "wait", 8, 0.0, within),
                        day(r, "abandoned", 4, 0.0, 2),
                    ]
                })
                .collect::<Vec<_>>()
        };
        let effects = compare(&rows(6), &rows(8), true);
        let effect = effects
            .iter()
            .find(|e| e.statistic == "share_within_300s" && e.figure == "wait")
            .unwrap();
        assert!((effect.first - 0.6).abs() < 1e-12 && (effect.second - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_single_day_tells_nothing() {
        let rows = [day(0, "wait", 5, 10.0, 5)];
        assert!(compare(&rows, &rows, true).is_empty());
    }
}
