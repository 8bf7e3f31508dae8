//! What is done, step by step.

use super::words::{law_words, line, minutes, percent};
use crate::model::{Hold, Journey, Scenario, StepTime};
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
    let held = |holds: &[Hold]| -> String {
        let words: Vec<String> = holds
            .iter()
            .map(|hold| format!("{} {}", hold.count, scenario.resources[hold.resource].name))
            .collect();
        words.join(" and ")
    };
    let whole = journey.time.as_ref().map_or(String::new(), |law| {
        format!(", one time of {} shared out", law_words(law))
    });
    let holding = match journey.holds.as_slice() {
        [] => String::new(),
        holds => format!(", holding {}", held(holds)),
    };
    line(
        text,
        format!(
            "  {} (channel {}{holding}{whole}):",
            journey.name, journey.channel
        ),
    );
    for step in &journey.steps {
        let mut words = format!("    {}:", step.name);
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
            _ => words.push_str(" no time of its own"),
        }
        if step.probability < 1.0 {
            let _ = write!(words, ", for {} of customers", percent(step.probability));
        }
        if !step.holds.is_empty() {
            let _ = write!(words, ", with {}", held(&step.holds));
        }
        if let Some(operation) = step.operation {
            let _ = write!(words, ", bank operation {operation}");
        }
        if let Some(failure) = &step.failure {
            let to = &scenario.journeys[failure.to].name;
            let _ = write!(
                words,
                "; {} fail and go on to {to}",
                percent(failure.probability)
            );
        }
        line(text, words);
    }
}
