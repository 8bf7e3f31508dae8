//! What goes wrong for a while: servers out of use, journeys that do not start,
//! journeys that start slower.

use super::pool::Pool;
use super::{Engine, Observer};
use crate::plan::{PlannedJourney, PlannedStep, RequestId};
use crate::source::Source;
use scenarios::model::{Affected, Effect, Hold};

/// The incidents that are going on.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    going_on: Vec<bool>,
    /// How many of them stop something, and how many slow something.
    stopping: u32,
    slowing: u32,
}

impl Incidents {
    /// None is going on.
    pub fn reset(&mut self, incidents: usize) {
        self.going_on.clear();
        self.going_on.resize(incidents, false);
        self.stopping = 0;
        self.slowing = 0;
    }

    /// Whether any incident keeps journeys from starting.
    pub fn any_stops(&self) -> bool {
        self.stopping > 0
    }
}

impl<S: Source> Engine<'_, S> {
    /// An incident begins or is over.
    pub(super) fn change_incident<O: Observer>(
        &mut self,
        number: usize,
        begins: bool,
        observer: &mut O,
    ) {
        let incident = self.plan.incidents[number];
        self.incidents.going_on[number] = begins;
        let by = |count: u32| if begins { count + 1 } else { count - 1 };
        match (incident.effect, incident.what) {
            (Effect::Down(count), Affected::Resource(resource)) => {
                let pool: &mut Pool = &mut self.pools[resource];
                pool.lowered = if begins {
                    pool.lowered + u64::from(count)
                } else {
                    pool.lowered - u64::from(count)
                };
                self.set_capacity(resource);
            }
            (Effect::Down(_) | Effect::Unanswered | Effect::Closed, _) => {}
            (Effect::Stopped, _) => self.incidents.stopping = by(self.incidents.stopping),
            (Effect::Slower(_), _) => self.incidents.slowing = by(self.incidents.slowing),
        }
        if !begins {
            self.given_back.clear();
            self.given_back.extend(0..self.pools.len());
            self.serve_waiting(observer);
        }
    }

    /// Whether an incident keeps a request from being granted.
    pub(super) fn is_stopped(&self, request: RequestId) -> bool {
        let wanted = &self.plan.requests[request as usize];
        wanted.starts
            && self.under_way().any(|(what, effect)| {
                effect == Effect::Stopped && affects(what, wanted.asks_bank, [&wanted.holds, &[]])
            })
    }

    /// How many times as long a journey takes that starts now.
    pub(super) fn slowness_of_journey(&self, journey: &PlannedJourney, step: &PlannedStep) -> f64 {
        self.slowness(journey.asks_bank, [&journey.holds, &step.holds])
    }

    /// How many times as long a step's own time takes if it starts now: as slow
    /// as what it holds itself, or as the bank if it asks it.
    pub(super) fn slowness_of_step(&self, step: &PlannedStep) -> f64 {
        self.slowness(step.operation.is_some(), [&step.slowed_by, &[]])
    }

    /// How many times as long the bank takes to answer.
    pub(super) fn slowness_of_bank(&self) -> f64 {
        self.slowness(true, [&[], &[]])
    }

    fn slowness(&self, asks_bank: bool, holds: [&[Hold]; 2]) -> f64 {
        if self.incidents.slowing == 0 {
            return 1.0;
        }
        self.under_way()
            .map(|(what, effect)| match effect {
                Effect::Slower(factor) if affects(what, asks_bank, holds) => factor,
                _ => 1.0,
            })
            .product()
    }

    fn under_way(&self) -> impl Iterator<Item = (Affected, Effect)> {
        self.plan
            .incidents
            .iter()
            .zip(&self.incidents.going_on)
            .filter(|(_, going_on)| **going_on)
            .map(|(incident, _)| (incident.what, incident.effect))
    }
}

fn affects(what: Affected, asks_bank: bool, holds: [&[Hold]; 2]) -> bool {
    match what {
        Affected::Branch => true,
        Affected::Bank => asks_bank,
        Affected::Resource(resource) => holds
            .iter()
            .any(|holds| holds.iter().any(|hold| hold.resource == resource)),
    }
}
