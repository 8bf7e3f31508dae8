//! Errands: what a customer does side by side. Each branch of a parallel step has
//! a slot of its own that waits in line, is served and goes through steps like a
//! customer; only the customer itself is seen by the statistics. When the last
//! errand has ended the customer goes on.

use super::journey::next_step;
use super::pool::NO_UNIT;
use super::visitor::{Fate, State, Visitor};
use super::{Engine, Observer};
use crate::keyed::Key;
use crate::plan::{PlannedStep, RequestId};
use crate::source::Source;

/// The owner of a slot that is a customer, and the end of a list.
const NONE: u32 = u32::MAX;

/// Who runs errands for whom, by slot.
#[derive(Debug, Default)]
pub struct Errands {
    each: Vec<Errand>,
    /// Slots of the errands that are about to begin.
    slots: Vec<u32>,
}

/// A slot's part in errands.
#[derive(Debug, Clone, Copy)]
struct Errand {
    /// Whose errand this is; none of a customer.
    owner: u32,
    /// The next errand of the same owner.
    next: u32,
    /// Where it stands among priorities; that of the customer if none.
    rank: u32,
    /// Its own first errand, and how many of them have not ended.
    first: u32,
    open: u32,
}

const NO_ERRAND: Errand = Errand {
    owner: NONE,
    next: NONE,
    rank: NONE,
    first: NONE,
    open: 0,
};

impl Errands {
    pub fn clear(&mut self) {
        self.each.clear();
    }

    fn of(&mut self, slot: usize) -> &mut Errand {
        if self.each.len() <= slot {
            self.each.resize(slot + 1, NO_ERRAND);
        }
        &mut self.each[slot]
    }

    /// Takes an errand that has ended out of the list of its customer's.
    fn take_out(&mut self, owner: usize, slot: usize) {
        let ended = std::mem::replace(self.of(slot), NO_ERRAND);
        if self.of(owner).first == slot as u32 {
            self.of(owner).first = ended.next;
            return;
        }
        let mut at = self.of(owner).first;
        while at != NONE {
            let next = self.of(at as usize).next;
            if next == slot as u32 {
                self.of(at as usize).next = ended.next;
                return;
            }
            at = next;
        }
    }

    /// A customer's first errand, or an errand's next sister.
    pub fn after(&self, slot: usize) -> Option<usize> {
        let errand = self.each.get(slot)?;
        let after = if errand.owner == NONE {
            errand.first
        } else {
            errand.next
        };
        (after != NONE).then_some(after as usize)
    }

    /// Where an errand stands among priorities, if not where its owner does.
    pub fn rank(&self, slot: usize) -> Option<u32> {
        let errand = self.each.get(slot)?;
        (errand.rank != NONE).then_some(errand.rank)
    }

    /// Whose errand a slot is, if it is one.
    pub fn owner(&self, slot: usize) -> Option<usize> {
        let errand = self.each.get(slot)?;
        (errand.owner != NONE).then_some(errand.owner as usize)
    }
}

impl<S: Source> Engine<'_, S> {
    /// Whether a slot is a customer who is inside and has not begun to be served.
    pub(super) fn waits_unbegun(&self, slot: usize) -> bool {
        let visitor = &self.visitors[slot];
        let inside = matches!(visitor.state, State::Waiting | State::Apart);
        inside && !visitor.started && self.errands.owner(slot).is_none()
    }

    /// Begins all branches of a customer's step. `starts` says whether the journey
    /// starts with them; they queue as from `queues_from`.
    pub(super) fn fork<O: Observer>(
        &mut self,
        owner: usize,
        starts: bool,
        queues_from: u64,
        observer: &mut O,
    ) {
        let (_, step) = self.whereabouts(owner);
        self.visitors[owner].state = State::Apart;
        self.visitors[owner].waiting_since = self.now;
        let errand = Visitor {
            holds_journey: !starts,
            ..self.errand_of(owner)
        };
        let branches = step.branches.len();
        self.take_errands(owner, errand, branches);
        for number in 0..branches {
            // The customer goes on within the last of them, if all end at once.
            let slot = self.errands.slots[number] as usize;
            self.visitors[slot].journey = step.branches[number];
            self.start_errand(slot, starts, queues_from, observer);
        }
    }

    /// Somebody else is asked for, and goes through a journey of its own, while what
    /// the owner does stands still.
    pub(super) fn send_for<O: Observer>(
        &mut self,
        owner: usize,
        journey: u32,
        key: Key,
        rank: u32,
        observer: &mut O,
    ) {
        let errand = Visitor {
            key,
            journey,
            ..self.errand_of(owner)
        };
        self.take_errands(owner, errand, 1);
        let slot = self.errands.slots[0] as usize;
        self.errands.of(slot).rank = rank;
        self.start_errand(slot, false, self.now, observer);
    }

    /// An errand before it begins.
    fn errand_of(&self, owner: usize) -> Visitor {
        Visitor {
            unit: NO_UNIT,
            state: State::InStep,
            holds_journey: true,
            interrupted: false,
            kept_step: None,
            left_over: None,
            event: 0,
            wait: 0,
            service: 0,
            review: 0,
            system: 0,
            ..self.visitors[owner]
        }
    }

    /// Sends an errand into its journey.
    fn start_errand<O: Observer>(
        &mut self,
        slot: usize,
        starts: bool,
        queues_from: u64,
        observer: &mut O,
    ) {
        let visitor = &mut self.visitors[slot];
        let branch = &self.plan.journeys[visitor.journey as usize];
        let Some(step) = next_step(self.source, &branch.steps, visitor.place(), 0) else {
            self.leave(slot, Fate::Served, observer);
            return;
        };
        visitor.step = step;
        let step = &branch.steps[step as usize];
        let request = if starts {
            step.first_request
        } else {
            step.request
        };
        self.ask(slot, request, queues_from, observer);
    }

    /// The first requests of a step's branches, as this customer goes through them.
    pub(super) fn first_requests(
        &self,
        slot: usize,
        step: &PlannedStep,
    ) -> impl Iterator<Item = RequestId> {
        let visitor = self.visitors[slot];
        step.branches.iter().filter_map(move |&journey| {
            let branch = &self.plan.journeys[journey as usize];
            let step = next_step(
                self.source,
                &branch.steps,
                Visitor { journey, ..visitor }.place(),
                0,
            )?;
            branch.steps[step as usize].first_request
        })
    }

    /// Slots for so many errands, ascending: of two in one line the first goes first.
    fn take_errands(&mut self, owner: usize, errand: Visitor, count: usize) {
        let mut slots = std::mem::take(&mut self.errands.slots);
        slots.clear();
        slots.extend((0..count).map(|_| self.place_visitor(errand) as u32));
        slots.sort_unstable();
        let mut next = NONE;
        for &slot in slots.iter().rev() {
            *self.errands.of(slot as usize) = Errand {
                owner: owner as u32,
                next,
                ..NO_ERRAND
            };
            next = slot;
        }
        let own = self.errands.of(owner);
        own.first = next;
        own.open = count as u32;
        self.errands.slots = slots;
    }

    /// An errand has ended; with the last one, its customer goes on. The time
    /// since they began is told as that one spent it.
    pub(super) fn errand_ends<O: Observer>(&mut self, slot: usize, owner: usize, observer: &mut O) {
        let last = self.visitors[slot];
        self.visitors[slot].state = State::Gone;
        self.errands.take_out(owner, slot);
        self.free_slots.push(slot as u32);
        let errands = self.errands.of(owner);
        errands.open -= 1;
        if errands.open > 0 {
            return;
        }
        let customer = &mut self.visitors[owner];
        if !customer.started {
            // Nothing had to be waited for or done in any branch.
            customer.started = true;
            customer.first_begun = self.now;
        }
        customer.wait += last.wait;
        customer.service += last.service;
        customer.review += last.review;
        customer.system += last.system;
        if customer.left_over.is_some() {
            // What stood still meanwhile goes on.
            self.work_on(owner);
        } else {
            self.step_is_over(owner, observer);
        }
    }

    /// A customer leaves before any of its errands has begun.
    pub(super) fn call_off_errands(&mut self, owner: usize) {
        let mut next = self.errands.of(owner).first;
        *self.errands.of(owner) = NO_ERRAND;
        while next != NONE {
            let slot = next as usize;
            next = self.errands.of(slot).next;
            if self.visitors[slot].state == State::Waiting {
                self.stop_waiting(slot);
            }
            self.visitors[slot].state = State::Gone;
            *self.errands.of(slot) = NO_ERRAND;
            self.free_slots.push(slot as u32);
        }
    }

    /// The time that an errand has just waited for a review, of which only what
    /// lies before the customer's first service is wait.
    pub(super) fn split_wait(&self, owner: usize, from: u64) -> (u64, u64) {
        let customer = &self.visitors[owner];
        let begun = if customer.started {
            customer.first_begun.clamp(from, self.now)
        } else {
            self.now
        };
        (begun - from, self.now - begun)
    }
}
