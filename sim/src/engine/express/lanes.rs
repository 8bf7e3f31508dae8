//! A lane: customers of one resource, skill and priority, in the order of coming.

use super::routes::LaneRule;
use crate::keyed::Key;
use std::collections::VecDeque;

/// Who comes, waits, or is served: five words, so that it goes from place to place in
/// registers.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub key: Key,
    pub arrived: u64,
    /// When it leaves if it has not begun by then.
    pub deadline: u64,
    /// How long its only step takes, if it has only one that is no more than a time.
    pub takes: u64,
    pub card: Card,
}

/// A customer's number among those who came, what it comes for, and whether it is
/// counted, in one word.
#[derive(Debug, Clone, Copy)]
pub struct Card(u64);

impl Card {
    #[inline]
    pub fn new(index: u32, aim: u16, counted: bool) -> Self {
        Self(u64::from(index) | (u64::from(aim) << 32) | (u64::from(counted) << 48))
    }

    #[inline]
    pub fn index(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub fn aim(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    pub fn is_counted(self) -> bool {
        self.0 >> 48 != 0
    }
}

/// A lane and who stands in it.
#[derive(Debug)]
pub struct Lane {
    pub rule: LaneRule,
    pub people: VecDeque<Waiting>,
}

impl Lane {
    pub fn new(rule: &LaneRule) -> Self {
        Self {
            rule: *rule,
            people: VecDeque::new(),
        }
    }

    /// How its first stands among those of other lanes of its priority: when it came,
    /// with its credit, then its index.
    #[inline]
    pub fn place_of_head(&self) -> (i64, u32) {
        self.people.front().map_or((i64::MAX, u32::MAX), |head| {
            let came = head.arrived.cast_signed() - self.rule.credit.cast_signed();
            (came, head.card.index())
        })
    }
}
