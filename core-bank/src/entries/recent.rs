//! The entries of the era that is not over yet, and of one that is being written: in memory, where the
//! newest entry of an account is found at once and leads to the one before.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{Entry, Line};

/// The place of no line.
const NONE: u32 = u32::MAX;

/// The entries after those that the file holds; shared between the projector and its readers.
#[derive(Default)]
pub struct Recent(RwLock<Held>);

#[derive(Default)]
struct Held {
    /// The last record whose entries the file holds.
    sealed: u64,
    /// In the order of their records.
    lines: Vec<Line>,
    /// For each of the lines, where the same account's line before it stands, or [`NONE`].
    before: Vec<u32>,
    /// Where the newest line of an account stands.
    newest: HashMap<u64, u32>,
}

impl Held {
    fn push(&mut self, line: Line) {
        // An era has a few million lines at most.
        let place = self.lines.len() as u32;
        let before = self.newest.insert(line.account, place);
        self.before.push(before.unwrap_or(NONE));
        self.lines.push(line);
    }
}

impl Recent {
    /// Nothing yet after the entries of all records up to `sealed`, which the file holds.
    pub fn after(sealed: u64) -> Self {
        Self(RwLock::new(Held {
            sealed,
            ..Held::default()
        }))
    }

    /// Adds lines of later records.
    pub fn extend(&self, lines: impl IntoIterator<Item = Line>) {
        let mut held = self.write();
        lines.into_iter().for_each(|line| held.push(line));
    }

    /// The lines of records up to `last`, in the order of their records.
    pub fn through(&self, last: u64) -> Vec<Line> {
        let held = self.read();
        let end = held.lines.partition_point(|line| line.seq <= last);
        held.lines[..end].to_vec()
    }

    /// The file holds the entries of all records up to `last` now, and nothing here does any more.
    pub fn seal(&self, last: u64) {
        let kept = {
            let held = self.read();
            let begin = held.lines.partition_point(|line| line.seq <= last);
            let mut kept = Held {
                sealed: last,
                ..Held::default()
            };
            held.lines[begin..].iter().for_each(|line| kept.push(*line));
            kept
        };
        // Only the projector writes, so nothing came in between.
        *self.write() = kept;
    }

    /// Visits the entries of an account with numbers below `before`, newest first. Those of records up
    /// to the returned one are in the file.
    pub fn visit(
        &self,
        account: u64,
        before: u64,
        visit: &mut impl FnMut(Entry) -> ControlFlow<()>,
    ) -> ControlFlow<(), u64> {
        let held = self.read();
        let mut place = held.newest.get(&account).copied().unwrap_or(NONE);
        while let Some(line) = held.lines.get(place as usize) {
            if line.seq < before {
                visit(line.entry())?;
            }
            place = held.before[place as usize];
        }
        ControlFlow::Continue(held.sealed)
    }

    /// Visits all lines of records up to `last` in their order; those of records up to the returned
    /// one are in the file.
    pub fn visit_all(&self, last: u64, mut visit: impl FnMut(&Line)) -> u64 {
        let held = self.read();
        let end = held.lines.partition_point(|line| line.seq <= last);
        held.lines[..end].iter().for_each(&mut visit);
        held.sealed
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.0
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
