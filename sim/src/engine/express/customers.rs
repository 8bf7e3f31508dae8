//! Customers come, are served, and leave: the way of most of them.

use super::after::After;
use super::card::Card;
use super::coming::Comer;
use super::desks::ANY;
use super::heads::Heads;
use super::lanes::{Lane, Waiting};
use super::routes::{Aim, NOWHERE};
use super::steps::first_step;
use super::telling::departure;
use super::{Express, NEVER};
use crate::engine::Observer;
use crate::engine::calendar::SEQUENCE_SHIFT;
use crate::engine::heap::Event;
use crate::engine::visitor::{Departure, Fate, Served};
use crate::engine::work::stretched;
use scenarios::model::{Part, ResourceId};

impl<'plan> Express<'plan> {
    /// What a customer comes for.
    #[inline]
    pub(super) fn aim_of(&self, card: Card) -> &'plan Aim<'plan> {
        &self.routes.aims[usize::from(card.aim())]
    }

    /// A customer comes in, and begins at once if a server is free.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub(super) fn arrive<O: Observer>(&mut self, comer: Comer, observer: &mut O) {
        let now = self.now;
        let index = self.ending.customers as u32;
        self.ending.customers += 1;
        self.inside += Heads::one(self.counting);
        let Comer {
            key,
            takes,
            patience,
            aim,
        } = comer;
        let card = Card::new(index, aim, self.counting);
        let aim = self.aim_of(card);
        if now >= self.doors_shut_at {
            self.tell_unserved(Fate::TurnedAway, card, now, now, observer);
            return;
        }
        if aim.direct.is_none() && first_step(aim, key).is_none() {
            // No step applies to this customer: there is nothing to wait for.
            self.tell_served_at_once(card, observer);
            return;
        }
        let mut who = Waiting {
            key,
            arrived: now,
            deadline: NEVER,
            takes,
            card,
        };
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
        if aim.patience.is_some() {
            who.deadline = now + patience;
            if patience == 0 {
                self.tell_unserved(Fate::Abandoned, card, now, now, observer);
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
        if after.goes_on() {
            self.go_on(slot, observer);
            return;
        }
        let unit = after.unit();
        self.inside -= Heads::one(after.counted());
        let since_start = self.stage.since_start(self.now);
        if after.desk() == NOWHERE {
            self.unattended.fall(since_start);
        } else {
            let desk = after.desk() as ResourceId;
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
            let lane = self.aim_of(who.card).lane as usize;
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
        let Waiting {
            key,
            arrived,
            takes,
            card,
            ..
        } = who;
        let aim = self.aim_of(card);
        let Some(direct) = &aim.direct else {
            self.begin_steps(key, card, arrived, unit, slot, observer);
            return;
        };
        let human = if aim.speeds_differ {
            let slowness = self.desks[aim.desk as usize].slowness(unit);
            stretched(takes, slowness)
        } else {
            takes
        };
        let ends_at = self.now + human;
        if ends_at > self.longest {
            self.begin_steps(key, card, arrived, unit, slot, observer);
            return;
        }
        let counted = card.counted();
        self.schedule(slot, ends_at, After::leaving(aim, unit, counted));
        if !counted.is() {
            return;
        }
        self.ending.last_left = self.ending.last_left.max(ends_at);
        match direct.part {
            Part::Service => observer.served(
                card.aim(),
                &Served {
                    index: card.index(),
                    arrived,
                    begun: self.now,
                    left: ends_at,
                    segment: aim.segment,
                    service_id: aim.service,
                    journey: aim.number,
                },
            ),
            Part::Review => observer.departed(&Departure {
                wait: self.now - arrived,
                review: human,
                ..departure(aim, card, arrived, (self.now, ends_at))
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
        self.after.resize(self.ends.slots(), After::GOES_ON);
    }

    /// A step ends in a slot at a time.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub(super) fn schedule(&mut self, slot: usize, at: u64, after: After) {
        self.after[slot] = after;
        self.sequence += 1;
        let tag = (self.sequence << SEQUENCE_SHIFT) | slot as u64;
        self.ends.set(slot, Event::new(at, tag));
    }
}
