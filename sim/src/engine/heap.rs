//! A 4-ary heap of 16-byte events. One integer comparison orders time, kind and
//! sequence, so that no tie is left to accident.

const ARITY: usize = 4;

/// One event: when, and packed into one word (its tag) its rank among simultaneous
/// ones, its sequence number, and the slot of whom it happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event(u128);

impl Event {
    /// After every other one.
    pub const LAST: Self = Self(u128::MAX);

    /// An event of this tag at a time in microseconds.
    #[inline]
    pub fn new(time: u64, tag: u64) -> Self {
        Self((u128::from(time) << 64) | u128::from(tag))
    }

    /// When it happens, in microseconds.
    #[inline]
    pub fn time(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Tells this event from every other one of the replication.
    #[inline]
    pub fn tag(self) -> u64 {
        self.0 as u64
    }
}

/// A 4-ary heap whose first place stays empty after its event has been taken, until
/// another fills it: the end of a step mostly begins the next.
#[derive(Debug, Default)]
pub struct Heap {
    events: Vec<Event>,
    first_is_taken: bool,
}

impl Heap {
    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.events.clear();
        self.first_is_taken = false;
    }

    /// The first event.
    #[inline]
    pub fn peek(&mut self) -> Option<Event> {
        if self.first_is_taken {
            self.close_gap();
        }
        self.events.first().copied()
    }

    /// Takes out the first event, which [`Self::peek`] has told.
    #[inline]
    pub fn take_first(&mut self) {
        self.first_is_taken = true;
    }

    /// Puts in an event.
    #[inline]
    pub fn push(&mut self, event: Event) {
        if self.first_is_taken {
            self.first_is_taken = false;
            sink(&mut self.events, event);
            return;
        }
        let mut at = self.events.len();
        self.events.push(event);
        let events = &mut self.events[..];
        while at > 0 {
            let above = (at - 1) / ARITY;
            if events[above] <= event {
                break;
            }
            events[at] = events[above];
            at = above;
        }
        events[at] = event;
    }

    /// The event that was taken is not replaced by another.
    fn close_gap(&mut self) {
        self.first_is_taken = false;
        let last = self.events.pop();
        if let Some(last) = last.filter(|_| !self.events.is_empty()) {
            sink(&mut self.events, last);
        }
    }
}

/// Puts an event into the first place and lets it sink to its own.
#[inline]
fn sink(events: &mut [Event], event: Event) {
    let mut at = 0;
    loop {
        let first = at * ARITY + 1;
        let (nth, least) = match events.get(first..) {
            Some(&[a, b, c, d, ..]) => {
                let (left, right) = (sooner((0, a), (1, b)), sooner((2, c), (3, d)));
                sooner(left, right)
            }
            Some(&[a, ref others @ ..]) => (1..)
                .zip(others)
                .fold((0, a), |least, (nth, other)| sooner(least, (nth, *other))),
            _ => break,
        };
        if event <= least {
            break;
        }
        events[at] = least;
        at = first + nth;
    }
    events[at] = event;
}

/// The sooner of two events with their numbers.
#[inline]
fn sooner(one: (usize, Event), other: (usize, Event)) -> (usize, Event) {
    if other.1 < one.1 { other } else { one }
}
