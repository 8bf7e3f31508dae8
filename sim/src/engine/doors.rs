//! Who leaves at the door, who comes again, and who is sent home at closing.

use super::appointments::Absent;
use super::calendar::Kind;
use super::visitor::{Fate, State};
use super::{Engine, Observer};
use crate::keyed::{Key, Purpose};
use crate::plan::RequestId;
use crate::source::Source;
use scenarios::model::Sees;

impl<S: Source> Engine<'_, S> {
    /// Whether a customer who comes in and would ask for this leaves at once: for
    /// lack of room to wait, or at the sight of the queue.
    pub(super) fn leaves_at_the_door(&self, slot: usize, request: RequestId, line: u32) -> bool {
        let plan = self.plan;
        let visitor = &self.visitors[slot];
        let holds = &plan.requests[request as usize].holds;
        let no_room = || {
            holds.iter().any(|hold| {
                let room = plan.pools[hold.resource].queue.room;
                room.is_some_and(|room| {
                    self.pools[hold.resource].waiting_level.now() >= u64::from(room)
                })
            })
        };
        if !self.is_free(request, line) && no_room() {
            return true;
        }
        let segment = &plan.segments[usize::from(visitor.segment)];
        let Some(balking) = &segment.balking else {
            return false;
        };
        let seen: u64 = holds
            .iter()
            .map(|hold| {
                let pool = &self.pools[hold.resource];
                let others = match balking.sees {
                    Sees::Waiting => 0,
                    Sees::Present => u64::from(pool.busy),
                    Sees::Tickets => pool.tickets_left,
                };
                pool.waiting_level.now() + others
            })
            .sum();
        let last = balking.probability.len() - 1;
        let probability = balking.probability[(seen as usize).min(last)];
        probability >= 1.0
            || (probability > 0.0
                && self.source.uniform(visitor.key, Purpose::Balking) < probability)
    }

    /// Leaves unserved, for good or to come again.
    pub(super) fn leave_unserved<O: Observer>(
        &mut self,
        slot: usize,
        fate: Fate,
        observer: &mut O,
    ) {
        let visitor = self.visitors[slot];
        let segment = &self.plan.segments[usize::from(visitor.segment)];
        let again = segment.retry.as_ref().filter(|_| !segment.to_mobile);
        let Some((probability, after)) = again else {
            self.leave_for_good(slot, fate, observer);
            return;
        };
        if self.source.uniform(visitor.key, Purpose::Retry) >= *probability {
            self.leave(slot, fate, observer);
            return;
        }
        if matches!(visitor.state, State::Waiting | State::Apart) {
            if visitor.state == State::Waiting {
                self.stop_waiting(slot);
            } else {
                self.call_off_errands(slot);
            }
            // Waiting in vain is waiting, too, of whoever is served later.
            self.visitors[slot].wait += self.now.saturating_sub(visitor.waiting_since);
        }
        self.people_go(slot);
        self.away += 1;
        let after = self.source.micros(after, visitor.key, Purpose::Away).max(1);
        let gone = &mut self.visitors[slot];
        gone.state = State::Away;
        gone.away += after;
        self.calendar.push(self.now + after, Kind::Return, slot);
    }

    /// Leaves unserved, perhaps to try it on the phone.
    pub(super) fn leave_for_good<O: Observer>(
        &mut self,
        slot: usize,
        fate: Fate,
        observer: &mut O,
    ) {
        let visitor = self.visitors[slot];
        let segment = &self.plan.segments[usize::from(visitor.segment)];
        if let Some((probability, after)) = &segment.retry
            && segment.to_mobile
            && self.plan.counts(visitor.arrived)
            && self.source.uniform(visitor.key, Purpose::Retry) < *probability
        {
            let who = Absent {
                segment: visitor.segment,
                service_id: visitor.service_id,
                journey: visitor.first_journey,
                at: visitor.arrived,
            };
            let after = self.source.micros(after, visitor.key, Purpose::Away);
            observer.goes_mobile(visitor.index, &who, self.now + after);
        }
        self.leave(slot, fate, observer);
    }

    /// By which journey a customer gets its service, of those on several channels:
    /// as drawn, or where fewer people wait for each server on duty.
    pub(super) fn channel_of(&self, segment: u16, service: u16, drawn: u32, key: Key) -> u32 {
        let segment = &self.plan.segments[usize::from(segment)];
        if !segment.chooses_shorter {
            return drawn;
        }
        let mut before = 0.0;
        let shares = segment.services.iter().map(|(cumulative, of, journey)| {
            let share = cumulative - before;
            before = *cumulative;
            (*of, *journey, share)
        });
        let open: Vec<(u32, f64, (u64, u64))> = shares
            .filter(|(of, ..)| *of == service)
            .map(|(_, journey, share)| (journey, share, self.crowd(journey)))
            .collect();
        // People for each server, compared as fractions.
        let fewer = |a: (u64, u64), b: (u64, u64)| {
            u128::from(a.0) * u128::from(b.1) < u128::from(b.0) * u128::from(a.1)
        };
        let shortest =
            |it: &&(u32, f64, (u64, u64))| !open.iter().any(|other| fewer(other.2, it.2));
        let of_shortest: f64 = open.iter().filter(shortest).map(|it| it.1).sum();
        let mut left = self.source.uniform(key, Purpose::Channel) * of_shortest;
        let mut chosen = drawn;
        for (journey, share, _) in open.iter().filter(shortest) {
            chosen = *journey;
            left -= share;
            if left <= 0.0 {
                break;
            }
        }
        chosen
    }

    /// People who wait for what a journey starts with, and servers of it on duty: of
    /// the resource with most people for each server.
    fn crowd(&self, journey: u32) -> (u64, u64) {
        let steps = &self.plan.journeys[journey as usize].steps;
        let first = steps.iter().find_map(|step| step.first_request);
        let holds = first.map(|request| &self.plan.requests[request as usize].holds);
        let mut worst = (0, 1);
        for hold in holds.into_iter().flatten() {
            let pool = &self.pools[hold.resource];
            // Nobody on duty is worse than any queue.
            let it = match pool.capacity {
                0 => (u64::MAX, 1),
                servers => (pool.waiting_level.now(), u64::from(servers)),
            };
            if u128::from(it.0) * u128::from(worst.1) > u128::from(worst.0) * u128::from(it.1) {
                worst = it;
            }
        }
        worst
    }

    /// Someone who was away is at the door again.
    pub(super) fn comes_again<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.last_progress = self.now;
        self.away -= 1;
        self.people_come(slot);
        let visitor = &mut self.visitors[slot];
        visitor.key = visitor.key.under(Purpose::Again);
        // Whoever comes after the doors have shut leaves for good.
        if self.finds_the_doors_shut(0) {
            self.leave(slot, Fate::Balked, observer);
            return;
        }
        self.come_in(slot, observer);
    }

    /// Whoever waits and has not begun to be served leaves: the branch closes.
    pub(super) fn send_home<O: Observer>(&mut self, observer: &mut O) {
        for slot in 0..self.visitors.len() {
            let spared = self.visitors[slot].booking != 0 && self.plan.doors.spares_booked;
            if self.waits_unbegun(slot) && !spared {
                self.leave_for_good(slot, Fate::TurnedAway, observer);
            }
        }
    }

    /// Whether someone who comes now gets no ticket any more.
    pub(super) fn finds_the_doors_shut(&self, booking: u32) -> bool {
        let until = if booking == 0 {
            self.plan.doors.walk_ins_until
        } else {
            self.plan.doors.booked_until
        };
        let mut shut = self.plan.doors.shut.iter().chain(self.shut);
        self.now >= until || shut.any(|(from, to)| (*from..*to).contains(&self.now))
    }
}
