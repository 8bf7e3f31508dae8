//! The mobile bank beside the branch, and what is played on the core bank.

use super::words::{law_words, line, rounded};
use crate::model::{Scenario, Window};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    if !scenario.latencies.is_empty() {
        line(
            text,
            "\nHow long the bank is assumed to take (measured latencies take their place)",
        );
    }
    for (operation, law) in &scenario.latencies {
        line(text, format!("  {operation}: {}", law_words(law)));
    }
    if let Some(mobile) = &scenario.mobile {
        let log_ins = mobile.sessions_per_day();
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
        if mobile.days > 0 {
            let days = match mobile.days {
                1 => "The first day of it is".to_owned(),
                days => format!("The first {days} days of it are"),
            };
            line(text, format!("  {days} simulated request by request."));
        }
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
    for campaign in &scenario.campaigns {
        let what = match (campaign.mobile, campaign.branch) {
            (true, true) => "sessions of the mobile bank and customers of the branch",
            (true, false) => "sessions of the mobile bank",
            (false, _) => "customers of the branch",
        };
        line(
            text,
            format!(
                "  A campaign at {} brings {} times as many {what} for a minute; then the excess halves every {}.",
                campaign.at.clock(),
                rounded(campaign.factor),
                campaign.half_life
            ),
        );
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
