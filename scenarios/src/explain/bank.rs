//! The mobile bank beside the branch, and what is played on the core bank.

use super::words::{line, rounded};
use crate::model::{Scenario, Window};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    if let Some(mobile) = &scenario.mobile {
        let log_ins = mobile.monthly_actives as f64 * mobile.log_ins_per_month / 30.0;
        let sum: f64 = mobile.hourly_weights.iter().sum();
        let busiest = mobile.hourly_weights.iter().fold(0.0_f64, |a, b| a.max(*b));
        let peak = log_ins * busiest / sum / 3600.0;
        line(text, "\nThe mobile bank beside it");
        line(
            text,
            format!(
                "  {} active users, {} log-ins a day, {} requests each: {} requests a second in the busiest hour.",
                mobile.monthly_actives,
                rounded(log_ins),
                mobile.requests_per_session,
                rounded(peak * f64::from(mobile.requests_per_session))
            ),
        );
        if !mobile.mix_left_out.is_empty() {
            let names: Vec<_> = mobile
                .mix_left_out
                .iter()
                .map(|(it, _)| it.name())
                .collect();
            line(
                text,
                format!(
                    "  Left out, because the bank does not offer them yet: {}.",
                    names.join(", ")
                ),
            );
        }
    }
    if let Some(load) = &scenario.load {
        let window = match load.window {
            Window::Busiest(length) => format!("the busiest {length}"),
            Window::Between(from, to) => format!("{} to {}", from.clock(), to.clock()),
        };
        line(text, "\nWhat is played on the core bank");
        line(
            text,
            format!(
                "  {window}, {} times faster, every session {} times, over at most {} connections; no answer in {} is a time-out.",
                load.speed, load.volume, load.connections, load.timeout
            ),
        );
    }
}
