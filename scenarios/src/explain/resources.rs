//! Who and what serves.

use super::words::{law_words, line, percent, rounded};
use crate::model::{BreaksBy, Order, Queue, Resource, Scenario};
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
        servers(text, scenario, resource);
        cost(text, resource);
    }
    if let Some(cost) = scenario.cost.waiting_per_hour {
        let cost = rounded(cost);
        line(text, format!("  an hour of waiting costs {cost} yuan"));
    }
}

/// How its servers stop by themselves.
fn servers(text: &mut String, scenario: &Scenario, resource: &Resource) {
    if let Some(breakdowns) = &resource.servers.breakdowns {
        let by = match breakdowns.by {
            BreaksBy::Clock => "",
            BreaksBy::Running => " at work",
        };
        let (up, down) = (law_words(&breakdowns.up), law_words(&breakdowns.down));
        line(
            text,
            format!("    each breaks down after {up}{by} and is repaired in {down}"),
        );
    }
    if let Some(jams) = &resource.servers.jams {
        let clears = &scenario.resources[jams.cleared_by].name;
        let (every, takes) = (law_words(&jams.every), law_words(&jams.takes));
        line(
            text,
            format!("    each jams after {every} at work; {clears} clears it in {takes}"),
        );
    }
}

/// What it costs, where that is said.
fn cost(text: &mut String, resource: &Resource) {
    if let Some(cost) = resource.cost_per_hour {
        line(text, format!("    costs {} yuan an hour", rounded(cost)));
    }
    if let Some(machine) = &resource.machine {
        let day = rounded(machine.per_day());
        line(
            text,
            format!("    each costs {day} yuan a day, used or not"),
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
