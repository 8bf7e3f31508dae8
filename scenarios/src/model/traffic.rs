//! The mobile bank's traffic, and what is played on a core bank.

use super::Law;
use crate::operation::Operation;
use crate::time::{SimTime, Span};
use serde::Serialize;

/// Traffic of the mobile bank beside the branch.
#[derive(Debug, Clone, Serialize)]
pub struct Mobile {
    /// Customers who use it at least once a month.
    pub monthly_actives: u64,
    /// Log-ins of an active in a month of 30 days.
    pub log_ins_per_month: f64,
    /// Weight of each hour of the day, 0 to 23; sum above 0.
    pub hourly_weights: [f64; 24],
    /// Requests of a session, its log-in among them; at least 1.
    pub requests_per_session: u32,
    /// Pause between an answer and the next request.
    pub think: Law,
    /// `(operation, weight)` of the requests after the log-in, as written; the
    /// operations that the bank does not offer yet are in `mix_left_out`.
    pub mix: Vec<(Operation, f64)>,
    /// Operations of the written mix left out, with their weights, because the
    /// bank does not offer them yet; the rest is renormalised and marked so.
    pub mix_left_out: Vec<(Operation, f64)>,
}

/// How the operations of the day are played on a bank.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// Which stretch of the simulated day.
    pub window: Window,
    /// Simulated time passes this many times faster; 30 plays half an hour in a
    /// minute. Think times shrink alike. Above 0.
    pub speed: f64,
    /// Every session is played this many times, by different customers; a
    /// fraction is a probability. Above 0.
    pub volume: f64,
    /// Connections at most.
    pub connections: u32,
    /// An operation unanswered this long (real time) has timed out.
    pub timeout: Span,
    /// Real time at the start that is played but not judged.
    pub warm_up: Span,
}

/// Which stretch of the day is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The stretch of this length with the most branch arrivals expected, on the
    /// reporting grid.
    Busiest(Span),
    /// From–to.
    Between(SimTime, SimTime),
}
