//! Who and what serves.

use super::words::{line, percent};
use crate::model::Scenario;

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    line(text, "\nWho and what serves");
    for resource in &scenario.resources {
        let steps = &resource.roster.steps;
        let words: Vec<String> = match steps.as_slice() {
            _ if !resource.drawn.is_empty() => resource
                .drawn
                .iter()
                .map(|(share, count)| format!("{count} on {} of the days", percent(*share)))
                .collect(),
            [(_, count)] => vec![format!("{count} all the time")],
            steps => steps
                .iter()
                .map(|(from, count)| format!("{count} from {}", from.clock()))
                .collect(),
        };
        line(
            text,
            format!(
                "  {} ({}): {}",
                resource.label.en,
                resource.name,
                words.join(", ")
            ),
        );
    }
}
