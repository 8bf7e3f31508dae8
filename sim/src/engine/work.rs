//! A step under way: how long it takes, what the bank adds, what cuts it short.

use super::calendar::Kind;
use super::visitor::{NEVER, State};
use super::{Engine, Observer};
use crate::keyed::Purpose;
use crate::law::rounded;
use crate::plan::{PlannedLatency, PlannedStep, PlannedTime};
use crate::source::Source;
use scenarios::model::Part;

impl<S: Source> Engine<'_, S> {
    /// Works on the step that a customer is in, or on what is left of it.
    pub(super) fn work_on(&mut self, slot: usize) {
        let (_, step) = self.whereabouts(slot);
        let (human, latency) = match self.visitors[slot].left_over.take() {
            Some(left) => left,
            None => (self.human_time(slot, step), self.latency_of(slot, step)),
        };
        let latency = latency_with_outage(self, step, self.now + human, latency);
        let visitor = &mut self.visitors[slot];
        visitor.state = State::InStep;
        visitor.begun_at = self.now;
        visitor.ends_at = self.now + human + latency;
        visitor.latency = latency;
        if visitor.failed_at == NEVER {
            match step.part {
                Part::Service => visitor.service += human,
                Part::Review => visitor.review += human,
            }
            visitor.system += latency;
        }
        let ends_at = visitor.ends_at;
        let stops_at = if self.plan.wears {
            self.wears_out_at(slot).min(ends_at)
        } else {
            ends_at
        };
        self.visitors[slot].event = self.calendar.push(stops_at, Kind::StepEnd, slot);
    }

    fn human_time(&self, slot: usize, step: &PlannedStep) -> u64 {
        let (journey, _) = self.whereabouts(slot);
        let visitor = &self.visitors[slot];
        let human = match &step.time {
            PlannedTime::None => 0,
            PlannedTime::Between(from, to) => {
                fraction(visitor.journey_time, *to) - fraction(visitor.journey_time, *from)
            }
            PlannedTime::Own(law) => {
                let place = Purpose::StepTime {
                    hop: visitor.hop,
                    journey: visitor.journey,
                    step: visitor.step,
                };
                let micros = self.source.micros(law, visitor.key, place);
                stretched(micros, self.slowness_of_step(step))
            }
        };
        stretched(human, self.slowness_of_unit(slot, journey, step))
    }

    /// How long the bank takes to answer when it does.
    fn latency_of(&self, slot: usize, step: &PlannedStep) -> u64 {
        let Some(latency) = &step.latency else {
            return 0;
        };
        let visitor = &self.visitors[slot];
        let place = Purpose::Latency {
            hop: visitor.hop,
            journey: visitor.journey,
            step: visitor.step,
        };
        let micros = match latency {
            PlannedLatency::Measured(measured) => {
                measured.micros(self.source.bits(visitor.key, place))
            }
            PlannedLatency::Assumed(law) => self.source.micros(law, visitor.key, place),
        };
        stretched(micros, self.slowness_of_bank())
    }

    /// Stops working on a step, and says how much human time and latency is left of
    /// it. Who still waits for a silent bank asks anew when it goes on.
    pub(super) fn stop_working(&mut self, slot: usize) -> (u64, u64) {
        let (_, step) = self.whereabouts(slot);
        if self.plan.wears {
            self.note_work(slot);
        }
        let visitor = &mut self.visitors[slot];
        let left = visitor.ends_at - self.now;
        let latency = left.min(visitor.latency);
        let human = left - latency;
        if visitor.failed_at == NEVER {
            match step.part {
                Part::Service => visitor.service -= human,
                Part::Review => visitor.review -= human,
            }
            visitor.system -= latency;
        }
        visitor.event = 0;
        let asked_at = visitor.ends_at - visitor.latency;
        let (delay, _) = self.plan.outages.delay(step, asked_at);
        if delay > 0 && self.now < asked_at + delay {
            return (human, self.latency_of(slot, step));
        }
        (human, latency)
    }

    /// Whether a customer whose step ends now has given up waiting for the bank.
    pub(super) fn has_given_up(&self, slot: usize, step: &PlannedStep) -> bool {
        let visitor = &self.visitors[slot];
        step.operation.is_some()
            && step.branches.is_empty()
            && self
                .plan
                .outages
                .delay(step, visitor.ends_at - visitor.latency)
                .1
    }

    /// A step that has failed is gone through again, with everything drawn anew and
    /// all that is held.
    pub(super) fn try_again<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let (journey, step) = self.whereabouts(slot);
        let visitor = &mut self.visitors[slot];
        visitor.tries += 1;
        visitor.key = visitor.key.under(Purpose::Again);
        if let Some(law) = &journey.time {
            let place = Purpose::JourneyTime {
                hop: visitor.hop,
                journey: visitor.journey,
            };
            visitor.journey_time = self.source.micros(law, visitor.key, place);
        }
        if step.branches.is_empty() {
            self.work_on(slot);
        } else {
            self.fork(slot, false, self.now, observer);
        }
    }
}

/// The latency of an answer that is asked for at a time, silence included.
fn latency_with_outage<S: Source>(
    engine: &Engine<'_, S>,
    step: &PlannedStep,
    asked_at: u64,
    latency: u64,
) -> u64 {
    if step.operation.is_none() {
        return latency;
    }
    match engine.plan.outages.delay(step, asked_at) {
        (delay, false) => delay + latency,
        (given_up_after, true) => given_up_after,
    }
}

/// A time that takes so many times as long.
#[inline]
pub(super) fn stretched(micros: u64, times: f64) -> u64 {
    if (times - 1.0).abs() < f64::EPSILON {
        return micros;
    }
    rounded(micros as f64 * times)
}

/// The part of a journey's time up to a cumulative fraction; cut like this, the
/// steps sum to the whole to the microsecond.
#[inline]
pub(super) fn fraction(journey_time: u64, cumulative: f64) -> u64 {
    rounded(journey_time as f64 * cumulative)
}
