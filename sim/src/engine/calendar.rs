//! The event calendar: a 4-ary heap of 16-byte entries. One integer comparison
//! orders time, kind and sequence, so that no tie is left to accident.

/// The kinds of events in the calendar, in the order in which simultaneous ones happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A step ends and gives back what it held.
    StepEnd = 0,
    /// A server breaks down or is repaired; its number stands for the slot.
    Server = 1,
    /// A waiting customer's patience ends.
    Abandonment = 2,
    /// Someone who was away comes again.
    Return = 3,
}

/// Changes by the clock come between step ends and abandonments, before servers that
/// break down at the same time.
pub const ROSTER_RANK: u64 = 1;
/// Arrivals come last, before those who come again at the same time.
pub const ARRIVAL_RANK: u64 = 3;

/// Customers who fit into the branch at once.
pub const SLOTS: usize = 1 << 24;

const ARITY: usize = 4;
const RANK_SHIFT: u32 = 62;
const SEQUENCE_SHIFT: u32 = 24;
const SEQUENCE_MASK: u64 = (1 << (RANK_SHIFT - SEQUENCE_SHIFT)) - 1;

/// One event: when, and packed into one word its rank among simultaneous ones,
/// its sequence number, and the customer's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Microseconds.
    pub time: u64,
    tag: u64,
}

impl Event {
    /// What happens; changes by the clock and arrivals are not in the calendar.
    pub fn kind(self) -> Kind {
        match self.tag >> RANK_SHIFT {
            0 => Kind::StepEnd,
            1 => Kind::Server,
            2 => Kind::Abandonment,
            _ => Kind::Return,
        }
    }

    /// Whom it happens to.
    pub fn slot(self) -> usize {
        (self.tag as usize) & (SLOTS - 1)
    }

    /// Tells this event from every other one of the replication.
    pub fn tag(self) -> u64 {
        self.tag
    }

    /// Where this event stands against one of a rank at a time: before it?
    pub fn before(self, time: u64, rank: u64) -> bool {
        (self.time, self.tag >> RANK_SHIFT) < (time, rank)
    }
}

/// The future, soonest first.
#[derive(Debug, Default)]
pub struct Calendar {
    heap: Vec<Event>,
    sequence: u64,
}

impl Calendar {
    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.sequence = 0;
    }

    /// Notes that something happens to the customer in this slot, and tells the event's tag.
    pub fn push(&mut self, time: u64, kind: Kind, slot: usize) -> u64 {
        // From one on: no event has the tag 0.
        self.sequence += 1;
        let tag = ((kind as u64) << RANK_SHIFT)
            | ((self.sequence & SEQUENCE_MASK) << SEQUENCE_SHIFT)
            | (slot & (SLOTS - 1)) as u64;
        let event = Event { time, tag };
        let mut at = self.heap.len();
        self.heap.push(event);
        while at > 0 {
            let above = (at - 1) / ARITY;
            if self.heap[above] <= event {
                break;
            }
            self.heap[at] = self.heap[above];
            at = above;
        }
        self.heap[at] = event;
        tag
    }

    /// The next event.
    pub fn peek(&self) -> Option<Event> {
        self.heap.first().copied()
    }

    /// Takes out the next event.
    pub fn pop(&mut self) -> Option<Event> {
        let moved = self.heap.pop()?;
        let Some(&first) = self.heap.first() else {
            return Some(moved);
        };
        let length = self.heap.len();
        let mut at = 0;
        loop {
            let children = at * ARITY + 1;
            if children >= length {
                break;
            }
            let mut least = children;
            for child in children + 1..(children + ARITY).min(length) {
                if self.heap[child] < self.heap[least] {
                    least = child;
                }
            }
            if moved <= self.heap[least] {
                break;
            }
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = moved;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::finalise;

    #[test]
    fn events_come_out_in_order_of_time_kind_and_sequence() {
        let mut calendar = Calendar::default();
        let mut expected = Vec::new();
        for number in 0..2000_u64 {
            let time = finalise(number) % 50;
            let kind = if finalise(number + 9).is_multiple_of(2) {
                Kind::StepEnd
            } else {
                Kind::Abandonment
            };
            calendar.push(time, kind, number as usize);
            expected.push((time, kind as u64, number as usize));
        }
        expected.sort_unstable();
        let mut seen = Vec::new();
        while let Some(event) = calendar.pop() {
            seen.push((event.time, event.kind() as u64, event.slot()));
        }
        assert_eq!(seen, expected);
    }
}
