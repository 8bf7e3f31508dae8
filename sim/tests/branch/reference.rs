//! Agreement with an independent model's figures.

use super::{everybody, figure, mean, quantile};
use scenarios::figure::{Figure, Population};
use sim::Outcome;

/// Checks minutes and collects what is off, so that one run tells everything.
pub struct Reference<'a> {
    outcome: &'a Outcome,
    off: Vec<String>,
}

impl<'a> Reference<'a> {
    pub fn new(outcome: &'a Outcome) -> Self {
        Self {
            outcome,
            off: Vec::new(),
        }
    }

    pub fn minutes(&mut self, what: &str, seconds: f64, expected: f64) {
        let allowed = if expected < 1.0 {
            0.15
        } else {
            0.15 * expected
        };
        let minutes = seconds / 60.0;
        if (minutes - expected).abs() > allowed {
            self.off
                .push(format!("{what}: {minutes:.3} min instead of {expected}"));
        }
    }

    pub fn mean(&mut self, of: Figure, population: &Population, expected: f64) {
        self.minutes(
            &format!("mean {of:?} of {population:?}"),
            mean(self.outcome, of, population),
            expected,
        );
    }

    pub fn quantile(&mut self, of: Figure, population: &Population, q: f64, expected: f64) {
        let value = quantile(figure(self.outcome, of, population), q);
        self.minutes(
            &format!("{q} quantile of {of:?} of {population:?}"),
            value,
            expected,
        );
    }

    pub fn share(&mut self, what: &str, value: f64, expected: f64) {
        if (value - expected).abs() > 0.02 {
            self.off
                .push(format!("{what}: {value:.4} instead of {expected}"));
        }
    }

    pub fn holds(self) {
        assert!(self.off.is_empty(), "{}", self.off.join("\n"));
    }
}

pub fn abandoned_share(outcome: &Outcome) -> f64 {
    mean(outcome, Figure::Abandoned, &everybody()) / mean(outcome, Figure::Arrivals, &everybody())
}

/// The share of the served of a segment (or of all) within five minutes.
pub fn served_within(outcome: &Outcome, figure: &str, segment: Option<&str>) -> f64 {
    let (count, within) = outcome
        .days
        .rows()
        .into_iter()
        .filter(|row| {
            row.figure == figure
                && row.channel.is_none()
                && row.service.is_none()
                && row.segment.as_deref() == segment
        })
        .fold((0, 0), |(count, within), row| {
            (count + row.count, within + row.within)
        });
    within as f64 / count as f64
}
