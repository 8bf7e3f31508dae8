//! What is done, step by step.

use super::{JourneyId, Law, OnOutage, ResourceId};
use crate::operation::{Channel, Operation};
use serde::Serialize;

/// What is done, step by step, on one channel.
#[derive(Debug, Clone, Serialize)]
pub struct Journey {
    /// Name in the file.
    pub name: String,
    /// The channel whose population its customers belong to.
    pub channel: Channel,
    /// One human time drawn for the whole journey, of which weighted steps take
    /// fixed fractions; present exactly when a step has [`StepTime::Fraction`].
    pub time: Option<Law>,
    /// Held from the start of the first step to the end of the last.
    pub holds: Vec<Hold>,
    /// In order; at least one.
    pub steps: Vec<Step>,
}

/// So many servers of one pool, held together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Which pool.
    pub resource: ResourceId,
    /// How many of it; at least one; of servers told apart exactly one.
    pub count: u32,
    /// What the server must be able to do, as a position in [`Servers::skills`].
    pub skill: Option<usize>,
}

/// One step of a journey.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Name, unique in its journey.
    pub name: String,
    /// Which part of the time in branch it counts to.
    pub part: Part,
    /// Probability that this customer goes through it; 0 to 1.
    pub probability: f64,
    /// Taken together, all or none, at its start; released at its end. On top of
    /// what the journey holds.
    pub holds: Vec<Hold>,
    /// What it holds is kept until the next step has its servers.
    pub keeps: bool,
    /// Human time.
    pub time: StepTime,
    /// Operation of the bank that it waits for on top of its human time.
    pub operation: Option<Operation>,
    /// How it can fail at its end.
    pub failure: Option<Failure>,
    /// How it can send back at its end.
    pub repeat: Option<Repeat>,
    /// What the customer does when its operation gets no answer.
    pub on_outage: OnOutage,
    /// How often a failing step is gone through again before the customer fails.
    pub retries: u32,
    /// Lists of steps gone through side by side; the step ends when all have ended.
    /// None where it is one piece of work. A step with branches has nothing of its
    /// own but probability, failure, repeat and retries; those inside do not fail,
    /// take no fractions and have no branches.
    pub branches: Vec<Vec<Step>>,
}

impl Default for Step {
    /// A step without a name that takes no time.
    fn default() -> Self {
        Self {
            name: String::new(),
            part: Part::Service,
            probability: 1.0,
            holds: Vec::new(),
            keeps: false,
            time: StepTime::None,
            operation: None,
            failure: None,
            repeat: None,
            on_outage: OnOutage::Wait,
            retries: 0,
            branches: Vec::new(),
        }
    }
}

impl Journey {
    /// Every step, each before the steps of its branches.
    pub fn every_step(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .flat_map(move |step| std::iter::once(step).chain(step.branches.iter().flatten()))
    }

    /// The journeys that some of its customers go on with: after a failure, or when
    /// the bank does not answer.
    pub fn goes_on_with(&self) -> impl Iterator<Item = JourneyId> {
        self.every_step().flat_map(|step| {
            let failed = step.failure.as_ref().map(|it| it.to);
            let unanswered = match step.on_outage {
                OnOutage::FallBack { to, .. } => Some(to),
                OnOutage::Wait | OnOutage::Retry { .. } => None,
            };
            failed.into_iter().chain(unanswered)
        })
    }

    /// The lists of steps gone through one after another: its own, and those of
    /// the branches with the position of the step that they are of.
    pub fn sequences(&self) -> impl Iterator<Item = (Option<usize>, &[Step])> {
        let branches = self.steps.iter().enumerate().flat_map(|(at, step)| {
            let branches = step.branches.iter();
            branches.map(move |branch| (Some(at), branch.as_slice()))
        });
        std::iter::once((None, self.steps.as_slice())).chain(branches)
    }
}

/// Human time of a step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepTime {
    /// No human time of its own.
    None,
    /// This fraction (0 to 1) of the journey's one drawn time; the fractions of
    /// a journey sum to one.
    Fraction(f64),
    /// A time of its own.
    Law(Law),
}

/// The part of the time in branch that a step's time (and queueing for it) counts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Human time at counter or kiosk.
    Service,
    /// Queueing for and being handled by a reviewer.
    Review,
}

/// A failed customer goes to another journey.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Probability of failing at the end of the step; 0 to 1.
    pub probability: f64,
    /// Where the customer goes on; stays in the population of the first journey.
    pub to: JourneyId,
    /// The place in the queue there.
    pub queue_by: QueueBy,
}

/// A customer goes back to a step of the same journey, or stays at this one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Repeat {
    /// Probability at the end of the step, each time; 0 to below 1.
    pub probability: f64,
    /// Position of the step to go back to; at most this one's.
    pub from: usize,
}

/// By which time a customer queues among equals in priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueBy {
    /// The time of the ticket, taken at first arrival.
    Ticket,
    /// The time of joining this queue.
    Joining,
    /// Before all of its priority who have not begun.
    Front,
}
