//! The event calendar. Ends of patience have a heap of their own: most of them are
//! in a far future that never comes, and would only make the other heap deep.

pub use super::heap::Event;
use super::heap::Heap;

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

const RANK_SHIFT: u32 = 62;
/// Sequence numbers stand in a tag from this bit on, slots below.
pub const SEQUENCE_SHIFT: u32 = 24;
const SEQUENCE_MASK: u64 = (1 << (RANK_SHIFT - SEQUENCE_SHIFT)) - 1;

impl Event {
    /// What happens; changes by the clock and arrivals are not in the calendar.
    pub fn kind(self) -> Kind {
        match self.tag() >> RANK_SHIFT {
            0 => Kind::StepEnd,
            1 => Kind::Server,
            2 => Kind::Abandonment,
            _ => Kind::Return,
        }
    }

    /// Whom it happens to.
    pub fn slot(self) -> usize {
        (self.tag() as usize) & (SLOTS - 1)
    }

    /// Where this event stands against one of a rank at a time: before it?
    pub fn before(self, time: u64, rank: u64) -> bool {
        (self.time(), self.tag() >> RANK_SHIFT) < (time, rank)
    }
}

/// The future, soonest first.
#[derive(Debug, Default)]
pub struct Calendar {
    work: Heap,
    patience: Heap,
    sequence: u64,
}

impl Calendar {
    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.work.clear();
        self.patience.clear();
        self.sequence = 0;
    }

    /// Notes that something happens to the customer in this slot, and tells the event's tag.
    #[inline]
    pub fn push(&mut self, time: u64, kind: Kind, slot: usize) -> u64 {
        // From one on: no event has the tag 0.
        self.sequence += 1;
        let tag = ((kind as u64) << RANK_SHIFT)
            | ((self.sequence & SEQUENCE_MASK) << SEQUENCE_SHIFT)
            | (slot & (SLOTS - 1)) as u64;
        let event = Event::new(time, tag);
        if kind == Kind::Abandonment {
            self.patience.push(event);
        } else {
            self.work.push(event);
        }
        tag
    }

    /// The next event.
    #[inline]
    pub fn peek(&mut self) -> Option<Event> {
        match (self.work.peek(), self.patience.peek()) {
            (Some(work), Some(patience)) => Some(work.min(patience)),
            (work, patience) => work.or(patience),
        }
    }

    /// Takes out the event that [`Self::peek`] has told.
    #[inline]
    pub fn pop(&mut self, event: Event) {
        if event.kind() == Kind::Abandonment {
            self.patience.take_first();
        } else {
            self.work.take_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::finalise;

    #[test]
    fn an_event_that_follows_another_takes_its_place() {
        let mut calendar = Calendar::default();
        let mut naive = std::collections::BTreeSet::new();
        for number in 0..20_u64 {
            let tag = calendar.push(finalise(number) % 100, Kind::StepEnd, 0);
            naive.insert((finalise(number) % 100, tag));
        }
        for number in 0..500_u64 {
            let event = calendar.peek().unwrap();
            calendar.pop(event);
            assert_eq!(naive.pop_first(), Some((event.time(), event.tag())));
            for again in 0..finalise(number) % 3 {
                let time = event.time() + finalise(number * 3 + again) % 100;
                let tag = calendar.push(time, Kind::StepEnd, 0);
                naive.insert((time, tag));
            }
            if naive.is_empty() {
                break;
            }
        }
    }

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
        while let Some(event) = calendar.peek() {
            calendar.pop(event);
            seen.push((event.time(), event.kind() as u64, event.slot()));
        }
        assert_eq!(seen, expected);
    }
}
