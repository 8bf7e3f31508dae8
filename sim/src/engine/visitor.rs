//! Customers inside the branch, and what is told of them when they have left.

use crate::keyed::Key;

/// `failed_at` of a customer none of whose steps has failed.
pub const NEVER: u64 = u64::MAX;

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// The slot is free.
    #[default]
    Gone,
    /// In the waiting lines of its request.
    Waiting,
    /// Going through a step.
    InStep,
}

/// One customer inside the branch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visitor {
    pub key: Key,
    /// Place in the waiting line: smaller is served first.
    pub place: u128,
    /// Tag of the event that ends its patience.
    pub patience_event: u64,
    pub arrived: u64,
    pub waiting_since: u64,
    pub failed_at: u64,
    pub journey_time: u64,
    pub wait: u64,
    pub service: u64,
    pub review: u64,
    pub system: u64,
    pub index: u32,
    pub segment: u16,
    pub service_id: u16,
    pub first_journey: u32,
    pub journey: u32,
    pub step: u32,
    pub request: u32,
    /// Journeys before this one.
    pub hop: u8,
    pub state: State,
    pub started: bool,
    pub holds_journey: bool,
}

/// What became of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Gone through the whole journey.
    Served,
    /// Left while waiting for the first service.
    Abandoned,
    /// Still inside when nothing could happen any more.
    Unserved,
}

/// A customer who has left, with the five parts of the time in branch, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Departure {
    pub fate: Fate,
    pub arrived: u64,
    pub left: u64,
    pub segment: u16,
    pub service_id: u16,
    /// The journey it came for.
    pub journey: u32,
    pub fell_back: bool,
    pub wait: u64,
    pub service: u64,
    pub review: u64,
    pub system: u64,
    pub fallback: u64,
}
