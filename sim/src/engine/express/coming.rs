//! Those who come, drawn block by block with what they come for and how long it takes:
//! these draws do not depend on each other, so a processor works on several of them
//! at a time, and when somebody begins to be served nothing is left to draw.

use super::NEVER;
use super::routes::Routes;
use crate::arrivals::ArrivalTimes;
use crate::keyed::Key;
use crate::source::Keyed;

/// So many are drawn at a time.
pub const BLOCK: usize = 64;

/// Somebody who comes.
#[derive(Debug, Clone, Copy)]
pub struct Comer {
    pub key: Key,
    /// How long its only step takes at a server of speed 1, if it has one step that is
    /// no more than a time.
    pub takes: u64,
    /// How long it is ready to wait, if it has a law for that.
    pub patience: u64,
    /// What it comes for.
    pub aim: u16,
}

/// Those who come before a time.
pub struct Coming<'r> {
    arrivals: ArrivalTimes<'r, Keyed>,
    routes: &'r Routes<'r>,
    before: u64,
    /// Who is next of the block.
    next: usize,
    /// Of each of the block; after the last of all, [`NEVER`].
    at: [u64; BLOCK],
    keys: [Key; BLOCK],
    takes: [u64; BLOCK],
    patience: [u64; BLOCK],
    aims: [u16; BLOCK],
}

impl<'r> Coming<'r> {
    /// Those of these arrivals, ascending in time, who come before a time.
    pub fn new(arrivals: ArrivalTimes<'r, Keyed>, routes: &'r Routes<'r>, before: u64) -> Self {
        let mut coming = Self {
            arrivals,
            routes,
            before,
            next: 0,
            at: [NEVER; BLOCK],
            keys: [Key::default(); BLOCK],
            takes: [0; BLOCK],
            patience: [0; BLOCK],
            aims: [0; BLOCK],
        };
        coming.draw();
        coming
    }

    /// When the next comes; [`NEVER`] after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.at[self.next % BLOCK]
    }

    /// Who comes next.
    #[inline]
    pub fn take(&mut self) -> Comer {
        let at = self.next % BLOCK;
        self.next += 1;
        Comer {
            key: self.keys[at],
            takes: self.takes[at],
            patience: self.patience[at],
            aim: self.aims[at],
        }
    }

    /// Whether all of the block have been taken, and the next are to be drawn.
    #[inline]
    pub fn is_used_up(&self) -> bool {
        self.next >= BLOCK
    }

    /// Nobody comes any more.
    pub fn end(&mut self) {
        self.before = 0;
        self.draw();
    }

    /// Draws the next block.
    pub fn draw(&mut self) {
        self.next = 0;
        if self.before == 0 {
            self.at = [NEVER; BLOCK];
            return;
        }
        let mut filled = self.arrivals.fill(&mut self.at, &mut self.keys);
        if filled < BLOCK || self.at[BLOCK - 1] >= self.before {
            filled = self.at[..filled].partition_point(|at| *at < self.before);
            self.at[filled..].fill(NEVER);
            self.before = 0;
        }
        self.routes.aims_of(&self.keys, &mut self.aims);
        let Routes {
            durations,
            patience,
            ..
        } = self.routes;
        durations.draw(&self.keys, &self.aims, filled, &mut self.takes);
        patience.draw(&self.keys, &self.aims, filled, &mut self.patience);
    }
}
