//! Who comes: arrivals and segments.

use super::words::{law_words, line, per_hour, percent, rounded};
use crate::model::{Scenario, Segment};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    let total: f64 = scenario
        .arrivals
        .pieces
        .iter()
        .map(|piece| piece.expected)
        .sum();
    line(text, "\nWho comes");
    line(text, format!("  {} customers in all:", rounded(total)));
    for piece in &scenario.arrivals.pieces {
        line(
            text,
            format!(
                "    {} to {}: {} ({} an hour)",
                piece.from.clock(),
                piece.to.clock(),
                rounded(piece.expected),
                rounded(per_hour(piece))
            ),
        );
    }
    if scenario.arrivals.busyness_cv > 0.0 {
        let percent = scenario.arrivals.busyness_cv * 100.0;
        line(
            text,
            format!("  Days differ in busyness by {} %.", rounded(percent)),
        );
    }
    for segment in &scenario.segments {
        segment_words(text, scenario, segment);
    }
}

fn segment_words(text: &mut String, scenario: &Scenario, segment: &Segment) {
    let patience = match &segment.patience {
        None => "wait as long as it takes".to_owned(),
        Some(law) => format!("leave the queue after {}", law_words(law)),
    };
    let priority = match segment.priority {
        0 => String::new(),
        priority => format!("; priority {priority}"),
    };
    line(
        text,
        format!(
            "  {} {} ({}): {patience}{priority}.",
            percent(segment.share),
            segment.label.en,
            segment.name
        ),
    );
    for (service, journey, share) in &segment.services {
        let journey = &scenario.journeys[*journey];
        line(
            text,
            format!(
                "    {} {} on channel {} by journey {}",
                percent(*share),
                scenario.services[*service].label.en,
                journey.channel,
                journey.name
            ),
        );
    }
}
