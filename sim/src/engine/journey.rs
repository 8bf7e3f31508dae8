//! A customer's way through its journey: asking for servers, going through
//! steps, failing, falling back.

use super::lines::{place, place_of_interrupted};
use super::pool::NO_UNIT;
use super::visitor::{Fate, NEVER, Standing, State, Visitor};
use super::work::stretched;
use super::{Engine, Observer};
use crate::keyed::Purpose;
use crate::plan::{PlannedJourney, PlannedStep, RequestId};
use crate::source::Source;
use scenarios::model::{Order, Part, QueueBy};

/// A customer falls back so often at most; then the last journey is gone through.
const MOST_FALLBACKS: u8 = u8::MAX;

impl<'plan, S: Source> Engine<'plan, S> {
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
        let Some(step) = next_step(self.source, &planned.steps, visitor, 0) else {
            // No step applies to this customer: there is nothing to wait for.
            self.leave(slot, Fate::Served, observer);
            return;
        };
        self.visitors[slot].step = step;
        let step = &planned.steps[step as usize];
        let request = step.first_request;
        if self.plan.balks && self.visitors[slot].hop == 0 && self.is_deterred(slot, step) {
            self.leave_unserved(slot, Fate::Balked, observer);
            return;
        }
        self.draw_journey_time(slot);
        self.ask(slot, request, queues_from, observer);
    }

    /// Whether a customer who comes in leaves at the door of its first step, or of
    /// any of its branches if it asks for nothing else.
    fn is_deterred(&self, slot: usize, step: &PlannedStep) -> bool {
        let leaves = |request| {
            let request = self.as_booked(slot, request);
            self.leaves_at_the_door(slot, request, self.choose_line(slot, request))
        };
        match step.first_request {
            Some(request) => leaves(request),
            None => self.first_requests(slot, step).any(leaves),
        }
    }

    /// Draws the one human time of a customer's journey, unless a log has it.
    fn draw_journey_time(&mut self, slot: usize) {
        let visitor = &mut self.visitors[slot];
        let journey = visitor.journey;
        if visitor.hop == 0
            && let Some(recorded) = self.plan.recorded.get(visitor.index as usize)
            && let Some(service) = recorded.service
        {
            visitor.journey_time = service.0;
        } else if let Some(law) = &self.plan.journeys[journey as usize].time {
            let hop = visitor.hop;
            let place = Purpose::JourneyTime { hop, journey };
            visitor.journey_time = self.source.micros(law, visitor.key, place);
        }
    }

    /// Asks for servers: begins the step at once if all are free, else waits.
    pub(super) fn ask<O: Observer>(
        &mut self,
        slot: usize,
        request: Option<RequestId>,
        queues_from: u64,
        observer: &mut O,
    ) {
        self.visitors[slot].queues_from = queues_from;
        let Some(request) = request else {
            self.begin_step(slot, observer);
            return;
        };
        let request = self.as_booked(slot, request);
        let line = self.choose_line(slot, request);
        // Nobody who waits could be served before this event; but what it gave
        // back belongs to the first in line, who may be someone else: then all
        // who want any of it, this customer too, are looked at by their places.
        if self.given_back.is_empty()
            && (self.is_free(request, line) || self.preempt(slot, request))
        {
            self.take(request, line, slot);
            self.begin_step(slot, observer);
            return;
        }
        self.visitors[slot].place = self.place_of(slot, request);
        if self.plan.interrupts && !self.given_back.is_empty() {
            self.asked_late.push(slot as u32);
        }
        self.stand_in_line(slot, request, line);
    }

    /// The place of a customer who waits for this, as it stands now.
    fn place_of(&self, slot: usize, request: RequestId) -> u128 {
        let visitor = &self.visitors[slot];
        let segment = &self.plan.segments[usize::from(visitor.segment)];
        let credit = match self.errands.rank(slot) {
            Some(_) => 0,
            None => segment.waiting_credit,
        };
        if visitor.standing == Standing::Front {
            return place_of_interrupted(self.rank(slot), visitor.queues_from, visitor.index);
        }
        place(
            self.rank(slot),
            self.plan.requests[request as usize].order,
            visitor.queues_from,
            credit,
            visitor.index,
        )
    }

    /// Stands again in the line it stands in, as its rank is now.
    pub(super) fn stand_anew<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.take_place_anew(slot);
        self.asked_late.push(slot as u32);
        self.preempt_late(observer);
    }

    pub(super) fn take_place_anew(&mut self, slot: usize) {
        let (request, line) = (self.visitors[slot].request, self.visitors[slot].line);
        let place = self.place_of(slot, request);
        self.visitors[slot].place = place;
        self.lines.join(line, place, slot);
    }

    /// Puts an interrupted customer before all of its priority who have not begun.
    pub(super) fn wait_again(&mut self, slot: usize, request: RequestId) {
        let line = self.choose_line(slot, request);
        let rank = self.rank(slot);
        let visitor = &mut self.visitors[slot];
        visitor.place = place_of_interrupted(rank, visitor.queues_from, visitor.index);
        visitor.interrupted = true;
        self.stand_in_line(slot, request, line);
    }

    fn stand_in_line(&mut self, slot: usize, request: RequestId, line: u32) {
        let is_errand = self.errands.owner(slot).is_some();
        let visitor = &mut self.visitors[slot];
        visitor.state = State::Waiting;
        visitor.waiting_since = if visitor.started || is_errand {
            self.now
        } else {
            self.now.max(visitor.queues_from)
        };
        visitor.request = request;
        visitor.line = line;
        self.lines.join(line, visitor.place, slot);
        self.count_in_line(request, line, true);
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
        if self.plan.promotes_by_length {
            self.promote_by_length(request);
        }
    }

    /// Closes the levels of a customer who waits no longer.
    pub(super) fn stop_waiting(&mut self, slot: usize) {
        self.waiting.fall(self.now, &self.stretch);
        let visitor = &self.visitors[slot];
        self.count_in_line(visitor.request, visitor.line, false);
        for hold in &self.plan.requests[self.visitors[slot].request as usize].holds {
            self.pools[hold.resource]
                .waiting_level
                .fall(self.now, &self.stretch);
        }
    }

    /// Serves whoever can be served with what was given back, first places first.
    pub(super) fn serve_waiting<O: Observer>(&mut self, observer: &mut O) {
        self.serve_all(observer);
        if !self.asked_late.is_empty() {
            self.preempt_late(observer);
        }
    }

    fn serve_all<O: Observer>(&mut self, observer: &mut O) {
        loop {
            let mut first: Option<(u128, usize, RequestId, u32)> = None;
            for number in 0..self.given_back.len() {
                let resource = self.given_back[number];
                if !self.pools[resource].may_serve() {
                    continue;
                }
                let plan = self.plan;
                for &request in &plan.requests_for[resource] {
                    let wanted = &plan.requests[request as usize];
                    for line in wanted.first_line..wanted.first_line + wanted.lines {
                        if self.lines.is_empty(line) || !self.is_free(request, line) {
                            continue;
                        }
                        if let Some((place, slot)) = self.head(request, line)
                            && first.is_none_or(|(best, ..)| place < best)
                        {
                            first = Some((place, slot, request, line));
                        }
                    }
                }
            }
            let Some((_, slot, request, line)) = first else {
                break;
            };
            match self.plan.requests[request as usize].order {
                // Who is picked anywhere in the line is passed over later.
                Order::Random => self.picks += 1,
                Order::Weighted => {}
                Order::Fifo | Order::Lifo => self.lines.pop(line),
            }
            if self.visitors[slot].state == State::Ticket {
                self.call_in_vain(slot, request, line, observer);
                continue;
            }
            self.stop_waiting(slot);
            self.take(request, line, slot);
            self.end_wait(slot);
            self.begin_step(slot, observer);
        }
        self.given_back.clear();
    }

    /// Counts a wait to the part of the time in branch that it belongs to.
    pub(super) fn end_wait(&mut self, slot: usize) {
        let visitor = &self.visitors[slot];
        if visitor.failed_at != NEVER {
            return;
        }
        let owner = self.errands.owner(slot);
        // Early for an appointment: a sister errand may have begun before it.
        let counts_from = owner.map_or(0, |owner| self.clock_of(&self.visitors[owner]));
        let from = visitor.waiting_since.max(counts_from);
        let waited = self.now.saturating_sub(from);
        let part = self.plan.journeys[visitor.journey as usize].steps[visitor.step as usize].part;
        let (wait, review) = match (part, owner) {
            (Part::Review, Some(owner)) => self.split_wait(owner, from.min(self.now)),
            (Part::Review, None) if self.visitors[slot].started => (0, waited),
            _ => (waited, 0),
        };
        let visitor = &mut self.visitors[slot];
        visitor.wait += wait;
        visitor.review += review;
    }

    /// The journey and the step that a customer is in.
    pub(super) fn whereabouts(&self, slot: usize) -> (&'plan PlannedJourney, &'plan PlannedStep) {
        let visitor = &self.visitors[slot];
        let journey = &self.plan.journeys[visitor.journey as usize];
        (journey, &journey.steps[visitor.step as usize])
    }

    /// Begins the step for which a customer has its servers.
    fn begin_step<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let (journey, step) = self.whereabouts(slot);
        let starts = !self.visitors[slot].holds_journey;
        if !self.visitors[slot].holds_journey {
            let slower = self.slowness_of_journey(journey, step);
            let time = &mut self.visitors[slot].journey_time;
            *time = stretched(*time, slower);
        }
        if let Some(kept) = self.visitors[slot].kept_step.take() {
            let taken = self.visitors[slot].step_taken;
            self.give_back(&journey.steps[kept as usize].holds, slot, taken);
        }
        let waits_apart = !step.branches.is_empty() && journey.holds.is_empty();
        if !waits_apart {
            self.note_begun(slot);
        }
        let visitor = &mut self.visitors[slot];
        if !visitor.holds_journey || visitor.interrupted {
            visitor.journey_taken = self.ending.events;
        }
        visitor.step_taken = self.ending.events;
        visitor.holds_journey = true;
        visitor.interrupted = false;
        if visitor.standing == Standing::Front {
            visitor.standing = Standing::Usual;
        }
        visitor.tries = 0;
        if !step.branches.is_empty() {
            let first = starts && journey.holds.is_empty();
            let queues_from = if first { visitor.queues_from } else { self.now };
            self.fork(slot, first, queues_from, observer);
            return;
        }
        self.work_on(slot);
    }

    /// A customer is served from now on, by itself or by an errand.
    fn note_begun(&mut self, slot: usize) {
        for slot in [Some(slot), self.errands.owner(slot)].into_iter().flatten() {
            let visitor = &mut self.visitors[slot];
            if !visitor.started {
                visitor.first_begun = self.now;
                visitor.started = true;
            }
        }
    }

    /// How many times as long the server told apart takes that a customer holds.
    pub(super) fn slowness_of_unit(
        &self,
        slot: usize,
        journey: &PlannedJourney,
        step: &PlannedStep,
    ) -> f64 {
        let unit = self.visitors[slot].unit;
        if unit == NO_UNIT {
            let Some(owner) = self.errands.owner(slot) else {
                return 1.0;
            };
            let (journey, step) = self.whereabouts(owner);
            return self.slowness_of_unit(owner, journey, step);
        }
        let mut holds = journey.holds.iter().chain(&step.holds);
        holds
            .find_map(|hold| self.plan.pools[hold.resource].units.get(unit as usize))
            .map_or(1.0, |unit| 1.0 / unit.speed)
    }

    pub(super) fn step_ends<O: Observer>(&mut self, slot: usize, tag: u64, observer: &mut O) {
        if self.visitors[slot].event != tag {
            // The step was interrupted before this end of it: nothing has happened.
            self.ending.events -= 1;
            return;
        }
        if self.visitors[slot].state == State::Called {
            self.nobody_comes(slot, observer);
            return;
        }
        if self.plan.wears {
            if self.now < self.visitors[slot].ends_at {
                self.stops_by_itself(slot, observer);
                if !self.given_back.is_empty() {
                    self.serve_waiting(observer);
                }
                return;
            }
            self.note_work(slot);
        }
        let (journey, step) = self.whereabouts(slot);
        if let Some(operation) = step.operation {
            let visitor = &self.visitors[slot];
            let at = visitor.ends_at - visitor.latency;
            observer.asked(visitor.index, journey.made_on, operation, at);
        }
        self.step_is_over(slot, observer);
        if !self.given_back.is_empty() {
            self.serve_waiting(observer);
        }
    }

    /// A customer goes on after a step.
    pub(super) fn step_is_over<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let plan = self.plan;
        let visitor = &self.visitors[slot];
        let (journey_taken, step_taken) = (visitor.journey_taken, visitor.step_taken);
        let journey = &plan.journeys[visitor.journey as usize];
        let step = &journey.steps[visitor.step as usize];
        let given_up = step.gives_up.filter(|_| self.has_given_up(slot, step));
        let failure = given_up.or_else(|| failure_of(self.source, step, visitor));
        if failure.is_some() && given_up.is_none() && visitor.tries < step.retries {
            self.try_again(slot, observer);
            return;
        }
        let again = repeat_of(self.source, step, visitor);
        let next = next_step(self.source, &journey.steps, visitor, visitor.step + 1);
        if step.keeps && failure.is_none() && again.is_none() && next.is_some() {
            self.visitors[slot].kept_step = Some(visitor.step);
        } else {
            self.give_back(&step.holds, slot, step_taken);
        }
        if let Some((to, queue_by)) = failure {
            self.give_back(&journey.holds, slot, journey_taken);
            let queues_from = match queue_by {
                QueueBy::Ticket => self.clock_of(&self.visitors[slot]),
                QueueBy::Joining | QueueBy::Front => self.now,
            };
            if queue_by == QueueBy::Front {
                self.visitors[slot].standing = Standing::Front;
            }
            let failed = &mut self.visitors[slot];
            failed.failed_at = failed.failed_at.min(self.now);
            failed.hop += 1;
            self.start_journey(slot, to, queues_from, observer);
        } else if let Some(again) = again {
            self.go_back(slot, again, observer);
        } else if let Some(next) = next {
            self.visitors[slot].step = next;
            self.ask(
                slot,
                journey.steps[next as usize].request,
                self.now,
                observer,
            );
        } else {
            self.give_back(&journey.holds, slot, journey_taken);
            self.leave(slot, Fate::Served, observer);
        }
    }

    /// Who asked when others gave back was not served with that: perhaps it may
    /// interrupt someone.
    fn preempt_late<O: Observer>(&mut self, observer: &mut O) {
        while !self.asked_late.is_empty() {
            let slot = self.asked_late.remove(0) as usize;
            let visitor = &self.visitors[slot];
            if visitor.state != State::Waiting {
                continue;
            }
            let (request, line) = (visitor.request, visitor.line);
            if self.preempt(slot, request) {
                self.stop_waiting(slot);
                self.take(request, line, slot);
                self.end_wait(slot);
                self.begin_step(slot, observer);
                self.serve_all(observer);
            }
        }
    }

    /// Sends a customer back to a step of its journey, with everything drawn anew.
    fn go_back<O: Observer>(&mut self, slot: usize, step: u32, observer: &mut O) {
        let journey = &self.plan.journeys[self.visitors[slot].journey as usize];
        let visitor = &mut self.visitors[slot];
        visitor.key = visitor.key.under(Purpose::Again);
        if let Some(law) = &journey.time {
            let place = Purpose::JourneyTime {
                hop: visitor.hop,
                journey: visitor.journey,
            };
            visitor.journey_time = self.source.micros(law, visitor.key, place);
        }
        let next = next_step(self.source, &journey.steps, visitor, step).unwrap_or(step);
        visitor.step = next;
        let request = journey.steps[next as usize].request;
        self.ask(slot, request, self.now, observer);
    }
}

/// The first step from `from` on that this customer goes through.
pub(super) fn next_step<S: Source>(
    source: &S,
    steps: &[PlannedStep],
    visitor: &Visitor,
    from: u32,
) -> Option<u32> {
    (from..steps.len() as u32).find(|&step| {
        let probability = steps[step as usize].probability;
        let taken = Purpose::StepTaken {
            hop: visitor.hop,
            journey: visitor.journey,
            step,
        };
        probability >= 1.0
            || (probability > 0.0 && source.uniform(visitor.key, taken) < probability)
    })
}

/// Which step a customer goes back to, if the step that ends sends back.
fn repeat_of<S: Source>(source: &S, step: &PlannedStep, visitor: &Visitor) -> Option<u32> {
    let (probability, from) = step.repeat?;
    let place = Purpose::Repeat {
        journey: visitor.journey,
        step: visitor.step,
    };
    (source.uniform(visitor.key, place) < probability).then_some(from)
}

/// Where a customer falls back to, if the step that ends has failed.
fn failure_of<S: Source>(
    source: &S,
    step: &PlannedStep,
    visitor: &Visitor,
) -> Option<(u32, QueueBy)> {
    let (probability, to, queue_by) = step.failure?;
    let place = Purpose::Failure {
        hop: visitor.hop,
        journey: visitor.journey,
        step: visitor.step,
    };
    let fails = probability >= 1.0
        || (probability > 0.0 && source.uniform(visitor.key, place) < probability);
    (fails && visitor.hop < MOST_FALLBACKS).then_some((to, queue_by))
}
