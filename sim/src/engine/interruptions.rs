//! Services that are interrupted: by someone of higher priority, by the end of a
//! shift, by a breakdown.

use super::calendar::Kind;
use super::visitor::{Standing, State};
use super::{Engine, Observer};
use crate::keyed::{Key, Purpose, SERVER_STREAM};
use crate::plan::RequestId;
use crate::source::Source;
use scenarios::model::Interruption;

impl<S: Source> Engine<'_, S> {
    /// Interrupts someone of lower priority in favour of this customer, if that
    /// frees what it wants.
    pub(super) fn preempt(&mut self, slot: usize, request: RequestId) -> bool {
        let wanted = &self.plan.requests[request as usize];
        if wanted.preemption == Interruption::None
            || (self.incidents.any_stops() && self.is_stopped(request))
        {
            return false;
        }
        let resource = wanted.holds[0].resource;
        let skills = wanted.apart.map_or(0, |(_, skills)| skills);
        let rank = self.rank(slot);
        let victim = self.last_begun(resource, |engine, other| {
            let visitor = &engine.visitors[other];
            let able = engine.plan.pools[resource]
                .units
                .get(visitor.unit as usize)
                .is_none_or(|unit| unit.skills & skills == skills);
            able && engine.rank(other) > rank && engine.frees_a_server(other, resource)
        });
        let Some(victim) = victim else {
            return false;
        };
        self.interrupt(victim, wanted.preemption);
        true
    }

    /// Whether somebody could be served with what this customer would give back: not
    /// if it is served by one who only finishes.
    fn frees_a_server(&self, slot: usize, resource: usize) -> bool {
        let (journey, _) = self.whereabouts(slot);
        let visitor = &self.visitors[slot];
        let through = journey.holds.iter().any(|hold| hold.resource == resource);
        let taken = if through {
            visitor.journey_taken
        } else {
            visitor.step_taken
        };
        self.pools[resource].could_serve_another(slot, visitor.unit as usize, taken)
    }

    /// Stops the services of servers told apart whose shift or break begins now.
    pub(super) fn stop_those_off_duty(&mut self, resource: usize) {
        for unit in 0..self.pools[resource].units.len() {
            let Some(slot) = self.pools[resource].units[unit].serves_off_duty() else {
                continue;
            };
            match self.visitors[slot].state {
                State::InStep => self.interrupt(slot, Interruption::Resume),
                State::Waiting => self.lose_while_waiting(slot, resource),
                // A call in vain is soon over.
                _ => {}
            }
        }
    }

    /// Stops the services of those above the roster.
    pub(super) fn stop_those_above(&mut self, resource: usize) {
        while self.pools[resource].busy > self.pools[resource].capacity {
            let Some(victim) = self.last_begun(resource, |_, _| true) else {
                return;
            };
            self.interrupt(victim, Interruption::Resume);
        }
    }

    /// Of those who hold a resource, the one of lowest priority who has begun last.
    fn last_begun(&self, resource: usize, counts: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        (0..self.visitors.len())
            .filter(|&slot| self.visitors[slot].state == State::InStep)
            .filter(|&slot| self.holds(slot, resource) && counts(self, slot))
            .max_by_key(|&slot| {
                let visitor = &self.visitors[slot];
                (self.rank(slot), visitor.begun_at, visitor.index)
            })
    }

    fn holds(&self, slot: usize, resource: usize) -> bool {
        let (journey, step) = self.whereabouts(slot);
        let mut holds = journey.holds.iter().chain(&step.holds);
        holds.any(|hold| hold.resource == resource)
    }

    /// How a customer stands in line: lower is served first.
    pub(super) fn rank(&self, slot: usize) -> u32 {
        if let Some(rank) = self.errands.rank(slot) {
            return rank;
        }
        let visitor = &self.visitors[slot];
        match visitor.standing {
            Standing::Early if !visitor.started => u32::MAX,
            standing => {
                let segment = &self.plan.segments[usize::from(visitor.segment)];
                match (standing, segment.promotion) {
                    (Standing::Promoted, Some((rank, _))) => rank,
                    _ => segment.rank,
                }
            }
        }
    }

    /// Puts a customer back in line, before all of its priority who have not begun.
    pub(super) fn interrupt(&mut self, slot: usize, how: Interruption) {
        let left = self.stop_working(slot);
        self.stand_back(slot, how, left);
    }

    /// Gives back all that a customer holds who is worked on no more.
    pub(super) fn stand_back(&mut self, slot: usize, how: Interruption, left: (u64, u64)) {
        let (journey, step) = self.whereabouts(slot);
        let visitor = &mut self.visitors[slot];
        visitor.left_over = (how == Interruption::Resume).then_some(left);
        if how == Interruption::Resume {
            // What is done of a service that goes on stays done.
            self.last_progress = self.now;
        }
        if how == Interruption::Resample {
            visitor.key = visitor.key.under(Purpose::Again);
            if let Some(law) = &journey.time {
                let place = Purpose::JourneyTime {
                    hop: visitor.hop,
                    journey: visitor.journey,
                };
                visitor.journey_time = self.source.micros(law, visitor.key, place);
            }
        }
        let (taken_by_step, taken) = (visitor.step_taken, visitor.journey_taken);
        self.give_back(&step.holds, slot, taken_by_step);
        self.give_back(&journey.holds, slot, taken);
        if let Some(request) = step.first_request {
            self.wait_again(slot, request);
        }
    }

    /// A server breaks down whose customer waits for something else in the middle of
    /// its journey: nothing that has begun is lost, but all that it holds.
    fn lose_while_waiting(&mut self, slot: usize, resource: usize) {
        let (journey, step) = self.whereabouts(slot);
        let visitor = &mut self.visitors[slot];
        let (taken_by_step, taken) = (visitor.step_taken, visitor.journey_taken);
        if let Some(kept) = visitor.kept_step.take() {
            self.give_back(&journey.steps[kept as usize].holds, slot, taken_by_step);
        }
        if journey.holds.iter().any(|hold| hold.resource == resource) {
            self.stop_waiting(slot);
            self.end_wait(slot);
            self.give_back(&journey.holds, slot, taken);
            if let Some(request) = step.first_request {
                self.wait_again(slot, request);
            }
        }
    }

    /// Every server that can break down begins to work.
    pub(super) fn start_servers(&mut self) {
        for resource in 0..self.pools.len() {
            for unit in 0..self.pools[resource].units.len() {
                self.draw_jam(resource, unit);
                self.schedule_server(resource, unit);
            }
        }
    }

    fn schedule_server(&mut self, resource: usize, unit: usize) {
        let planned = &self.plan.pools[resource];
        let Some((up, down, _)) = &planned.breakdowns else {
            return;
        };
        if planned.breaks_at_work && !self.pools[resource].units[unit].broken {
            self.draw_breakdown(resource, unit);
            return;
        }
        let number = planned.first_unit + unit;
        let key = self.server_key.nth(number as u64);
        let it = self.pools[resource].units[unit];
        let breakdowns = it.breakdowns;
        let after = if it.broken {
            self.source.micros(down, key, Purpose::Down { breakdowns })
        } else {
            self.source.micros(up, key, Purpose::Up { breakdowns })
        };
        // Whoever comes before the doors open finds no server at work.
        let from = self.now.max(self.plan.open);
        self.calendar
            .push(from + after.max(1), Kind::Server, number);
    }

    /// A server breaks down at work on a customer's step.
    pub(super) fn break_down(
        &mut self,
        resource: usize,
        unit: usize,
        slot: usize,
        left: (u64, u64),
    ) {
        self.pools[resource].units[unit].broken = true;
        if let Some((_, _, how)) = self.plan.pools[resource].breakdowns {
            self.stand_back(slot, how, left);
        }
        self.set_capacity(resource);
        self.schedule_server(resource, unit);
    }

    /// A server breaks down, or is repaired.
    pub(super) fn server_changes<O: Observer>(&mut self, number: usize, observer: &mut O) {
        let plan = self.plan;
        let found = plan.pools.iter().position(|pool| {
            (pool.first_unit..pool.first_unit + pool.units.len()).contains(&number)
        });
        let Some(resource) = found else { return };
        let unit = number - plan.pools[resource].first_unit;
        let it = &mut self.pools[resource].units[unit];
        it.broken = !it.broken;
        let (broken, serves, slot) = (it.broken, it.serves(), it.slot as usize);
        if broken {
            let how = plan.pools[resource].breakdowns.as_ref().map(|it| it.2);
            // Calling a ticket in vain takes no server.
            let serves = serves && self.visitors[slot].state != State::Called;
            if let Some(how) = how
                && serves
            {
                if self.visitors[slot].state == State::InStep {
                    self.interrupt(slot, how);
                } else {
                    self.lose_while_waiting(slot, resource);
                }
            }
        } else {
            it.breakdowns += 1;
            self.given_back.push(resource);
        }
        self.set_capacity(resource);
        self.schedule_server(resource, unit);
        self.serve_waiting(observer);
    }

    /// The randomness of the servers of a replication.
    pub(super) fn key_of_servers(&self, replication: u32) -> Key {
        Key::of_stream(self.plan.seed, replication, SERVER_STREAM)
    }
}
