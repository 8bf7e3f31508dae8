//! When each operation is due: first steps by the plan, later ones after the
//! previous answer of their session.

use crate::clock::Moment;
use scenarios::time::{SimTime, Span};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Real nanoseconds from the start of the clock to a moment of the scenario.
pub fn real_offset(at: SimTime, window_start: SimTime, speed: f64) -> u64 {
    real_span(at.since(window_start), speed)
}

/// Real nanoseconds that a stretch of scenario time takes.
pub fn real_span(span: Span, speed: f64) -> u64 {
    // A day is 8.64e13 ns, far below 2^53: nothing is lost.
    (span.0 as f64 * 1000.0 / speed).round() as u64
}

/// An operation whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it was to start.
    pub intended: Moment,
    /// Its position in the plan.
    pub index: u32,
}

/// The operations not yet due. Every deadline is absolute, computed from the
/// start and never from the previous wake-up, so lateness does not add up.
pub struct Schedule {
    start: Moment,
    /// `(offset, index)` of first steps, ascending.
    firsts: Vec<(u64, u32)>,
    next_first: usize,
    followers: BinaryHeap<Reverse<(Moment, u32)>>,
}

impl Schedule {
    /// Of these first steps, `(offset in nanoseconds, index)`, in any order.
    pub fn new(start: Moment, mut firsts: Vec<(u64, u32)>) -> Self {
        firsts.sort_unstable();
        Self {
            start,
            firsts,
            next_first: 0,
            followers: BinaryHeap::new(),
        }
    }

    /// The next deadline.
    pub fn next(&self) -> Option<Moment> {
        let first = self.first_due();
        let follower = self.followers.peek().map(|Reverse((at, _))| *at);
        match (first, follower) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes the earliest operation that is due at `now`; ties go to a first step.
    pub fn take_due(&mut self, now: Moment) -> Option<Due> {
        let intended = self.next().filter(|at| *at <= now)?;
        if self.first_due() == Some(intended) {
            let (_, index) = self.firsts[self.next_first];
            self.next_first += 1;
            return Some(Due { intended, index });
        }
        let Reverse((_, index)) = self.followers.pop()?;
        Some(Due { intended, index })
    }

    /// Adds a later step; returns whether it is now the earliest.
    pub fn follow(&mut self, intended: Moment, index: u32) -> bool {
        let earliest = self.next().is_none_or(|next| intended < next);
        self.followers.push(Reverse((intended, index)));
        earliest
    }

    fn first_due(&self) -> Option<Moment> {
        let (offset, _) = self.firsts.get(self.next_first)?;
        Some(self.start.after(*offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_times_faster_half_an_hour_takes_a_minute() {
        let at = SimTime::from_clock(10, 30);
        let offset = real_offset(at, SimTime::from_clock(10, 0), 30.0);
        assert_eq!(offset, 60 * NANOS);
        assert_eq!(real_span(Span::from_seconds(45.0), 30.0), NANOS * 3 / 2);
    }

    #[test]
    fn what_lies_before_the_window_is_due_at_once() {
        assert_eq!(real_offset(SimTime(5), SimTime(9), 1.0), 0);
    }

    #[test]
    fn deadlines_come_in_order_whoever_they_belong_to() {
        let start = Moment::default();
        let mut schedule = Schedule::new(start, vec![(30, 1), (10, 0)]);
        assert!(!schedule.follow(start.after(20), 2));
        assert!(schedule.follow(start.after(5), 3));
        assert_eq!(schedule.take_due(start.after(4)), None);
        let order: Vec<u32> =
            std::iter::from_fn(|| schedule.take_due(start.after(99)).map(|due| due.index))
                .collect();
        assert_eq!(order, [3, 0, 2, 1]);
        assert_eq!(schedule.next(), None);
    }

    const NANOS: u64 = 1_000_000_000;
}
