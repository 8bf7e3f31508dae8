//! What is played on a core bank.

use crate::time::{SimTime, Span};
use serde::Serialize;

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
    /// Who starts sessions.
    pub model: LoadModel,
    /// Connections at most; of a closed model, its users.
    pub connections: u32,
    /// What nobody answered is asked again, under the same key, within this real time of its first
    /// failure; never, if there is none.
    pub retry: Option<Span>,
    /// An operation unanswered this long (real time) has timed out.
    pub timeout: Span,
    /// Real time at the start that is played but not judged.
    pub warm_up: Span,
}

/// Who starts a session. Latencies of different models cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadModel {
    /// The simulated day; connections are opened as they are needed.
    Open,
    /// The simulated day; an operation that finds no connection free waits for one.
    #[default]
    CappedOpen,
    /// Users, each with a connection, who take the day's sessions one after another.
    Closed {
        /// How many.
        users: u32,
        /// Scenario time between two sessions of a user.
        pause: Span,
        /// Scenario time over which the users begin.
        ramp: Span,
    },
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
    /// All of it: the branches from the opening until the last customer has left, the mobile bank
    /// from midnight to midnight.
    Day,
}
