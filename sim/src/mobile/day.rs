//! One day of a cell, request by request in order of time.

use super::{Request, Traffic};
use crate::keyed::Key;
use std::iter::Peekable;

const ARITY: usize = 4;

/// The requests of one cell on one day, in order of time; of simultaneous ones
/// those of the session that started first, which is no later than a new log-in.
pub struct Requests<'traffic, Starts: Iterator<Item = (u64, Key)>> {
    traffic: &'traffic Traffic,
    key: Key,
    starts: Peekable<Starts>,
    sessions: u32,
    /// The next request of each session in progress, as a 4-ary heap.
    calendar: Vec<Due>,
}

/// When a session makes its next request, and which: time, session, place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: u64,
    /// `session << 32 | tries << 16 | place`; sessions are told apart, so no two are
    /// equal.
    which: u64,
}

impl Due {
    fn session(self) -> u32 {
        (self.which >> 32) as u32
    }

    fn place(self) -> u32 {
        self.which as u32 & 0xFFFF
    }

    fn tries(self) -> u32 {
        (self.which >> 16) as u32 & 0xFFFF
    }

    /// The same session's next place.
    fn next(self, after: u64) -> Self {
        Self {
            at: self.at + after,
            which: (self.which & !0xFFFF_FFFF) | u64::from(self.place() + 1),
        }
    }

    /// The same again.
    fn again(self, after: u64) -> Self {
        Self {
            at: self.at + after,
            which: self.which + (1 << 16),
        }
    }
}

impl<'traffic> Requests<'traffic, Box<dyn Iterator<Item = (u64, Key)>>> {
    /// The day of a cell.
    pub fn new(
        traffic: &'traffic Traffic,
        replication: u32,
        cell: usize,
    ) -> Requests<'traffic, impl Iterator<Item = (u64, Key)> + 'traffic> {
        Requests {
            traffic,
            key: traffic.key(replication, cell),
            starts: traffic.starts(replication, cell).peekable(),
            sessions: 0,
            calendar: Vec::new(),
        }
    }
}

impl<Starts: Iterator<Item = (u64, Key)>> Requests<'_, Starts> {
    /// What a session asks for now, and when it asks next.
    fn happens(&self, due: Due) -> (Request, Option<Due>) {
        let (session, place) = (due.session(), due.place());
        let key = self.key.nth(u64::from(session));
        let in_vain = self.traffic.is_in_vain(due.at);
        let next = if in_vain {
            let after = self.traffic.tries_again_after(key, place, due.tries());
            after.map(|after| due.again(after))
        } else {
            let pause = self.traffic.pause(key, place + 1);
            pause.map(|pause| due.next(pause))
        };
        let request = Request {
            at: due.at,
            session,
            place,
            tries: due.tries(),
            operation: self.traffic.operation(key, place),
            last: next.is_none(),
            in_vain,
        };
        (request, next)
    }

    fn push(&mut self, due: Due) {
        let mut at = self.calendar.len();
        self.calendar.push(due);
        while at > 0 {
            let above = (at - 1) / ARITY;
            if self.calendar[above] <= due {
                break;
            }
            self.calendar[at] = self.calendar[above];
            at = above;
        }
        self.calendar[at] = due;
    }

    /// Puts an entry where the first one was, or lower.
    fn sink(&mut self, due: Due) {
        let heap = &mut self.calendar;
        let length = heap.len();
        let mut at = 0;
        loop {
            let children = at * ARITY + 1;
            if children >= length {
                break;
            }
            let mut least = children;
            for child in children + 1..(children + ARITY).min(length) {
                if heap[child] < heap[least] {
                    least = child;
                }
            }
            if due <= heap[least] {
                break;
            }
            heap[at] = heap[least];
            at = least;
        }
        heap[at] = due;
    }
}

impl<Starts: Iterator<Item = (u64, Key)>> Iterator for Requests<'_, Starts> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let due = self.calendar.first().copied();
        let start = self.starts.peek().map(|(at, _)| *at);
        let now = match (due, start) {
            (Some(due), None) => due,
            (Some(due), Some(start)) if due.at <= start => due,
            (_, Some(at)) => {
                self.starts.next();
                let log_in = Due {
                    at,
                    which: u64::from(self.sessions) << 32,
                };
                self.sessions += 1;
                let (request, next) = self.happens(log_in);
                if let Some(next) = next {
                    self.push(next);
                }
                return Some(request);
            }
            (None, None) => return None,
        };
        let (request, next) = self.happens(now);
        if let Some(next) = next {
            self.sink(next);
        } else if let Some(moved) = self.calendar.pop()
            && !self.calendar.is_empty()
        {
            self.sink(moved);
        }
        Some(request)
    }
}
