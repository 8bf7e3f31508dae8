//! Who leaves at the door, who comes again, and who is sent home at closing.

use super::calendar::Kind;
use super::visitor::{Fate, State};
use super::{Engine, Observer};
use crate::keyed::Purpose;
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
        let Some((probability, after)) = &segment.retry else {
            self.leave(slot, fate, observer);
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
        self.people.fall(self.now, &self.stretch);
        self.away += 1;
        let after = self.source.micros(after, visitor.key, Purpose::Away).max(1);
        let gone = &mut self.visitors[slot];
        gone.state = State::Away;
        gone.away += after;
        self.calendar.push(self.now + after, Kind::Return, slot);
    }

    /// Someone who was away is at the door again.
    pub(super) fn comes_again<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.away -= 1;
        self.people.rise(self.now, &self.stretch);
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
                self.leave(slot, Fate::TurnedAway, observer);
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
        self.now >= until
    }
}
