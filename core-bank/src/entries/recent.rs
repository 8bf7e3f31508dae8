//! The entries of the era that is not over yet, and of one that is being written: in memory, where the
//! newest entry of an account is found at once and leads to the one before.
//!
//! Whoever writes here gives way again and again to those who are served, so nothing takes long at a
//! time: lines stand in blocks that never move, and a whole era goes at once.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{Entry, Line, era_of};
use crate::rules::{Places, mixed};

/// The place of no line.
const NONE: u32 = u32::MAX;

/// Lines of a block.
pub const BLOCK: usize = 4_096;

/// The entries after those that the file holds; shared between the projector and its readers.
#[derive(Default)]
pub struct Recent(RwLock<Held>);

#[derive(Default)]
struct Held {
    /// The last record whose entries the file holds.
    sealed: u64,
    /// Those that have lines, in their order.
    eras: VecDeque<Era>,
}

/// The lines of an era.
struct Era {
    number: u64,
    /// In the order of their records, each with the place of the same account's line before it, or
    /// [`NONE`]. All blocks but the last are full.
    blocks: Vec<Vec<(Line, u32)>>,
    /// Where the newest line of an account stands.
    newest: Places,
}

impl Era {
    fn new(number: u64) -> Self {
        Self {
            number,
            blocks: Vec::new(),
            newest: Places::default(),
        }
    }

    fn push(&mut self, line: Line) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let full = (self.blocks.len() - 1) * BLOCK;
        let blocks = &self.blocks;
        let account_at = |place: &u32| line_at(blocks, *place).map(|(line, _)| line.account);
        let is_it = |place: &u32| account_at(place) == Some(line.account);
        let hash_at = |place: &u32| account_at(place).map_or(0, mixed);
        // An era has some million lines at most.
        let place = (full + blocks.last().map_or(0, Vec::len)) as u32;
        let hash = mixed(line.account);
        let before = self.newest.replace(hash, place, is_it, hash_at);
        if let Some(block) = self.blocks.last_mut() {
            block.push((line, before.unwrap_or(NONE)));
        }
    }

    fn newest(&self, account: u64) -> Option<u32> {
        let is_it = |place: &u32| {
            line_at(&self.blocks, *place).is_some_and(|(line, _)| line.account == account)
        };
        self.newest.find(mixed(account), is_it)
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.blocks.iter().flatten().map(|(line, _)| line)
    }
}

fn line_at(blocks: &[Vec<(Line, u32)>], place: u32) -> Option<&(Line, u32)> {
    let place = place as usize;
    blocks.get(place / BLOCK)?.get(place % BLOCK)
}

impl Recent {
    /// Nothing yet after the entries of all records up to `sealed`, which the file holds.
    pub fn after(sealed: u64) -> Self {
        Self(RwLock::new(Held {
            sealed,
            eras: VecDeque::new(),
        }))
    }

    /// Adds lines of later records.
    pub fn extend(&self, lines: impl IntoIterator<Item = Line>) {
        let mut held = self.write();
        for line in lines {
            let number = era_of(line.seq);
            if held.eras.back().is_none_or(|era| era.number < number) {
                held.eras.push_back(Era::new(number));
            }
            if let Some(era) = held.eras.back_mut() {
                era.push(line);
            }
        }
    }

    /// A block of the lines of the era that ends with record `last`, in the order of their records.
    pub fn block(&self, last: u64, number: usize) -> Option<Vec<Line>> {
        let held = self.read();
        let era = held.eras.iter().find(|era| era.number == era_of(last))?;
        let block = era.blocks.get(number)?;
        Some(block.iter().map(|(line, _)| *line).collect())
    }

    /// The file holds the entries of all records up to `last`, an era's end, now, and nothing here does
    /// any more.
    pub fn seal(&self, last: u64) {
        let mut held = self.write();
        held.sealed = last;
        let mut sealed = Vec::new();
        while let Some(era) = held.eras.pop_front_if(|era| era.number <= era_of(last)) {
            sealed.push(era);
        }
        // Freeing takes longer than taking out, and readers need not wait for it.
        drop(held);
    }

    /// The file holds nothing any more, and nor does this.
    pub fn begin_anew(&self) {
        let held = std::mem::take(&mut *self.write());
        drop(held);
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
        for era in held.eras.iter().rev() {
            let mut place = era.newest(account).unwrap_or(NONE);
            while let Some((line, earlier)) = line_at(&era.blocks, place) {
                if line.seq < before {
                    visit(line.entry())?;
                }
                place = *earlier;
            }
        }
        ControlFlow::Continue(held.sealed)
    }

    /// Visits all lines of records up to `last` in their order; those of records up to the returned
    /// one are in the file.
    pub fn visit_all(&self, last: u64, visit: impl FnMut(&Line)) -> u64 {
        let held = self.read();
        let lines = held.eras.iter().flat_map(Era::lines);
        lines.take_while(|line| line.seq <= last).for_each(visit);
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
