//! The event loop: one replication from the opening of the doors until the last
//! customer has left. The order of simultaneous events and every rule it follows
//! is described in `docs/simulation.md` and on the pages of `docs/mechanisms/`.
//!
//! The loop allocates nothing per customer: slots, lines and the calendar are
//! reused, and whoever watches is known at compile time.

mod appointments;
pub mod calendar;
mod doors;
mod errands;
pub mod express;
mod heap;
mod incidents;
mod interruptions;
mod journey;
pub mod levels;
mod lines;
mod parties;
pub mod pool;
pub mod stepping;
mod tickets;
pub mod visitor;
mod wear;
mod work;

use crate::error::SimError;
use crate::keyed::{APPOINTMENT_STREAM, BRANCH_STREAM, Key, Purpose};
use crate::plan::{Change, Plan, PlannedSegment};
use crate::source::{Keyed, Source};
pub use appointments::Absent;
use appointments::{Expected, with_booked};
use calendar::{ARRIVAL_RANK, Calendar, Event, Kind, ROSTER_RANK, SLOTS};
use errands::Errands;
use incidents::Incidents;
use levels::{Level, Stretch};
use lines::Lines;
use pool::{NO_UNIT, Pool};
use scenarios::operation::{Channel, Operation};
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, Ordering};
use visitor::{Departure, Fate, NEVER, Served, Standing, State, Visitor};

/// So many events pass between two looks at the interruption flag.
const EVENTS_BETWEEN_LOOKS: u64 = 1 << 16;

/// A day is over at the latest ten years after the last arrival: so long is the
/// longest time that a scenario can name.
const LONGEST_AFTER: u64 = 10 * 366 * 24 * 3600 * 1_000_000;

/// After the last arrival a day is also over when for so long servers have only broken
/// down and been repaired, and nobody has gone on: whoever is inside then waits for
/// what never comes, or for a service begun anew that is longer than a server works.
const STANDSTILL: u64 = 31 * 24 * 3600 * 1_000_000;

/// Who watches a replication.
pub trait Observer: Send {
    /// An observer of a part of the same replication, on a thread of its own; none
    /// where the order in which things are told matters.
    fn part(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Counts what a part has been told.
    fn join(&mut self, _part: Self)
    where
        Self: Sized,
    {
    }

    /// A customer has left (or never will).
    fn departed(&mut self, departure: &Departure);

    /// A customer of one service and nothing else has left, or will; `alike` is the same
    /// for customers of the same segment, service and journey.
    #[inline]
    fn served(&mut self, _alike: u16, served: &Served) {
        self.departed(&Departure::from(served));
    }

    /// What is told from now on happens in this branch of a region.
    fn enters(&mut self, _branch: usize) {}

    /// A customer was expected in vain.
    fn missed(&mut self, _absent: &Absent) {}

    /// A customer leaves unserved and will try it on the phone at a time.
    fn goes_mobile(&mut self, _customer: u32, _who: &Absent, _at: u64) {}
    /// A batch of a long run has ended: levels are integrated up to here.
    fn batch_ended<S: Source>(&mut self, _engine: &Engine<'_, S>)
    where
        Self: Sized,
    {
    }

    /// A customer asks the bank for something at a time.
    fn asked(&mut self, _customer: u32, _channel: Channel, _operation: Operation, _at: u64) {}
}

/// How a replication ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ending {
    /// Events that happened.
    pub events: u64,
    /// Customers who came, counted or not.
    pub customers: u64,
    /// When the last of them left, in microseconds; 0 if none came.
    pub last_left: u64,
    /// Interrupted: what was seen is not the whole replication.
    pub interrupted: bool,
}

impl Ending {
    /// Adds how another part of the same replication ended.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.customers += other.customers;
        self.last_left = self.last_left.max(other.last_left);
        self.interrupted |= other.interrupted;
    }
}

/// The engine with all its buffers, reused from one replication to the next.
#[derive(Debug)]
pub struct Engine<'plan, S: Source = Keyed> {
    plan: &'plan Plan,
    source: &'plan S,
    stretch: Stretch,
    intervals: usize,
    now: u64,
    calendar: Calendar,
    visitors: Vec<Visitor>,
    free_slots: Vec<u32>,
    errands: Errands,
    lines: Lines,
    pools: Vec<Pool>,
    incidents: Incidents,
    /// Who comes for an appointment, in order of time, and who of them is next.
    expected: Vec<Expected>,
    next_expected: usize,
    /// Resources given back by the event that is happening.
    given_back: Vec<usize>,
    /// Who stood in line in this event when others had given back.
    asked_late: Vec<u32>,
    /// People waiting for anything, over time.
    waiting: Level,
    people: Level,
    /// Customers who will come again.
    away: u64,
    /// Customers picked from lines in random order so far.
    picks: u64,
    /// Servers of each resource today, where they are drawn.
    drawn: Vec<u32>,
    /// Where the servers' randomness comes from.
    server_key: Key,
    /// The next change by the clock, where the engine goes event by event.
    next_change: usize,
    /// No event is later.
    longest: u64,
    /// When somebody last came, went on or left, or the clock changed something.
    last_progress: u64,
    /// When this branch of a region is closed, beside what the plan says.
    shut: &'plan [(u64, u64)],
    /// Customers inside who are counted.
    counted_inside: u64,
    ending: Ending,
}

impl<'plan> Engine<'plan> {
    /// An engine for a plan, with keyed randomness; levels are integrated over `stretch`.
    pub fn new(plan: &'plan Plan, stretch: Stretch) -> Self {
        Self::with(plan, &Keyed, stretch)
    }
}

impl<'plan, S: Source> Engine<'plan, S> {
    /// An engine for a plan whose random numbers come from a source; levels are
    /// integrated over `stretch`.
    pub fn with(plan: &'plan Plan, source: &'plan S, stretch: Stretch) -> Self {
        let intervals = match stretch.interval {
            0 => 0,
            interval => (stretch.to - stretch.from).div_ceil(interval) as usize,
        };
        Self {
            plan,
            source,
            stretch,
            intervals,
            now: 0,
            calendar: Calendar::default(),
            visitors: Vec::new(),
            free_slots: Vec::new(),
            errands: Errands::default(),
            lines: Lines::new(plan.lines as usize),
            pools: vec![Pool::default(); plan.capacity.len()],
            incidents: Incidents::default(),
            expected: Vec::new(),
            next_expected: 0,
            given_back: Vec::new(),
            asked_late: Vec::new(),
            waiting: Level::default(),
            people: Level::default(),
            away: 0,
            picks: 0,
            drawn: vec![0; plan.capacity.len()],
            server_key: Key::default(),
            next_change: 0,
            longest: plan.last_arrival.saturating_add(LONGEST_AFTER),
            last_progress: 0,
            shut: &[],
            counted_inside: 0,
            ending: Ending::default(),
        }
    }

    /// People waiting for anything, after a replication.
    pub fn waiting(&self) -> &Level {
        &self.waiting
    }

    /// People in the branch, after a replication.
    pub fn people(&self) -> &Level {
        &self.people
    }

    /// Goes through one replication of the plan's arrivals.
    pub fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let key = Key::of_stream(self.plan.seed, replication, BRANCH_STREAM);
        self.server_key = self.key_of_servers(replication);
        self.draw_capacities(key);
        let arrivals = self.plan.arrivals.times(key, self.source);
        let booked = Key::of_stream(self.plan.seed, replication, APPOINTMENT_STREAM);
        self.replay_with_booked(arrivals, booked, stop, observer)
    }

    /// Goes through one replication of those who walk in and, where customers book,
    /// those whose appointments draw from a key of their own.
    pub fn replay_with_booked<O: Observer>(
        &mut self,
        walk_ins: impl Iterator<Item = (u64, Key)>,
        booked: Key,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        if !self.plan.books() {
            return self.replay(walk_ins, stop, observer);
        }
        self.expect_booked(booked, observer);
        let arrivals = with_booked(self.plan, walk_ins, self.expected.clone());
        self.replay(arrivals, stop, observer)
    }

    /// Goes through one replication of these arrivals, ascending in time.
    pub fn replay<O: Observer>(
        &mut self,
        arrivals: impl Iterator<Item = (u64, Key)>,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        self.reset();
        let plan = self.plan;
        let mut arrivals = arrivals.peekable();
        let mut changes = plan.changes.iter().copied().peekable();
        loop {
            self.ending.events += 1;
            if self.ending.events.is_multiple_of(EVENTS_BETWEEN_LOOKS)
                && stop.is_some_and(|flag| flag.load(Ordering::Relaxed))
            {
                self.ending.interrupted = true;
                return Ok(self.ending);
            }
            let arrival = self.next_arrival(&mut arrivals);
            if arrival.is_none() && self.people.now() == 0 && self.away == 0 {
                break;
            }
            let change = changes.peek().map(|change| change.0);
            let event = self.calendar.peek();
            let before_change =
                |time, rank| change.is_none_or(|at| (time, rank) < (at, ROSTER_RANK));
            if let Some(event) = event
                && arrival.is_none_or(|(time, _)| event.before(time, ARRIVAL_RANK))
                && change.is_none_or(|at| event.before(at, ROSTER_RANK))
            {
                if event.time() > self.longest || self.stands_still(event) {
                    break;
                }
                self.calendar.pop(event);
                self.now = event.time();
                self.dispatch(event, observer);
            } else if let Some((time, customer)) = arrival
                && before_change(time, ARRIVAL_RANK)
            {
                arrivals.next();
                self.now = time;
                self.arrive(customer, observer)?;
            } else if let Some((time, change)) = changes.next() {
                self.now = time;
                self.change(change, observer);
            } else {
                // People inside, but nothing can happen any more.
                break;
            }
        }
        self.ending.events -= 1;
        self.go_home(changes);
        self.finish(observer);
        Ok(self.ending)
    }

    /// Whether servers have only broken down and been repaired for too long, and this
    /// event is no more.
    #[inline]
    fn stands_still(&self, event: Event) -> bool {
        let since = self.last_progress.max(self.plan.last_arrival);
        event.time() > since.saturating_add(STANDSTILL)
            && match event.kind() {
                Kind::Server => true,
                Kind::StepEnd => event.time() < self.visitors[event.slot()].ends_at,
                Kind::Abandonment | Kind::Return => false,
            }
    }

    /// Lets an event of the calendar happen.
    #[inline]
    fn dispatch<O: Observer>(&mut self, event: Event, observer: &mut O) {
        match event.kind() {
            Kind::StepEnd => self.step_ends(event.slot(), event.tag(), observer),
            Kind::Server => self.server_changes(event.slot(), observer),
            Kind::Abandonment => self.patience_ends(event.slot(), event.tag(), observer),
            Kind::Return => self.comes_again(event.slot(), observer),
        }
    }

    /// Where the draws of the next replication come from: the day's, the servers'.
    pub fn set_keys(&mut self, key: Key, server_key: Key) {
        self.server_key = server_key;
        self.draw_capacities(key);
    }

    /// Rosters go on when the last customer has left: their hours count to the end.
    fn go_home(&mut self, changes: impl Iterator<Item = (u64, Change)>) {
        for (time, change) in changes.take_while(|(time, _)| *time < self.plan.close) {
            let (resource, count) = match change {
                Change::Roster { resource, count } => (resource as usize, count),
                Change::Opens { resource } => (resource as usize, self.drawn[resource as usize]),
                _ => continue,
            };
            self.now = time;
            self.change_roster(resource, count);
        }
    }

    /// The next arrival that still comes in.
    fn next_arrival(
        &self,
        arrivals: &mut Peekable<impl Iterator<Item = (u64, Key)>>,
    ) -> Option<(u64, Key)> {
        let (time, key) = *arrivals.peek()?;
        // Who has an appointment may come late.
        let doors_open = time < self.plan.last_arrival || self.plan.books();
        // In steady state arrivals go on until the counted customers have left.
        let needed = !self.plan.steady_state || time < self.plan.close || self.counted_inside > 0;
        (doors_open && needed).then_some((time, key))
    }

    fn reset(&mut self) {
        self.now = self.plan.starts;
        self.calendar.clear();
        self.visitors.clear();
        self.free_slots.clear();
        self.errands.clear();
        self.lines.clear();
        self.given_back.clear();
        self.asked_late.clear();
        self.waiting.reset(self.intervals);
        self.people.reset(self.intervals);
        self.last_progress = self.now;
        self.counted_inside = 0;
        self.ending = Ending::default();
        self.incidents.reset(self.plan.incidents.len());
        self.away = 0;
        self.picks = 0;
        for (number, pool) in self.pools.iter_mut().enumerate() {
            let capacity = self.plan.capacity[number];
            pool.reset(capacity, &self.plan.pools[number], self.now);
            for level in [&mut pool.duty_level, &mut pool.rostered_level] {
                level.set(self.now, u64::from(capacity), &self.stretch);
            }
        }
        self.start_servers();
    }

    fn arrive<O: Observer>(&mut self, key: Key, observer: &mut O) -> Result<(), SimError> {
        let plan = self.plan;
        self.last_progress = self.now;
        let booking = self.take_expected(key).unwrap_or(0);
        let (segment, service_id, journey) = if booking == 0 {
            self.purpose_of_walk_in(key)
        } else {
            self.purpose_of(booking, key)
        };
        let visitor = Visitor {
            key,
            arrived: self.now,
            waiting_since: self.now,
            failed_at: NEVER,
            index: self.ending.customers as u32,
            segment,
            service_id,
            first_journey: journey,
            booking,
            companions: if booking == 0 {
                self.companions(key)
            } else {
                0
            },
            unit: NO_UNIT,
            ..Visitor::default()
        };
        self.ending.customers += 1;
        if plan.counts(self.now) {
            self.counted_inside += 1;
        }
        let slot = self.take_slot(visitor)?;
        self.people_come(slot);
        if self.finds_the_doors_shut(booking) {
            self.leave_for_good(slot, Fate::TurnedAway, observer);
        } else {
            self.come_in(slot, observer);
        }
        Ok(())
    }

    /// Segment, service and journey of someone without an appointment.
    fn purpose_of_walk_in(&self, key: Key) -> (u16, u16, u32) {
        let plan = self.plan;
        let (number, segment) = match plan.recorded.get(self.ending.customers as usize) {
            Some(recorded) => (recorded.segment as u16, &plan.segments[recorded.segment]),
            None => choose_segment(plan, || self.source.uniform(key, Purpose::Segment)),
        };
        let at = choose_service(segment, || self.source.uniform(key, Purpose::Service));
        let (_, service_id, journey) = segment.services[at];
        let journey = self.channel_of(number, service_id, journey, key);
        (number, service_id, journey)
    }

    /// Someone is at the door, for the first time or again.
    fn come_in<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let journey = self.visitors[slot].first_journey;
        // Before an appointment nothing counts yet.
        let from = self.now.max(self.clock_of(&self.visitors[slot]));
        if from > self.now {
            self.visitors[slot].standing = Standing::Early;
        }
        self.start_journey(slot, journey, from, observer);
        if self.leaves_its_ticket(slot) {
            self.abandon(slot, observer);
        }
        let visitor = &self.visitors[slot];
        let segment = &self.plan.segments[usize::from(visitor.segment)];
        if self.waits_unbegun(slot)
            && let Some(patience) = self.patience(visitor, segment)
        {
            if from + patience == self.now {
                self.abandon(slot, observer);
            } else {
                let event = self.calendar.push(from + patience, Kind::Abandonment, slot);
                self.visitors[slot].event = event;
            }
        }
        if from > self.now {
            // One errand may have begun while others stand early.
            if self.waits_unbegun(slot) || self.visitors[slot].state == State::Apart {
                self.stand_early(slot, from);
            }
        } else if self.waits_unbegun(slot) {
            self.expect_promotion(slot, from);
        }
        if !self.given_back.is_empty() {
            self.serve_waiting(observer);
        }
    }

    /// How long a customer is ready to wait, if not for ever.
    fn patience(&self, visitor: &Visitor, segment: &PlannedSegment) -> Option<u64> {
        if let Some(recorded) = self.plan.recorded.get(visitor.index as usize)
            && let Some(patience) = recorded.patience
        {
            return Some(patience.0);
        }
        let law = segment.patience.as_ref()?;
        Some(self.source.micros(law, visitor.key, Purpose::Patience))
    }

    fn take_slot(&mut self, visitor: Visitor) -> Result<usize, SimError> {
        // As many as have room with all their errands.
        let limit = SLOTS / (1 + self.plan.errands);
        if self.people.now() + self.away >= limit as u64 {
            return Err(SimError::Overcrowded { limit });
        }
        Ok(self.place_visitor(visitor))
    }

    /// Puts a customer, or an errand, into a free slot.
    fn place_visitor(&mut self, visitor: Visitor) -> usize {
        if let Some(slot) = self.free_slots.pop() {
            self.visitors[slot as usize] = visitor;
            return slot as usize;
        }
        self.visitors.push(visitor);
        self.visitors.len() - 1
    }

    fn patience_ends<O: Observer>(&mut self, slot: usize, tag: u64, observer: &mut O) {
        let visitor = &self.visitors[slot];
        // The event of someone who was served in time is left over.
        if visitor.event == tag && self.waits_unbegun(slot) {
            self.last_progress = self.now;
            self.abandon(slot, observer);
        } else if visitor.turn == tag {
            self.turn_comes(slot, observer);
        } else {
            // Nothing has happened.
            self.ending.events -= 1;
        }
    }

    fn change<O: Observer>(&mut self, change: Change, observer: &mut O) {
        self.last_progress = self.now;
        match change {
            Change::Roster { resource, count } => {
                let resource = resource as usize;
                self.change_roster(resource, count);
                self.given_back.push(resource);
                self.serve_waiting(observer);
            }
            Change::Opens { resource } => {
                let resource = resource as usize;
                self.change_roster(resource, self.drawn[resource]);
                self.given_back.push(resource);
                self.serve_waiting(observer);
            }
            Change::Begins { incident } => self.change_incident(incident as usize, true, observer),
            Change::Ends { incident } => self.change_incident(incident as usize, false, observer),
            Change::SendsHome => self.send_home(observer),
            Change::BatchEnds => self.end_batch(observer),
        }
    }

    /// Ends a batch of a long run: those inside go on into the next.
    fn end_batch<O: Observer>(&mut self, observer: &mut O) {
        let (now, stretch) = (self.now, self.stretch);
        self.each_level(|level| level.cut(now, &stretch));
        observer.batch_ended(self);
        self.each_level(Level::begin_anew);
    }

    fn each_level(&mut self, change: impl Fn(&mut Level)) {
        let pools = self.pools.iter_mut().flat_map(Pool::levels);
        pools
            .chain([&mut self.waiting, &mut self.people])
            .for_each(change);
    }

    /// Takes a customer out of the branch and tells what became of it.
    fn leave<O: Observer>(&mut self, slot: usize, fate: Fate, observer: &mut O) {
        if let Some(owner) = self.errands.owner(slot) {
            self.errand_ends(slot, owner, observer);
            return;
        }
        match self.visitors[slot].state {
            State::Waiting => self.stop_waiting(slot),
            State::Apart => self.call_off_errands(slot),
            _ => {}
        }
        self.people_go(slot);
        let visitor = &self.visitors[slot];
        let fell_back = visitor.failed_at != NEVER;
        let clock = self.clock_of(visitor);
        let wait = if fate == Fate::Served {
            visitor.wait
        } else {
            self.now.saturating_sub(clock + visitor.away)
        };
        let departure = Departure {
            fate,
            index: visitor.index,
            arrived: visitor.arrived,
            begun: visitor.first_begun,
            clock,
            away: visitor.away,
            left: self.now,
            segment: visitor.segment,
            service_id: visitor.service_id,
            journey: visitor.first_journey,
            fell_back,
            wait,
            service: visitor.service,
            review: visitor.review,
            system: visitor.system,
            fallback: if fell_back {
                self.now - visitor.failed_at
            } else {
                0
            },
        };
        let arrived = visitor.arrived;
        self.visitors[slot].state = State::Gone;
        self.free_slots.push(slot as u32);
        if self.plan.counts(arrived) {
            self.counted_inside -= 1;
            self.ending.last_left = self.ending.last_left.max(self.now);
            observer.departed(&departure);
        }
    }

    /// Tells of those who were never served, and closes the integrals.
    fn finish<O: Observer>(&mut self, observer: &mut O) {
        let end = self.stretch.to.max(self.now);
        for pool in &mut self.pools {
            for level in pool.levels() {
                level.set(end, 0, &self.stretch);
            }
        }
        self.waiting.set(end, 0, &self.stretch);
        self.people.set(end, 0, &self.stretch);
        for slot in 0..self.visitors.len() {
            let visitor = self.visitors[slot];
            let left = matches!(visitor.state, State::Gone | State::Ticket | State::Called);
            if !left && self.errands.owner(slot).is_none() && self.plan.counts(visitor.arrived) {
                observer.departed(&Departure {
                    fate: Fate::Unserved,
                    index: visitor.index,
                    arrived: visitor.arrived,
                    begun: 0,
                    clock: visitor.arrived,
                    away: 0,
                    left: self.now,
                    segment: visitor.segment,
                    service_id: visitor.service_id,
                    journey: visitor.first_journey,
                    fell_back: visitor.failed_at != NEVER,
                    wait: 0,
                    service: 0,
                    review: 0,
                    system: 0,
                    fallback: 0,
                });
            }
        }
    }
}

#[inline]
fn choose_segment(plan: &Plan, u: impl FnOnce() -> f64) -> (u16, &PlannedSegment) {
    if let [only] = &plan.segments[..] {
        return (0, only);
    }
    let u = u();
    let at = plan
        .segments
        .partition_point(|segment| segment.cumulative < u)
        .min(plan.segments.len() - 1);
    (at as u16, &plan.segments[at])
}

/// The position of a service among those of a segment.
#[inline]
fn choose_service(segment: &PlannedSegment, u: impl FnOnce() -> f64) -> usize {
    if segment.services.len() == 1 {
        return 0;
    }
    let u = u();
    segment
        .services
        .partition_point(|(cumulative, ..)| *cumulative < u)
        .min(segment.services.len() - 1)
}

#[cfg(test)]
mod traces;
#[cfg(test)]
mod whatever;
