//! Waiting lines. Customers with the same request are alike in what they want,
//! so each distinct request has one line (or one for each server), and only its
//! head can be the next to be served; who of several heads is next is decided by
//! their places.

use super::Engine;
use super::visitor::State;
use crate::keyed::Purpose;
use crate::plan::RequestId;
use crate::source::Source;
use scenarios::model::{Lines as Arrangement, Order};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Queueing times are counted from here: smaller ones are of those who were
/// interrupted and go before all who have not begun.
const NOT_BEGUN: u64 = 1 << 60;

/// The lines of all requests.
#[derive(Debug)]
pub struct Lines {
    each: Vec<BinaryHeap<Reverse<(u128, u32)>>>,
}

impl Lines {
    pub fn new(lines: usize) -> Self {
        Self {
            each: (0..lines).map(|_| BinaryHeap::new()).collect(),
        }
    }

    pub fn clear(&mut self) {
        self.each.iter_mut().for_each(BinaryHeap::clear);
    }

    /// Someone joins a line at its place.
    pub fn join(&mut self, line: u32, place: u128, slot: usize) {
        self.each[line as usize].push(Reverse((place, slot as u32)));
    }

    /// The place and slot of a line's first customer who is still there.
    pub fn head(
        &mut self,
        line: u32,
        is_there: impl Fn(usize, u128) -> bool,
    ) -> Option<(u128, usize)> {
        let line = &mut self.each[line as usize];
        while let Some(Reverse((place, slot))) = line.peek().copied() {
            if is_there(slot as usize, place) {
                return Some((place, slot as usize));
            }
            line.pop();
        }
        None
    }

    /// Someone of a line in random order: of the highest priority, the one whose
    /// `draw` is least.
    pub fn any(
        &mut self,
        line: u32,
        is_there: impl Fn(usize, u128) -> bool,
        draw: impl Fn(usize) -> u64,
    ) -> Option<(u128, usize)> {
        let line = &mut self.each[line as usize];
        line.retain(|Reverse((place, slot))| is_there(*slot as usize, *place));
        line.iter()
            .map(|Reverse((place, slot))| {
                let begun = ((place >> 32) as u64) < NOT_BEGUN / 2;
                let drawn = if begun { 0 } else { draw(*slot as usize) | 1 };
                (((place >> 96) << 96) | u128::from(drawn), *slot as usize)
            })
            .min()
    }

    /// Who of a line has waited longest by weight: of the highest priority, the one
    /// who is in line as if it had come first.
    pub fn longest_wait(
        &mut self,
        line: u32,
        is_there: impl Fn(usize, u128) -> bool,
        since: impl Fn(usize) -> u64,
    ) -> Option<(u128, usize)> {
        let line = &mut self.each[line as usize];
        line.retain(|Reverse((place, slot))| is_there(*slot as usize, *place));
        line.iter()
            .map(|Reverse((place, slot))| {
                let begun = ((place >> 32) as u64) < NOT_BEGUN / 2;
                let weighted = if begun {
                    *place
                } else {
                    ((place >> 96) << 96)
                        | (u128::from(since(*slot as usize)) << 32)
                        | (place & u128::from(u32::MAX))
                };
                (weighted, *slot as usize)
            })
            .min()
    }

    /// The last of a line who is still there.
    fn tail(&self, line: u32, is_there: impl Fn(usize, u128) -> bool) -> Option<usize> {
        self.each[line as usize]
            .iter()
            .map(|Reverse((place, slot))| (*place, *slot as usize))
            .filter(|(place, slot)| is_there(*slot, *place))
            .max()
            .map(|(_, slot)| slot)
    }

    /// Takes the head out of a line.
    pub fn pop(&mut self, line: u32) {
        self.each[line as usize].pop();
    }
}

/// The place of a customer in its lines: by priority, then the order of queueing, then index.
pub fn place(rank: u32, order: Order, queues_from: u64, credit: u64, index: u32) -> u128 {
    let (time, index) = match order {
        Order::Fifo | Order::Random | Order::Weighted => {
            ((NOT_BEGUN + queues_from).saturating_sub(credit), index)
        }
        Order::Lifo => ((2 * NOT_BEGUN).saturating_sub(queues_from), !index),
    };
    (u128::from(rank) << 96) | (u128::from(time.max(NOT_BEGUN / 2)) << 32) | u128::from(index)
}

/// The place of one who was interrupted: before all of its priority who have not begun.
pub fn place_of_interrupted(rank: u32, queues_from: u64, index: u32) -> u128 {
    (u128::from(rank) << 96)
        | (u128::from(queues_from.min(NOT_BEGUN / 2 - 1)) << 32)
        | u128::from(index)
}

impl<S: Source> Engine<'_, S> {
    /// Who of a line would be served next.
    pub(super) fn head(&mut self, request: RequestId, line: u32) -> Option<(u128, usize)> {
        let visitors = &self.visitors;
        let is_there = |slot: usize, place: u128| {
            let visitor: &super::Visitor = &visitors[slot];
            matches!(visitor.state, State::Waiting | State::Ticket)
                && visitor.place == place
                && visitor.line == line
        };
        if self.plan.requests[request as usize].order == Order::Weighted {
            let (now, segments) = (self.now, &self.plan.segments);
            let weighted = |slot: usize| {
                let visitor: &super::Visitor = &visitors[slot];
                let segment = &segments[usize::from(visitor.segment)];
                let waited = now.saturating_sub(visitor.queues_from) + segment.waiting_credit;
                let weighted = (waited as f64 * segment.waiting_weight).round() as u64;
                // In line as if it had come so long ago.
                (NOT_BEGUN + now)
                    .saturating_sub(weighted)
                    .max(NOT_BEGUN / 2)
            };
            return self.lines.longest_wait(line, is_there, weighted);
        }
        if self.plan.requests[request as usize].order == Order::Random {
            let picks = self.picks;
            let source = self.source;
            let draw = |slot: usize| source.bits(visitors[slot].key, Purpose::Pick { picks });
            return self.lines.any(line, is_there, draw);
        }
        self.lines.head(line, is_there)
    }

    /// The line that a customer joins.
    pub(super) fn choose_line(&self, slot: usize, request: RequestId) -> u32 {
        let wanted = &self.plan.requests[request as usize];
        let (Some((resource, _)), true) = (wanted.apart, wanted.lines > 1) else {
            return wanted.first_line;
        };
        let visitor = &self.visitors[slot];
        let place = Purpose::Line {
            hop: visitor.hop,
            journey: visitor.journey,
            step: visitor.step,
        };
        let bits = self.source.bits(visitor.key, place);
        let pick = |among: u64| ((u128::from(bits) * u128::from(among)) >> 64) as usize;
        let chosen = if self.plan.pools[resource].queue.lines == Arrangement::Random {
            pick(u64::from(wanted.lines))
        } else {
            let lengths =
                || (0..self.pools[resource].units.len()).map(|it| self.length(resource, it));
            let least = lengths().min().unwrap_or(0);
            let among = lengths().filter(|length| *length == least).count() as u64;
            let nth = pick(among);
            lengths()
                .enumerate()
                .filter(|(_, length)| *length == least)
                .nth(nth)
                .map_or(0, |(unit, _)| unit)
        };
        wanted.first_line + chosen as u32
    }

    /// People in a server's line and at the server.
    fn length(&self, resource: usize, unit: usize) -> u32 {
        let unit = &self.pools[resource].units[unit];
        unit.waiting + u32::from(unit.serves())
    }

    /// One more (or one fewer) in the server's own line.
    pub(super) fn count_in_line(&mut self, request: RequestId, line: u32, joins: bool) {
        let wanted = &self.plan.requests[request as usize];
        if let (Some((resource, _)), true) = (wanted.apart, wanted.lines > 1) {
            let unit = &mut self.pools[resource].units[(line - wanted.first_line) as usize];
            unit.waiting = if joins {
                unit.waiting + 1
            } else {
                unit.waiting - 1
            };
        }
    }

    /// A service has ended at a server: who stands last in the nearest line that is
    /// longer by two or more comes over.
    pub(super) fn jockey(&mut self, resource: usize, unit: usize) {
        let own = self.length(resource, unit);
        let longer = (0..self.pools[resource].units.len())
            .filter(|&other| self.length(resource, other) >= own + 2)
            .min_by_key(|&other| (other.abs_diff(unit), other));
        let Some(from) = longer else { return };
        let visitors = &self.visitors;
        let last = self.plan.requests_for[resource]
            .iter()
            .filter_map(|&request| {
                let line = self.plan.requests[request as usize].first_line + from as u32;
                let is_there = |slot: usize, place: u128| {
                    let visitor: &super::Visitor = &visitors[slot];
                    visitor.state == State::Waiting
                        && visitor.place == place
                        && visitor.line == line
                };
                self.lines.tail(line, is_there)
            })
            .max_by_key(|&slot| visitors[slot].place);
        let Some(slot) = last else { return };
        let request = self.visitors[slot].request;
        self.count_in_line(request, self.visitors[slot].line, false);
        let line = self.plan.requests[request as usize].first_line + unit as u32;
        self.count_in_line(request, line, true);
        self.visitors[slot].line = line;
        let wanted = &self.plan.requests[request as usize];
        let rank = self.rank(slot);
        let visitor = &mut self.visitors[slot];
        visitor.place = place(rank, wanted.order, self.now, 0, visitor.index);
        self.lines.join(line, visitor.place, slot);
    }
}
