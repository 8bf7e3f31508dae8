//! The servers of a resource: how many are free, who of them serves, and what is
//! told of their use.

use super::levels::Level;
use super::{Engine, Visitor};
use crate::keyed::{Key, Purpose};
use crate::plan::{PlannedPool, RequestId};
use crate::source::Source;
use scenarios::model::{Choice, Hold, ShiftEnd};

/// The unit of a customer who holds none told apart.
pub const NO_UNIT: u32 = u32::MAX;
/// The time at work until a server stops by itself that never does.
pub const NEVER_WEARS: u64 = u64::MAX;
/// The slot of a unit that serves nobody.
const NOBODY: u32 = u32::MAX;

/// One pool of servers.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// On duty: the roster's without those out of use.
    pub(super) capacity: u32,
    pub(super) rostered: u32,
    /// Out of use by incidents; may be more than there are.
    pub(super) lowered: u64,
    pub(super) busy: u32,
    /// Of those, how many serve somebody without an appointment; counted only where
    /// servers are reserved for the others.
    walk_ins: u32,
    /// At work, but of a team that has been relieved.
    pub(super) leaving: u32,
    /// Servers told apart at work who are not on duty any more.
    finishing: u32,
    /// The event at which the team last changed.
    team_since: u64,
    /// Tickets to be called of people who have left.
    pub(super) tickets_left: u64,
    /// Servers told apart.
    pub(super) units: Vec<Unit>,
    /// Which of them are free, one bit each, in words of 64.
    free_units: Vec<u64>,
    /// Servers at work, over time.
    pub busy_level: Level,
    /// Servers on duty, over time: those of the roster, and those who finish a customer after their shift.
    pub duty_level: Level,
    /// People waiting for it, over time.
    pub waiting_level: Level,
    /// Servers of the roster, over time.
    pub rostered_level: Level,
}

/// A server told apart.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Whom it serves.
    pub slot: u32,
    pub broken: bool,
    /// By the roster, or by hours of its own.
    on_duty: bool,
    /// On duty, and no incident takes it out of use.
    in_use: bool,
    pub breakdowns: u32,
    pub jams: u32,
    /// Time at work until it breaks down or jams.
    pub until_breakdown: u64,
    pub until_jam: u64,
    /// People in its own line.
    pub waiting: u32,
    idle_since: u64,
}

impl Unit {
    fn new(on_duty: bool, now: u64) -> Self {
        Self {
            slot: NOBODY,
            broken: false,
            on_duty,
            in_use: on_duty,
            breakdowns: 0,
            jams: 0,
            until_breakdown: NEVER_WEARS,
            until_jam: NEVER_WEARS,
            waiting: 0,
            idle_since: now,
        }
    }

    /// Whether it serves somebody.
    pub fn serves(&self) -> bool {
        self.slot != NOBODY
    }

    /// Whom it serves although its shift is over.
    pub(super) fn serves_off_duty(&self) -> Option<usize> {
        (self.serves() && !self.on_duty).then_some(self.slot as usize)
    }
}

impl Pool {
    pub(super) fn free(&self) -> u32 {
        (self.capacity + self.leaving).saturating_sub(self.busy)
    }

    /// Whether a server may be free.
    pub(super) fn may_serve(&self) -> bool {
        if self.units.is_empty() {
            self.free() > 0
        } else {
            self.free_units.iter().any(|word| *word != 0)
        }
    }

    pub(super) fn levels(&mut self) -> [&mut Level; 4] {
        [
            &mut self.busy_level,
            &mut self.duty_level,
            &mut self.waiting_level,
            &mut self.rostered_level,
        ]
    }

    /// Starts again at a time with so many servers.
    pub(super) fn reset(&mut self, capacity: u32, plan: &PlannedPool, now: u64) {
        self.capacity = capacity;
        self.rostered = capacity;
        self.lowered = 0;
        self.busy = 0;
        self.walk_ins = 0;
        self.tickets_left = 0;
        self.leaving = 0;
        self.finishing = 0;
        self.team_since = 0;
        self.units.clear();
        let units = plan.units.iter().enumerate().map(|(number, unit)| {
            let there = unit.is_on_duty(number, capacity, now);
            Unit::new(there, now)
        });
        self.units.extend(units);
        self.note_free_units();
        self.levels().into_iter().for_each(|level| level.reset(0));
    }

    /// Whether a server told apart could serve someone now.
    pub(super) fn unit_is_free(&self, unit: usize) -> bool {
        let it = &self.units[unit];
        !it.serves() && !it.broken && it.in_use
    }

    /// Notes anew which servers told apart are free.
    fn note_free_units(&mut self) {
        self.free_units.clear();
        self.free_units.resize(self.units.len().div_ceil(64), 0);
        (0..self.units.len()).for_each(|unit| self.note_free_unit(unit));
    }

    fn note_free_unit(&mut self, unit: usize) {
        let bit = 1 << (unit % 64);
        if self.unit_is_free(unit) {
            self.free_units[unit / 64] |= bit;
        } else {
            self.free_units[unit / 64] &= !bit;
        }
    }

    /// The servers told apart who are free, ascending.
    fn free_units(&self) -> impl Iterator<Item = usize> {
        let words = self.free_units.iter().enumerate();
        words.flat_map(|(number, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2().map(|_| left.trailing_zeros())?;
                left &= left - 1;
                Some(number * 64 + bit as usize)
            })
        })
    }

    /// Who of the free servers with these skills serves.
    fn choose_unit(&self, plan: &PlannedPool, skills: u64) -> Option<usize> {
        debug_assert!(
            self.free_units()
                .eq((0..self.units.len()).filter(|&unit| self.unit_is_free(unit)))
        );
        let mut able = self
            .free_units()
            .filter(|&unit| plan.units[unit].skills & skills == skills);
        match plan.choice {
            Choice::Lowest => able.next(),
            Choice::LongestIdle => able.min_by_key(|&unit| (self.units[unit].idle_since, unit)),
            Choice::Fastest => able.min_by(|&a, &b| {
                let speed = |unit: usize| plan.units[unit].speed;
                speed(b).total_cmp(&speed(a)).then(a.cmp(&b))
            }),
            Choice::MostSpecialised => {
                able.min_by_key(|&unit| (plan.units[unit].skills.count_ones(), unit))
            }
        }
    }
}

impl<S: Source> Engine<'_, S> {
    /// Whether a request can be granted, by the server of this line if each has its own.
    pub(super) fn is_free(&self, request: RequestId, line: u32) -> bool {
        let wanted = &self.plan.requests[request as usize];
        let enough = match wanted.apart {
            None => wanted
                .holds
                .iter()
                .all(|hold| self.pools[hold.resource].free() >= hold.count),
            Some((apart, _)) => {
                wanted.holds.iter().all(|hold| {
                    hold.resource == apart || self.pools[hold.resource].free() >= hold.count
                }) && self.unit_for(request, line).is_some()
            }
        };
        enough
            && !(wanted.reserved && self.is_reserved(request))
            && !(self.incidents.any_stops() && self.is_stopped(request))
    }

    /// Whether what is free is kept for those with an appointment.
    fn is_reserved(&self, request: RequestId) -> bool {
        let holds = &self.plan.requests[request as usize].holds;
        holds.iter().any(|hold| {
            let pool = &self.pools[hold.resource];
            let open = pool
                .capacity
                .saturating_sub(self.plan.pools[hold.resource].reserved);
            self.plan.pools[hold.resource].reserved > 0 && pool.walk_ins + hold.count > open
        })
    }

    /// The server told apart who would serve a request of this line.
    fn unit_for(&self, request: RequestId, line: u32) -> Option<usize> {
        let wanted = &self.plan.requests[request as usize];
        let (resource, skills) = wanted.apart?;
        let pool = &self.pools[resource];
        if wanted.lines > 1 {
            let unit = (line - wanted.first_line) as usize;
            return pool.unit_is_free(unit).then_some(unit);
        }
        pool.choose_unit(&self.plan.pools[resource], skills)
    }

    /// Takes what a request wants for a customer.
    pub(super) fn take(&mut self, request: RequestId, line: u32, slot: usize) {
        let plan = self.plan;
        let wanted = &plan.requests[request as usize];
        if let Some((resource, _)) = wanted.apart
            && let Some(unit) = self.unit_for(request, line)
        {
            self.pools[resource].units[unit].slot = slot as u32;
            self.pools[resource].note_free_unit(unit);
            self.visitors[slot].unit = unit as u32;
        }
        for hold in &wanted.holds {
            let pool = &mut self.pools[hold.resource];
            debug_assert!(
                !pool.units.is_empty() || pool.free() >= hold.count,
                "a server would serve two at once"
            );
            pool.busy += hold.count;
            if plan.pools[hold.resource].reserved > 0 && self.visitors[slot].booking == 0 {
                pool.walk_ins += hold.count;
            }
            pool.busy_level
                .set(self.now, u64::from(pool.busy), &self.stretch);
        }
    }

    /// Gives servers back that a customer took in the event of this number.
    pub(super) fn give_back(&mut self, holds: &[Hold], slot: usize, taken: u64) {
        for hold in holds {
            let now = self.now;
            let pool = &mut self.pools[hold.resource];
            pool.busy -= hold.count;
            if self.plan.pools[hold.resource].reserved > 0 && self.visitors[slot].booking == 0 {
                pool.walk_ins -= hold.count;
            }
            pool.busy_level
                .set(now, u64::from(pool.busy), &self.stretch);
            if pool.leaving > 0 && taken < pool.team_since {
                pool.leaving -= hold.count;
            }
            if !pool.units.is_empty() {
                self.free_unit(hold.resource, slot);
            }
            let pool = &mut self.pools[hold.resource];
            if self.plan.pools[hold.resource].shared {
                // It goes back to the region, not to the next in line here.
                pool.capacity -= hold.count;
            }
            let on_duty = pool.on_duty();
            if pool.duty_level.now() > on_duty {
                pool.duty_level.set(now, on_duty, &self.stretch);
            }
            self.given_back.push(hold.resource);
        }
    }

    fn free_unit(&mut self, resource: usize, slot: usize) {
        let visitor: &mut Visitor = &mut self.visitors[slot];
        let unit = std::mem::replace(&mut visitor.unit, NO_UNIT) as usize;
        let pool = &mut self.pools[resource];
        // Who has been relieved has handed its place over already.
        if let Some(it) = pool.units.get_mut(unit)
            && it.slot == slot as u32
        {
            it.slot = NOBODY;
            it.idle_since = self.now;
            pool.finishing -= u32::from(!it.in_use);
            pool.note_free_unit(unit);
        }
        if self.plan.pools[resource].queue.jockeying {
            self.jockey(resource, unit);
        }
    }

    /// Draws how many servers there are today, where that is drawn.
    pub(super) fn draw_capacities(&mut self, day: Key) {
        for (resource, planned) in self.plan.pools.iter().enumerate() {
            if planned.drawn.is_empty() {
                continue;
            }
            let place = Purpose::Capacity {
                resource: resource as u32,
            };
            let u = self.source.uniform(day, place);
            let at = planned
                .drawn
                .partition_point(|(cumulative, _)| *cumulative <= u);
            self.drawn[resource] = planned.drawn[at.min(planned.drawn.len() - 1)].1;
        }
    }

    /// From now on so many servers are rostered.
    pub(super) fn change_roster(&mut self, resource: usize, count: u32) {
        let planned = &self.plan.pools[resource];
        let pool = &mut self.pools[resource];
        pool.rostered = count;
        pool.rostered_level
            .set(self.now, u64::from(count), &self.stretch);
        if planned.shift_end == ShiftEnd::Changeover {
            pool.leaving = pool.busy;
            pool.team_since = self.ending.events;
        }
        if !planned.units.is_empty() {
            pool.change_shifts(planned, count, self.now);
        }
        self.set_capacity(resource);
        if planned.shift_end == ShiftEnd::Resume {
            if planned.units.is_empty() {
                self.stop_those_above(resource);
            } else {
                self.stop_those_off_duty(resource);
            }
        }
    }

    /// On duty are those of the roster that are not out of use.
    pub(super) fn set_capacity(&mut self, resource: usize) {
        let pool = &mut self.pools[resource];
        if pool.units.is_empty() {
            pool.capacity = u64::from(pool.rostered).saturating_sub(pool.lowered) as u32;
        } else {
            pool.look_at_units();
        }
        let on_duty = pool.on_duty();
        pool.duty_level.set(self.now, on_duty, &self.stretch);
    }
}

impl Pool {
    /// Notes which servers told apart are on duty from now on.
    fn change_shifts(&mut self, plan: &PlannedPool, count: u32, now: u64) {
        let relieved = plan.shift_end == ShiftEnd::Changeover;
        for (number, (unit, planned)) in self.units.iter_mut().zip(&plan.units).enumerate() {
            let there = planned.is_on_duty(number, count, now);
            if there && (relieved || !unit.on_duty) {
                unit.idle_since = now;
            }
            unit.on_duty = there;
            if relieved {
                unit.slot = NOBODY;
            }
        }
    }

    /// Counts the servers told apart anew: an incident takes the highest numbers of
    /// those on duty out of use, and one of them may be broken down, too.
    fn look_at_units(&mut self) {
        let mut lowered = self.lowered;
        for unit in self.units.iter_mut().rev() {
            let down = unit.on_duty && lowered > 0;
            lowered -= u64::from(down);
            unit.in_use = unit.on_duty && !down;
        }
        let serving = |unit: &&Unit| unit.in_use && !unit.broken;
        self.capacity = self.units.iter().filter(serving).count() as u32;
        let finishing = |unit: &&Unit| unit.serves() && !unit.in_use;
        self.finishing = self.units.iter().filter(finishing).count() as u32;
        self.note_free_units();
    }

    /// Those who finish a customer are there besides.
    fn on_duty(&self) -> u64 {
        if self.units.is_empty() {
            u64::from((self.capacity + self.leaving).max(self.busy))
        } else {
            u64::from(self.capacity + self.leaving + self.finishing)
        }
    }

    /// Whether the server that serves somebody could serve somebody else instead: it
    /// is neither relieved nor only there to finish.
    pub(super) fn could_serve_another(&self, slot: usize, unit: usize, taken: u64) -> bool {
        match self.units.get(unit) {
            Some(it) => it.slot == slot as u32 && it.in_use,
            None => {
                self.busy <= self.capacity + self.leaving
                    && (self.leaving == 0 || taken >= self.team_since)
            }
        }
    }
}
