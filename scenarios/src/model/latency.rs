//! What is assumed of the bank, and what customers do when it does not answer.

use super::{JourneyId, QueueBy};
use crate::time::Span;
use serde::Serialize;

/// What a customer does whose question the bank does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOutage {
    /// Waits; the bank takes the question in when it is back.
    #[default]
    Wait,
    /// Asks again so many times, and then waits.
    Retry {
        /// At least one.
        times: u32,
        /// Time from one question to the next; above 0.
        every: Span,
    },
    /// Gives up and goes on with another journey, as after a failure.
    FallBack {
        /// Where to.
        to: JourneyId,
        /// How long it waits for an answer before.
        after: Span,
        /// The place in the queue there.
        queue_by: QueueBy,
    },
}
