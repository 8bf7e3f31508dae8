//! Appointments made ready: whose, what for, how early or late.

use super::{Plan, sampler};
use crate::error::SimError;
use crate::keyed::uniform;
use crate::law::Sampler;
use crate::normal::quantile;
use scenarios::model::{Appointments, Booking, Closing, Effect, Mode, Punctuality, Scenario};

/// A day's appointments as the engine reads them.
#[derive(Debug)]
pub struct PlannedAppointments {
    /// In order of time.
    pub bookings: Vec<Booking>,
    pub punctuality: PlannedPunctuality,
    pub cancelled: f64,
    pub no_show: f64,
}

#[derive(Debug)]
pub enum PlannedPunctuality {
    /// Mean and standard deviation in seconds.
    Normal(f64, f64),
    Late(Sampler),
}

/// Who gets in until when, and who is sent home; the day's closing as the engine reads it.
#[derive(Debug, Clone)]
pub struct Doors {
    /// Nobody gets in from–to.
    pub shut: Vec<(u64, u64)>,
    /// Nobody without an appointment gets a ticket from here on.
    pub walk_ins_until: u64,
    /// Nobody with an appointment gets in from here on.
    pub booked_until: u64,
    /// Who has not begun then is turned away, unless it has an appointment and is spared.
    pub sends_home_at: Option<u64>,
    pub spares_booked: bool,
}

impl PlannedPunctuality {
    /// When someone comes for an appointment.
    pub fn comes_at(&self, appointment: u64, bits: u64) -> u64 {
        match self {
            Self::Normal(mean, sd) => {
                let spread = if *sd > 0.0 {
                    sd * quantile(uniform(bits))
                } else {
                    0.0
                };
                let micros = ((mean + spread) * 1e6).round() as i64;
                appointment.saturating_add_signed(micros)
            }
            Self::Late(law) => appointment.saturating_add(law.micros(bits)),
        }
    }
}

pub(super) fn plan_appointments(
    appointments: &Appointments,
) -> Result<PlannedAppointments, SimError> {
    let punctuality = match &appointments.punctuality {
        Punctuality::Normal { mean, sd } => PlannedPunctuality::Normal(*mean, *sd),
        Punctuality::Late(law) => PlannedPunctuality::Late(sampler("appointments", law)?),
    };
    Ok(PlannedAppointments {
        bookings: appointments.bookings.clone(),
        punctuality,
        cancelled: appointments.cancelled,
        no_show: appointments.no_show,
    })
}

/// So many servers of a resource serve nobody without an appointment.
pub(super) fn reserved(scenario: &Scenario, resource: usize) -> u32 {
    let all = scenario.appointments.iter().flat_map(|it| &it.reserved);
    all.filter(|(of, _)| *of == resource)
        .map(|(_, servers)| *servers)
        .sum()
}

impl Doors {
    pub(super) fn of(scenario: &Scenario, last_arrival: u64) -> Self {
        let close = scenario.day.close.0;
        let incidents = scenario.incidents.iter();
        let shut = incidents.filter(|it| it.effect == Effect::Closed);
        let usual = Self {
            shut: shut.map(|it| (it.from.0, it.to.0)).collect(),
            walk_ins_until: last_arrival,
            booked_until: last_arrival,
            sends_home_at: None,
            spares_booked: false,
        };
        if scenario.run.mode != Mode::Days {
            return usual;
        }
        match scenario.day.closing {
            Closing::ServeAllInside => usual,
            Closing::SendHome { grace } => Self {
                sends_home_at: Some(close.saturating_add(grace.0)),
                ..usual
            },
            Closing::StopTickets { from } => Self {
                walk_ins_until: from.0,
                ..usual
            },
            Closing::AppointmentsOnly { from, grace } => Self {
                walk_ins_until: from.0,
                booked_until: u64::MAX,
                sends_home_at: grace.map(|grace| from.0.saturating_add(grace.0)),
                spares_booked: true,
                ..usual
            },
        }
    }
}

impl Plan {
    /// Whether customers who arrive then are counted.
    pub fn counts(&self, arrived: u64) -> bool {
        arrived >= self.counted_from && (arrived < self.close || !self.steady_state)
    }

    /// Whether any customers book.
    pub fn books(&self) -> bool {
        self.appointments.is_some()
    }
}
