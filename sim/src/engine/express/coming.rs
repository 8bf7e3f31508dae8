//! Those who come, drawn block by block with what they come for and how long it takes:
//! these draws do not depend on each other, so a processor works on several of them
//! at a time, and when somebody begins to be served nothing is left to draw.

use super::NEVER;
use super::routes::Routes;
use crate::keyed::Key;

/// So many are drawn at a time.
const BLOCK: usize = 64;

/// Somebody who comes.
#[derive(Debug, Clone, Copy)]
pub struct Comer {
    pub at: u64,
    pub key: Key,
    /// How long its only step takes at a server of speed 1, if it has one step that is
    /// no more than a time.
    pub takes: u64,
    /// What it comes for.
    pub aim: u16,
}

/// Those who come before a time.
pub struct Coming<'b, I> {
    arrivals: I,
    routes: &'b Routes<'b>,
    before: u64,
    block: &'b mut Vec<Comer>,
    next: usize,
}

impl<'b, I: Iterator<Item = (u64, Key)>> Coming<'b, I> {
    /// Arrivals that ascend in time, up to a time; `block` is room to use.
    pub fn new(
        arrivals: I,
        routes: &'b Routes<'b>,
        before: u64,
        block: &'b mut Vec<Comer>,
    ) -> Self {
        let mut coming = Self {
            arrivals,
            routes,
            before,
            block,
            next: 0,
        };
        coming.draw();
        coming
    }

    /// When the next comes; [`NEVER`] after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.block.get(self.next).map_or(NEVER, |comer| comer.at)
    }

    /// Who comes next, and makes way for the one after.
    #[inline]
    pub fn take(&mut self) -> Option<Comer> {
        let comer = self.block.get(self.next).copied();
        self.next += 1;
        if self.next >= self.block.len() {
            self.draw();
        }
        comer
    }

    /// Nobody comes any more.
    pub fn end(&mut self) {
        self.before = 0;
        self.draw();
    }

    fn draw(&mut self) {
        self.next = 0;
        self.block.clear();
        if self.before == 0 {
            return;
        }
        let comers = self.arrivals.by_ref().take(BLOCK).map(|(at, key)| Comer {
            at,
            key,
            takes: 0,
            aim: 0,
        });
        self.block.extend(comers);
        if self.block.last().is_none_or(|last| last.at >= self.before) {
            let there = self.block.partition_point(|comer| comer.at < self.before);
            self.block.truncate(there);
            self.before = 0;
        }
        for comer in self.block.iter_mut() {
            let aim = self.routes.aim_of(comer.key);
            comer.aim = aim as u16;
            if let Some(direct) = &self.routes.aims[aim].direct {
                comer.takes = direct.law.micros(comer.key.bits_at(direct.place));
            }
        }
    }
}
