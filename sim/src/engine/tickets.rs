//! Ticket queues: tickets of people who have left are called all the same. And
//! people whose priority rises while they wait.

use super::appointments::Absent;
use super::calendar::Kind;
use super::visitor::{Fate, Standing, State, Visitor};
use super::{Engine, Observer};
use crate::keyed::Purpose;
use crate::plan::RequestId;
use crate::source::Source;
use scenarios::model::PromotedWhen;

impl<S: Source> Engine<'_, S> {
    /// Whether someone who has just taken a ticket leaves without a word.
    pub(super) fn leaves_its_ticket(&self, slot: usize) -> bool {
        let visitor = &self.visitors[slot];
        let no_show = self.plan.segments[usize::from(visitor.segment)].no_show;
        if no_show <= 0.0 || !self.waits_unbegun(slot) {
            return false;
        }
        let mut parts = std::iter::successors(Some(slot), |slot| self.errands.after(*slot));
        parts.any(|part| self.has_ticket(part))
            && (no_show >= 1.0 || self.source.uniform(visitor.key, Purpose::NoShow) < no_show)
    }

    fn has_ticket(&self, slot: usize) -> bool {
        let visitor = &self.visitors[slot];
        visitor.state == State::Waiting
            && self.plan.requests[visitor.request as usize]
                .calling_time
                .is_some()
    }

    /// Someone who waits is about to leave: what remains of it (and of its errands)
    /// in a ticket queue is its place.
    pub(super) fn leave_tickets(&mut self, slot: usize) {
        let mut next = Some(slot);
        while let Some(part) = next {
            next = self.errands.after(part);
            if self.has_ticket(part) {
                self.leave_ticket(part);
            }
        }
    }

    fn leave_ticket(&mut self, slot: usize) {
        let visitor = self.visitors[slot];
        let ticket = Visitor {
            state: State::Ticket,
            event: 0,
            turn: 0,
            ..visitor
        };
        let place = self.place_visitor(ticket);
        self.lines.join(visitor.line, visitor.place, place);
        for hold in &self.plan.requests[visitor.request as usize].holds {
            self.pools[hold.resource].tickets_left += 1;
        }
    }

    /// Calls the ticket of somebody who has left.
    pub(super) fn call_in_vain<O: Observer>(
        &mut self,
        slot: usize,
        request: RequestId,
        line: u32,
        observer: &mut O,
    ) {
        let visitor = self.visitors[slot];
        let wanted = &self.plan.requests[request as usize];
        for hold in &wanted.holds {
            self.pools[hold.resource].tickets_left -= 1;
        }
        if self.plan.counts(visitor.arrived) {
            observer.missed(&Absent {
                segment: visitor.segment,
                service_id: visitor.service_id,
                journey: visitor.first_journey,
                at: visitor.arrived,
            });
        }
        let calling_time = wanted.calling_time.unwrap_or(0);
        if calling_time == 0 {
            self.forget_ticket(slot);
            return;
        }
        self.take(request, line, slot);
        let event = self
            .calendar
            .push(self.now + calling_time, Kind::StepEnd, slot);
        let called = &mut self.visitors[slot];
        called.state = State::Called;
        called.event = event;
        called.journey_taken = self.ending.events;
    }

    /// Nobody has come: the server is free for the next.
    pub(super) fn nobody_comes<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let visitor = self.visitors[slot];
        let plan = self.plan;
        let holds = &plan.requests[visitor.request as usize].holds;
        self.give_back(holds, slot, visitor.journey_taken);
        self.forget_ticket(slot);
        self.serve_waiting(observer);
    }

    fn forget_ticket(&mut self, slot: usize) {
        self.visitors[slot].state = State::Gone;
        self.free_slots.push(slot as u32);
    }

    /// Notes when a waiting customer is promoted for having waited.
    pub(super) fn expect_promotion(&mut self, slot: usize, from: u64) {
        let visitor = &self.visitors[slot];
        let segment = &self.plan.segments[usize::from(visitor.segment)];
        if let Some((_, PromotedWhen::After(after))) = segment.promotion {
            let tag = self.calendar.push(from + after.0, Kind::Abandonment, slot);
            self.visitors[slot].turn = tag;
        }
    }

    /// One more waits: perhaps so many now that some of them get another priority.
    pub(super) fn promote_by_length(&mut self, request: RequestId) {
        let plan = self.plan;
        for slot in 0..self.visitors.len() {
            let visitor = &self.visitors[slot];
            let segment = &plan.segments[usize::from(visitor.segment)];
            let Some((_, PromotedWhen::Waiting(enough))) = segment.promotion else {
                continue;
            };
            let customer = self.errands.owner(slot).unwrap_or(slot);
            if visitor.state != State::Waiting
                || self.visitors[customer].started
                || visitor.standing != Standing::Usual
            {
                continue;
            }
            let joined = &plan.requests[request as usize].holds;
            let own = &plan.requests[visitor.request as usize].holds;
            let promoted = own.iter().any(|hold| {
                joined.iter().any(|it| it.resource == hold.resource)
                    && self.pools[hold.resource].waiting_level.now() >= u64::from(enough)
            });
            if promoted {
                self.visitors[slot].standing = Standing::Promoted;
                self.take_place_anew(slot);
            }
        }
    }

    /// Takes everybody out who has lost patience or whose ticket nobody holds any more.
    pub(super) fn abandon<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.leave_tickets(slot);
        self.leave_unserved(slot, Fate::Abandoned, observer);
    }
}
