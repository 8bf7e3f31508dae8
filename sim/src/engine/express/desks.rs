//! The servers of a resource: who is on duty, at work, idle.

use super::routes::DeskRule;
use super::sums::Sum;
use crate::engine::levels::{Level, Stretch};

/// Where all servers are alike, the place of whoever serves.
pub const ANY: u32 = 0xFF;

/// The servers of a resource.
#[derive(Debug)]
pub struct Desk {
    rule: DeskRule,
    told_apart: bool,
    /// On the roster now, and at work.
    on_duty: u32,
    busy: u32,
    /// Of servers told apart the same, one bit each.
    on_duty_set: u64,
    busy_set: u64,
    idle_since: Vec<u64>,
    pub waiting: Sum,
    pub serving: Sum,
    /// Those of the roster, and those who finish a customer after their shift.
    pub duty: Level,
    pub rostered: Level,
}

impl Desk {
    pub fn new(rule: &DeskRule) -> Self {
        Self {
            told_apart: !rule.units.is_empty(),
            rule: rule.clone(),
            on_duty: 0,
            busy: 0,
            on_duty_set: 0,
            busy_set: 0,
            idle_since: Vec::new(),
            waiting: Sum::default(),
            serving: Sum::default(),
            duty: Level::default(),
            rostered: Level::default(),
        }
    }

    /// A day begins with so many servers.
    pub fn open(&mut self, capacity: u32, now: u64, stretch: &Stretch) {
        self.busy = 0;
        self.busy_set = 0;
        self.idle_since.clear();
        self.idle_since.resize(self.rule.units.len(), now);
        self.on_duty_set = 0;
        self.waiting = Sum::default();
        self.serving = Sum::default();
        self.duty.reset(0);
        self.rostered.reset(0);
        self.change_roster(capacity, now, stretch);
    }

    /// From now on so many servers are on the roster.
    pub fn change_roster(&mut self, count: u32, now: u64, stretch: &Stretch) {
        self.rostered.set(now, u64::from(count), stretch);
        self.on_duty = count;
        let units = self.rule.numbers.iter().zip(&self.rule.units).enumerate();
        for (place, (number, unit)) in units {
            let bit = 1 << place;
            if !unit.is_on_duty(*number, count, now) {
                self.on_duty_set &= !bit;
            } else if self.on_duty_set & bit == 0 {
                self.on_duty_set |= bit;
                self.idle_since[place] = now;
            }
        }
        self.note_duty(now, stretch);
    }

    /// Who of the servers serves next who can serve these (told apart, one bit each).
    #[inline]
    pub fn idle(&self, able: u64) -> Option<u32> {
        if !self.told_apart {
            return (self.busy < self.on_duty).then_some(ANY);
        }
        let idle = self.on_duty_set & !self.busy_set & able;
        if idle == 0 {
            return None;
        }
        if self.rule.longest_idle {
            return self.longest_idle(idle);
        }
        Some(idle.trailing_zeros())
    }

    fn longest_idle(&self, mut idle: u64) -> Option<u32> {
        let mut longest: Option<u32> = None;
        while idle != 0 {
            let unit = idle.trailing_zeros();
            idle &= idle - 1;
            let since = |unit: u32| self.idle_since[unit as usize];
            if longest.is_none_or(|best| since(unit) < since(best)) {
                longest = Some(unit);
            }
        }
        longest
    }

    /// The lanes that a server who has just finished may serve, one bit each; none if
    /// its shift is over.
    #[inline]
    pub fn lanes_after(&self, unit: u32) -> u64 {
        match self.rule.lanes_of_each.get(unit as usize) {
            Some(lanes) if self.on_duty_set >> unit & 1 == 1 => *lanes,
            None if self.busy <= self.on_duty => self.rule.lanes,
            _ => 0,
        }
    }

    /// All its lanes, one bit each.
    pub fn lanes(&self) -> u64 {
        self.rule.lanes
    }

    /// How many times as long a server takes.
    #[inline]
    pub fn slowness(&self, unit: u32) -> f64 {
        let slowness = self.rule.slowness.get(unit as usize);
        slowness.copied().unwrap_or(1.0)
    }

    /// A server who was idle begins to work.
    #[inline]
    pub fn begin(&mut self, unit: u32, since_start: u64) {
        self.busy += 1;
        if self.told_apart {
            self.busy_set |= 1 << unit;
        }
        self.serving.rise(since_start);
    }

    /// A server is idle from now on, or goes home.
    #[inline]
    pub fn end(&mut self, unit: u32, since_start: u64, now: u64, stretch: &Stretch) {
        let on_duty = if self.told_apart {
            self.busy_set &= !(1 << unit);
            self.idle_since[unit as usize] = now;
            self.on_duty_set >> unit & 1 == 1
        } else {
            self.busy <= self.on_duty
        };
        self.busy -= 1;
        self.serving.fall(since_start);
        if !on_duty {
            self.note_duty(now, stretch);
        }
    }

    fn note_duty(&mut self, now: u64, stretch: &Stretch) {
        let there = if self.told_apart {
            (self.on_duty_set | self.busy_set).count_ones()
        } else {
            self.on_duty.max(self.busy)
        };
        self.duty.set(now, u64::from(there), stretch);
    }
}
