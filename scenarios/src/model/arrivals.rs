//! When customers come.

use super::Law;
use crate::time::{SimTime, Span};
use serde::Serialize;

/// When customers come: Poisson with a rate that is constant or linear within
/// each piece, unless there is a `gap` law or a recorded log.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Arrivals {
    /// Ascending, not overlapping, within the opening hours or before them: who
    /// comes before the doors open waits until they do.
    pub pieces: Vec<ArrivalPiece>,
    /// Coefficient of variation of a day's gamma busyness factor with mean one; 0 is none.
    pub busyness_cv: f64,
    /// Law of the time between two arrivals (of customers or groups), the first
    /// counted from the opening; then `pieces` only say how many to expect.
    pub gap: Option<Law>,
    /// `(probability, people)` of groups that come together; probabilities sum to
    /// one; none: everyone comes alone.
    pub batches: Vec<(f64, u32)>,
    /// `(probability, people)` of groups that come on one ticket: each customer is so
    /// many people; probabilities sum to one; none: each is one.
    pub parties: Vec<(f64, u32)>,
    /// So many customers come and no more, if there is a limit.
    pub most: Option<u32>,
    /// People waiting when the doors open, before all others.
    pub at_opening: u32,
    /// A recorded log instead of all that, ascending in time.
    pub recorded: Option<Vec<Recorded>>,
}

/// A stretch of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ArrivalPiece {
    /// Start.
    pub from: SimTime,
    /// End, later than `from`.
    pub to: SimTime,
    /// Customers (or groups) expected in it; at least 0.
    pub expected: f64,
    /// How the rate rises within it: (rate at the end − rate at the start) over
    /// their sum; −1 to 1; 0 is a constant rate.
    pub tilt: f64,
}

/// A customer of a recorded log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recorded {
    /// When it came.
    pub at: SimTime,
    /// Position of its segment.
    pub segment: usize,
    /// The one time of its first journey, where recorded.
    pub service: Option<Span>,
    /// How long it was ready to wait, where recorded.
    pub patience: Option<Span>,
}
