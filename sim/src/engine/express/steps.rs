//! Customers go through journeys of several steps, or of steps that are more than a time.

use super::Express;
use super::after::After;
use super::card::Card;
use super::routes::Aim;
use super::telling::departure;
use crate::engine::Observer;
use crate::engine::journey::next_step;
use crate::engine::visitor::Departure;
use crate::engine::work::{fraction, stretched};
use crate::keyed::{Key, Purpose};
use crate::plan::{PlannedLatency, PlannedStep, PlannedTime};
use crate::source::{Keyed, Source};
use scenarios::model::Part;

/// Who is served, in a step that is not its last.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    key: Key,
    pub card: Card,
    pub arrived: u64,
    begun: u64,
    journey_time: u64,
    service: u64,
    review: u64,
    system: u64,
    /// Who serves it.
    unit: u32,
    step: u32,
}

/// The first step that a customer with this key goes through, if it does through any.
pub fn first_step(aim: &Aim<'_>, key: Key) -> Option<u32> {
    next_step(&Keyed, &aim.journey.steps, (key, 0, aim.number), 0)
}

impl Express<'_> {
    /// Begins the first step of somebody who has its server.
    #[inline(never)]
    pub(super) fn begin_steps<O: Observer>(
        &mut self,
        key: Key,
        card: Card,
        arrived: u64,
        unit: u32,
        slot: usize,
        observer: &mut O,
    ) {
        let aim = self.aim_of(card);
        let journey_time = aim.journey.time.as_ref().map_or(0, |law| {
            let place = Purpose::JourneyTime {
                hop: 0,
                journey: aim.number,
            };
            Keyed.micros(law, key, place)
        });
        let visit = Visit {
            key,
            card,
            arrived,
            begun: self.now,
            journey_time,
            service: 0,
            review: 0,
            system: 0,
            unit,
            // It would not have come in if it went through no step.
            step: first_step(aim, key).unwrap_or(0),
        };
        self.work_on(slot, visit, observer);
    }

    /// The customer in a slot goes on to the next step.
    #[inline(never)]
    pub(super) fn go_on<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.work_on(slot, self.visits[slot], observer);
    }

    /// Works on the step that a customer is in.
    fn work_on<O: Observer>(&mut self, slot: usize, mut visit: Visit, observer: &mut O) {
        let aim = self.aim_of(visit.card);
        let steps = &aim.journey.steps;
        let step = &steps[visit.step as usize];
        let slowness = if aim.speeds_differ {
            self.desks[aim.desk as usize].slowness(visit.unit)
        } else {
            1.0
        };
        let human = stretched(human_time(step, aim, &visit), slowness);
        let latency = latency_of(step, aim, &visit);
        match step.part {
            Part::Service => visit.service += human,
            Part::Review => visit.review += human,
        }
        visit.system += latency;
        let (asks_at, ends_at) = (self.now + human, self.now + human + latency);
        if let Some(operation) = step.operation
            && ends_at <= self.longest
        {
            observer.asked(visit.card.index(), aim.journey.made_on, operation, asks_at);
        }
        let place = (visit.key, 0, aim.number);
        match next_step(&Keyed, steps, place, visit.step + 1) {
            Some(next) => {
                visit.step = next;
                self.keep(slot, ends_at, visit);
            }
            None => self.end_at(slot, ends_at, visit, observer),
        }
    }

    /// The last step of a customer ends at a time: what is left to tell of it is told
    /// at once, and its server is free then.
    fn end_at<O: Observer>(&mut self, slot: usize, ends_at: u64, visit: Visit, observer: &mut O) {
        if ends_at > self.longest {
            // It will still be inside when the day is over.
            self.keep(slot, ends_at, visit);
            return;
        }
        let aim = self.aim_of(visit.card);
        let counted = visit.card.counted();
        let leaves = After::leaving(aim, visit.unit, counted);
        self.schedule(slot, ends_at, leaves);
        if counted.is() {
            self.ending.last_left = self.ending.last_left.max(ends_at);
            observer.departed(&Departure {
                wait: visit.begun - visit.arrived,
                service: visit.service,
                review: visit.review,
                system: visit.system,
                ..departure(aim, visit.card, visit.arrived, (visit.begun, ends_at))
            });
        }
    }

    /// Keeps what is known of a customer until its step ends.
    fn keep(&mut self, slot: usize, ends_at: u64, visit: Visit) {
        if slot >= self.visits.len() {
            self.visits.resize(slot + 1, visit);
        }
        self.visits[slot] = visit;
        self.schedule(slot, ends_at, After::GOES_ON);
    }
}

/// The human time of the step that a customer is in, at a server of speed 1.
#[inline]
fn human_time(step: &PlannedStep, aim: &Aim<'_>, visit: &Visit) -> u64 {
    match &step.time {
        PlannedTime::None => 0,
        PlannedTime::Between(from, to) => {
            fraction(visit.journey_time, *to) - fraction(visit.journey_time, *from)
        }
        PlannedTime::Own(law) => {
            let place = Purpose::StepTime {
                hop: 0,
                journey: aim.number,
                step: visit.step,
            };
            Keyed.micros(law, visit.key, place)
        }
    }
}

/// How long the bank takes to answer.
#[inline]
fn latency_of(step: &PlannedStep, aim: &Aim<'_>, visit: &Visit) -> u64 {
    let Some(latency) = &step.latency else {
        return 0;
    };
    let place = Purpose::Latency {
        hop: 0,
        journey: aim.number,
        step: visit.step,
    };
    match latency {
        PlannedLatency::Measured(measured) => measured.micros(Keyed.bits(visit.key, place)),
        PlannedLatency::Assumed(law) => Keyed.micros(law, visit.key, place),
    }
}
