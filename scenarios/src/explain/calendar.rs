//! When: the day or the steady state, and how often.

use super::words::line;
use crate::model::{Closing, Mode, Random, Scenario};

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
                "  {}, open {} to {} ({}), reported by {}; {}.\n  {} such days, from seed {}.",
                day.date.strftime("%A %-d %B %Y"),
                day.open.clock(),
                day.close.clock(),
                day.time_zone,
                day.interval,
                closing(day.closing),
                run.replications,
                run.seed
            ),
        ),
        Mode::SteadyState { warm_up, length } => line(
            text,
            format!(
                "  A steady state: {} runs of {length}, the first {warm_up} of each not counted, from seed {}.",
                run.replications, run.seed
            ),
        ),
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
    }
}
