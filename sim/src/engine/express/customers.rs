//! Customers come, are served, and leave: the way of most of them.

use super::coming::Comer;
use super::desks::ANY;
use super::heads::Heads;
use super::lanes::{Card, Lane, Waiting};
use super::routes::{Aim, NOWHERE};
use super::steps::first_step;
use super::telling::departure;
use super::{Express, NEVER};
use crate::engine::Observer;
use crate::engine::calendar::SEQUENCE_SHIFT;
use crate::engine::heap::Event;
use crate::engine::visitor::{Departure, Fate, Served};
use crate::engine::work::stretched;
use crate::keyed::{Place, Purpose};
use scenarios::model::{Part, ResourceId};

/// What follows the end of a step.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// Whose server is free then, unless it needed none.
    pub desk: u32,
    pub unit: u32,
    /// Whether the customer who leaves is counted.
    pub counted: bool,
    /// The customer goes on to its next step instead.
    pub goes_on: bool,
}

/// What follows in a slot that nobody has had.
const NOBODY: After = After {
    desk: NOWHERE,
    unit: ANY,
    counted: false,
    goes_on: false,
};

const PATIENCE: Place = Purpose::Patience.stands_at();

impl After {
    /// A customer leaves and its server is free.
    #[inline]
    pub fn leaving(aim: &Aim<'_>, unit: u32, counted: bool) -> Self {
        Self {
            desk: aim.desk,
            unit,
            counted,
            goes_on: false,
        }
    }
}

impl<'plan> Express<'plan> {
    /// What a customer comes for.
    #[inline]
    pub(super) fn aim_of(&self, who: &Waiting) -> &'plan Aim<'plan> {
        &self.routes.aims[usize::from(who.card.aim())]
    }

    /// Whether somebody who came at a time is counted.
    #[inline]
    fn counts(&self, arrived: u64) -> bool {
        arrived.wrapping_sub(self.counted.start) < self.counted.end - self.counted.start
    }

    /// A customer comes in, and begins at once if a server is free.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub(super) fn arrive<O: Observer>(&mut self, comer: Comer, observer: &mut O) {
        let now = self.now;
        let index = self.ending.customers as u32;
        self.ending.customers += 1;
        let counted = self.counts(now);
        self.inside += Heads::one(counted);
        let Comer { key, takes, aim } = comer;
        let mut who = Waiting {
            key,
            arrived: now,
            deadline: NEVER,
            takes,
            card: Card::new(index, aim, counted),
        };
        let aim = self.aim_of(&who);
        if now >= self.doors_shut_at {
            self.tell_unserved(Fate::TurnedAway, who, now, observer);
            return;
        }
        if aim.direct.is_none() && first_step(aim, key).is_none() {
            // No step applies to this customer: there is nothing to wait for.
            self.tell_served_at_once(who, observer);
            return;
        }
        let since_start = self.stage.since_start(now);
        if aim.lane == NOWHERE {
            self.unattended.rise(since_start);
            let slot = self.take_slot();
            self.begin(who, ANY, slot, observer);
            return;
        }
        let lane = aim.lane as usize;
        let Lane { rule, people } = &mut self.lanes[lane];
        let desk = &mut self.desks[rule.desk];
        if let Some(unit) = desk.idle(rule.able) {
            desk.begin(unit, since_start);
            let slot = self.take_slot();
            self.begin(who, unit, slot, observer);
            return;
        }
        if let Some(law) = aim.patience {
            who.deadline = now + law.micros(key.bits_at(PATIENCE));
            if who.deadline == now {
                self.tell_unserved(Fate::Abandoned, who, now, observer);
                return;
            }
        }
        desk.waiting.rise(since_start);
        self.waiting_lanes |= 1 << lane;
        people.push_back(who);
    }

    /// The step in a slot ends: the customer goes on to the next, or has left and makes
    /// room for another.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub(super) fn step_ends<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        self.ending.events += 1;
        let after = self.after[slot];
        if after.goes_on {
            self.go_on(slot, observer);
            return;
        }
        let unit = after.unit;
        self.inside -= Heads::one(after.counted);
        let since_start = self.stage.since_start(self.now);
        if after.desk == NOWHERE {
            self.unattended.fall(since_start);
        } else {
            let desk = after.desk as ResourceId;
            let lanes = self.desks[desk].lanes_after(unit);
            if let Some(who) = self.next_of(lanes, observer) {
                self.desks[desk].waiting.fall(since_start);
                self.begin(who, unit, slot, observer);
                return;
            }
            self.desks[desk].end(unit, since_start, self.now, &self.stretch);
        }
        self.ends.free(slot);
    }

    /// Serves as many as can be served at a desk.
    pub(super) fn serve_all_of<O: Observer>(&mut self, desk: ResourceId, observer: &mut O) {
        let since_start = self.stage.since_start(self.now);
        loop {
            let able = |lane: &usize| {
                let able = self.lanes[*lane].rule.able;
                self.desks[desk].idle(able).is_some()
            };
            let lanes = self.desks[desk].lanes();
            let lanes = (0..self.lanes.len()).filter(|lane| lanes >> lane & 1 == 1);
            let lanes = lanes.filter(able).fold(0, |set, lane| set | 1 << lane);
            let Some(who) = self.next_of(lanes, observer) else {
                return;
            };
            let lane = self.aim_of(&who).lane as usize;
            let able = self.lanes[lane].rule.able;
            let it = &mut self.desks[desk];
            let Some(unit) = it.idle(able) else {
                return;
            };
            it.waiting.fall(since_start);
            it.begin(unit, since_start);
            let slot = self.take_slot();
            self.begin(who, unit, slot, observer);
        }
    }

    /// Somebody begins who has its server: if its journey is no more than a time, all is
    /// known of it and told at once.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    fn begin<O: Observer>(&mut self, who: Waiting, unit: u32, slot: usize, observer: &mut O) {
        let aim = self.aim_of(&who);
        let Some(direct) = &aim.direct else {
            self.begin_steps(who, unit, slot, observer);
            return;
        };
        let human = if aim.speeds_differ {
            let slowness = self.desks[aim.desk as usize].slowness(unit);
            stretched(who.takes, slowness)
        } else {
            who.takes
        };
        let ends_at = self.now + human;
        if ends_at > self.longest {
            self.begin_steps(who, unit, slot, observer);
            return;
        }
        let counted = who.card.is_counted();
        self.schedule(slot, ends_at, After::leaving(aim, unit, counted));
        if !counted {
            return;
        }
        self.ending.last_left = self.ending.last_left.max(ends_at);
        match direct.part {
            Part::Service => observer.served(
                who.card.aim(),
                &Served {
                    index: who.card.index(),
                    arrived: who.arrived,
                    begun: self.now,
                    left: ends_at,
                    segment: aim.segment,
                    service_id: aim.service,
                    journey: aim.number,
                },
            ),
            Part::Review => observer.departed(&Departure {
                wait: self.now - who.arrived,
                review: human,
                ..departure(aim, &who, self.now, ends_at)
            }),
        }
    }

    /// A slot for somebody who begins.
    #[inline]
    pub(super) fn take_slot(&mut self) -> usize {
        if self.ends.is_full() {
            self.grow();
        }
        self.ends.take_slot()
    }

    /// Room for twice as many who are served.
    #[cold]
    fn grow(&mut self) {
        self.ends.grow();
        self.after.resize(self.ends.slots(), NOBODY);
    }

    /// A step ends in a slot at a time.
    #[inline]
    pub(super) fn schedule(&mut self, slot: usize, at: u64, after: After) {
        self.after[slot] = after;
        self.sequence += 1;
        let tag = (self.sequence << SEQUENCE_SHIFT) | slot as u64;
        self.ends.set(slot, Event::new(at, tag));
    }
}
