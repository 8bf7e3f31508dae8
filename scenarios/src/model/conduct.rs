//! What customers do when they see the queue, and after they have left.

use super::Law;
use crate::time::Span;
use serde::Serialize;

/// How customers of a segment behave beyond their patience.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Conduct {
    /// They stand in line as if they had come so much earlier.
    pub waiting_credit: Span,
    /// Whether they leave at the sight of the queue.
    pub balking: Option<Balking>,
    /// Whether they come again after leaving unserved.
    pub retry: Option<Retry>,
}

/// Leaving at the sight of the queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balking {
    /// What they count.
    pub sees: Sees,
    /// Probability of leaving when they count 0, 1, 2 …; beyond the last, that of the last.
    pub probability: Vec<f64>,
}

/// Whom customers count when they come in: of the resources that their first step wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sees {
    /// Those who wait.
    #[default]
    Waiting,
    /// Those who wait and those who are served.
    Present,
}

/// Coming again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    /// Probability of coming again, each time; 0 to 1.
    pub probability: f64,
    /// How long they stay away.
    pub after: Law,
}
