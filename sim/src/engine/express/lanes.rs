//! A lane: customers of one resource, skill and priority, in the order of coming.

use super::card::Card;
use super::routes::LaneRule;
use crate::keyed::Key;
use std::collections::VecDeque;

/// Who waits.
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
