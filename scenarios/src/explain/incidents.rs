//! What goes wrong.

use super::words::line;
use crate::model::{Affected, Effect, Scenario};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    if !scenario.incidents.is_empty() {
        line(text, "\nWhat goes wrong");
    }
    for incident in &scenario.incidents {
        let what = match incident.what {
            Affected::Branch if incident.effect == Effect::Closed => "the branch",
            Affected::Branch => "every journey",
            Affected::Bank => "journeys that ask the bank",
            Affected::Resource(resource) => &scenario.resources[resource].name,
        };
        let effect = match incident.effect {
            Effect::Down(count) => format!("{count} down"),
            Effect::Stopped => "none starts".to_owned(),
            Effect::Unanswered => "no answer until it is over".to_owned(),
            Effect::Closed => "the doors are shut".to_owned(),
            Effect::Slower(factor) => format!("{factor} times as long if started then"),
        };
        line(
            text,
            format!(
                "  {} to {}: {what}, {effect}",
                incident.from.clock(),
                incident.to.clock()
            ),
        );
    }
}
