//! Which part of the time in branch breaks the promise.

use super::population::Populations;
use crate::engine::visitor::{Departure, Fate};
use scenarios::figure::{Figure, Population};
use scenarios::gate::{Comparison, Statistic};
use scenarios::model::{AbandonedCounts, Label, Scenario};
use scenarios::summary::{MissPart, Misses};
use scenarios::time::Span;

/// The five parts in the order of the miss table.
const PARTS: [&str; 5] = ["service", "wait", "review", "system", "fallback"];
/// The same as a sentence begins with them, in English and in Chinese.
const PART_WORDS: [(&str, &str); 5] = [
    ("Service", "办理时间"),
    ("Waiting", "等候"),
    ("On-site review", "现场审核"),
    ("System time", "系统时间"),
    ("Fallback to the counter", "转人工"),
];
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
    pub fn count(
        &self,
        departure: &Departure,
        abandoned: AbandonedCounts,
        counts: &mut MissCounts,
    ) {
        let threshold = self.threshold.0;
        let parts = [
            departure.service,
            departure.wait,
            departure.review,
            departure.system,
            departure.fallback,
        ];
        let breaks = |means: AbandonedCounts| means.breaks(Span(departure.wait), self.threshold);
        let missed = match departure.fate {
            Fate::Unserved | Fate::Balked => return,
            Fate::Abandoned if !breaks(abandoned) => return,
            Fate::TurnedAway if !breaks(AbandonedCounts::ByThreshold) => return,
            Fate::Abandoned | Fate::TurnedAway => true,
            Fate::Served if self.of_wait => departure.wait > threshold,
            Fate::Served => departure.time_in_branch() > threshold,
        };
        counts.customers += 1;
        if !missed {
            return;
        }
        let breaker = if departure.fate != Fate::Served || self.of_wait {
            WAIT
        } else {
            // Service that would have kept the promise by itself did not break it.
            let from = if departure.service > threshold {
                SERVICE
            } else {
                WAIT
            };
            // The first of the largest.
            (from..PARTS.len())
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
        let minutes = |part: usize| format!("{:.1}", by_part[part].mean_seconds / 60.0);
        let limit = limit(self.threshold);
        if missed == 0 {
            let all = counts.customers;
            return Label::new(
                format!("Nobody missed it: all {all} customers were within {limit} min."),
                format!("无人未达标：{all} 名客户都在 {limit} 分钟以内。"),
            );
        }
        let percent = |count: u64, of: u64| format!("{:.1}%", 100.0 * share(count, of));
        // The first of the largest.
        let most = (0..PARTS.len())
            .rev()
            .max_by_key(|part| by_part[*part].missed)
            .unwrap_or(WAIT);
        let of_misses = percent(by_part[most].missed, missed);
        let of_all = percent(missed, counts.customers);
        let (service, wait, own) = (minutes(SERVICE), minutes(WAIT), minutes(most));
        match most {
            SERVICE if by_part[WAIT].mean_seconds > by_part[SERVICE].mean_seconds => Label::new(
                format!(
                    "Service and waiting are both why: {of_all} of customers took longer than {limit} min, and {of_misses} \
                     of them needed more than that for the service alone. But on average, those who missed it spent \
                     {service} min in service and even {wait} min waiting."
                ),
                format!(
                    "办理时间与等候都是主因：{of_all} 的客户超过 {limit} 分钟，其中 {of_misses} 仅办理本身就超过了这一时限；\
                     而未达标客户平均办理 {service} 分钟，等候更达 {wait} 分钟。"
                ),
            ),
            SERVICE => Label::new(
                format!(
                    "Service, not waiting, is why: {of_all} of customers took longer than {limit} min, and {of_misses} of \
                     them needed more than that for the service alone. On average, those who missed it spent {service} min \
                     in service and {wait} min waiting."
                ),
                format!(
                    "主因是办理时间，而非等候：{of_all} 的客户超过 {limit} 分钟，其中 {of_misses} 仅办理本身就超过了这一时限。\
                     未达标客户平均办理 {service} 分钟、等候 {wait} 分钟。"
                ),
            ),
            WAIT => Label::new(
                format!(
                    "Waiting is why: {of_all} of customers took longer than {limit} min, {of_misses} of them mostly because \
                     they waited. On average, those who missed it waited {wait} min and spent {service} min in service."
                ),
                format!(
                    "主因是等候：{of_all} 的客户超过 {limit} 分钟，其中 {of_misses} 主要因等候所致。\
                     未达标客户平均等候 {wait} 分钟、办理 {service} 分钟。"
                ),
            ),
            _ => {
                let (en, zh) = PART_WORDS[most];
                Label::new(
                    format!(
                        "{en} is why: {of_all} of customers took longer than {limit} min, {of_misses} of them mostly \
                         because of it. On average, those who missed it spent {own} min on it, {service} min in service \
                         and {wait} min waiting."
                    ),
                    format!(
                        "主因是{zh}：{of_all} 的客户超过 {limit} 分钟，其中 {of_misses} 主要因此所致。\
                         未达标客户此项平均 {own} 分钟，办理 {service} 分钟，等候 {wait} 分钟。"
                    ),
                )
            }
        }
    }
}

/// A threshold in minutes as people write it: `5`, `1.5`.
fn limit(threshold: Span) -> String {
    let minutes = format!("{:.2}", threshold.seconds() / 60.0);
    minutes
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A promise of so many seconds, of everyone's time in branch.
    fn promise(seconds: f64) -> Promise {
        Promise {
            text: String::new(),
            population: 0,
            threshold: Span::from_seconds(seconds),
            of_wait: false,
            comparison: Comparison::AtLeast,
            bound: 0.8,
        }
    }

    /// 100 customers, of whom ten missed by this part, and one by waiting.
    fn counts(most: usize) -> MissCounts {
        let mut counts = MissCounts {
            customers: 100,
            ..MissCounts::default()
        };
        counts.missed[most] += 10;
        counts.missed[WAIT] += 1;
        // 6 min of service and 3 min of everything else each.
        counts.micros = [11 * 180_000_000; 5];
        counts.micros[SERVICE] = 11 * 360_000_000;
        counts
    }

    #[test]
    fn the_finding_names_the_part_that_broke_most_promises_and_the_figures_behind_it() {
        let finding = promise(300.0).misses(&counts(SERVICE)).finding;
        for words in [
            "Service, not waiting",
            "11.0% of",
            "5 min, and 90.9%",
            "6.0 min in service and 3.0 min waiting",
        ] {
            assert!(finding.en.contains(words), "{words}: {}", finding.en);
        }
        assert!(finding.zh.contains("而非等候"), "{}", finding.zh);
        let finding = promise(90.0).misses(&counts(WAIT)).finding;
        assert!(
            finding
                .en
                .starts_with("Waiting is why: 11.0% of customers took longer than 1.5 min"),
            "{}",
            finding.en
        );
        let finding = promise(300.0).misses(&counts(2)).finding;
        assert!(finding.en.starts_with("On-site review is why") && finding.zh.contains("现场审核"));
    }

    #[test]
    fn service_is_not_blamed_alone_when_those_who_missed_waited_even_longer() {
        let mut counts = counts(SERVICE);
        counts.micros[WAIT] = 11 * 1_020_000_000;
        let finding = promise(300.0).misses(&counts).finding;
        assert!(finding.en.starts_with("Service and waiting are both why"));
        assert!(
            finding
                .en
                .contains("6.0 min in service and even 17.0 min waiting")
        );
        assert!(finding.zh.contains("等候更达 17.0 分钟"));
    }

    #[test]
    fn chinese_findings_use_chinese_punctuation() {
        let mut findings: Vec<String> = (0..PARTS.len())
            .map(|part| promise(300.0).misses(&counts(part)).finding.zh)
            .collect();
        findings.push(promise(300.0).misses(&MissCounts::default()).finding.zh);
        for finding in findings {
            assert!(!finding.contains([',', ':', ';', '(']), "{finding}");
            assert!(finding.ends_with('。'), "{finding}");
        }
    }
}
