//! What is played on a core bank.

use crate::operation::{Channel, Operation};
use crate::time::{SimTime, Span};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How the operations of the day are played on a bank.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// What is played.
    pub played: Played,
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
    /// The share (0 to 1) of what was acknowledged that is asked once more under its key.
    pub repeat: f64,
    /// Stretches in which nothing starts for longer than this are leapt over, and the bank's clock
    /// leaps with them; none, if it is not said. Above 0.
    pub skip_quiet: Option<Span>,
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

impl Load {
    /// The recorded operations that are played, if they are.
    pub const fn recording(&self) -> Option<&Recording> {
        match &self.played {
            Played::Recorded(recording) => Some(recording),
            Played::Day(_) => None,
        }
    }
}

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Played {
    /// A stretch of the simulated day.
    Day(Window),
    /// What was recorded, in its place.
    Recorded(Recording),
}

/// A file of recorded operations (`docs/operations.md`), which has been gone through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// BLAKE3 hash (hex) of what stands in it.
    pub hash: String,
    /// Since when it is played: from its first operation, unless the scenario says it.
    pub from: SimTime,
    /// Until when: the last operation is planned then, unless the scenario says it.
    pub to: SimTime,
    /// How many operations there are; at least one.
    pub operations: u64,
    /// On which channels.
    pub channels: BTreeSet<Channel>,
    /// And which they are.
    pub kinds: BTreeSet<Operation>,
}

impl Recording {
    /// What a run calls its copy of it, beside its scenario.
    pub const COPY: &str = "recorded.csv";
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
