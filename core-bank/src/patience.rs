//! Work for threads that give way again and again: turns, order, and writing in short transactions.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
    vec,
};

use rusqlite::Connection;

use crate::{history::Wanted, projector::ProjectionError};

/// How the projector works for a while.
pub enum Turn {
    /// Nobody waits: it takes what others leave, until somebody waits or its time is up.
    Leisure {
        /// When its time is up.
        until: Instant,
        /// What readers wait for.
        wanted: Arc<Wanted>,
        /// The last record that is projected.
        at: u64,
        /// How it gives way.
        giving_way: GivingWay,
    },
    /// Somebody waits for it, or it has fallen behind: it takes its share.
    Haste,
}

/// How a thread that is not as urgent as others gives way to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivingWay {
    /// It rests for a moment, in which the processor has nothing to do if nobody else has.
    Resting,
    /// It yields, and goes on where the other threads of this process leave time.
    Yielding,
}

/// How long a rest is at least; timers make it some hundredths of a millisecond longer.
const REST: Duration = Duration::from_micros(50);

impl Turn {
    /// Lets others go first who are not as patient, and says whether to go on. The scheduler protects
    /// a thread's turn of some milliseconds even when it is merely nice, and a payment passes through
    /// three threads and those of the kernel that serve the disk: so at leisure it ends its turn by
    /// itself, again and again. Yielding is not all: it lets the threads of this process go first and
    /// not the kernel's, which then wait for the end of a turn that all of this process shares, so that
    /// every sync took more than 4 ms for a tenth of a second.
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Haste => true,
            Self::Leisure {
                until,
                wanted,
                at,
                giving_way,
            } => {
                match giving_way {
                    GivingWay::Resting => thread::sleep(REST),
                    GivingWay::Yielding => thread::yield_now(),
                }
                wanted.asked() <= *at && Instant::now() < *until
            }
        }
    }
}

/// Things in order. They are sorted some thousand at a time and put together only as they are taken:
/// sorting or moving them all at once takes milliseconds, in which nobody else gets the processor.
pub struct InOrder<T> {
    /// Each in order.
    runs: Vec<vec::IntoIter<T>>,
    /// The first thing of each run, with its run.
    firsts: BinaryHeap<Reverse<(T, usize)>>,
    rest: usize,
    /// Whether the second of two neighbours is left out.
    repeats: fn(&T, &T) -> bool,
    taken: Option<T>,
}

/// Things that are sorted at once: about a fifth of a millisecond.
pub const SORTED_AT_ONCE: usize = 4_096;

impl<T: Copy + Ord> InOrder<T> {
    /// None yet. Of neighbours of which `repeats` is true only the first is given.
    pub fn without(repeats: fn(&T, &T) -> bool) -> Self {
        Self {
            runs: Vec::new(),
            firsts: BinaryHeap::new(),
            rest: 0,
            repeats,
            taken: None,
        }
    }

    /// Adds some; at most [`SORTED_AT_ONCE`], where others have to wait for it.
    pub fn add(&mut self, mut things: Vec<T>) {
        things.sort_unstable();
        self.rest += things.len();
        let mut run = things.into_iter();
        if let Some(first) = run.next() {
            self.firsts.push(Reverse((first, self.runs.len())));
            self.runs.push(run);
        }
    }

    /// Whether all were taken.
    pub fn is_over(&self) -> bool {
        self.rest == 0
    }

    fn take_first(&mut self) -> Option<T> {
        let Reverse((first, run)) = self.firsts.pop()?;
        self.rest -= 1;
        if let Some(next) = self.runs[run].next() {
            self.firsts.push(Reverse((next, run)));
        }
        Some(first)
    }
}

impl<T: Copy + Ord> Iterator for InOrder<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            let next = self.take_first()?;
            if !self
                .taken
                .is_some_and(|taken| (self.repeats)(&taken, &next))
            {
                self.taken = Some(next);
                return Some(next);
            }
        }
    }
}

/// Things of a page: four pages of entries or keys fit into one of `SQLite`'s.
pub const PER_PAGE: usize = 32;

/// Pages of one transaction: some dozens of those of `SQLite`, for whose writing others wait.
const PAGES_PER_TRANSACTION: usize = 64;

/// Pages between two yields: a tenth of a millisecond.
const PAGES_BETWEEN_YIELDS: usize = 8;

/// What is written page by page.
pub struct Pages<T> {
    rest: InOrder<T>,
    is_new: bool,
}

impl<T: Copy + Ord> Pages<T> {
    /// All of these, none of which is written.
    pub fn of(things: InOrder<T>) -> Self {
        Self {
            rest: things,
            is_new: true,
        }
    }

    /// Whether nothing is written yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Writes pages in short transactions as far as the turn lets it; says whether all are written.
    /// After an error they have to be made anew.
    pub fn write(
        &mut self,
        connection: &mut Connection,
        turn: &Turn,
        write_page: impl Fn(&Connection, &[T]) -> Result<(), ProjectionError>,
    ) -> Result<bool, ProjectionError> {
        let (mut goes_on, mut page) = (true, Vec::with_capacity(PER_PAGE));
        while goes_on && !self.rest.is_over() {
            self.is_new = false;
            let transaction = connection.transaction()?;
            for place in 0..PAGES_PER_TRANSACTION {
                page.extend(self.rest.by_ref().take(PER_PAGE));
                if page.is_empty() {
                    break;
                }
                write_page(&transaction, &page)?;
                page.clear();
                if place % PAGES_BETWEEN_YIELDS == 0 {
                    goes_on = turn.goes_on();
                }
            }
            transaction.commit()?;
        }
        Ok(self.rest.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_in_order_whatever_their_number_and_however_they_came() {
        let mut walk = 1_u64;
        for count in [0, 1, 100, SORTED_AT_ONCE, SORTED_AT_ONCE + 1, 50_000] {
            let next = |place| {
                walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (walk >> 50, place)
            };
            let mut things: Vec<(u64, usize)> = (0..count).map(next).collect();
            let mut in_order = InOrder::without(|one: &(u64, usize), other| one.0 == other.0);
            for some in things.chunks(SORTED_AT_ONCE) {
                in_order.add(some.to_vec());
            }
            in_order.add(Vec::new());
            assert_eq!(in_order.is_over(), count == 0);
            things.sort_unstable();
            things.dedup_by_key(|thing| thing.0);
            assert!(in_order.eq(things));
        }
    }
}
