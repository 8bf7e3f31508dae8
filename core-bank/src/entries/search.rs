//! What is looked for in the history of an account, and what was found.

use super::Entry;
use crate::rules::{Amount, Operation};

/// Entries that one page looks at, at most: some hundredths of a second.
pub const LOOKED_MAX: usize = 20_000;

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the account.
    In,
    /// From the account.
    Out,
}

/// What is wanted of an entry: all that is said here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// The operation that made it.
    pub operation: Option<Operation>,
    /// Which way its money went.
    pub direction: Option<Direction>,
    /// It moved this at least, whichever way.
    pub min_amount: Option<Amount>,
    /// It moved this at most.
    pub max_amount: Option<Amount>,
}

impl Search {
    /// Whether an entry is wanted.
    pub fn wants(&self, entry: &Entry) -> bool {
        let moved = entry.amount.0.unsigned_abs();
        let fen = |amount: Amount| amount.fen().0.unsigned_abs();
        let direction = if entry.amount.0 < 0 {
            Direction::Out
        } else {
            Direction::In
        };
        self.operation
            .is_none_or(|operation| operation.name() == entry.operation)
            && self.direction.is_none_or(|wanted| wanted == direction)
            && self.min_amount.is_none_or(|least| moved >= fen(least))
            && self.max_amount.is_none_or(|most| moved <= fen(most))
    }
}

/// A page of what was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where to go on: entries with numbers below this were not looked at. `None` at the end.
    pub next: Option<u64>,
}
