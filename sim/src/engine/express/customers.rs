//! Customers come, wait, lose patience, are served, and leave.

use super::desks::ANY;
use super::routes::Aim;
use super::{Express, NEVER};
use crate::engine::calendar::{SEQUENCE_SHIFT, SLOTS};
use crate::engine::heap::Event;
use crate::engine::journey::next_step;
use crate::engine::visitor::{Departure, Fate};
use crate::engine::work::{fraction, stretched};
use crate::engine::{Observer, choose_segment, choose_service};
use crate::error::SimError;
use crate::keyed::{Key, Purpose};
use crate::plan::{PlannedLatency, PlannedStep, PlannedTime};
use crate::source::{Keyed, Source};
use scenarios::model::{Part, ResourceId};

/// Who waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub key: Key,
    pub arrived: u64,
    /// When it leaves if it has not begun by then.
    pub deadline: u64,
    pub index: u32,
    pub aim: u16,
}

/// Who is served.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit {
    pub key: Key,
    pub arrived: u64,
    pub begun: u64,
    pub journey_time: u64,
    pub service: u64,
    pub review: u64,
    pub system: u64,
    /// When the human time of its step ends, and the bank is asked.
    pub asks_at: u64,
    pub index: u32,
    /// Who serves it.
    pub unit: u32,
    pub step: u32,
    pub aim: u16,
}

impl<'plan> Express<'plan> {
    fn aim(&self, number: u16) -> &'plan Aim<'plan> {
        &self.routes.aims[usize::from(number)]
    }

    /// A customer comes in, and begins at once if a server is free.
    pub(super) fn arrive<O: Observer>(
        &mut self,
        key: Key,
        observer: &mut O,
    ) -> Result<(), SimError> {
        let now = self.now;
        self.ending.events += 1;
        let index = self.ending.customers as u32;
        self.ending.customers += 1;
        let (segment, planned) = choose_segment(self.plan, || Keyed.uniform(key, Purpose::Segment));
        let service = choose_service(planned, || Keyed.uniform(key, Purpose::Service));
        let number = self.routes.first_aim[usize::from(segment)] + service;
        let aim = &self.routes.aims[number];
        let number = number as u16;
        self.inside += 1;
        if self.plan.counts(now) {
            self.counted_inside += 1;
        }
        self.assert_room(observer)?;
        if now >= self.plan.doors.walk_ins_until {
            self.tell_unserved(Fate::TurnedAway, (index, number, now), now, observer);
            return Ok(());
        }
        let mut visit = Visit {
            key,
            arrived: now,
            index,
            aim: number,
            unit: ANY,
            ..Visit::default()
        };
        let Some(step) = next_step(&Keyed, &aim.journey.steps, visit.place(aim), 0) else {
            // No step applies to this customer: there is nothing to wait for.
            self.tell_served(&visit, observer);
            return Ok(());
        };
        visit.step = step;
        let since_start = self.stage.since_start(now);
        let Some(lane) = aim.lane else {
            self.unattended.rise(since_start);
            self.begin(visit);
            return Ok(());
        };
        let rule = &self.routes.lanes[lane];
        let desk = &mut self.desks[rule.desk];
        if let Some(unit) = desk.idle(&self.routes.desks[rule.desk], rule.able) {
            desk.begin(unit, since_start);
            visit.unit = unit;
            self.begin(visit);
            return Ok(());
        }
        let deadline = match aim.patience {
            Some(law) => now + Keyed.micros(law, key, Purpose::Patience),
            None => NEVER,
        };
        if deadline == now {
            self.tell_unserved(Fate::Abandoned, (index, number, now), now, observer);
            return Ok(());
        }
        desk.waiting.rise(since_start);
        self.waiting_lanes |= 1 << lane;
        self.lanes[lane].push_back(Waiting {
            key,
            arrived: now,
            deadline,
            index,
            aim: number,
        });
        Ok(())
    }

    fn assert_room<O: Observer>(&mut self, observer: &mut O) -> Result<(), SimError> {
        if self.inside > SLOTS as u64 {
            self.lose_patience(self.now + 1, observer);
            if self.inside > SLOTS as u64 {
                return Err(SimError::Overcrowded { limit: SLOTS });
            }
        }
        Ok(())
    }

    /// A step ends: the customer goes on to the next, or leaves and makes room.
    pub(super) fn step_ends<O: Observer>(&mut self, event: Event, observer: &mut O) {
        self.calendar.take_first();
        self.ending.events += 1;
        let slot = event.slot();
        let visit = self.visits[slot];
        let aim = self.aim(visit.aim);
        let steps = &aim.journey.steps;
        if let Some(operation) = steps[visit.step as usize].operation {
            observer.asked(visit.index, aim.journey.made_on, operation, visit.asks_at);
        }
        if let Some(step) = next_step(&Keyed, steps, visit.place(aim), visit.step + 1) {
            self.visits[slot].step = step;
            self.work_on(slot, &steps[step as usize]);
            return;
        }
        self.free_slots.push(slot as u32);
        self.tell_served(&visit, observer);
        let since_start = self.stage.since_start(self.now);
        let Some(lane) = aim.lane else {
            self.unattended.fall(since_start);
            return;
        };
        let desk = self.routes.lanes[lane].desk;
        let rule = &self.routes.desks[desk];
        if self.desks[desk].stays(rule, visit.unit) {
            let lanes = match rule.lanes_of_each.get(visit.unit as usize) {
                Some(lanes) => *lanes,
                None => rule.lanes,
            };
            if let Some(next) = self.first_of(lanes, observer) {
                self.serve(next, visit.unit);
                return;
            }
        }
        self.desks[desk].end(rule, visit.unit, since_start, self.now, &self.stretch);
    }

    /// Serves as many as can be served at a desk.
    pub(super) fn serve_all_of<O: Observer>(&mut self, desk: ResourceId, observer: &mut O) {
        let rule = &self.routes.desks[desk];
        let since_start = self.stage.since_start(self.now);
        loop {
            let able = |lane: &usize| {
                let able = self.routes.lanes[*lane].able;
                self.desks[desk].idle(rule, able).is_some()
            };
            let lanes = (0..self.lanes.len()).filter(|lane| rule.lanes >> lane & 1 == 1);
            let lanes = lanes.filter(able).fold(0, |set, lane| set | 1 << lane);
            let Some(lane) = self.first_of(lanes, observer) else {
                return;
            };
            let Some(unit) = self.desks[desk].idle(rule, self.routes.lanes[lane].able) else {
                return;
            };
            self.desks[desk].begin(unit, since_start);
            self.serve(lane, unit);
        }
    }

    /// The lane of these whose first customer goes before those of the others; who
    /// has lost patience leaves.
    #[inline]
    fn first_of<O: Observer>(&mut self, lanes: u64, observer: &mut O) -> Option<usize> {
        let mut lanes = lanes & self.waiting_lanes;
        let mut first: Option<(u32, i64, u32, usize)> = None;
        while lanes != 0 {
            let lane = lanes.trailing_zeros() as usize;
            lanes &= lanes - 1;
            let rule = &self.routes.lanes[lane];
            if first.is_some_and(|(rank, ..)| rank < rule.rank) {
                break;
            }
            let Some(head) = self.head(lane, observer) else {
                continue;
            };
            let came = head.arrived.cast_signed() - rule.credit.cast_signed();
            let stands = (rule.rank, came, head.index, lane);
            if first.is_none_or(|best| stands < best) {
                first = Some(stands);
            }
        }
        first.map(|(.., lane)| lane)
    }

    /// The first of a lane who is still there.
    #[inline]
    fn head<O: Observer>(&mut self, lane: usize, observer: &mut O) -> Option<Waiting> {
        loop {
            let Some(head) = self.lanes[lane].front().copied() else {
                self.waiting_lanes &= !(1 << lane);
                return None;
            };
            if head.deadline >= self.now {
                return Some(head);
            }
            self.lanes[lane].pop_front();
            self.give_up(lane, &head, observer);
        }
    }

    /// Whoever has lost patience before a moment leaves.
    pub(super) fn lose_patience<O: Observer>(&mut self, before: u64, observer: &mut O) {
        for lane in 0..self.lanes.len() {
            let mut people = std::mem::take(&mut self.lanes[lane]);
            people.retain(|waiting| {
                let stays = waiting.deadline >= before;
                if !stays {
                    self.give_up(lane, waiting, observer);
                }
                stays
            });
            if people.is_empty() {
                self.waiting_lanes &= !(1 << lane);
            }
            self.lanes[lane] = people;
        }
    }

    /// Somebody has left the lane when its patience ended.
    fn give_up<O: Observer>(&mut self, lane: usize, waiting: &Waiting, observer: &mut O) {
        let since_start = self.stage.since_start(waiting.deadline);
        let desk = self.routes.lanes[lane].desk;
        self.desks[desk].waiting.fall(since_start);
        self.ending.events += 1;
        let who = (waiting.index, waiting.aim, waiting.arrived);
        self.tell_unserved(Fate::Abandoned, who, waiting.deadline, observer);
    }

    /// The first of a lane is served by somebody who is at work already.
    fn serve(&mut self, lane: usize, unit: u32) {
        let Some(waiting) = self.lanes[lane].pop_front() else {
            return;
        };
        let rule = &self.routes.lanes[lane];
        let since_start = self.stage.since_start(self.now);
        self.desks[rule.desk].waiting.fall(since_start);
        let mut visit = Visit {
            key: waiting.key,
            arrived: waiting.arrived,
            index: waiting.index,
            aim: waiting.aim,
            unit,
            ..Visit::default()
        };
        let aim = self.aim(waiting.aim);
        // It would not wait if it went through no step.
        visit.step = next_step(&Keyed, &aim.journey.steps, visit.place(aim), 0).unwrap_or(0);
        self.begin(visit);
    }

    /// Begins the first step of somebody who has its server.
    fn begin(&mut self, mut visit: Visit) {
        let aim = self.aim(visit.aim);
        visit.begun = self.now;
        if let Some(law) = &aim.journey.time {
            let place = Purpose::JourneyTime {
                hop: 0,
                journey: aim.number,
            };
            visit.journey_time = Keyed.micros(law, visit.key, place);
        }
        let step = &aim.journey.steps[visit.step as usize];
        let slot = if let Some(slot) = self.free_slots.pop() {
            self.visits[slot as usize] = visit;
            slot as usize
        } else {
            self.visits.push(visit);
            self.visits.len() - 1
        };
        self.work_on(slot, step);
    }

    /// Works on the step that a customer is in.
    fn work_on(&mut self, slot: usize, step: &PlannedStep) {
        let visit = &mut self.visits[slot];
        let aim = &self.routes.aims[usize::from(visit.aim)];
        let human = match &step.time {
            PlannedTime::None => 0,
            PlannedTime::Between(from, to) => {
                fraction(visit.journey_time, *to) - fraction(visit.journey_time, *from)
            }
            PlannedTime::Own(law) => {
                let place = Purpose::StepTime {
                    hop: 0,
                    journey: aim.number,
                    step: visit.step,
                };
                Keyed.micros(law, visit.key, place)
            }
        };
        let slowness = match aim.lane {
            Some(lane) if visit.unit != ANY => {
                let desk = self.routes.lanes[lane].desk;
                self.routes.desks[desk].slowness[visit.unit as usize]
            }
            _ => 1.0,
        };
        let human = stretched(human, slowness);
        let latency = match &step.latency {
            None => 0,
            Some(latency) => {
                let place = Purpose::Latency {
                    hop: 0,
                    journey: aim.number,
                    step: visit.step,
                };
                match latency {
                    PlannedLatency::Measured(measured) => {
                        measured.micros(Keyed.bits(visit.key, place))
                    }
                    PlannedLatency::Assumed(law) => Keyed.micros(law, visit.key, place),
                }
            }
        };
        match step.part {
            Part::Service => visit.service += human,
            Part::Review => visit.review += human,
        }
        visit.system += latency;
        visit.asks_at = self.now + human;
        self.sequence += 1;
        let tag = (self.sequence << SEQUENCE_SHIFT) | slot as u64;
        self.calendar
            .push(Event::new(self.now + human + latency, tag));
    }

    fn tell_served<O: Observer>(&mut self, visit: &Visit, observer: &mut O) {
        let aim = self.aim(visit.aim);
        let begun = visit.begun.max(visit.arrived);
        self.tell(
            &Departure {
                fate: Fate::Served,
                index: visit.index,
                arrived: visit.arrived,
                begun: visit.begun,
                clock: visit.arrived,
                away: 0,
                left: self.now,
                segment: aim.segment,
                service_id: aim.service,
                journey: aim.number,
                fell_back: false,
                wait: begun - visit.arrived,
                service: visit.service,
                review: visit.review,
                system: visit.system,
                fallback: 0,
            },
            observer,
        );
    }

    /// Tells of somebody, `(index, aim, arrived)`, who has not been served.
    pub(super) fn tell_unserved<O: Observer>(
        &mut self,
        fate: Fate,
        (index, aim, arrived): (u32, u16, u64),
        left: u64,
        observer: &mut O,
    ) {
        let aim = self.aim(aim);
        let wait = if fate == Fate::Unserved {
            0
        } else {
            left - arrived
        };
        self.tell(
            &Departure {
                fate,
                index,
                arrived,
                begun: 0,
                clock: arrived,
                away: 0,
                left,
                segment: aim.segment,
                service_id: aim.service,
                journey: aim.number,
                fell_back: false,
                wait,
                service: 0,
                review: 0,
                system: 0,
                fallback: 0,
            },
            observer,
        );
    }

    #[inline]
    fn tell<O: Observer>(&mut self, departure: &Departure, observer: &mut O) {
        self.inside -= 1;
        if self.plan.counts(departure.arrived) {
            self.counted_inside -= 1;
            if departure.fate != Fate::Unserved {
                self.ending.last_left = self.ending.last_left.max(departure.left);
            }
            observer.departed(departure);
        }
    }
}

impl Visit {
    /// Where its draws come from.
    fn place(&self, aim: &Aim<'_>) -> (Key, u8, u32) {
        (self.key, 0, aim.number)
    }
}
