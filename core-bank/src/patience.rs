//! Work for threads that give way again and again: turns, sorting, and writing in short transactions.

use std::{sync::Arc, thread, time::Instant};

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
    },
    /// Somebody waits for it, or it has fallen behind: it takes its share.
    Haste,
}

impl Turn {
    /// Lets others go first who are not as patient, and says whether to go on. The scheduler protects
    /// a thread's turn of some milliseconds even when it is merely nice, and a payment passes through
    /// three threads: so at leisure it ends its turn by itself, again and again.
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Haste => true,
            Self::Leisure { until, wanted, at } => {
                thread::yield_now();
                wanted.asked() <= *at && Instant::now() < *until
            }
        }
    }
}

/// Things that are sorted at once: about a fifth of a millisecond.
const SORTED_AT_ONCE: usize = 4_096;

/// Sorts by a key without equals.
pub fn sort<T, K: Ord>(things: &mut [T], key: &impl Fn(&T) -> K, turn: &Turn) {
    sort_with(things, key, &mut || {
        turn.goes_on();
    });
}

/// The same, and calls `pause` again and again.
fn sort_with<T, K: Ord>(things: &mut [T], key: &impl Fn(&T) -> K, pause: &mut impl FnMut()) {
    if things.len() <= SORTED_AT_ONCE {
        things.sort_unstable_by_key(key);
        return pause();
    }
    let (lower, _, upper) = things.select_nth_unstable_by_key(things.len() / 2, key);
    pause();
    sort_with(lower, key, pause);
    sort_with(upper, key, pause);
}

/// Things of a page: four pages of entries or keys fit into one of `SQLite`'s.
pub const PER_PAGE: usize = 32;

/// Pages of one transaction: some dozens of those of `SQLite`, for whose writing others wait.
const PAGES_PER_TRANSACTION: usize = 64;

/// Pages between two yields: a tenth of a millisecond.
const PAGES_BETWEEN_YIELDS: usize = 8;

/// What is written page by page, and how much of it is.
pub struct Pages<T> {
    things: Vec<T>,
    written: usize,
}

impl<T> Pages<T> {
    /// All of these, none of which is written.
    pub fn of(things: Vec<T>) -> Self {
        let written = 0;
        Self { things, written }
    }

    /// Whether nothing is written yet.
    pub fn is_new(&self) -> bool {
        self.written == 0
    }

    /// Writes pages in short transactions as far as the turn lets it; says whether all are written.
    pub fn write(
        &mut self,
        connection: &mut Connection,
        turn: &Turn,
        write_page: impl Fn(&Connection, &[T]) -> Result<(), ProjectionError>,
    ) -> Result<bool, ProjectionError> {
        let mut goes_on = true;
        while goes_on && self.written < self.things.len() {
            let transaction = connection.transaction()?;
            let pages = self.things[self.written..].chunks(PER_PAGE);
            for (place, page) in pages.take(PAGES_PER_TRANSACTION).enumerate() {
                write_page(&transaction, page)?;
                self.written += page.len();
                if place % PAGES_BETWEEN_YIELDS == 0 {
                    goes_on = turn.goes_on();
                }
            }
            transaction.commit()?;
        }
        Ok(self.written == self.things.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_sorted_whatever_their_number() {
        let mut walk = 1_u64;
        for count in [0, 1, 100, SORTED_AT_ONCE, SORTED_AT_ONCE + 1, 50_000] {
            let next = |place| {
                walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (walk >> 50, place)
            };
            let mut things: Vec<(u64, usize)> = (0..count).map(next).collect();
            let mut expected = things.clone();
            expected.sort_unstable();
            let mut pauses = 0;
            sort_with(&mut things, &|thing| *thing, &mut || pauses += 1);
            assert_eq!(things, expected);
            assert!(pauses > count.saturating_sub(1) / SORTED_AT_ONCE);
        }
    }
}
