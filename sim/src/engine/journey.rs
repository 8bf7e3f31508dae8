//! A customer's way through its journey: asking for servers, going through
//! steps, failing, falling back.

use super::calendar::Kind;
use super::lines::place;
use super::visitor::{Fate, NEVER, State, Visitor};
use super::{Engine, Observer};
use crate::keyed::Purpose;
use crate::plan::{PlannedJourney, PlannedStep, PlannedTime, RequestId};
use scenarios::model::{Hold, Part, QueueBy};

/// A customer falls back so often at most; then the last journey is gone through.
const MOST_FALLBACKS: u8 = u8::MAX;

impl<'plan> Engine<'plan> {
    /// Sends a customer into a journey, queueing there as from `queues_from`.
    pub(super) fn start_journey<O: Observer>(
        &mut self,
        slot: usize,
        journey: u32,
        queues_from: u64,
        observer: &mut O,
    ) {
        let planned = &self.plan.journeys[journey as usize];
        let visitor = &mut self.visitors[slot];
        visitor.journey = journey;
        visitor.holds_journey = false;
        if let Some(law) = &planned.time {
            visitor.journey_time = law.micros(visitor.key.bits(Purpose::JourneyTime {
                hop: visitor.hop,
                journey,
            }));
        }
        let Some(step) = next_step(&planned.steps, visitor, 0) else {
            // No step applies to this customer: there is nothing to wait for.
            self.leave(slot, Fate::Served, observer);
            return;
        };
        self.visitors[slot].step = step;
        let request = planned.steps[step as usize].first_request;
        self.ask(slot, request, queues_from, observer);
    }

    /// Asks for servers: begins the step at once if all are free, else waits.
    fn ask<O: Observer>(
        &mut self,
        slot: usize,
        request: Option<RequestId>,
        queues_from: u64,
        observer: &mut O,
    ) {
        let Some(request) = request else {
            self.begin_step(slot, observer);
            return;
        };
        // Nobody who waits could be served before this event; but what it gave
        // back belongs to the first in line, who may be someone else: then all
        // who want any of it, this customer too, are looked at by their places.
        if self.given_back.is_empty() && self.is_free(request) {
            self.take(request);
            self.begin_step(slot, observer);
            return;
        }
        let visitor = &mut self.visitors[slot];
        let rank = self.plan.segments[usize::from(visitor.segment)].rank;
        visitor.place = place(rank, queues_from, visitor.index);
        visitor.state = State::Waiting;
        visitor.waiting_since = self.now;
        visitor.request = request;
        self.lines.join(request, visitor.place, slot);
        self.waiting.rise(self.now, &self.stretch);
        let after_release = !self.given_back.is_empty();
        for hold in &self.plan.requests[request as usize].holds {
            self.pools[hold.resource]
                .waiting_level
                .rise(self.now, &self.stretch);
            if after_release && !self.given_back.contains(&hold.resource) {
                self.given_back.push(hold.resource);
            }
        }
    }

    /// Closes the levels of a customer who waits no longer.
    pub(super) fn stop_waiting(&mut self, slot: usize) {
        self.waiting.fall(self.now, &self.stretch);
        for hold in &self.plan.requests[self.visitors[slot].request as usize].holds {
            self.pools[hold.resource]
                .waiting_level
                .fall(self.now, &self.stretch);
        }
    }

    fn is_free(&self, request: RequestId) -> bool {
        self.plan.requests[request as usize]
            .holds
            .iter()
            .all(|hold| self.pools[hold.resource].free() >= hold.count)
            && !(self.incidents.any_stops() && self.is_stopped(request))
    }

    fn take(&mut self, request: RequestId) {
        for hold in &self.plan.requests[request as usize].holds {
            let pool = &mut self.pools[hold.resource];
            pool.busy += hold.count;
            pool.busy_level
                .set(self.now, u64::from(pool.busy), &self.stretch);
        }
    }

    fn give_back(&mut self, holds: &[Hold]) {
        for hold in holds {
            let pool = &mut self.pools[hold.resource];
            pool.busy -= hold.count;
            pool.busy_level
                .set(self.now, u64::from(pool.busy), &self.stretch);
            if pool.duty_level.now() > u64::from(pool.capacity) {
                pool.duty_level.set(
                    self.now,
                    u64::from(pool.capacity.max(pool.busy)),
                    &self.stretch,
                );
            }
            self.given_back.push(hold.resource);
        }
    }

    /// Serves whoever can be served with what was given back, first places first.
    pub(super) fn serve_waiting<O: Observer>(&mut self, observer: &mut O) {
        loop {
            let mut first: Option<(u128, usize, RequestId)> = None;
            for number in 0..self.given_back.len() {
                let resource = self.given_back[number];
                if self.pools[resource].free() == 0 {
                    continue;
                }
                for &request in &self.plan.requests_for[resource] {
                    if !self.is_free(request) {
                        continue;
                    }
                    let visitors = &self.visitors;
                    let head = self.lines.head(request, |slot, place| {
                        visitors[slot].state == State::Waiting && visitors[slot].place == place
                    });
                    if let Some((place, slot)) = head
                        && first.is_none_or(|(best, ..)| place < best)
                    {
                        first = Some((place, slot, request));
                    }
                }
            }
            let Some((_, slot, request)) = first else {
                break;
            };
            self.lines.pop(request);
            self.stop_waiting(slot);
            self.take(request);
            self.end_wait(slot);
            self.begin_step(slot, observer);
        }
        self.given_back.clear();
    }

    /// Counts a wait to the part of the time in branch that it belongs to.
    fn end_wait(&mut self, slot: usize) {
        let visitor = &mut self.visitors[slot];
        if visitor.failed_at != NEVER {
            return;
        }
        let waited = self.now - visitor.waiting_since;
        let part = self.plan.journeys[visitor.journey as usize].steps[visitor.step as usize].part;
        if visitor.started && part == Part::Review {
            visitor.review += waited;
        } else {
            visitor.wait += waited;
        }
    }

    /// The journey and the step that a customer is in.
    fn whereabouts(&self, slot: usize) -> (&'plan PlannedJourney, &'plan PlannedStep) {
        let visitor = &self.visitors[slot];
        let journey = &self.plan.journeys[visitor.journey as usize];
        (journey, &journey.steps[visitor.step as usize])
    }

    fn begin_step<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let (journey, step) = self.whereabouts(slot);
        if !self.visitors[slot].holds_journey {
            let slower = self.slowness_of_journey(journey, step);
            let time = &mut self.visitors[slot].journey_time;
            *time = stretched(*time, slower);
        }
        let step_slower = self.slowness_of_step(journey, step);
        let bank_slower = self.slowness_of_bank();
        let visitor = &mut self.visitors[slot];
        visitor.state = State::InStep;
        visitor.started = true;
        visitor.holds_journey = true;
        let (hop, number) = (visitor.hop, visitor.journey);
        let place = visitor.step;
        let human = match &step.time {
            PlannedTime::None => 0,
            PlannedTime::Between(from, to) => {
                fraction(visitor.journey_time, *to) - fraction(visitor.journey_time, *from)
            }
            PlannedTime::Own(law) => stretched(
                law.micros(visitor.key.bits(Purpose::StepTime {
                    hop,
                    journey: number,
                    step: place,
                })),
                step_slower,
            ),
        };
        let latency = step.latency.as_ref().map_or(0, |latency| {
            let micros = latency.micros(visitor.key.bits(Purpose::Latency {
                hop,
                journey: number,
                step: place,
            }));
            stretched(micros, bank_slower)
        });
        if visitor.failed_at == NEVER {
            match step.part {
                Part::Service => visitor.service += human,
                Part::Review => visitor.review += human,
            }
            visitor.system += latency;
        }
        if let Some(operation) = step.operation {
            observer.asked(visitor.index, journey.made_on, operation, self.now + human);
        }
        self.calendar
            .push(self.now + human + latency, Kind::StepEnd, slot);
    }

    pub(super) fn step_ends<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let plan = self.plan;
        let visitor = self.visitors[slot];
        let journey = &plan.journeys[visitor.journey as usize];
        let step = &journey.steps[visitor.step as usize];
        self.give_back(&step.holds);
        if let Some((to, queue_by)) = failure_of(step, &visitor) {
            self.give_back(&journey.holds);
            let queues_from = match queue_by {
                QueueBy::Ticket => visitor.arrived,
                QueueBy::Joining => self.now,
            };
            let failed = &mut self.visitors[slot];
            failed.failed_at = visitor.failed_at.min(self.now);
            failed.hop += 1;
            self.start_journey(slot, to, queues_from, observer);
        } else if let Some(next) = next_step(&journey.steps, &visitor, visitor.step + 1) {
            self.visitors[slot].step = next;
            self.ask(
                slot,
                journey.steps[next as usize].request,
                self.now,
                observer,
            );
        } else {
            self.give_back(&journey.holds);
            self.leave(slot, Fate::Served, observer);
        }
        if !self.given_back.is_empty() {
            self.serve_waiting(observer);
        }
    }
}

/// A time that takes so many times as long.
fn stretched(micros: u64, times: f64) -> u64 {
    if (times - 1.0).abs() < f64::EPSILON {
        return micros;
    }
    (micros as f64 * times).round() as u64
}

/// The part of a journey's time up to a cumulative fraction; cut like this, the
/// steps sum to the whole to the microsecond.
fn fraction(journey_time: u64, cumulative: f64) -> u64 {
    (journey_time as f64 * cumulative).round() as u64
}

/// The first step from `from` on that this customer goes through.
fn next_step(steps: &[PlannedStep], visitor: &Visitor, from: u32) -> Option<u32> {
    (from..steps.len() as u32).find(|&step| {
        let probability = steps[step as usize].probability;
        let taken = Purpose::StepTaken {
            hop: visitor.hop,
            journey: visitor.journey,
            step,
        };
        probability >= 1.0 || (probability > 0.0 && visitor.key.uniform(taken) < probability)
    })
}

/// Where a customer falls back to, if the step that ends has failed.
fn failure_of(step: &PlannedStep, visitor: &Visitor) -> Option<(u32, QueueBy)> {
    let (probability, to, queue_by) = step.failure?;
    let place = Purpose::Failure {
        hop: visitor.hop,
        journey: visitor.journey,
        step: visitor.step,
    };
    let fails =
        probability >= 1.0 || (probability > 0.0 && visitor.key.uniform(place) < probability);
    (fails && visitor.hop < MOST_FALLBACKS).then_some((to, queue_by))
}
