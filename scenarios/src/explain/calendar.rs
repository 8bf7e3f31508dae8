//! When: the day or the steady state, and how often.

use super::words::line;
use crate::model::{Closing, Mode, Random, Scenario, WarmUp};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    let Scenario { day, run, .. } = scenario;
    line(
        text,
        format!("{} ({})", scenario.name, scenario.branch_label.en),
    );
    if !scenario.question.en.is_empty() {
        line(text, format!("  {}", scenario.question.en));
    }
    line(text, "\nWhen");
    match run.mode {
        Mode::Days => line(
            text,
            format!(
                "  {}, open {} to {} ({}), reported by {}; {}.\n  {}, from seed {}.",
                day.date.strftime("%A %-d %B %Y"),
                day.open.clock(),
                day.close.clock(),
                day.time_zone,
                day.interval,
                closing(day.closing),
                match run.replications {
                    1 => "One such day".to_owned(),
                    days => format!("{days} such days"),
                },
                run.seed
            ),
        ),
        Mode::SteadyState { warm_up, length } => {
            let warm_up = match run.warm_up {
                WarmUp::Given => format!("the first {warm_up} of each not counted"),
                WarmUp::Mser5 => "as much of the start of each left out as MSER-5 says".to_owned(),
            };
            let batches = run.batches.map_or(String::new(), |batches| {
                format!(" Intervals are from {batches} batches of it.")
            });
            line(
                text,
                format!(
                    "  A steady state: {} runs of {length}, {warm_up}, from seed {}.{batches}",
                    run.replications, run.seed
                ),
            );
        }
    }
    if run.random == Random::Mrg32k3aStreams {
        line(
            text,
            "  Random numbers are streams of MRG32k3a in the order of events, on one thread: variants do not meet the same customers.",
        );
    }
}

fn closing(closing: Closing) -> String {
    match closing {
        Closing::ServeAllInside => "who is inside at closing is served".to_owned(),
        Closing::SendHome { grace } if grace.0 == 0 => {
            "who has not begun at closing is turned away".to_owned()
        }
        Closing::SendHome { grace } => {
            format!("who has not begun {grace} after closing is turned away")
        }
        Closing::StopTickets { from } => format!(
            "no tickets without an appointment from {} on, who is inside is served",
            from.clock()
        ),
        Closing::AppointmentsOnly { from, grace } => {
            let rest = match grace {
                None => "who is inside is served".to_owned(),
                Some(grace) => {
                    format!("who has none and has not begun {grace} after that is turned away")
                }
            };
            format!("only with an appointment from {} on, {rest}", from.clock())
        }
    }
}
