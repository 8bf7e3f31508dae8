//! Who comes: arrivals and segments.

use super::words::{law_words, line, per_hour, percent, rounded};
use crate::model::{PromotedWhen, Scenario, Segment};

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
    let rules = rules(segment);
    line(
        text,
        format!(
            "  {} {} ({}): {patience}{priority}{rules}.",
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

/// What they do beyond waiting and leaving.
fn rules(segment: &Segment) -> String {
    let conduct = &segment.conduct;
    let mut words = String::new();
    if conduct.no_show > 0.0 {
        let share = percent(conduct.no_show);
        words += &format!("; {share} take a ticket and leave without a word");
    }
    if let Some(weight) = conduct.waiting_weight {
        words += &format!("; their wait counts {weight} times");
    }
    if let Some(promotion) = conduct.promotion {
        let when = match promotion.when {
            PromotedWhen::After(span) => format!("after {span}"),
            PromotedWhen::Waiting(count) => format!("when {count} wait"),
        };
        words += &format!("; priority {} {when}", promotion.priority);
    }
    words
}
