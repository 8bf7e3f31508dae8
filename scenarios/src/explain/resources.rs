//! Who and what serves.

use super::words::{line, percent};
use crate::model::{Order, Queue, Scenario};
use std::fmt::Write;

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
                "  {} ({}): {}{}",
                resource.label.en,
                resource.name,
                words.join(", "),
                waiting(&resource.queue)
            ),
        );
    }
}

/// What is unusual in how people wait.
fn waiting(queue: &Queue) -> String {
    let mut words = String::new();
    if queue.order == Order::Weighted {
        words.push_str("; the longest weighted wait goes first");
    }
    if let Some(tickets) = queue.tickets {
        let _ = write!(
            words,
            "; tickets are called, {} for one whose holder has left",
            tickets.calling_time
        );
    }
    words
}
