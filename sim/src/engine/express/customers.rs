//! Customers come, wait, lose patience, are served, and leave.

use super::coming::Comer;
use super::desks::ANY;
use super::lanes::{Lane, Waiting};
use super::routes::Aim;
use super::{Express, NEVER};
use crate::engine::Observer;
use crate::engine::calendar::{SEQUENCE_SHIFT, SLOTS};
use crate::engine::heap::Event;
use crate::engine::journey::next_step;
use crate::engine::visitor::{Departure, Fate};
use crate::engine::work::{fraction, stretched};
use crate::error::SimError;
use crate::keyed::{Key, Place, Purpose};
use crate::plan::{PlannedLatency, PlannedStep, PlannedTime};
use crate::source::{Keyed, Source};
use scenarios::model::{Part, ResourceId};

/// Who is served, in a step that is not its last.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    pub who: Waiting,
    begun: u64,
    journey_time: u64,
    service: u64,
    review: u64,
    system: u64,
    /// Who serves it.
    unit: u32,
    step: u32,
}

/// Who begins to be served, by whom, and in which slot its steps end.
#[derive(Debug, Clone, Copy)]
pub struct Begins {
    who: Waiting,
    unit: u32,
    slot: usize,
}

/// What follows the end of a step.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// Whose server is free then, unless it needed none.
    desk: u32,
    unit: u32,
    /// Whether the customer who leaves is counted.
    counted: bool,
    /// The customer goes on to its next step instead.
    pub goes_on: bool,
}

/// The desk of those who need no server.
const NO_DESK: u32 = u32::MAX;
/// What follows in a slot that nobody has had.
const NOBODY: After = After {
    desk: NO_DESK,
    unit: ANY,
    counted: false,
    goes_on: false,
};

const PATIENCE: Place = Purpose::Patience.stands_at();

/// The first step that a customer with this key goes through, if it does through any.
fn first_step(aim: &Aim<'_>, key: Key) -> Option<u32> {
    next_step(&Keyed, &aim.journey.steps, (key, 0, aim.number), 0)
}

impl<'plan> Express<'plan> {
    fn aim(&self, number: u16) -> &'plan Aim<'plan> {
        &self.routes.aims[usize::from(number)]
    }

    /// A customer comes in, and begins at once if a server is free.
    #[inline]
    pub(super) fn arrive<O: Observer>(&mut self, comer: Comer, observer: &mut O) -> Option<Begins> {
        let now = self.now;
        self.ending.events += 1;
        let index = self.ending.customers as u32;
        self.ending.customers += 1;
        self.inside += 1;
        self.counted_inside += u64::from(self.counted.contains(&now));
        let Comer {
            key, takes, aim, ..
        } = comer;
        let mut who = Waiting {
            key,
            arrived: now,
            deadline: NEVER,
            takes,
            index,
            aim,
        };
        let aim = self.aim(aim);
        if now >= self.doors_shut_at {
            self.tell_unserved(Fate::TurnedAway, &who, now, observer);
            return None;
        }
        if aim.direct.is_none() && first_step(aim, key).is_none() {
            // No step applies to this customer: there is nothing to wait for.
            self.tell_served_at_once(&who, observer);
            return None;
        }
        let since_start = self.stage.since_start(now);
        let Some(lane) = aim.lane else {
            self.unattended.rise(since_start);
            let (unit, slot) = (ANY, self.take_slot());
            return Some(Begins { who, unit, slot });
        };
        let Lane { rule, people } = &mut self.lanes[lane];
        let desk = &mut self.desks[rule.desk];
        if let Some(unit) = desk.idle(rule.able) {
            desk.begin(unit, since_start);
            let slot = self.take_slot();
            return Some(Begins { who, unit, slot });
        }
        if let Some(law) = aim.patience {
            who.deadline = now + law.micros(key.bits_at(PATIENCE));
            if who.deadline == now {
                self.tell_unserved(Fate::Abandoned, &who, now, observer);
                return None;
            }
        }
        desk.waiting.rise(since_start);
        self.waiting_lanes |= 1 << lane;
        people.push_back(who);
        None
    }

    /// Whether one more fits in, when those have left who have lost patience.
    #[cold]
    pub(super) fn make_room<O: Observer>(&mut self, observer: &mut O) -> Result<(), SimError> {
        self.lose_patience(self.now + 1, observer);
        if self.inside >= SLOTS as u64 {
            return Err(SimError::Overcrowded { limit: SLOTS });
        }
        Ok(())
    }

    /// The step in a slot ends: the customer goes on to the next, or has left and makes
    /// room for another.
    #[inline]
    pub(super) fn step_ends<O: Observer>(
        &mut self,
        slot: usize,
        observer: &mut O,
    ) -> Option<Begins> {
        self.ending.events += 1;
        let after = self.after[slot];
        if after.goes_on {
            self.work_on(slot, self.visits[slot], observer);
            return None;
        }
        let unit = after.unit;
        self.inside -= 1;
        self.counted_inside -= u64::from(after.counted);
        let since_start = self.stage.since_start(self.now);
        if after.desk == NO_DESK {
            self.unattended.fall(since_start);
        } else {
            let desk = after.desk as ResourceId;
            let lanes = self.desks[desk].lanes_after(unit);
            if let Some(who) = self.next_of(lanes, observer) {
                self.desks[desk].waiting.fall(since_start);
                return Some(Begins { who, unit, slot });
            }
            self.desks[desk].end(unit, since_start, self.now, &self.stretch);
        }
        self.ends.free(slot);
        None
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
            let lane = self.aim(who.aim).lane.unwrap_or(0);
            let able = self.lanes[lane].rule.able;
            let it = &mut self.desks[desk];
            let Some(unit) = it.idle(able) else {
                return;
            };
            it.waiting.fall(since_start);
            it.begin(unit, since_start);
            let slot = self.take_slot();
            self.begin(Begins { who, unit, slot }, observer);
        }
    }

    /// The first of these lanes, who does not wait any longer; those who have lost
    /// patience leave.
    #[inline]
    fn next_of<O: Observer>(&mut self, lanes: u64, observer: &mut O) -> Option<Waiting> {
        loop {
            let lanes = lanes & self.waiting_lanes;
            if lanes == 0 {
                return None;
            }
            let mut lane = lanes.trailing_zeros() as usize;
            if lanes & (lanes - 1) != 0 {
                lane = self.first_of(lanes, lane);
            }
            let people = &mut self.lanes[lane].people;
            let who = people.pop_front()?;
            if people.is_empty() {
                self.waiting_lanes &= !(1 << lane);
            }
            if who.deadline >= self.now {
                return Some(who);
            }
            self.give_up(lane, &who, observer);
        }
    }

    /// Of several lanes in which somebody stands, the first of which is `best`, the one
    /// whose head goes before those of the others.
    #[inline]
    fn first_of(&self, lanes: u64, mut best: usize) -> usize {
        let rank = self.lanes[best].rule.rank;
        let mut others = lanes & (lanes - 1);
        let mut place = self.lanes[best].place_of_head();
        while others != 0 {
            let lane = others.trailing_zeros() as usize;
            others &= others - 1;
            if self.lanes[lane].rule.rank != rank {
                break;
            }
            let other = self.lanes[lane].place_of_head();
            if other < place {
                (best, place) = (lane, other);
            }
        }
        best
    }

    /// Whoever has lost patience before a moment leaves.
    pub(super) fn lose_patience<O: Observer>(&mut self, before: u64, observer: &mut O) {
        for lane in 0..self.lanes.len() {
            let mut people = std::mem::take(&mut self.lanes[lane].people);
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
            self.lanes[lane].people = people;
        }
    }

    /// Somebody has left the lane when its patience ended.
    fn give_up<O: Observer>(&mut self, lane: usize, waiting: &Waiting, observer: &mut O) {
        let since_start = self.stage.since_start(waiting.deadline);
        let desk = self.lanes[lane].rule.desk;
        self.desks[desk].waiting.fall(since_start);
        self.ending.events += 1;
        self.tell_unserved(Fate::Abandoned, waiting, waiting.deadline, observer);
    }

    /// Somebody begins who has its server: if its journey is no more than a time, all is
    /// known of it and told at once.
    #[inline]
    pub(super) fn begin<O: Observer>(&mut self, begins: Begins, observer: &mut O) {
        let Begins { who, unit, slot } = begins;
        let aim = self.aim(who.aim);
        let Some(direct) = &aim.direct else {
            self.begin_steps(begins, observer);
            return;
        };
        let human = match aim.desk {
            Some(desk) if unit != ANY => stretched(who.takes, self.desks[desk].slowness(unit)),
            _ => who.takes,
        };
        let ends_at = self.now + human;
        if ends_at > self.longest {
            self.begin_steps(begins, observer);
            return;
        }
        let counted = self.counted.contains(&who.arrived);
        let leaves = After::leaving(aim, unit, counted);
        self.schedule(slot, ends_at, leaves);
        if counted {
            self.ending.last_left = self.ending.last_left.max(ends_at);
            let (service, review) = match direct.part {
                Part::Service => (human, 0),
                Part::Review => (0, human),
            };
            observer.departed(&Departure {
                wait: self.now - who.arrived,
                service,
                review,
                ..departure(aim, &who, self.now, ends_at)
            });
        }
    }

    /// Begins the first step of somebody who has its server.
    fn begin_steps<O: Observer>(&mut self, begins: Begins, observer: &mut O) {
        let Begins { who, unit, slot } = begins;
        let aim = self.aim(who.aim);
        let journey_time = aim.journey.time.as_ref().map_or(0, |law| {
            let place = Purpose::JourneyTime {
                hop: 0,
                journey: aim.number,
            };
            Keyed.micros(law, who.key, place)
        });
        let visit = Visit {
            who,
            begun: self.now,
            journey_time,
            service: 0,
            review: 0,
            system: 0,
            unit,
            // It would not have come in if it went through no step.
            step: first_step(aim, who.key).unwrap_or(0),
        };
        self.work_on(slot, visit, observer);
    }

    /// Works on the step that a customer is in.
    fn work_on<O: Observer>(&mut self, slot: usize, mut visit: Visit, observer: &mut O) {
        let aim = self.aim(visit.who.aim);
        let steps = &aim.journey.steps;
        let step = &steps[visit.step as usize];
        let slowness = aim
            .desk
            .map_or(1.0, |desk| self.desks[desk].slowness(visit.unit));
        let human = stretched(human_time(step, aim, &visit), slowness);
        let latency = latency_of(step, aim, &visit);
        match step.part {
            Part::Service => visit.service += human,
            Part::Review => visit.review += human,
        }
        visit.system += latency;
        let (asks_at, ends_at) = (self.now + human, self.now + human + latency);
        if let Some(operation) = step.operation
            && ends_at <= self.longest
        {
            observer.asked(visit.who.index, aim.journey.made_on, operation, asks_at);
        }
        let place = (visit.who.key, 0, aim.number);
        match next_step(&Keyed, steps, place, visit.step + 1) {
            Some(next) => {
                visit.step = next;
                self.keep(slot, ends_at, visit);
            }
            None => self.end_at(slot, ends_at, visit, observer),
        }
    }

    /// The last step of a customer ends at a time: what is left to tell of it is told
    /// at once, and its server is free then.
    fn end_at<O: Observer>(&mut self, slot: usize, ends_at: u64, visit: Visit, observer: &mut O) {
        if ends_at > self.longest {
            // It will still be inside when the day is over.
            self.keep(slot, ends_at, visit);
            return;
        }
        let aim = self.aim(visit.who.aim);
        let counted = self.counted.contains(&visit.who.arrived);
        let leaves = After::leaving(aim, visit.unit, counted);
        self.schedule(slot, ends_at, leaves);
        if counted {
            self.ending.last_left = self.ending.last_left.max(ends_at);
            observer.departed(&Departure {
                wait: visit.begun - visit.who.arrived,
                service: visit.service,
                review: visit.review,
                system: visit.system,
                ..departure(aim, &visit.who, visit.begun, ends_at)
            });
        }
    }

    /// A slot for somebody who begins.
    #[inline]
    fn take_slot(&mut self) -> usize {
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
    fn schedule(&mut self, slot: usize, at: u64, after: After) {
        self.after[slot] = after;
        self.sequence += 1;
        let tag = (self.sequence << SEQUENCE_SHIFT) | slot as u64;
        self.ends.set(slot, Event::new(at, tag));
    }

    /// Keeps what is known of a customer until its step ends.
    fn keep(&mut self, slot: usize, ends_at: u64, visit: Visit) {
        if slot >= self.visits.len() {
            self.visits.resize(slot + 1, visit);
        }
        self.visits[slot] = visit;
        let goes_on = After {
            desk: NO_DESK,
            unit: visit.unit,
            counted: false,
            goes_on: true,
        };
        self.schedule(slot, ends_at, goes_on);
    }

    /// Tells of somebody for whom there is nothing to do.
    fn tell_served_at_once<O: Observer>(&mut self, who: &Waiting, observer: &mut O) {
        let served = departure(self.aim(who.aim), who, 0, self.now);
        self.tell(&served, observer);
    }

    /// Tells of somebody who has not been served.
    pub(super) fn tell_unserved<O: Observer>(
        &mut self,
        fate: Fate,
        who: &Waiting,
        left: u64,
        observer: &mut O,
    ) {
        let wait = if fate == Fate::Unserved {
            0
        } else {
            left - who.arrived
        };
        let unserved = Departure {
            fate,
            wait,
            ..departure(self.aim(who.aim), who, 0, left)
        };
        self.tell(&unserved, observer);
    }

    fn tell<O: Observer>(&mut self, departure: &Departure, observer: &mut O) {
        self.inside -= 1;
        if self.counted.contains(&departure.arrived) {
            self.counted_inside -= 1;
            if departure.fate != Fate::Unserved {
                self.ending.last_left = self.ending.last_left.max(departure.left);
            }
            observer.departed(departure);
        }
    }
}

impl After {
    /// A customer leaves and its server is free.
    #[inline]
    fn leaving(aim: &Aim<'_>, unit: u32, counted: bool) -> Self {
        Self {
            desk: aim.desk.map_or(NO_DESK, |desk| desk as u32),
            unit,
            counted,
            goes_on: false,
        }
    }
}

/// The human time of the step that a customer is in, at a server of speed 1.
#[inline]
fn human_time(step: &PlannedStep, aim: &Aim<'_>, visit: &Visit) -> u64 {
    match &step.time {
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
            Keyed.micros(law, visit.who.key, place)
        }
    }
}

/// How long the bank takes to answer.
#[inline]
fn latency_of(step: &PlannedStep, aim: &Aim<'_>, visit: &Visit) -> u64 {
    let Some(latency) = &step.latency else {
        return 0;
    };
    let place = Purpose::Latency {
        hop: 0,
        journey: aim.number,
        step: visit.step,
    };
    match latency {
        PlannedLatency::Measured(measured) => measured.micros(Keyed.bits(visit.who.key, place)),
        PlannedLatency::Assumed(law) => Keyed.micros(law, visit.who.key, place),
    }
}

/// What is told of a customer who leaves, but for what is above zero of the parts of
/// its time.
#[inline]
fn departure(aim: &Aim<'_>, who: &Waiting, begun: u64, left: u64) -> Departure {
    Departure {
        fate: Fate::Served,
        index: who.index,
        arrived: who.arrived,
        begun,
        clock: who.arrived,
        away: 0,
        left,
        segment: aim.segment,
        service_id: aim.service,
        journey: aim.number,
        fell_back: false,
        wait: 0,
        service: 0,
        review: 0,
        system: 0,
        fallback: 0,
    }
}
