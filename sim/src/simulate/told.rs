//! What is told of a simulation beside its figures.

use super::Options;
use crate::statistics::tally::{CUSTOMER_FIGURES, Frame};
use crate::statistics::totals::Totals;
use scenarios::model::{Journey, Label, Scenario};
use scenarios::summary::Minutes;

/// Where the minutes of served customers go: the total, then each channel.
pub fn minutes(frame: &Frame<'_>, totals: &Totals) -> Vec<Minutes> {
    (0..=frame.plan.channels.len())
        .map(|number| {
            let cell = &totals.cells[number];
            let customers = cell.served.spread.sum as u64;
            let means: [f64; CUSTOMER_FIGURES] = cell.spreads.map(|spread| {
                if customers == 0 {
                    0.0
                } else {
                    spread.sum as f64 / 1e6 / customers as f64
                }
            });
            let [wait, service, review, system, fallback, time_in_branch] = means;
            let channel = frame.populations.names[number].channel.clone();
            Minutes {
                channel: channel.unwrap_or_else(|| "*".to_owned()),
                customers,
                wait,
                service,
                review,
                system,
                fallback,
                time_in_branch,
            }
        })
        .collect()
}

/// Which latencies are the scenario's assumptions, because none were measured.
pub fn assumed_latencies(scenario: &Scenario, options: &Options) -> Option<Label> {
    let asked = |operation| {
        let mut steps = scenario.journeys.iter().flat_map(Journey::every_step);
        steps.any(|step| step.operation == Some(operation))
    };
    let assumed: Vec<&str> = scenario
        .latencies
        .iter()
        .filter(|(operation, _)| options.latencies.of(*operation).is_none() && asked(*operation))
        .map(|(operation, _)| operation.name())
        .collect();
    if assumed.is_empty() {
        return None;
    }
    Some(Label::new(
        format!(
            "the bank's latency is assumed, not measured, of: {}",
            assumed.join(", ")
        ),
        format!(
            "以下操作的核心系统响应时间为假设值，并非实测：{}",
            assumed.join("、")
        ),
    ))
}

/// What a reader should know.
pub fn warnings(totals: &Totals) -> Vec<Label> {
    let mut warnings = Vec::new();
    if totals.unserved > 0 {
        let (customers, on, days) = (totals.unserved, totals.days_with_unserved, totals.days);
        warnings.push(Label::new(
            format!(
                "{customers} customers on {on} of {days} days were still inside when nobody was left who could serve \
                 them; they count as arrivals, but neither as served nor as abandoned. Give the roster servers until \
                 the end of the day."
            ),
            format!(
                "{days} 天中有 {on} 天共 {customers} 名客户仍在店内时已无人可为其办理；这些客户计入到达，\
                 但既不计入已办理，也不计入中途离开。请把排班安排到当日结束。"
            ),
        ));
    }
    warnings
}
