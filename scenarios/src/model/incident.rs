//! What goes wrong for a while: kiosks down, a bank that stops or slows.

use super::ResourceId;
use crate::time::SimTime;
use serde::Serialize;

/// Something that happens to the branch from one time to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Incident {
    /// What it happens to.
    pub what: Affected,
    /// When it begins; within the opening hours.
    pub from: SimTime,
    /// When it is over; later than `from`, at closing at the latest.
    pub to: SimTime,
    /// What it does.
    pub effect: Effect,
}

/// What an incident happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Affected {
    /// Every journey.
    Branch,
    /// Every journey in which the bank is asked for something.
    Bank,
    /// Every journey and step that holds this resource.
    Resource(ResourceId),
}

/// What an incident does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// So many servers fewer (at most as many as there are); who is being served
    /// by one of them is served to the end. Of a resource only.
    Down(u32),
    /// No journey starts; those begun run on.
    Stopped,
    /// Operations asked meanwhile get no answer until it is over. Of the bank only.
    Unanswered,
    /// What starts takes so many times as long; above 0.
    Slower(f64),
    /// The doors are shut: nobody comes in, those inside are served. Of the branch only.
    Closed,
}
