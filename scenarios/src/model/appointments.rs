//! Customers who have booked a time.

use super::{JourneyId, Law, ResourceId, SegmentId, ServiceId};
use crate::time::SimTime;
use serde::Serialize;

/// The appointments of a day, and how people keep them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Appointments {
    /// Every appointment made, ascending in time; those beyond a slot's places
    /// (overbooked) among them.
    pub bookings: Vec<Booking>,
    /// How early or late people come.
    pub punctuality: Punctuality,
    /// Share of appointments that are cancelled; 0 to 1, with `no_show` at most 1.
    pub cancelled: f64,
    /// Share of appointments whose customer neither cancels nor comes.
    pub no_show: f64,
    /// `(resource, servers)`: so many of its servers serve nobody without an
    /// appointment.
    pub reserved: Vec<(ResourceId, u32)>,
}

/// One appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Booking {
    /// When; within the opening hours.
    pub at: SimTime,
    /// Whose population the customer belongs to.
    pub segment: SegmentId,
    /// What for, and by which journey; drawn from the segment's services if none.
    pub service: Option<(ServiceId, JourneyId)>,
}

/// How long after the time of the appointment people come: before it if below 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Punctuality {
    /// Normal, in seconds; always the mean if `sd` is 0.
    Normal {
        /// Mean; below 0 is early.
        mean: f64,
        /// Standard deviation, at least 0.
        sd: f64,
    },
    /// Never early.
    Late(Law),
}
