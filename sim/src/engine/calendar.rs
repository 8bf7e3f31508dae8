//! The event calendar: 4-ary heaps of 16-byte entries. One integer comparison
//! orders time, kind and sequence, so that no tie is left to accident.
//!
//! Ends of patience have a heap of their own: most of them are in a far future
//! that never comes, and would only make the other heap deep.

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
        let event = Event { time, tag };
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

/// A 4-ary heap whose first place stays empty after its event has been taken, until
/// another fills it: the end of a step mostly begins the next.
#[derive(Debug, Default)]
struct Heap {
    events: Vec<Event>,
    first_is_taken: bool,
}

impl Heap {
    fn clear(&mut self) {
        self.events.clear();
        self.first_is_taken = false;
    }

    #[inline]
    fn peek(&mut self) -> Option<Event> {
        if self.first_is_taken {
            self.first_is_taken = false;
            let last = self.events.pop();
            if let Some(last) = last.filter(|_| !self.events.is_empty()) {
                self.sink(last);
            }
        }
        self.events.first().copied()
    }

    fn take_first(&mut self) {
        self.first_is_taken = true;
    }

    #[inline]
    fn push(&mut self, event: Event) {
        if self.first_is_taken {
            self.first_is_taken = false;
            self.sink(event);
            return;
        }
        let mut at = self.events.len();
        self.events.push(event);
        while at > 0 {
            let above = (at - 1) / ARITY;
            if self.events[above] <= event {
                break;
            }
            self.events[at] = self.events[above];
            at = above;
        }
        self.events[at] = event;
    }

    /// Puts an event into the first place and lets it sink to its own.
    #[inline]
    fn sink(&mut self, event: Event) {
        let events = &mut self.events[..];
        let mut at = 0;
        loop {
            let children = at * ARITY + 1;
            let Some(among) = events.get(children..(children + ARITY).min(events.len())) else {
                break;
            };
            let Some((nth, least)) = among.iter().enumerate().min_by_key(|(_, event)| **event)
            else {
                break;
            };
            if event <= *least {
                break;
            }
            events[at] = *least;
            at = children + nth;
        }
        events[at] = event;
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
            assert_eq!(naive.pop_first(), Some((event.time, event.tag())));
            for again in 0..finalise(number) % 3 {
                let time = event.time + finalise(number * 3 + again) % 100;
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
            seen.push((event.time, event.kind() as u64, event.slot()));
        }
        assert_eq!(seen, expected);
    }
}
