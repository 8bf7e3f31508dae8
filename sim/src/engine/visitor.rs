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
    /// Waiting for its errands: it goes on when all have ended.
    Apart,
    /// Not inside, but coming again.
    Away,
    /// Not inside, but its ticket is still to be called.
    Ticket,
    /// Being called in vain.
    Called,
}

/// One customer inside the branch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visitor {
    pub key: Key,
    /// Place in the waiting line: smaller is served first.
    pub place: u128,
    /// Tag of the event that ends its patience or its step.
    pub event: u64,
    pub arrived: u64,
    pub waiting_since: u64,
    pub failed_at: u64,
    pub journey_time: u64,
    pub wait: u64,
    pub service: u64,
    pub review: u64,
    pub system: u64,
    /// When it first began to be served.
    pub first_begun: u64,
    /// Since when it has queued for what it waits for, or last waited for.
    pub queues_from: u64,
    /// When its step began and will end, and how much of the end is the bank's.
    pub begun_at: u64,
    pub ends_at: u64,
    pub latency: u64,
    /// Human time and latency left of an interrupted step.
    pub left_over: Option<(u64, u64)>,
    /// Numbers of the events at which it took what its journey and its step hold.
    pub journey_taken: u64,
    pub step_taken: u64,
    /// Time not inside between coming and coming again.
    pub away: u64,
    pub index: u32,
    /// Which line it stands in.
    pub line: u32,
    /// The server told apart that it holds.
    pub unit: u32,
    pub segment: u16,
    pub service_id: u16,
    pub first_journey: u32,
    pub journey: u32,
    pub step: u32,
    pub request: u32,
    /// Number of its appointment from 1; 0 without one.
    pub booking: u32,
    /// People who come along on its ticket.
    pub companions: u32,
    /// Tag of the event that changes its place in line.
    pub turn: u64,
    pub standing: Standing,
    /// Journeys before this one.
    pub hop: u8,
    /// Goes at a failing step beyond the first.
    pub tries: u32,
    pub state: State,
    pub started: bool,
    pub holds_journey: bool,
    pub interrupted: bool,
    /// The step before, if what it holds is still held.
    pub kept_step: Option<u32>,
}

impl Visitor {
    /// Where what it draws for its journey comes from: its key, the journeys before,
    /// the journey.
    pub fn place(&self) -> (Key, u8, u32) {
        (self.key, self.hop, self.journey)
    }
}

/// How a customer stands in line beside its segment's priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// By its segment.
    #[default]
    Usual,
    /// Before its appointment: behind everybody.
    Early,
    /// By what its segment is promoted to.
    Promoted,
    /// Before all of its priority who have not begun, until it is served.
    Front,
}

/// What became of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Gone through the whole journey.
    Served,
    /// Left while waiting for the first service.
    Abandoned,
    /// Left at the door: no room, or at the sight of the queue.
    Balked,
    /// Sent home because the branch closes.
    TurnedAway,
    /// Still inside when nothing could happen any more.
    Unserved,
}

/// A customer who has left, with the five parts of the time in branch, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Departure {
    pub fate: Fate,
    /// Its number among those who came, from 0.
    pub index: u32,
    pub arrived: u64,
    /// When it first began to be served; 0 if never.
    pub begun: u64,
    pub left: u64,
    /// When its wait and its time in branch begin to count; after `arrived` only of
    /// those who are early for an appointment.
    pub clock: u64,
    /// Time not inside between coming and coming again.
    pub away: u64,
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

/// A customer of one service and nothing else who leaves served: what there is to tell
/// of most customers.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Its number among those who came, from 0.
    pub index: u32,
    pub arrived: u64,
    pub begun: u64,
    pub left: u64,
    pub segment: u16,
    pub service_id: u16,
    pub journey: u32,
}

impl From<&Served> for Departure {
    #[inline]
    fn from(served: &Served) -> Self {
        Self {
            fate: Fate::Served,
            index: served.index,
            arrived: served.arrived,
            begun: served.begun,
            left: served.left,
            clock: served.arrived,
            away: 0,
            segment: served.segment,
            service_id: served.service_id,
            journey: served.journey,
            fell_back: false,
            wait: served.begun - served.arrived,
            service: served.left - served.begun,
            review: 0,
            system: 0,
            fallback: 0,
        }
    }
}

impl Departure {
    /// Whether it was served and needed nothing else: no review, no answer of the
    /// bank, no other journey after a failure.
    #[inline]
    pub fn has_only_usual(&self) -> bool {
        let further = self.review | self.system | self.fallback;
        self.fate == Fate::Served && further == 0 && !self.fell_back
    }

    /// What every served customer has: wait, service and time in branch, in microseconds.
    #[inline]
    pub fn usual(&self) -> [u64; 3] {
        [self.wait, self.service, self.time_in_branch()]
    }

    /// Time inside, in microseconds.
    pub fn time_in_branch(&self) -> u64 {
        self.left.saturating_sub(self.clock + self.away)
    }

    /// Its wait, counted from arrival even before an appointment.
    pub fn wait_from_arrival(&self) -> u64 {
        self.wait + (self.clock - self.arrived)
    }
}
