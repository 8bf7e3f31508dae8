//! Who comes: arrivals and segments.

use super::words::{law_words, line, per_hour, percent, rounded};
use crate::model::{Arrivals, ChannelChoice, PromotedWhen, Scenario, Segment, Through};
use std::fmt::Write;

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    let total: f64 = scenario
        .arrivals
        .pieces
        .iter()
        .map(|piece| piece.expected)
        .sum();
    line(text, "\nWho comes");
    if let Some(recorded) = &scenario.arrivals.recorded {
        line(
            text,
            format!("  {} customers of a recorded log.", recorded.len()),
        );
    } else {
        line(text, format!("  {} customers in all:", rounded(total)));
    }
    for piece in &scenario.arrivals.pieces {
        let early = if piece.to <= scenario.day.open {
            ", who wait for the doors to open"
        } else {
            ""
        };
        line(
            text,
            format!(
                "    {} to {}: {} ({} an hour){early}",
                piece.from.clock(),
                piece.to.clock(),
                rounded(piece.expected),
                rounded(per_hour(piece))
            ),
        );
    }
    further(text, &scenario.arrivals);
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

/// What is said of arrivals beyond their rates.
fn further(text: &mut String, arrivals: &Arrivals) {
    if arrivals.at_opening > 0 {
        let people = arrivals.at_opening;
        line(
            text,
            format!("  {people} stand at the doors when they open."),
        );
    }
    if let Some(gap) = &arrivals.gap {
        line(
            text,
            format!("  One after the other, every {}.", law_words(gap)),
        );
    }
    if !arrivals.batches.is_empty() {
        let groups = arrivals.batches.iter();
        let words: Vec<String> = groups
            .map(|(share, people)| format!("{} of {people}", percent(*share)))
            .collect();
        line(
            text,
            format!("  They come in groups: {}.", words.join(", ")),
        );
    }
    if let Some(most) = arrivals.most {
        line(text, format!("  No more than {most} come in."));
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
        let _ = write!(words, "; {share} take a ticket and leave without a word");
    }
    if let Some(weight) = conduct.waiting_weight {
        let _ = write!(words, "; their wait counts {weight} times");
    }
    if let Some(promotion) = conduct.promotion {
        let when = match promotion.when {
            PromotedWhen::After(span) => format!("after {span}"),
            PromotedWhen::Waiting(count) => format!("when {count} wait"),
        };
        let _ = write!(words, "; priority {} {when}", promotion.priority);
    }
    if let Some(retry) = &conduct.retry {
        let share = percent(retry.probability);
        let what = match retry.through {
            Through::Branch => "come again",
            Through::Mobile => "try it on the phone",
        };
        let _ = write!(
            words,
            "; {share} of those who leave unserved {what} after {}",
            law_words(&retry.after)
        );
    }
    if conduct.channel_choice == ChannelChoice::Shorter {
        words.push_str("; they go where fewer wait for each server");
    }
    words
}
