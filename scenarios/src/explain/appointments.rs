//! Who has booked, and how appointments are kept.

use super::words::{law_words, line, minutes, percent};
use crate::model::{Appointments, Punctuality, Scenario};
use crate::time::SimTime;
use std::collections::BTreeMap;

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    let Some(appointments) = &scenario.appointments else {
        return;
    };
    line(
        text,
        format!(
            "  {} appointments a day, beside those who walk in:",
            appointments.bookings.len()
        ),
    );
    for (position, segment) in scenario.segments.iter().enumerate() {
        let mut slots: BTreeMap<SimTime, u32> = BTreeMap::new();
        for booking in &appointments.bookings {
            if booking.segment == position {
                *slots.entry(booking.at).or_default() += 1;
            }
        }
        if !slots.is_empty() {
            let words: Vec<String> = slots
                .iter()
                .map(|(at, count)| format!("{count} at {}", at.clock()))
                .collect();
            let name = &segment.name;
            line(text, format!("    {name}: {}", words.join(", ")));
        }
    }
    kept(text, scenario, appointments);
}

fn kept(text: &mut String, scenario: &Scenario, appointments: &Appointments) {
    let punctuality = match &appointments.punctuality {
        Punctuality::Normal { mean, sd } => {
            let when = if *mean < 0.0 { "early" } else { "late" };
            let mean = minutes(mean.abs());
            if *sd > 0.0 {
                let sd = minutes(*sd);
                format!("{mean} {when} on average (normal, spread {sd})")
            } else {
                format!("{mean} {when}")
            }
        }
        Punctuality::Late(law) => format!("{} late", law_words(law)),
    };
    line(
        text,
        format!(
            "    They come {punctuality}; {} are cancelled, {} are not kept.",
            percent(appointments.cancelled),
            percent(appointments.no_show)
        ),
    );
    for (resource, servers) in &appointments.reserved {
        let name = &scenario.resources[*resource].name;
        line(
            text,
            format!("    {servers} of {name} serve nobody without an appointment."),
        );
    }
}
