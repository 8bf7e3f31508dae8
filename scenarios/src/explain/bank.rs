//! The mobile bank beside the branch, and what is played on the core bank.

use super::words::{law_words, line, rounded};
use crate::model::{App, Scenario, Sessions, Window};

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
        line(text, "\nThe mobile bank beside it");
        for (app, sessions) in mobile.apps() {
            explain_app(text, app, sessions);
        }
        if mobile.days > 0 {
            let days = match mobile.days {
                1 => "The first day of it is".to_owned(),
                days => format!("The first {days} days of it are"),
            };
            line(text, format!("  {days} simulated request by request."));
        }
        if let Some(retry) = &mobile.retry {
            line(
                text,
                format!(
                    "  Who gets no answer while the bank is stopped asks again after {}, {} times at most.",
                    law_words(&retry.after),
                    retry.tries
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

/// How much traffic an application makes, and what of it is not played.
fn explain_app(text: &mut String, app: App, sessions: &Sessions) {
    let log_ins = sessions.sessions_per_day();
    let sum: f64 = sessions.hourly_weights.iter().sum();
    let weights = sessions.hourly_weights.iter();
    let busiest = weights.fold(0.0_f64, |a, b| a.max(*b));
    let peak = log_ins * busiest / sum / 3600.0;
    let of = match app {
        App::Bank => "",
        App::Mall => "The mall: ",
        App::Messenger => "The messenger: ",
    };
    line(
        text,
        format!(
            "  {of}{} active users, {} log-ins a day, {} requests each: {} requests a second in the busiest hour.",
            sessions.monthly_actives,
            rounded(log_ins),
            sessions.requests_per_session,
            rounded(peak * f64::from(sessions.requests_per_session))
        ),
    );
    if sessions.mix_left_out.is_empty() {
        return;
    }
    let names = sessions.mix_left_out.iter().map(|(it, _)| it.name());
    let names = names.collect::<Vec<_>>().join(", ");
    if sessions.is_played() {
        line(
            text,
            format!("  Left out, because the bank does not offer them yet: {names}."),
        );
    } else {
        line(
            text,
            format!(
                "  Simulated, but not played, because the bank does not offer it yet: {names}."
            ),
        );
    }
}
