//! What is done, step by step.

use super::words::{law_words, line, minutes, percent};
use crate::model::{Hold, Journey, OnOutage, Scenario, Step, StepTime};
use std::fmt::Write;

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    line(
        text,
        "\nWhat is done, step by step (an operation adds the bank's answering time)",
    );
    for journey in &scenario.journeys {
        journey_words(text, scenario, journey);
    }
}

fn journey_words(text: &mut String, scenario: &Scenario, journey: &Journey) {
    let whole = journey.time.as_ref().map_or(String::new(), |law| {
        format!(", one time of {} shared out", law_words(law))
    });
    let holding = match journey.holds.as_slice() {
        [] => String::new(),
        holds => format!(", holding {}", held(scenario, holds)),
    };
    line(
        text,
        format!(
            "  {} (channel {}{holding}{whole}):",
            journey.name, journey.channel
        ),
    );
    for step in &journey.steps {
        step_words(text, scenario, journey, step, "    ");
    }
}

fn held(scenario: &Scenario, holds: &[Hold]) -> String {
    let words: Vec<String> = holds
        .iter()
        .map(|hold| {
            let resource = &scenario.resources[hold.resource];
            let skill = hold
                .skill
                .and_then(|skill| resource.servers.skills.get(skill));
            let skill = skill.map_or(String::new(), |it| format!(" with skill {it}"));
            format!("{} {}{skill}", hold.count, resource.name)
        })
        .collect();
    words.join(" and ")
}

fn step_words(
    text: &mut String,
    scenario: &Scenario,
    journey: &Journey,
    step: &Step,
    indent: &str,
) {
    let mut words = format!("{indent}{}:", step.name);
    match (&step.time, &journey.time) {
        (StepTime::Fraction(fraction), Some(law)) => {
            let _ = write!(
                words,
                " {} ({})",
                minutes(law.mean() * fraction),
                percent(*fraction)
            );
        }
        (StepTime::Law(law), _) => {
            let _ = write!(words, " {}", law_words(law));
        }
        _ if !step.branches.is_empty() => {
            let _ = write!(
                words,
                " {} side by side, until all have ended",
                step.branches.len()
            );
        }
        _ => words.push_str(" no time of its own"),
    }
    if step.probability < 1.0 {
        let _ = write!(words, ", for {} of customers", percent(step.probability));
    }
    if !step.holds.is_empty() {
        let kept = if step.keeps {
            " (kept until the next step begins)"
        } else {
            ""
        };
        let _ = write!(words, ", with {}{kept}", held(scenario, &step.holds));
    }
    if let Some(operation) = step.operation {
        let _ = write!(words, ", bank operation {operation}");
    }
    match step.on_outage {
        OnOutage::Wait => {}
        OnOutage::Retry { times, every } => {
            let _ = write!(
                words,
                " (no answer: asks again {times} times, every {every})"
            );
        }
        OnOutage::FallBack { to, after, .. } => {
            let to = &scenario.journeys[to].name;
            let _ = write!(words, " (no answer within {after}: goes on to {to})");
        }
    }
    if let Some(repeat) = &step.repeat {
        let _ = write!(words, "; {} are sent back", percent(repeat.probability));
    }
    if let Some(failure) = &step.failure {
        let to = &scenario.journeys[failure.to].name;
        let _ = write!(
            words,
            "; {} fail and go on to {to}",
            percent(failure.probability)
        );
        if step.retries > 0 {
            let _ = write!(words, " after {} further tries", step.retries);
        }
    }
    line(text, words);
    for (number, branch) in (1..).zip(&step.branches) {
        if branch.len() > 1 {
            line(
                text,
                format!("{indent}  branch {number}, one after another:"),
            );
        }
        let deeper = if branch.len() > 1 { "    " } else { "  " };
        for inside in branch {
            step_words(
                text,
                scenario,
                journey,
                inside,
                &format!("{indent}{deeper}"),
            );
        }
    }
}
