//! What customers do when they see the queue, and after they have left.

use super::Law;
use crate::time::Span;
use serde::Serialize;

/// How customers of a segment behave beyond their patience.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Conduct {
    /// They stand in line as if they had come so much earlier.
    pub waiting_credit: Span,
    /// How much their wait counts where the longest weighted wait goes first; 1 if
    /// none is given, above 0.
    pub waiting_weight: Option<f64>,
    /// Share of those who take a ticket and leave at once without a word; 0 to 1.
    pub no_show: f64,
    /// Whether they rise in priority while they wait.
    pub promotion: Option<Promotion>,
    /// Whether they leave at the sight of the queue.
    pub balking: Option<Balking>,
    /// Whether they come again after leaving unserved, or try it on the phone.
    pub retry: Option<Retry>,
    /// How they choose among the channels on which their service can be had.
    pub channel_choice: ChannelChoice,
    /// What it means for a promise when they abandon, if not what `[report]` says.
    pub abandoned: Option<AbandonedCounts>,
}

/// A priority that customers get while they wait for their first service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Promotion {
    /// From then on.
    pub priority: i32,
    /// What has to happen.
    pub when: PromotedWhen,
}

/// What gives waiting customers another priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromotedWhen {
    /// They have waited so long.
    After(Span),
    /// So many wait for one of the resources that they wait for, they among them.
    Waiting(u32),
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
    /// Tickets not yet called, those of people who have left among them.
    Tickets,
}

/// Coming again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    /// Probability of coming again, each time; 0 to 1.
    pub probability: f64,
    /// How long they stay away.
    pub after: Law,
    /// Where they try again.
    pub through: Through,
}

/// Where those who left unserved try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// In the branch.
    #[default]
    Branch,
    /// On the phone, once and for all.
    Mobile,
}

/// How customers choose among channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelChoice {
    /// By the stated shares.
    #[default]
    Drawn,
    /// Where fewer people wait for each server on duty; of equals by the shares.
    Shorter,
}

/// What an abandonment means for a promise, that is, for a share within a threshold
/// of a wait or a time in branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AbandonedCounts {
    /// It is broken if the wait was longer than the threshold; else the customer is
    /// left out.
    #[default]
    ByThreshold,
    /// It is broken.
    Miss,
    /// The customer is left out.
    LeftOut,
}

impl AbandonedCounts {
    /// Whether a wait that was abandoned after so long breaks a promise.
    pub fn breaks(self, waited: Span, threshold: Span) -> bool {
        match self {
            Self::ByThreshold => waited > threshold,
            Self::Miss => true,
            Self::LeftOut => false,
        }
    }
}
